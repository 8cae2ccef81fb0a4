// The low-level SHA-256 functions are deprecated in OpenSSL 3 in favour of EVP, which is slower for short
// inputs; they remain part of its ABI for all of 3.x.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/hash.h"

#include <sodium.h>

namespace circula::crypto {

Sha256::Sha256() { SHA256_Init(&context_); }

Sha256& Sha256::update(ByteView bytes) {
  SHA256_Update(&context_, bytes.data(), bytes.size());
  return *this;
}

Digest Sha256::finish() {
  Digest digest;
  SHA256_Final(digest.data(), &context_);
  return digest;
}

Digest sha256(ByteView bytes) { return Sha256().update(bytes).finish(); }

Digest leaf_hash(ByteView entry) {
  static constexpr std::uint8_t kLeaf = 0x00;
  return Sha256().update(ByteView{&kLeaf, 1}).update(entry).finish();
}

Digest node_hash(const Digest& left, const Digest& right) {
  std::array<std::uint8_t, 1 + 2 * Digest::kSize> input;
  input[0] = 0x01;
  std::copy(left.begin(), left.end(), input.begin() + 1);
  std::copy(right.begin(), right.end(), input.begin() + 1 + Digest::kSize);
  return sha256(input);
}

const Digest& empty_root() {
  static const Digest root = sha256(ByteView{});
  return root;
}

Digest hmac_sha256(ByteView key, ByteView message) {
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, key.data(), key.size());
  crypto_auth_hmacsha256_update(&state, message.data(), message.size());
  Digest digest;
  crypto_auth_hmacsha256_final(&state, digest.data());
  sodium_memzero(&state, sizeof state);
  return digest;
}

}  // namespace circula::crypto
