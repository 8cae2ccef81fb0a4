#include <gtest/gtest.h>

#include "ledger/proto/clock.pb.h"
#include "tests/ledger/identity_records.h"

namespace circula::ledger {
namespace {

using testing::kKey;
using testing::kOrg;
using testing::RecordSpec;
using testing::registration;
using testing::spec;
using testing::TestChain;

TEST(Execution, genesis_makes_one_entry_and_its_block_entry) {
  TestChain chain;
  EXPECT_EQ(chain.ledger().position().log.size(), 2U);
  EXPECT_TRUE(chain.read<proto::OrgState>(org_key(chain.oid("exchange"))).has_value());
  EXPECT_EQ(chain.read<proto::Configuration>(config_key("voters"))->members_size(), 1);
}

TEST(Execution, an_exchange_admits_an_organisation) {
  TestChain chain;
  const std::string oid = testing::test_oid(500);
  EXPECT_EQ(name(chain.submit(spec("exchange", kOrg, registration(chain, "newcomer", oid))).code), "E_OK");
  EXPECT_EQ(chain.read<proto::OrgState>(org_key(oid))->admitted_by(), chain.oid("exchange"));
  EXPECT_EQ(name(chain.submit(spec("exchange", kOrg, registration(chain, "newcomer", oid))).code),
            "E_ORG_EXISTS");
}

TEST(Execution, only_an_exchange_admits) {
  TestChain chain;
  const auto body = registration(chain, "newcomer", testing::test_oid(500));
  EXPECT_EQ(name(chain.submit(spec("provider", kOrg, body)).code), "E_ROLE");
}

TEST(Execution, a_record_with_an_unknown_key_leaves_an_entry_and_no_effect_but_its_spent_id) {
  TestChain chain;
  const std::string oid = testing::test_oid(500);
  EXPECT_EQ(name(chain.submit(spec("nobody", kOrg, registration(chain, "newcomer", oid))).code),
            "E_KEY_UNKNOWN");
  EXPECT_FALSE(chain.read<proto::OrgState>(org_key(oid)).has_value());
}

TEST(Execution, an_id_is_spent_once_whatever_its_outcome) {
  TestChain chain;
  const EnvelopePtr body =
      chain.envelope({spec("provider", kOrg, registration(chain, "n", testing::test_oid(500)))});
  EXPECT_EQ(name(chain.execute({body}).outcomes[0].error.code), "E_ROLE");
  EXPECT_EQ(name(chain.execute({body}).outcomes[0].error.code), "E_REPLAY");
}

TEST(Execution, of_two_records_with_one_id_in_one_block_the_first_counts) {
  TestChain chain;
  const RecordSpec one = spec("exchange", kOrg, registration(chain, "n", testing::test_oid(500)));
  const Bytes record = chain.record_bytes(one);
  const auto seal = [&](const std::vector<Bytes>& records) {
    return *Envelope::decode(seal_envelope(chain.genesis().chain_id(), records, {&chain.key("exchange")}),
                             chain.genesis().chain_id());
  };
  const ExecutedBlock executed = chain.execute({seal({record}), seal({record, record})});
  EXPECT_EQ(name(executed.outcomes[0].error.code), "E_OK");
  EXPECT_EQ(name(executed.outcomes[1].error.code), "E_REPLAY");
  EXPECT_EQ(name(executed.outcomes[2].error.code), "E_REPLAY");
}

TEST(Execution, time_is_decided_first_and_spends_nothing) {
  TestChain chain;
  RecordSpec late = spec("exchange", kOrg, registration(chain, "n", testing::test_oid(500)));
  late.created_at_ms = static_cast<std::int64_t>(chain.time_ms() - 7200'000);
  EXPECT_EQ(name(chain.submit(late).code), "E_EXPIRED");

  RecordSpec early = late;
  early.created_at_ms = static_cast<std::int64_t>(chain.time_ms() + 300'001);
  const EnvelopePtr body = chain.envelope({early});
  EXPECT_EQ(name(chain.execute({body}).outcomes[0].error.code), "E_EARLY");
  chain.advance_ms(1);
  EXPECT_EQ(name(chain.execute({body}).outcomes[0].error.code), "E_OK");

  RecordSpec eternal = late;
  eternal.created_at_ms = -1;
  eternal.lifetime_ms = 31ULL * 24 * 3600 * 1000;
  EXPECT_EQ(name(chain.submit(eternal).code), "E_TIME");
}

// A rule may answer E_TIME for a date in its body. That is a decision and spends the id, unlike a record that
// is itself out of time.
TEST(Execution, a_rule_that_finds_a_date_wrong_spends_the_id) {
  TestChain chain;
  proto::Key add;
  add.mutable_add()->set_public_key(std::string(chain.key("new").public_key().text()));
  add.mutable_add()->set_usage(proto::KEY_USAGE_FINANCE);
  add.mutable_add()->set_not_after_s(1);
  const EnvelopePtr body = chain.envelope({spec("provider", kKey, add)});
  EXPECT_EQ(name(chain.execute({body}).outcomes[0].error.code), "E_TIME");
  EXPECT_EQ(name(chain.execute({body}).outcomes[0].error.code), "E_REPLAY");
}

TEST(Execution, an_expected_version_that_has_passed_is_a_conflict) {
  TestChain chain;
  proto::Org update;
  update.mutable_update()->set_oid(chain.oid("provider"));
  update.mutable_update()->mutable_profile()->set_name("provider, renamed");
  RecordSpec one = spec("provider", kOrg, update);
  one.expects[org_key(chain.oid("provider"))] = 1;
  const auto done = chain.execute({chain.envelope({one})}).outcomes[0];
  EXPECT_EQ(name(done.error.code), "E_OK");
  const Error conflict = chain.submit(one);
  EXPECT_EQ(name(conflict.code), "E_CONFLICT");
  EXPECT_EQ(conflict.detail, org_key(chain.oid("provider")) + " has version 2 since entry " +
                                 std::to_string(done.log_index) + ", the author saw 1");
}

// records.md 3.2: policy, expects, references, state, business.
TEST(Execution, what_the_author_saw_is_checked_after_who_signed_and_before_the_rest) {
  TestChain chain;
  proto::Org update;
  update.mutable_update()->set_oid(chain.oid("provider"));
  update.mutable_update()->mutable_profile()->set_name("provider, renamed");
  RecordSpec one = spec("provider.cdo", kOrg, update);
  one.expects[org_key(chain.oid("provider"))] = 9;
  EXPECT_EQ(name(chain.submit(one).code), "E_POLICY");
  update.mutable_update()->mutable_profile()->set_parent(testing::test_oid(999));
  one.body = serialise_canonical(update);
  one.author = "provider";
  EXPECT_EQ(name(chain.submit(one).code), "E_CONFLICT");
  one.expects[org_key(chain.oid("provider"))] = 1;
  EXPECT_EQ(name(chain.submit(one).code), "E_NOT_FOUND");
}

TEST(Execution, expectations_name_only_what_the_record_touches) {
  TestChain chain;
  proto::Org update;
  update.mutable_update()->set_oid(chain.oid("provider"));
  update.mutable_update()->mutable_profile()->set_name("provider, renamed");
  RecordSpec one = spec("provider", kOrg, update);
  one.expects[org_key(chain.oid("buyer"))] = 1;
  EXPECT_EQ(name(chain.submit(one).code), "E_REF");
}

TEST(Execution, a_revoked_key_is_refused_later_in_the_same_block) {
  TestChain chain;
  proto::Key revoke;
  revoke.mutable_revoke()->set_public_key(std::string(chain.key("provider.cdo").public_key().text()));
  proto::Org update;
  update.mutable_update()->set_oid(chain.oid("provider"));
  update.mutable_update()->mutable_profile()->set_name("x");
  const ExecutedBlock executed = chain.execute({chain.envelope({spec("provider", kKey, revoke)}),
                                                chain.envelope({spec("provider.cdo", kOrg, update)})});
  EXPECT_EQ(name(executed.outcomes[0].error.code), "E_OK");
  EXPECT_EQ(name(executed.outcomes[1].error.code), "E_KEY_REVOKED");
}

TEST(Execution, the_last_officer_key_stays) {
  TestChain chain;
  proto::Key revoke;
  revoke.mutable_revoke()->set_public_key(std::string(chain.key("provider").public_key().text()));
  EXPECT_EQ(name(chain.submit(spec("provider", kKey, revoke)).code), "E_LAST_KEY");
}

TEST(Execution, a_suspended_organisation_originates_nothing) {
  TestChain chain;
  const std::string oid = testing::test_oid(500);
  (void)chain.submit(spec("exchange", kOrg, registration(chain, "n", oid)));
  proto::Org suspend;
  suspend.mutable_suspend()->set_oid(oid);
  EXPECT_EQ(name(chain.submit(spec("exchange-2", kOrg, suspend)).code), "E_SCOPE");
  EXPECT_EQ(name(chain.submit(spec("exchange", kOrg, suspend)).code), "E_OK");
  proto::Org update;
  update.mutable_update()->set_oid(oid);
  update.mutable_update()->mutable_profile()->set_name("x");
  EXPECT_EQ(name(chain.submit(spec("n", kOrg, update)).code), "E_ORG_SUSPENDED");
}

TEST(Execution, replay_from_genesis_gives_the_same_roots) {
  TestChain chain;
  for (unsigned number = 0; number < 300; ++number) {
    (void)chain.submit(
        spec("exchange", kOrg,
             registration(chain, "n" + std::to_string(number), testing::test_oid(500 + number))));
  }
  MemoryStorage state;
  MemoryStorage index;
  const auto again = chain.replay(state, index);
  EXPECT_EQ(again->state_root(), chain.ledger().state_root());
  EXPECT_EQ(again->position().log.root(), chain.ledger().position().log.root());
}

TEST(Execution, opens_again_where_it_was_flushed_and_takes_the_blocks_after_it) {
  TestChain chain;
  (void)chain.submit(spec("exchange", kOrg, registration(chain, "a", testing::test_oid(500))));
  chain.reopen();
  EXPECT_EQ(chain.ledger().position().height, 1U);
  EXPECT_EQ(name(chain.submit(spec("exchange", kOrg, registration(chain, "b", testing::test_oid(501)))).code),
            "E_OK");
}

TEST(Execution, a_scripted_clock_follows_the_records) {
  TestChain chain({.clock = proto::CLOCK_SCRIPTED});
  proto::ClockMove move;
  move.set_to_ms(chain.time_ms() + 86'400'000);
  RecordSpec one = spec("exchange", 39, move);
  one.created_at_ms = static_cast<std::int64_t>(move.to_ms());
  EXPECT_EQ(name(chain.submit(one).code), "E_OK");
  EXPECT_EQ(chain.ledger().position().time_ms, move.to_ms());
}

TEST(Execution, the_clock_of_a_wall_chain_is_not_moved_by_hand) {
  TestChain chain;
  proto::ClockMove move;
  move.set_to_ms(chain.time_ms());
  EXPECT_EQ(name(chain.submit(spec("exchange", 39, move)).code), "E_TYPE");
}

TEST(Execution, every_entry_and_state_value_can_be_proven) {
  TestChain chain;
  for (unsigned number = 0; number < 300; ++number) {
    (void)chain.submit(
        spec("exchange", kOrg,
             registration(chain, "n" + std::to_string(number), testing::test_oid(500 + number))));
  }
  const crypto::CompactRange& log = chain.ledger().position().log;
  const auto hashes = chain.ledger().index().log_hashes();
  for (const std::uint64_t index :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{255}, std::uint64_t{256}, log.size() - 1}) {
    const auto row = chain.ledger().index().entry(index);
    ASSERT_TRUE(row && *row);
    const auto path = crypto::prove_inclusion(*hashes, index, log.size());
    ASSERT_TRUE(path) << path.error().detail;
    EXPECT_TRUE(crypto::verify_inclusion(crypto::leaf_hash(crypto::as_bytes((*row)->entry())), index,
                                         log.size(), *path, log.root()));
  }
  const SubjectKey key = org_key(testing::test_oid(700));
  const auto answer = chain.ledger().prove(key);
  ASSERT_TRUE(answer && answer->value);
  EXPECT_TRUE(crypto::verify_member(chain.ledger().state_root(), key, *answer->value, answer->proof));
  const auto absent = chain.ledger().prove(org_key(testing::test_oid(999)));
  ASSERT_TRUE(absent && !absent->value);
  EXPECT_TRUE(crypto::verify_absent(chain.ledger().state_root(), absent->key, absent->proof));
}

}  // namespace
}  // namespace circula::ledger
