// What admission judges by the bytes alone (design.md 3): each fault of form has its code and its place.
#include "ledger/envelope.h"

#include <gtest/gtest.h>

#include "tests/ledger/identity_records.h"

namespace circula::ledger {
namespace {

using namespace testing;

class Envelopes : public ::testing::Test {
 protected:
  proto::Record record() {
    proto::Record made;
    made.set_author(public_key(chain_, "provider"));
    made.set_created_at_ms(1);
    made.set_expires_at_ms(2);
    made.set_nonce(std::string(16, 'n'));
    made.set_type(1);
    made.set_version(1);
    return made;
  }
  // Signed by the named keys, whoever its records name.
  proto::Envelope sealed(const std::vector<proto::Record>& records, const std::vector<std::string>& keys) {
    std::vector<Bytes> bytes;
    for (const proto::Record& each : records) bytes.push_back(serialise_canonical(each));
    std::vector<const crypto::SigningKey*> signers;
    for (const std::string& key : keys) signers.push_back(&chain_.key(key));
    proto::Envelope message;
    EXPECT_TRUE(message.ParseFromString(
        std::string(crypto::as_text(seal_envelope(chain_.genesis().chain_id(), bytes, signers)))));
    return message;
  }
  std::string decoded(const proto::Envelope& message, std::string* field = nullptr) {
    const auto envelope = Envelope::decode(serialise_canonical(message), chain_.genesis().chain_id());
    if (envelope) return "E_OK";
    if (field != nullptr) *field = envelope.error().field;
    return std::string(name(envelope.error().code));
  }
  template <class Alter>
  std::string altered(Alter alter, std::string* field = nullptr) {
    proto::Record one = record();
    alter(one);
    return decoded(sealed({one}, {"provider"}), field);
  }

  TestChain chain_;
};

TEST_F(Envelopes, carry_records_and_one_signature_for_each_key) {
  EXPECT_EQ(decoded(sealed({record()}, {"provider"})), "E_OK");
  EXPECT_EQ(decoded(sealed({record()}, {})), "E_SIGNERS");
  EXPECT_EQ(decoded(sealed({record()}, {"buyer"})), "E_SIGNERS");
  EXPECT_EQ(decoded(sealed({record()}, {"provider", "buyer"})), "E_SIGNERS") << "no other";
  EXPECT_EQ(decoded(sealed({record()}, {"provider", "provider"})), "E_SIGNERS");
  proto::Record two = record();
  two.add_signers(public_key(chain_, "buyer"));
  proto::Envelope both = sealed({two}, {"provider", "buyer"});
  EXPECT_EQ(decoded(both), "E_OK");
  both.mutable_signatures()->SwapElements(0, 1);
  std::string field;
  EXPECT_EQ(decoded(both, &field), "E_SIGNERS") << "ascending by key";
  EXPECT_EQ(field, "signatures[0]");
  proto::Envelope cut = sealed({record()}, {"provider"});
  cut.mutable_signatures(0)->set_signature("short");
  EXPECT_EQ(decoded(cut), "E_CANONICAL");
}

TEST_F(Envelopes, are_of_suite_one) {
  proto::Envelope message = sealed({record()}, {"provider"});
  message.set_suite(2);
  EXPECT_EQ(decoded(message), "E_SUITE");
}

TEST_F(Envelopes, keep_within_their_limits) {
  EXPECT_EQ(decoded(sealed({}, {})), "E_LIMIT");
  EXPECT_EQ(decoded(sealed(std::vector<proto::Record>(4'097, record()), {"provider"})), "E_LIMIT");
  EXPECT_EQ(decoded(sealed(std::vector<proto::Record>(4'096, record()), {"provider"})), "E_OK");

  proto::Record many = record();
  std::vector<std::string> keys = {"provider"};
  std::set<std::string> signers;
  for (int number = 0; number < 32; ++number) {
    keys.push_back("signer " + std::to_string(number));
    signers.insert(public_key(chain_, keys.back()));
  }
  for (const std::string& key : signers) many.add_signers(key);
  EXPECT_EQ(decoded(sealed({many}, keys)), "E_LIMIT") << "33 signatures";

  const auto of_size = [this](std::size_t bytes) {
    proto::Record large = record();
    large.set_body(std::string(bytes, 'b'));
    const std::size_t rest = serialise_canonical(large).size() - bytes;
    large.set_body(std::string(bytes - rest, 'b'));
    EXPECT_EQ(serialise_canonical(large).size(), bytes);
    return large;
  };
  EXPECT_EQ(decoded(sealed({of_size(kRecordBytesMax)}, {"provider"})), "E_OK");
  EXPECT_EQ(decoded(sealed({of_size(kRecordBytesMax + 1)}, {"provider"})), "E_SIZE");
  EXPECT_EQ(decoded(sealed(std::vector<proto::Record>(32, of_size(kRecordBytesMax)), {"provider"})), "E_SIZE")
      << "more than 1 MiB together";
}

TEST_F(Envelopes, hold_records_that_keep_their_form) {
  using R = proto::Record;
  EXPECT_EQ(altered([](R& r) { r.set_author("short"); }), "E_CANONICAL");
  EXPECT_EQ(altered([](R& r) { r.add_signers("short"); }), "E_CANONICAL");
  EXPECT_EQ(altered([](R& r) { r.add_signers(r.author()); }), "E_CANONICAL") << "the author is none";
  EXPECT_EQ(altered([](R& r) {
              r.add_signers(std::string(32, 'b'));
              r.add_signers(std::string(32, 'a'));
            }),
            "E_CANONICAL");
  EXPECT_EQ(altered([](R& r) {
              r.add_signers(std::string(32, 'a'));
              r.add_signers(std::string(32, 'a'));
            }),
            "E_CANONICAL");
  EXPECT_EQ(altered([](R& r) { r.set_nonce("15 bytes......."); }), "E_CANONICAL");
  EXPECT_EQ(altered([](R& r) { r.set_delegation("short"); }), "E_CANONICAL");
  EXPECT_EQ(altered([](R& r) { r.clear_type(); }), "E_CANONICAL");
  EXPECT_EQ(altered([](R& r) { r.set_type(65'536); }), "E_CANONICAL");
  EXPECT_EQ(altered([](R& r) { r.set_version(65'536); }), "E_CANONICAL");
  EXPECT_EQ(altered([](R& r) { r.set_type(65'535); }), "E_OK") << "whether it is known is for execution";
}

TEST_F(Envelopes, expect_at_most_64_subjects_each_once) {
  const auto expecting = [](int count) {
    return [count](proto::Record& record) {
      for (int number = 0; number < count; ++number) {
        proto::Expectation& expected = *record.add_expects();
        expected.set_subject("org/" + std::to_string(100 + number));
        expected.set_version(1);
      }
    };
  };
  EXPECT_EQ(altered(expecting(64)), "E_OK");
  std::string field;
  EXPECT_EQ(altered(expecting(65), &field), "E_LIMIT");
  EXPECT_EQ(field, "records[0].expects");
  EXPECT_EQ(altered([&](proto::Record& record) {
              expecting(2)(record);
              record.mutable_expects()->SwapElements(0, 1);
            }),
            "E_CANONICAL");
  EXPECT_EQ(altered([&](proto::Record& record) {
              expecting(1)(record);
              expecting(1)(record);
            }),
            "E_CANONICAL");
}

// The id names the intent and the body hash the bytes: another signature makes other bytes of one intent.
TEST_F(Envelopes, have_a_name_for_the_intent_and_one_for_the_bytes) {
  proto::Envelope message = sealed({record()}, {"provider"});
  const auto one = *Envelope::decode(serialise_canonical(message), chain_.genesis().chain_id());
  message.mutable_signatures(0)->set_signature(std::string(64, 's'));
  const auto other = *Envelope::decode(serialise_canonical(message), chain_.genesis().chain_id());
  EXPECT_EQ(one->id(), other->id());
  EXPECT_NE(one->body_hash(), other->body_hash());
  EXPECT_TRUE(crypto::verify_batch(one->signature_jobs())[0]);
  EXPECT_FALSE(crypto::verify_batch(other->signature_jobs())[0]);
  const auto elsewhere = *Envelope::decode(Bytes(one->bytes().begin(), one->bytes().end()), Digest{});
  EXPECT_NE(elsewhere->id(), one->id());
  EXPECT_FALSE(crypto::verify_batch(elsewhere->signature_jobs())[0]) << "signed for one chain";
}

}  // namespace
}  // namespace circula::ledger
