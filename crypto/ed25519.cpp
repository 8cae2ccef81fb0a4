#include "crypto/ed25519.h"

#include <sodium.h>

#include <mutex>
#include <new>
#include <utility>

#include "crypto/ed25519_arithmetic.h"
#include "crypto/encoding.h"

namespace circula::crypto {
namespace {

// Remembers keys that passed the point check: 16,384 keys are 512 KiB, more than the active keys of any
// consortium; a key that falls out costs one check of 51 us. A slot is chosen with a secret hash, so nobody
// can aim at another's slot.
class GoodKeys {
 public:
  GoodKeys() : keys_(kSlots) { randombytes_buf(hash_key_.data(), hash_key_.size()); }

  [[nodiscard]] bool contains(const PublicKey& key) const {
    const std::size_t slot = slot_of(key);
    const std::lock_guard lock(mutex_);
    return keys_[slot] == key;
  }
  void insert(const PublicKey& key) {
    const std::size_t slot = slot_of(key);
    const std::lock_guard lock(mutex_);
    keys_[slot] = key;
  }

 private:
  static constexpr std::size_t kSlots = 16'384;

  [[nodiscard]] std::size_t slot_of(const PublicKey& key) const {
    std::array<std::uint8_t, crypto_shorthash_BYTES> hash;
    crypto_shorthash(hash.data(), key.data(), key.size(), hash_key_.data());
    return (static_cast<std::size_t>(hash[0]) << 8 | hash[1]) % kSlots;
  }

  std::array<std::uint8_t, crypto_shorthash_KEYBYTES> hash_key_{};
  mutable std::mutex mutex_;
  std::vector<PublicKey> keys_;  // guarded by mutex_; all zeros, which is no valid point, marks a free slot
};

GoodKeys& good_keys() {
  static GoodKeys keys;
  return keys;
}

struct KnownAnswer {
  std::string_view name;
  bool valid;
  std::string_view key, message, signature;  // key and signature in hex
};

// All four of one key of prime order: what differs is a low-order component in R, which a cofactored check
// forgives. From C2SP/CCTV ed25519vectors.json, by number.
constexpr std::string_view kCctvKey = "ef75b20e7540e3dff77404193652ba2bd13df99c1508eee1515e27ae25f28076";
constexpr std::array<KnownAnswer, 4> kKnownAnswers = {{
    {"CCTV 305", true, kCctvKey, "ed25519vectors 5",
     "b62cf890de42c413b11b1411c9f01f1c4d77aa87ef182258d1251f69af2a3506"
     "40657f1cb030f12543549bbabd848dc6403d354e7c99c4d0dcee9f63c9033b00"},
    {"CCTV 267", false, kCctvKey, "ed25519vectors 3",
     "36684ea91032ba5b1dbab2d02f4debc74c3327f2b3802e2e4d371aa42b12b56b"
     "2d471882773a677af1e3824e757a33f8ddf7bbeaf3d28a09595eb8daa0d74a03"},
    {"CCTV 286", false, kCctvKey, "ed25519vectors 11",
     "b797b156efcd45a4e2454d2fd0b21438b3ccd80d4c7fd1d1b2c8e55bd4ed4a94"
     "26cc293b14d304864a4cd689cbcc23cb13fcb1098f9c434cc9ca7439c9cf2505"},
    {"CCTV 336", false, kCctvKey, "ed25519vectors 9",
     "5ae36d433a7bd0efb150b6b04610d1986e3044c46b6ad69bae17aaf76b608d21"
     "fd3eacd8d7a35408e669bbf20fa791fc50be2a753015c51a7ff9554c4c540902"},
}};

// Case 4 of "Taming the many EdDSAs" (ed25519-speccheck): valid only when the equation is multiplied by the
// cofactor. Its message is bytes.
constexpr std::string_view kSpeccheck4Key =
    "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d";
constexpr std::string_view kSpeccheck4Message =
    "e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c";
constexpr std::string_view kSpeccheck4Signature =
    "160a1cb0dc9c0258cd0a7d23e94d8fa878bcb1925f2c64246b2dee1796bed512"
    "5ec6bc982a269b723e0668e540911a9a6a58921d6925e434ab10aa7940551a09";

// The base point B plus the point (0, -1) of order two: on the curve, of order 2L. CVE-2025-69277.
constexpr std::string_view kBasePlusOrderTwo =
    "9599999999999999999999999999999999999999999999999999999999999999";

// REQUIRES: text is the hex of a Fixed; used on the constants above only.
template <class Fixed>
Fixed constant(std::string_view text) {
  return fixed_from_hex<Fixed>(text).value();
}

Error wrong_rule(std::string_view name, bool expected) {
  return {Fault::kEnvironment,
          "libsodium " + std::string(sodium_version_string()) + " " + (expected ? "refuses " : "accepts ") +
              std::string(name) +
              ": it verifies Ed25519 by another rule than the ledger's; install libsodium 1.0.18 "
              "of Debian 12 with its security updates"};
}

void ensure_sodium() {
  // sodium_init is idempotent and thread-safe; here so that a key made before init() is sound as well.
  static const bool started = sodium_init() >= 0;
  if (!started) throw std::bad_alloc();
}

}  // namespace

Result<void> init() {
  if (sodium_init() < 0)
    return Error{Fault::kEnvironment, "libsodium does not start: no source of random bytes"};
  static const Result<void> tested = self_test();  // once a process: the library does not change
  return tested;
}

Result<void> self_test() {
  for (const KnownAnswer& answer : kKnownAnswers) {
    const bool accepted = arithmetic::accepts(constant<PublicKey>(answer.key), as_bytes(answer.message),
                                              constant<Signature>(answer.signature));
    if (accepted != answer.valid) return wrong_rule(answer.name, answer.valid);
  }
  const auto message = constant<Digest>(kSpeccheck4Message);
  if (arithmetic::accepts(constant<PublicKey>(kSpeccheck4Key), message,
                          constant<Signature>(kSpeccheck4Signature))) {
    return wrong_rule("speccheck case 4", false);
  }
  if (crypto_core_ed25519_is_valid_point(constant<PublicKey>(kCctvKey).data()) != 1) {
    return wrong_rule("the key of CCTV 305", true);
  }
  if (crypto_core_ed25519_is_valid_point(constant<PublicKey>(kBasePlusOrderTwo).data()) != 0) {
    return wrong_rule("the point B + (0,-1) (CVE-2025-69277)", false);
  }
  return {};
}

void random_bytes(std::span<std::uint8_t> out) {
  ensure_sodium();
  randombytes_buf(out.data(), out.size());
}

SigningKey SigningKey::generate() {
  std::array<std::uint8_t, kSeedBytes> seed;
  random_bytes(seed);
  SigningKey key = from_seed(seed);
  sodium_memzero(seed.data(), seed.size());
  return key;
}

SigningKey SigningKey::from_seed(std::span<const std::uint8_t, kSeedBytes> seed) {
  ensure_sodium();
  SigningKey key;
  key.secret_ = static_cast<std::uint8_t*>(sodium_malloc(arithmetic::kSecretBytes));
  if (key.secret_ == nullptr) throw std::bad_alloc();
  crypto_sign_seed_keypair(key.public_key_.data(), key.secret_, seed.data());
  return key;
}

SigningKey::SigningKey(SigningKey&& other) noexcept
    : secret_(std::exchange(other.secret_, nullptr)), public_key_(other.public_key_) {}

SigningKey& SigningKey::operator=(SigningKey&& other) noexcept {
  std::swap(secret_, other.secret_);
  std::swap(public_key_, other.public_key_);
  return *this;
}

SigningKey::~SigningKey() { sodium_free(secret_); }  // wipes before it frees

Signature SigningKey::sign(ByteView message) const {
  assert(secret_ != nullptr);
  return arithmetic::sign(secret_, message);
}

std::span<const std::uint8_t, SigningKey::kSeedBytes> SigningKey::seed() const {
  assert(secret_ != nullptr);
  return std::span<const std::uint8_t, kSeedBytes>(secret_, kSeedBytes);
}

bool is_valid_key(const PublicKey& key) {
  ensure_sodium();
  if (key == PublicKey{}) return false;  // of small order, and the cache's mark of a free slot
  if (good_keys().contains(key)) return true;
  if (crypto_core_ed25519_is_valid_point(key.data()) != 1) return false;
  good_keys().insert(key);
  return true;
}

std::vector<bool> verify_batch(std::span<const VerifyJob> jobs) {
  std::vector<bool> verdicts(jobs.size());
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    verdicts[i] =
        is_valid_key(jobs[i].key) && arithmetic::accepts(jobs[i].key, jobs[i].message, jobs[i].signature);
  }
  return verdicts;
}

}  // namespace circula::crypto
