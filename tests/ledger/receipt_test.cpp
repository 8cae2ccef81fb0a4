#include "ledger/receipt.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "crypto/encoding.h"
#include "ledger/canonical.h"
#include "ledger/proto/identity.pb.h"
#include "ledger/receipt_file.h"
#include "ledger/trust_policy.h"
#include "tests/ledger/test_chain.h"

namespace circula::ledger {
namespace {

using testing::spec;
using testing::TestChain;

constexpr std::uint16_t kOrg = 1;
constexpr std::uint16_t kKey = 2;

testing::RecordSpec rename(TestChain& chain, const std::string& organisation, const std::string& to) {
  proto::Org body;
  body.mutable_update()->set_oid(chain.oid(organisation));
  body.mutable_update()->mutable_profile()->set_name(to);
  return spec(organisation, kOrg, body);
}

// A block with one envelope of three records by two organisations, in a chain of four voters.
struct Sample {
  TestChain chain{TestChain::Options{.voters = 4}};
  EnvelopePtr body;
  ExecutedBlock executed;
  crypto::Policy policy = make_policy(chain.genesis());

  Sample() {
    for (int n = 0; n < 3; ++n) (void)chain.submit(rename(chain, "buyer", "buyer " + std::to_string(n)));
    testing::RecordSpec two_signers = rename(chain, "provider", "provider, renamed");
    two_signers.signers = {"vendor-b"};
    body = chain.envelope({rename(chain, "buyer", "buyer, renamed"), two_signers,
                           rename(chain, "vendor-b", "vendor b, renamed")});
    executed = chain.execute({body});
    (void)chain.submit(rename(chain, "buyer", "buyer again"));
  }
  std::string receipt(std::size_t record = 1, const std::vector<unsigned>& cosigners = {}) {
    auto made =
        make_receipt(chain.ledger().index(), executed.outcomes[record].log_index, chain.genesis().chain_id(),
                     *body, chain.final_note(cosigners), make_lenient(policy));
    return made ? *made : "no receipt: " + made.error().detail;
  }
  // A policy under which any note is good, for notes that lack cosignatures on purpose.
  static crypto::Policy make_lenient(crypto::Policy policy) {
    policy.quorum = std::string(crypto::Policy::kNoQuorum);
    return policy;
  }
};

std::string failed_step(const Verdict& verdict) {
  return verdict.good() ? "none" : verdict.steps.back().name;
}

TEST(Receipt, shows_record_outcome_effects_and_signatures_offline) {
  Sample sample;
  for (std::size_t record = 0; record < 3; ++record) {
    const ReceiptVerdict verdict = verify_receipt(sample.receipt(record), sample.policy);
    ASSERT_TRUE(verdict.good()) << verdict.result().error().detail;
    EXPECT_EQ(verdict.entry->record_id, sample.body->records()[record].id);
    EXPECT_EQ(verdict.entry->outcome, 0U);
    EXPECT_EQ(verdict.checkpoint->checkpoint.size, sample.chain.ledger().position().log.size());
    EXPECT_EQ(verdict.checkpoint->cosigners.size(), 4U);
    EXPECT_EQ(verdict.receipt->signatures.size(), record == 1 ? 2U : 1U);
    EXPECT_FALSE(verdict.receipt->effects.empty());
  }
}

TEST(Receipt, of_a_refused_record_shows_its_code) {
  Sample sample;
  const EnvelopePtr body = sample.chain.envelope({spec("nobody", kKey, proto::Key())});
  const ExecutedBlock executed = sample.chain.execute({body});
  const auto made =
      make_receipt(sample.chain.ledger().index(), executed.outcomes[0].log_index,
                   sample.chain.genesis().chain_id(), *body, sample.chain.final_note(), sample.policy);
  ASSERT_TRUE(made);
  const ReceiptVerdict verdict = verify_receipt(*made, sample.policy);
  ASSERT_TRUE(verdict.good()) << verdict.result().error().detail;
  EXPECT_EQ(verdict.receipt->outcome_name, name(executed.outcomes[0].error.code));
  EXPECT_NE(verdict.receipt->outcome, 0U);
}

TEST(Receipt, one_changed_byte_anywhere_is_refused) {
  Sample sample;
  const std::string receipt = sample.receipt();
  ASSERT_TRUE(verify_receipt(receipt, sample.policy).good());
  for (std::size_t at = 0; at < receipt.size(); ++at) {
    for (const unsigned bit : {static_cast<unsigned>(at % 8), 5U}) {
      std::string changed = receipt;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      ASSERT_FALSE(verify_receipt(changed, sample.policy).good()) << "byte " << at << " bit " << bit;
    }
  }
}

TEST(Receipt, a_lost_or_added_byte_is_refused) {
  Sample sample;
  const std::string receipt = sample.receipt();
  for (std::size_t at = 0; at < receipt.size(); at += 3) {
    std::string shorter = receipt;
    shorter.erase(at, 1);
    ASSERT_FALSE(verify_receipt(shorter, sample.policy).good()) << "without byte " << at;
    std::string longer = receipt;
    longer.insert(at, 1, at % 2 == 0 ? ' ' : 'A');
    ASSERT_FALSE(verify_receipt(longer, sample.policy).good()) << "with a byte at " << at;
  }
  EXPECT_FALSE(verify_receipt(receipt + "\n", sample.policy).good());
}

// Changes the first occurrence of `from`, which must be there.
std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

TEST(Receipt, names_the_step_that_failed) {
  Sample sample;
  const std::string receipt = sample.receipt();
  const auto step = [&](const std::string& from, const std::string& to) {
    return failed_step(verify_receipt(replaced(receipt, from, to), sample.policy));
  };
  EXPECT_EQ(step("\"format\"", "\"farmat\""), "form");
  EXPECT_EQ(step("  \"entry\"", " \"entry\""), "form");
  EXPECT_EQ(step("\"name\": \"E_OK\"", "\"name\": \"E_TYPE\""), "record");
  EXPECT_EQ(step("\"records\": \"3\"", "\"records\": \"4\""), "signatures");
  const std::string key = crypto::to_hex(sample.chain.key("vendor-b").public_key().view());
  EXPECT_EQ(step(key, crypto::to_hex(sample.chain.key("provider").public_key().view())), "signatures");
  EXPECT_EQ(step("\"subject\": \"org/", "\"subject\": \"key/"), "effects");
  EXPECT_EQ(step("\\nindex ", "\\nindex 1"), "inclusion");
  EXPECT_EQ(step("/node/2", "/node/7"), "checkpoint");
  EXPECT_EQ(step("exactly these", "about these"), "words");
  EXPECT_EQ(step("It does not show", "It does show"), "words");
}

// A file of 64 MiB may hold one long record and many effects, and the salt of each is a hash of the whole
// record: terabytes to hash before the first thing that is signed is looked at.
TEST(Receipt, does_not_make_its_reader_work_for_nothing) {
  Sample sample;
  const auto forged = [&](std::size_t record_bytes, std::uint16_t effects) {
    auto file = read_receipt(sample.receipt());
    EXPECT_TRUE(file);
    Receipt& receipt = file->receipt;
    proto::Record record;
    EXPECT_TRUE(record.ParseFromArray(receipt.record.data(), static_cast<int>(receipt.record.size())));
    record.set_body(std::string(record_bytes, 'x'));
    receipt.record = serialise_canonical(record);
    auto entry = std::get<RecordEntry>(*decode_entry(receipt.entry));
    entry.record_id = crypto::leaf_hash(receipt.record);
    entry.effects = effects;
    receipt.entry = encode(Entry(entry));
    receipt.effects.resize(effects, receipt.effects.front());
    const ReceiptVerdict verdict = verify_receipt(write_receipt(receipt), sample.policy);
    return failed_step(verdict);
  };
  EXPECT_EQ(forged(30'000, 2'049), "signatures");
  EXPECT_EQ(forged(33'000, 1), "record");
  EXPECT_EQ(forged(100, 2'050), "record");
  EXPECT_EQ(forged(1'000'000, 65'535), "record");
}

// What a bad file says is repeated in the reason why it is bad; it must not draw a good verdict over it.
TEST(Receipt, cannot_write_to_the_terminal_of_its_reader) {
  Sample sample;
  const std::string forged =
      replaced(sample.receipt(), "\"name\": \"E_OK\"", "\"name\": \"\\u001b[2J\\nVERIFIED\u202e\"");
  const ReceiptVerdict verdict = verify_receipt(forged, sample.policy);
  ASSERT_EQ(failed_step(verdict), "record");
  EXPECT_NE(verdict.steps.back().text.find("?[2J?VERIFIED?"), std::string::npos) << verdict.steps.back().text;
  EXPECT_EQ(verdict.steps.back().text.find_first_of("\x1b\n"), std::string::npos);
}

TEST(Receipt, with_too_few_cosignatures_fails_at_the_quorum) {
  Sample sample;
  EXPECT_TRUE(verify_receipt(sample.receipt(1, {1, 2, 4}), sample.policy).good());
  const ReceiptVerdict verdict = verify_receipt(sample.receipt(1, {1, 2}), sample.policy);
  EXPECT_EQ(failed_step(verdict), "quorum");
  EXPECT_EQ(name(verdict.result().error().code), "E_TRUST");
}

TEST(Receipt, of_another_consortium_fails_at_the_checkpoint) {
  Sample sample;
  TestChain other{TestChain::Options{.time_ms = 1'700'000'000'000, .voters = 4}};
  crypto::Policy policy = make_policy("elsewhere.example/ledger", other.genesis().configuration(), 0);
  EXPECT_EQ(failed_step(verify_receipt(sample.receipt(), policy)), "checkpoint");
}

TEST(Receipt, leaves_out_lines_of_keys_that_the_policy_does_not_list) {
  Sample sample;
  std::string note = sample.chain.final_note();
  auto parsed = crypto::Note::parse(note);
  ASSERT_TRUE(parsed);
  const std::string witness =
      crypto::cosign_note(parsed->text, "witness.example/w", testing::named_key("w"), 1).line();
  const auto made =
      make_receipt(sample.chain.ledger().index(), sample.executed.outcomes[0].log_index,
                   sample.chain.genesis().chain_id(), *sample.body, note + witness, sample.policy);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->find("witness.example"), std::string::npos);
  EXPECT_TRUE(verify_receipt(*made, sample.policy).good());
  // Put back by hand it would be a place to change bytes in.
  const std::string escaped = witness.substr(0, witness.size() - 1) + "\\n\"";
  EXPECT_EQ(failed_step(verify_receipt(replaced(*made, "\\n\"\n}", "\\n" + escaped + "\n}"), sample.policy)),
            "checkpoint");
}

TEST(Receipt, is_made_only_of_a_final_record_and_its_own_envelope) {
  Sample sample;
  const LogIndex& index = sample.chain.ledger().index();
  const Digest& chain_id = sample.chain.genesis().chain_id();
  const std::string note = sample.chain.final_note();
  const auto code = [&](std::uint64_t at, const Envelope& body) {
    const auto made = make_receipt(index, at, chain_id, body, note, sample.policy);
    return made ? std::string("E_OK") : std::string(name(made.error().code));
  };
  EXPECT_EQ(code(sample.executed.outcomes[0].log_index, *sample.body), "E_OK");
  EXPECT_EQ(code(1, *sample.body), "E_NOT_FOUND");     // a block entry
  EXPECT_EQ(code(9999, *sample.body), "E_NOT_FOUND");  // nothing
  EXPECT_EQ(code(2, *sample.body), "E_NOT_FOUND");     // a record of another envelope
  const EnvelopePtr late = sample.chain.envelope({rename(sample.chain, "buyer", "late")});
  const ExecutedBlock executed = sample.chain.execute({late});
  EXPECT_EQ(code(executed.outcomes[0].log_index, *late), "E_FINALITY_STALLED");
}

TEST(TrustPolicy, is_read_back_from_its_file_and_asks_for_two_thirds) {
  TestChain chain{TestChain::Options{.voters = 4}};
  const auto policy = read_policy(policy_file(chain.genesis()));
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->logs.size(), 4U);
  EXPECT_EQ(policy->witnesses.size(), 4U);
  EXPECT_EQ(policy->witnesses[2].key.name, "test.example/ledger/node/3");
  ASSERT_EQ(policy->groups.size(), 1U);
  EXPECT_EQ(policy->groups[0].threshold, 3U);
  EXPECT_EQ(policy->quorum, "finality");
  EXPECT_TRUE(policy->accept(chain.final_note({2, 3, 4})));
  EXPECT_FALSE(policy->accept(chain.final_note({2, 3})));
}

}  // namespace
}  // namespace circula::ledger
