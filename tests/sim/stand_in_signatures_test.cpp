#include "tests/sim/stand_in_signatures.h"

#include <gtest/gtest.h>

#include "crypto/ed25519.h"
#include "tests/ledger/test_chain.h"

namespace circula::sim {
namespace {

class StandInSignatures : public ::testing::TestWithParam<Signatures> {
 protected:
  StandInSignatures() {
    EXPECT_TRUE(crypto::init());
    use_signatures(GetParam(), 1);
  }
  ~StandInSignatures() override { use_signatures(Signatures::kEd25519, 0); }

  static bool good(const crypto::PublicKey& key, std::string_view message,
                   const crypto::Signature& signature) {
    const crypto::VerifyJob job{key, crypto::as_bytes(message), signature};
    return crypto::verify_batch({&job, 1})[0];
  }
  const crypto::SigningKey key_ = ledger::testing::named_key("one");
};

TEST_P(StandInSignatures, are_good_for_their_key_and_message_alone) {
  const crypto::Signature signature = key_.sign("message");
  EXPECT_TRUE(good(key_.public_key(), "message", signature));
  EXPECT_FALSE(good(key_.public_key(), "Message", signature));
  EXPECT_FALSE(good(ledger::testing::named_key("two").public_key(), "message", signature));
  for (std::size_t at = 0; at < signature.size(); ++at) {
    crypto::Signature altered = signature;
    altered[at] ^= 1;
    EXPECT_FALSE(good(key_.public_key(), "message", altered)) << at;
  }
}

TEST_P(StandInSignatures, one_message_has_as_many_as_its_signer_makes) {
  const bool again = key_.sign("message") == key_.sign("message");
  EXPECT_EQ(again, GetParam() == Signatures::kEd25519);  // libsodium's are deterministic
}

INSTANTIATE_TEST_SUITE_P(Kinds, StandInSignatures,
                         ::testing::Values(Signatures::kStandIn, Signatures::kEd25519), [](const auto& kind) {
                           return kind.param == Signatures::kStandIn ? "stand_in" : "ed25519";
                         });

}  // namespace
}  // namespace circula::sim
