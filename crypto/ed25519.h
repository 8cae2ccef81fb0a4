// Ed25519 (RFC 8032) under the one rule that every node and every offline verifier applies (formats.md 6):
// a key is valid only if libsodium's crypto_core_ed25519_is_valid_point accepts it, and a signature is valid
// when the key is and crypto_sign_verify_detached accepts it.
//
// Invariants: 1. verify_batch() is the only way to verify: what it accepts, a single check accepts, so nodes
// of different speed never disagree; 2. init() has succeeded before anything else here is called; it refuses
// a libsodium whose rule differs.
// Thread rule: everything may be called from any thread; a SigningKey may be shared for signing.
#pragma once

#include <span>

#include "crypto/bytes.h"
#include "crypto/result.h"

namespace circula::crypto {

// Starts libsodium and self-tests it. Idempotent; every executable calls it first.
[[nodiscard]] Result<void> init();

// Does the linked libsodium follow the rule? A cofactored or unpatched one would fork the consortium
// (formats.md 6.3 item 3).
[[nodiscard]] Result<void> self_test();

// Fills `out` from the operating system's random source.
void random_bytes(std::span<std::uint8_t> out);
template <class Fixed>
[[nodiscard]] Fixed random_fixed() {
  Fixed out;
  random_bytes(out);
  return out;
}

// A private key. Its memory is locked against swapping where the system allows it, and wiped.
class SigningKey {
 public:
  static constexpr std::size_t kSeedBytes = 32;

  [[nodiscard]] static SigningKey generate();
  [[nodiscard]] static SigningKey from_seed(std::span<const std::uint8_t, kSeedBytes> seed);

  SigningKey(const SigningKey&) = delete;
  SigningKey& operator=(const SigningKey&) = delete;
  SigningKey(SigningKey&& other) noexcept;
  SigningKey& operator=(SigningKey&& other) noexcept;
  ~SigningKey();

  [[nodiscard]] const PublicKey& public_key() const { return public_key_; }
  [[nodiscard]] Signature sign(ByteView message) const;
  [[nodiscard]] Signature sign(std::string_view message) const { return sign(as_bytes(message)); }

  // The secret itself, for key files only; the view dies with the key.
  [[nodiscard]] std::span<const std::uint8_t, kSeedBytes> seed() const;

 private:
  SigningKey() = default;

  std::uint8_t* secret_ = nullptr;  // seed || public key, in guarded memory; null after a move
  PublicKey public_key_{};
};

// Canonical, on the curve, in the prime-order subgroup, not small. Good keys are remembered in a bounded
// cache, since the check costs as much as a signature.
[[nodiscard]] bool is_valid_key(const PublicKey& key);

struct VerifyJob {
  PublicKey key;
  ByteView message;
  Signature signature;
};

// One verdict a job, in order.
[[nodiscard]] std::vector<bool> verify_batch(std::span<const VerifyJob> jobs);

}  // namespace circula::crypto
