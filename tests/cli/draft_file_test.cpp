#include "cli/draft_file.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "crypto/encoding.h"
#include "ledger/canonical.h"
#include "ledger/envelope.h"
#include "ledger/proto/rights.pb.h"
#include "tests/cli/command_run.h"
#include "tests/ledger/scratch_directory.h"

namespace circula::cli::testing {
namespace {

using crypto::SigningKey;

SigningKey numbered_key(std::uint8_t number) {
  std::array<std::uint8_t, 32> seed{};
  seed[0] = number;
  return SigningKey::from_seed(seed);
}

class Drafts : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(crypto::init()); }

  // A transfer that two parties sign.
  static DraftFile transfer() {
    const SigningKey giver = numbered_key(1);
    const SigningKey taker = numbered_key(2);
    ledger::proto::Rights body;
    auto& move = *body.mutable_transfer();
    move.set_subject(std::string(16, 'a'));
    move.set_right(ledger::proto::RIGHT_KIND_OPERATION);
    move.set_from(test_oid(1));
    auto& holder = *move.add_to();
    holder.set_oid(test_oid(2));
    holder.set_ppm(250'000);
    move.set_ppm(250'000);
    const Bytes encoded = ledger::serialise_canonical(body);
    ledger::proto::Record record;
    record.set_author(std::string(giver.public_key().text()));
    record.add_signers(std::string(taker.public_key().text()));
    record.set_created_at_ms(1'700'000'000'000);
    record.set_expires_at_ms(1'700'003'600'000);
    record.set_nonce(std::string(16, 'n'));
    record.set_type(11);
    record.set_version(1);
    record.set_body(std::string(crypto::as_text(encoded)));
    DraftFile draft;
    draft.chain_id[0] = 7;
    draft.records = {ledger::serialise_canonical(record)};
    return draft;
  }
};

TEST_F(Drafts, become_an_envelope_when_all_have_signed_in_any_order) {
  const SigningKey giver = numbered_key(1);
  const SigningKey taker = numbered_key(2);
  DraftFile first = transfer();
  DraftFile second = transfer();
  ASSERT_TRUE(first.sign(taker));
  ASSERT_TRUE(second.sign(giver));
  const auto merged = merge_drafts(first, second);
  ASSERT_TRUE(merged);
  const auto sealed = merged->seal();
  ASSERT_TRUE(sealed);
  const auto envelope = ledger::Envelope::decode(*sealed, merged->chain_id);
  ASSERT_TRUE(envelope);
  const auto jobs = (*envelope)->signature_jobs();
  EXPECT_EQ(crypto::verify_batch(jobs), (std::vector<bool>{true, true}));
}

TEST_F(Drafts, name_whose_signature_is_missing) {
  DraftFile draft = transfer();
  ASSERT_TRUE(draft.sign(numbered_key(1)));
  draft.oid_hints[numbered_key(2).public_key()] = test_oid(2);
  const auto sealed = draft.seal();
  ASSERT_FALSE(sealed);
  EXPECT_EQ(sealed.error().code, ledger::Code::E_DRAFT);
  EXPECT_NE(sealed.error().detail.find(test_oid(2)), std::string::npos);
}

TEST_F(Drafts, refuse_the_signature_of_a_stranger) {
  DraftFile draft = transfer();
  const auto refused = draft.sign(numbered_key(9));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ledger::Code::E_DRAFT);
}

TEST_F(Drafts, survive_their_file) {
  DraftFile draft = transfer();
  ASSERT_TRUE(draft.sign(numbered_key(1)));
  const auto read = read_draft(write_draft(draft));
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(read->records, draft.records);
  EXPECT_EQ(read->signatures, draft.signatures);
  EXPECT_EQ(write_draft(*read), write_draft(draft));
}

// Whatever byte of a signed record is changed, the draft is refused; almost always by E_SIG, and where the
// record names other keys then, because the signature is by none of them.
TEST_F(Drafts, refuse_every_altered_byte_once_signed) {
  DraftFile draft = transfer();
  ASSERT_TRUE(draft.sign(numbered_key(1)));
  for (std::size_t at = 0; at < draft.records[0].size(); ++at) {
    DraftFile altered = draft;
    altered.records[0][at] ^= 0x01;
    const auto read = read_draft(write_draft(altered));
    ASSERT_FALSE(read) << "byte " << at;
    EXPECT_EQ(read.error().code, ledger::Code::E_SIG) << "byte " << at << ": " << read.error().detail;
  }
}

TEST_F(Drafts, refuse_another_chain) {
  DraftFile draft = transfer();
  ASSERT_TRUE(draft.sign(numbered_key(1)));
  draft.chain_id[1] = 1;
  const auto read = read_draft(write_draft(draft));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ledger::Code::E_SIG);
}

TEST_F(Drafts, are_shown_from_their_bytes_and_not_from_their_view) {
  const ledger::test::ScratchDirectory scratch;
  boost::json::object file = boost::json::parse(write_draft(transfer())).as_object();
  file["view"] = boost::json::array{boost::json::object{{"name", "RIGHTS"}, {"fields", "ppm: 1"}}};
  ledger::test::write_text(scratch / "t.json", boost::json::serialize(file));
  const CommandRun done = run({"draft", "show", scratch / "t.json"});
  EXPECT_EQ(done.exit, 0) << done.err;
  EXPECT_NE(done.out.find("ppm: 250000"), std::string::npos) << done.out;
  EXPECT_NE(done.out.find("subject: as-"), std::string::npos) << done.out;
  EXPECT_EQ(done.out.find("ppm: 1\n"), std::string::npos);
}

// One reader would take the first of the two, another the last.
TEST_F(Drafts, have_no_key_twice) {
  std::string text = write_draft(transfer());
  const auto at = text.find("\"records\"");
  ASSERT_NE(at, std::string::npos);
  text.insert(at, "\"records\": [\"AA==\"],\n  ");
  const auto read = read_draft(text);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ledger::Code::E_DRAFT);
  EXPECT_NE(read.error().detail.find("\"records\" stands twice"), std::string::npos) << read.error().detail;
}

TEST_F(Drafts, of_different_records_do_not_merge) {
  DraftFile other = transfer();
  other.records.push_back(other.records.front());
  const auto merged = merge_drafts(transfer(), other);
  ASSERT_FALSE(merged);
  EXPECT_EQ(merged.error().code, ledger::Code::E_DRAFT);
}

}  // namespace
}  // namespace circula::cli::testing
