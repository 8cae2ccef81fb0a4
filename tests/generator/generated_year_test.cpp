// The generated data set against a ledger in memory: what the truth says of each record, right and income is
// what comes out.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <memory>
#include <set>

#include "cli/generator_ledger_year.h"
#include "crypto/encoding.h"
#include "ledger/account.h"
#include "ledger/agreement_terms.h"
#include "ledger/canonical.h"
#include "ledger/income.h"
#include "ledger/ledger.h"
#include "ledger/memory_storage.h"
#include "ledger/proto/income.pb.h"
#include "ledger/proto/rights.pb.h"
#include "ledger/registry.h"
#include "ledger/rights.h"

namespace circula::cli {
namespace {

namespace proto = ledger::proto;
using crypto::SigningKey;

constexpr std::uint64_t kSeed = 7;

// A chain of one node with a scripted clock and the waiting periods of production.
class ScriptedChain {
 public:
  ScriptedChain() : world(seeded_world(kSeed)) {
    proto::Genesis message;
    message.set_format(ledger::kFormatVersion);
    message.set_rules(ledger::kRulesVersion);
    message.set_origin("generated.example/ledger");
    message.set_clock(proto::CLOCK_SCRIPTED);
    message.set_profile(proto::PROFILE_PRODUCTION);
    message.set_time_ms(1'658'448'000'000);  // 2022-07-22T08:00:00+08:00
    message.set_generated_keys(true);
    *message.mutable_parameters() = ledger::default_parameters(proto::PROFILE_PRODUCTION);
    for (const GeneratedOrganisation& organisation : world)
      *message.add_organisations() = genesis_entry(organisation);
    for (const proto::SettlementBank& bank : settlement_banks(world)) *message.add_settlement_banks() = bank;
    proto::Member& member = *message.mutable_configuration()->add_members();
    member.set_node_id(1);
    member.set_role(proto::MEMBER_ROLE_VOTER);
    member.set_oid(world.front().oid);
    member.set_node_key(std::string(node_key_.public_key().text()));
    for (std::string* key :
         {member.mutable_cosign_key(), member.mutable_log_key(), member.mutable_transport_key()})
      *key = std::string(SigningKey::generate().public_key().text());
    std::set<std::pair<std::uint32_t, std::uint32_t>> types;
    for (const ledger::Family* family : ledger::families()) {
      for (const ledger::RecordType& type : family->records) types.insert({type.number, type.version});
    }
    for (const auto& [type, version] : types) {
      proto::RecordVersion& active = *message.add_active();
      active.set_type(type);
      active.set_version(version);
    }
    auto decoded = ledger::Genesis::decode(ledger::serialise_canonical(message));
    EXPECT_TRUE(decoded) << decoded.error().detail << " " << decoded.error().field;
    genesis = std::make_unique<ledger::Genesis>(std::move(*decoded));
    auto opened = ledger::Ledger::open(*genesis, state_, index_);
    EXPECT_TRUE(opened);
    chain = std::move(*opened);
  }

  ledger::ExecutedBlock execute(const crypto::Bytes& envelope) {
    auto body = ledger::Envelope::decode(envelope, genesis->chain_id());
    EXPECT_TRUE(body) << body.error().detail;
    const std::vector<bool> good = crypto::verify_batch((*body)->signature_jobs());
    EXPECT_TRUE(std::ranges::all_of(good, [](bool one) { return one; }));
    const ledger::Position& parent = chain->position();
    ledger::Block block;
    block.bodies = {*body};
    ledger::BlockHeader header;
    header.height = parent.height + 1;
    header.term = 1;
    header.parent = parent.block_hash;
    header.time_ms = ledger::block_time_ms(proto::CLOCK_SCRIPTED, parent.time_ms, 0, block.bodies);
    header.proposer = 1;
    EXPECT_LE(header.time_ms - parent.time_ms, ledger::kScriptedJumpMaxMs);
    block.frame = ledger::make_frame(header, {(*body)->body_hash()}, {}, genesis->chain_id(), node_key_);
    auto executed = chain->execute(block);
    EXPECT_TRUE(executed) << executed.error().detail;
    return std::move(*executed);
  }

  template <class Fields>
  Fields read(const ledger::SubjectKey& key) {
    auto subject = chain->subject(key);
    Fields fields;
    const bool read = subject && *subject && fields.ParseFromString((*subject)->fields);
    if (!read) fields.Clear();
    return fields;
  }

  GeneratedWorld world;
  std::unique_ptr<ledger::Genesis> genesis;
  std::unique_ptr<ledger::Ledger> chain;

 private:
  SigningKey node_key_ = SigningKey::generate();
  ledger::MemoryStorage state_;
  ledger::MemoryStorage index_;
};

GeneratorPlan plan_for(const ScriptedChain& chain, std::uint64_t seed) {
  return {.seed = seed,
          .scale_ppm = 20'000,
          .chain_id = chain.genesis->chain_id(),
          .notice_working_days = chain.genesis->message().parameters().notice_working_days()};
}

class GeneratedYearTest : public testing::TestWithParam<std::uint64_t> {};

TEST_P(GeneratedYearTest, comes_out_as_its_truth_says) {
  ScriptedChain chain;
  auto year = generate_year(plan_for(chain, GetParam()), chain.world);
  ASSERT_TRUE(year) << year.error().detail;
  const GeneratorTruth& truth = year->truth;
  EXPECT_TRUE(truth.adds_up());
  EXPECT_EQ(truth.settled_minor, 8'400'000'000);  // 4.2 bn yuan x 0.02

  std::size_t at = 0;
  for (const GeneratedEnvelope& envelope : year->envelopes) {
    const ledger::ExecutedBlock block = chain.execute(envelope.bytes);
    ASSERT_EQ(block.outcomes.size(), envelope.records.size());
    EXPECT_EQ(block.time_ms, static_cast<std::uint64_t>(envelope.time_s) * 1000);
    for (const ledger::RecordOutcome& outcome : block.outcomes) {
      const ExpectedRecord& expected = truth.records[at++];
      ASSERT_EQ(outcome.record_id, expected.id);
      ASSERT_EQ(ledger::name(outcome.error.code), ledger::name(expected.outcome))
          << "record " << at << " of type " << expected.type << " " << expected.what << ": "
          << outcome.error.detail << " " << outcome.error.field;
    }
  }
  EXPECT_EQ(at, truth.records.size());

  for (const auto& [right, holders] : truth.holders) {
    Holders found;
    const auto table = chain.read<proto::RightState>(ledger::right_key(right.first, right.second));
    for (const proto::Holder& holder : table.holders()) found[holder.oid()] = holder.ppm();
    EXPECT_EQ(found, holders);
  }
  for (const GeneratedOrganisation& organisation : chain.world) {
    const auto expected = truth.income.find(organisation.oid);
    EXPECT_EQ(chain.read<proto::IncomeState>(ledger::income_key(organisation.oid, "CNY")).total_minor(),
              expected == truth.income.end() ? 0 : expected->second)
        << organisation.name;
  }
  for (const auto& [account, available_minor] : truth.accounts) {
    const ledger::Venue venue{account.second, "CNY"};
    EXPECT_EQ(chain
                  .read<proto::AccountState>(
                      ledger::account_key(ledger::AccountKind::kAvailable, account.first, venue))
                  .balance_minor(),
              available_minor)
        << account.first << " at " << account.second;
  }
  for (const auto& [exchange, balance_minor] : truth.banks) {
    const ledger::Venue venue{exchange, "CNY"};
    EXPECT_EQ(
        chain.read<proto::AccountState>(ledger::account_key(ledger::AccountKind::kBank, exchange, venue))
            .balance_minor(),
        balance_minor);
  }
  EXPECT_GT(truth.counts.at("contracts on the exchange"), 10U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, GeneratedYearTest, testing::Range<std::uint64_t>(1, 9));

TEST(GeneratedYear, is_the_same_for_the_same_seed_and_another_for_another) {
  ScriptedChain chain;
  GeneratedWorld first_world = seeded_world(kSeed);
  GeneratedWorld second_world = seeded_world(kSeed);
  GeneratedWorld third_world = seeded_world(kSeed);
  auto first = generate_year(plan_for(chain, 3), first_world);
  auto second = generate_year(plan_for(chain, 3), second_world);
  auto third = generate_year(plan_for(chain, 4), third_world);
  ASSERT_TRUE(first && second && third);
  ASSERT_EQ(first->envelopes.size(), second->envelopes.size());
  for (std::size_t at = 0; at < first->envelopes.size(); ++at)
    ASSERT_EQ(first->envelopes[at].bytes, second->envelopes[at].bytes);
  EXPECT_EQ(boost::json::serialize(truth_json(first->truth)),
            boost::json::serialize(truth_json(second->truth)));
  EXPECT_NE(first->envelopes.front().bytes, third->envelopes.front().bytes);
}

TEST(GeneratedYear, has_a_truth_that_is_read_back_as_it_was_written) {
  ScriptedChain chain;
  auto year = generate_year(plan_for(chain, 3), chain.world);
  ASSERT_TRUE(year);
  const boost::json::object written = truth_json(year->truth);
  auto read = truth_from_json(written);
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(truth_json(*read), written);
  EXPECT_EQ(read->moves, year->truth.moves);
  EXPECT_FALSE(truth_from_json(boost::json::object{{"format", "circula-truth-2"}}));
  EXPECT_FALSE(truth_from_json(boost::json::array{}));
}

TEST(GeneratedYear, has_every_kind_of_step_and_of_failure) {
  ScriptedChain chain;
  auto year = generate_year(plan_for(chain, 1), chain.world);
  ASSERT_TRUE(year);
  std::set<int> steps;
  std::set<std::string> extras;
  std::set<std::uint16_t> types;
  for (const GeneratedEnvelope& envelope : year->envelopes) {
    auto body = ledger::Envelope::decode(envelope.bytes, chain.genesis->chain_id());
    ASSERT_TRUE(body);
    for (const ledger::SignedRecord& record : (*body)->records()) {
      types.insert(static_cast<std::uint16_t>(record.fields.type()));
      proto::Agreement agreement;
      if (record.fields.type() != 26 || !agreement.ParseFromString(record.fields.body())) continue;
      for (const proto::AgreementStep& step : agreement.register_().terms().steps()) {
        steps.insert(step.kind_case());
        for (const proto::SplitPayee& payee : step.split().payees()) {
          if (payee.has_cap()) extras.insert("cap");
          if (payee.has_advance()) extras.insert("advance");
          if (payee.has_withhold()) extras.insert("withhold");
        }
      }
    }
  }
  EXPECT_EQ(steps, (std::set<int>{1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(extras, (std::set<std::string>{"advance", "cap", "withhold"}));
  EXPECT_EQ(types, (std::set<std::uint16_t>{1, 2, 6, 8, 11, 14, 15, 16, 17, 18, 19, 20, 22, 23, 24, 26, 28,
                                            29, 39}));
  std::set<std::string> codes;
  for (const ExpectedRecord& record : year->truth.records) codes.insert(std::string(name(record.outcome)));
  for (const char* code : {"E_NO_RIGHT", "E_PPM", "E_POLICY", "E_ROLE", "E_NOTICE", "E_SHARE_SUM",
                           "E_SETTLED", "E_REFUND_EXCEEDS", "E_CLOSED", "E_DUP_CONTENT", "E_NOT_FUNDED",
                           "E_BANK_REF", "E_ALREADY_LISTED", "E_PRICE_CHANGED"})
    EXPECT_TRUE(codes.contains(code)) << code;
}

}  // namespace
}  // namespace circula::cli
