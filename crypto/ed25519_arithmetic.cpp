#include "crypto/ed25519_arithmetic.h"

#include <sodium.h>

namespace circula::crypto::arithmetic {

static_assert(kSecretBytes == crypto_sign_SECRETKEYBYTES);

Signature sign(const std::uint8_t* secret, ByteView message) {
  Signature signature;
  crypto_sign_detached(signature.data(), nullptr, message.data(), message.size(), secret);
  return signature;
}

bool accepts(const PublicKey& key, ByteView message, const Signature& signature) {
  return crypto_sign_verify_detached(signature.data(), message.data(), message.size(), key.data()) == 0;
}

}  // namespace circula::crypto::arithmetic
