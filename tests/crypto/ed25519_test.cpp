#include "crypto/ed25519.h"

#include <atomic>
#include <set>
#include <thread>

#include "tests/crypto/vectors.h"

namespace circula::crypto {
namespace {

bool accepts(const PublicKey& key, ByteView message, const Signature& signature) {
  const VerifyJob job{key, message, signature};
  return verify_batch({&job, 1})[0];
}

TEST(Ed25519, the_linked_library_follows_the_rule) {
  EXPECT_TRUE(init());
  EXPECT_TRUE(self_test());
}

// RFC 8032 section 7.1, test 2.
TEST(Ed25519, signs_as_rfc_8032_does) {
  const Bytes seed = from_hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb").value();
  const SigningKey key = SigningKey::from_seed(std::span<const std::uint8_t, 32>(seed.data(), 32));
  EXPECT_EQ(to_hex(key.public_key()), "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  const Bytes message = {0x72};
  const Signature signature = key.sign(message);
  EXPECT_EQ(to_hex(signature),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
  EXPECT_TRUE(accepts(key.public_key(), message, signature));
  EXPECT_TRUE(std::equal(seed.begin(), seed.end(), key.seed().begin()));
}

TEST(Ed25519, a_moved_key_still_signs_and_generated_keys_differ) {
  SigningKey first = SigningKey::generate();
  SigningKey second = SigningKey::generate();
  EXPECT_NE(first.public_key(), second.public_key());
  const PublicKey name = first.public_key();
  const SigningKey moved = std::move(first);
  EXPECT_TRUE(accepts(name, as_bytes("text"), moved.sign("text")));
  second = SigningKey::generate();
  EXPECT_TRUE(is_valid_key(second.public_key()));
}

TEST(Ed25519, a_batch_gives_each_job_its_own_verdict) {
  const SigningKey key = SigningKey::generate();
  std::vector<VerifyJob> jobs;
  const std::string message = "one and the same message";
  for (int i = 0; i < 20; ++i) {
    jobs.push_back({key.public_key(), as_bytes(message), key.sign(message)});
    if (i % 3 == 0) jobs.back().signature[i] ^= 1;
  }
  const auto verdicts = verify_batch(jobs);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(verdicts[i], i % 3 != 0) << i;
  EXPECT_TRUE(verify_batch({}).empty());
}

TEST(Ed25519, threads_verify_side_by_side) {
  std::vector<SigningKey> keys;
  for (int i = 0; i < 8; ++i) keys.push_back(SigningKey::generate());
  std::atomic<int> accepted = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (const SigningKey& key : keys) {
        const Signature signature = key.sign("text");
        if (accepts(key.public_key(), as_bytes("text"), signature)) ++accepted;
        if (accepts(key.public_key(), as_bytes("TEXT"), signature)) ++accepted;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(accepted, 4 * 8);
}

TEST(Ed25519, keys_outside_the_prime_order_subgroup_are_invalid) {
  EXPECT_FALSE(is_valid_key(PublicKey{}));
  PublicKey identity{};
  identity[0] = 1;
  EXPECT_FALSE(is_valid_key(identity));
  EXPECT_FALSE(is_valid_key(
      fixed_from_hex<PublicKey>("9599999999999999999999999999999999999999999999999999999999999999").value()));
}

TEST(Ed25519, wycheproof_vectors_have_exactly_their_result) {
  CIRCULA_NEEDS_VECTORS("wycheproof/ed25519_test.json");
  const auto file = vectors::read_json("wycheproof/ed25519_test.json");
  int cases = 0;
  int accepted = 0;
  for (const auto& group : file.at("testGroups").as_array()) {
    const auto key = PublicKey::from(vectors::hex(group.at("publicKey").at("pk")));
    for (const auto& test : group.at("tests").as_array()) {
      ++cases;
      const Bytes message = vectors::hex(test.at("msg"));
      const auto signature = to_fixed<Signature>(vectors::hex(test.at("sig")), "signature");
      const bool valid = signature && accepts(key, message, *signature);
      EXPECT_EQ(valid, test.at("result").as_string() == "valid") << test.at("tcId");
      accepted += valid ? 1 : 0;
    }
  }
  EXPECT_EQ(cases, 151);
  EXPECT_EQ(accepted, 88);
}

TEST(Ed25519, no_speccheck_case_is_accepted) {
  CIRCULA_NEEDS_VECTORS("ed25519-speccheck/cases.json");
  const auto file = vectors::read_json("ed25519-speccheck/cases.json");
  EXPECT_EQ(file.as_array().size(), 12U);
  for (const auto& test : file.as_array()) {
    EXPECT_FALSE(accepts(PublicKey::from(vectors::hex(test.at("pub_key"))), vectors::hex(test.at("message")),
                         Signature::from(vectors::hex(test.at("signature")))));
  }
}

TEST(Ed25519, only_number_305_of_the_cctv_vectors_is_accepted) {
  CIRCULA_NEEDS_VECTORS("cctv-ed25519/ed25519vectors.json");
  const auto file = vectors::read_json("cctv-ed25519/ed25519vectors.json");
  EXPECT_EQ(file.as_array().size(), 914U);
  std::set<std::int64_t> accepted;
  for (const auto& test : file.as_array()) {
    const std::string message = vectors::text(test.at("msg"));
    if (accepts(PublicKey::from(vectors::hex(test.at("key"))), as_bytes(message),
                Signature::from(vectors::hex(test.at("sig"))))) {
      accepted.insert(test.at("number").as_int64());
    }
  }
  EXPECT_EQ(accepted, std::set<std::int64_t>{305});
}

}  // namespace
}  // namespace circula::crypto
