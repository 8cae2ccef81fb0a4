#include "tests/sim/stand_in_signatures.h"

#include <sodium.h>

#include <algorithm>

#include "crypto/ed25519_arithmetic.h"
#include "crypto/encoding.h"
#include "tests/sim/random.h"

namespace circula::sim {
namespace {

Signatures g_kind = Signatures::kEd25519;
Random g_nonces{0};

crypto::Digest stand_in(const crypto::PublicKey& key, crypto::ByteView nonce, crypto::ByteView message) {
  crypto_generichash_state state;
  crypto::Digest out;
  crypto_generichash_init(&state, key.data(), key.size(), out.size());
  crypto_generichash_update(&state, nonce.data(), nonce.size());
  crypto_generichash_update(&state, message.data(), message.size());
  crypto_generichash_final(&state, out.data(), out.size());
  return out;
}

}  // namespace

void use_signatures(Signatures kind, std::uint64_t seed) {
  g_kind = kind;
  g_nonces = Random(seed);
}

}  // namespace circula::sim

// In place of crypto/ed25519_arithmetic.cpp.
namespace circula::crypto::arithmetic {

Signature sign(const std::uint8_t* secret, ByteView message) {
  Signature signature;
  if (sim::g_kind == sim::Signatures::kEd25519) {
    crypto_sign_detached(signature.data(), nullptr, message.data(), message.size(), secret);
    return signature;
  }
  Bytes bytes;
  for (int word = 0; word < 4; ++word) put_u64be(bytes, sim::g_nonces.next());
  const PublicKey key = PublicKey::from(ByteView(secret + crypto_sign_SEEDBYTES, PublicKey::kSize));
  put_bytes(bytes, sim::stand_in(key, ByteView(bytes), message).view());
  return Signature::from(bytes);
}

bool accepts(const PublicKey& key, ByteView message, const Signature& signature) {
  if (sim::g_kind == sim::Signatures::kEd25519)
    return crypto_sign_verify_detached(signature.data(), message.data(), message.size(), key.data()) == 0;
  const ByteView nonce = signature.view().first(32);
  const ByteView rest = signature.view().subspan(32);
  const Digest expected = sim::stand_in(key, nonce, message);
  return std::equal(rest.begin(), rest.end(), expected.view().begin());
}

}  // namespace circula::crypto::arithmetic
