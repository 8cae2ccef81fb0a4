// What the vectors do not show: limits that records set, times and counters at their bounds, what a change
// says, pinned versions. (revenue_vectors_test.cpp holds the cases of the rule itself.)
#include "ledger/distribution.h"

#include <gtest/gtest.h>

#include "ledger/calendar.h"
#include "ledger/refund.h"
#include "ledger/revenue_scenario.h"

namespace circula::ledger {
namespace {

SplitPayee payee(const std::string& party, std::int64_t share_ppm) {
  return {.party = party, .share_ppm = share_ppm, .cap = {}, .advance = {}, .withhold = {}};
}

RevenueAgreement agreement_for(const std::string& product, std::vector<RevenueStep> steps) {
  RevenueAgreement agreement;
  agreement.id = "A-" + product;
  agreement.version = 1;
  agreement.product = product;
  agreement.rounding = Rounding::kLargestRemainder;
  agreement.steps = std::move(steps);
  return agreement;
}

RevenueAgreement plain(const std::string& product) {
  return agreement_for(product, {SplitStep{{payee("owner of " + product, kWholePpm)}}});
}

TEST(Distribution, refuses_amounts_outside_the_limits_before_it_looks_for_an_agreement) {
  const RevenueScenario nothing;
  for (const std::int64_t amount :
       {std::int64_t{0}, std::int64_t{-1}, kAmountMax + 1, INT64_MIN, INT64_MAX}) {
    EXPECT_EQ(distribute({"P", 0, amount}, nothing, nothing.book()).error().code, Code::E_AMOUNT) << amount;
  }
  EXPECT_EQ(distribute({"P", 0, 1}, nothing, nothing.book()).error().code, Code::E_NO_AGREEMENT);
  EXPECT_EQ(distribute({"P", INT64_MAX, 1}, nothing, nothing.book()).error().code, Code::E_TIME);
  EXPECT_EQ(distribute({"P", INT64_MIN, 1}, nothing, nothing.book()).error().code, Code::E_TIME);
}

TEST(Distribution, takes_amounts_of_one_and_of_the_limit_whole) {
  RevenueScenario scenario;
  ASSERT_TRUE(scenario.add_agreement(
      agreement_for("P", {TaxStep{"tax", kWholePpm}, PercentStep{"exchange", 1, ShareBase::kGross, 0, {}, {}},
                          SplitStep{{payee("a", 1), payee("b", 999'999)}}})));
  for (const std::int64_t amount : {std::int64_t{1}, std::int64_t{2}, kAmountMax - 1, kAmountMax}) {
    const auto sold = scenario.sell(std::to_string(amount), {"P", 0, amount});
    ASSERT_TRUE(sold);
    EXPECT_EQ(left_of(sold.value()->front()), amount);
  }
}

TEST(Distribution, names_the_path_where_the_cascade_fails) {
  RevenueScenario scenario;
  ASSERT_TRUE(scenario.add_agreement(
      agreement_for("P", {RoyaltyStep{ShareBase::kGross, {{"Q", 100'000}, {"R", 100'000}}},
                          SplitStep{{payee("a", kWholePpm)}}})));
  ASSERT_TRUE(scenario.add_agreement(plain("Q")));
  const auto sold = scenario.sell("e", {"P", 0, 100});
  ASSERT_FALSE(sold);
  EXPECT_EQ(sold.error().code, Code::E_NO_AGREEMENT);
  EXPECT_EQ(sold.error().field, "0.1");
}

// A record carries at most 64 nodes and 256 lines (records.md 3.4, record 23).
TEST(Distribution, keeps_to_the_limits_of_a_record) {
  RevenueScenario scenario;
  RoyaltyStep sixty_three{ShareBase::kGross, {}};
  for (int i = 0; i < 63; ++i) sixty_three.items.push_back({"Q", 10'000});
  ASSERT_TRUE(scenario.add_agreement(agreement_for("P", {sixty_three, SplitStep{{payee("a", kWholePpm)}}})));
  ASSERT_TRUE(scenario.add_agreement(plain("Q")));
  ASSERT_TRUE(scenario.add_agreement(agreement_for(
      "S", {RoyaltyStep{ShareBase::kGross, {{"P", 900'000}}}, SplitStep{{payee("b", kWholePpm)}}})));
  const auto within = distribute({"P", 0, 10'000}, scenario, scenario.book(), kRecordDistributionLimits);
  ASSERT_TRUE(within);
  EXPECT_EQ(within->nodes.size(), 64U);
  const auto beyond = distribute({"S", 0, 10'000}, scenario, scenario.book(), kRecordDistributionLimits);
  EXPECT_EQ(beyond.error().code, Code::E_NODES);
  EXPECT_TRUE(distribute({"S", 0, 10'000}, scenario, scenario.book())) << "the engine itself allows 256";

  SplitStep many;
  for (int i = 0; i < 256; ++i)
    many.payees.push_back(payee("p" + std::to_string(i), i == 0 ? kWholePpm - 255 * 3'000 : 3'000));
  ASSERT_TRUE(scenario.add_agreement(agreement_for("L", {many})));
  ASSERT_TRUE(scenario.add_agreement(agreement_for("M", {FixedStep{"x", 1}, many})));
  EXPECT_TRUE(distribute({"L", 0, kWholePpm}, scenario, scenario.book(), kRecordDistributionLimits));
  EXPECT_EQ(
      distribute({"M", 0, kWholePpm}, scenario, scenario.book(), kRecordDistributionLimits).error().code,
      Code::E_LIMIT);
}

TEST(Distribution, says_what_it_changes_and_changes_nothing) {
  RevenueAgreement agreement = agreement_for("P", {RecoupStep{"build", "investor", 500'000, 1'000},
                                                   SplitStep{{payee("a", 700'000), payee("b", 300'000)}}});
  agreement.rounding = Rounding::kCarry;
  RevenueScenario scenario;
  ASSERT_TRUE(scenario.add_agreement(agreement));
  for (int twice = 0; twice < 2; ++twice) {
    const auto distributed = distribute({"P", 0, 2}, scenario, scenario.book());
    ASSERT_TRUE(distributed);
    ASSERT_EQ(distributed->changes.counters.size(), 1U);
    const auto& [key, change] = *distributed->changes.counters.begin();
    EXPECT_EQ(key, (RevenueCounterKey{"A-P", "build", ""}));
    EXPECT_EQ(change.before, 0);
    EXPECT_EQ(change.after, 1);
    ASSERT_EQ(distributed->changes.carries.size(), 1U);
    const auto& [list, carry] = *distributed->changes.carries.begin();
    EXPECT_EQ(list, (RevenueCarryKey{"A-P", 1, false}));
    EXPECT_EQ(carry.before, (std::vector<std::int64_t>{0, 0}));
    EXPECT_EQ(carry.after, (std::vector<std::int64_t>{-300'000, 300'000}));
  }
}

// Two nodes of one product share its counters within one sale: the second sees what the first used.
TEST(Distribution, counts_on_through_the_nodes_of_one_sale) {
  RevenueScenario scenario;
  ASSERT_TRUE(scenario.add_agreement(
      agreement_for("P", {RoyaltyStep{ShareBase::kGross, {{"Q", 500'000}, {"Q", 500'000}}},
                          SplitStep{{payee("a", kWholePpm)}}})));
  ASSERT_TRUE(scenario.add_agreement(
      agreement_for("Q", {RecoupStep{"r", "i", kWholePpm, 60}, SplitStep{{payee("q", kWholePpm)}}})));
  const auto sold = scenario.sell("e", {"P", 0, 100});
  ASSERT_TRUE(sold);
  const std::vector<IncomeNode>& nodes = *sold.value();
  EXPECT_EQ(nodes[1].lines[0].amount_minor, 50);
  EXPECT_EQ(nodes[2].lines[0].amount_minor, 10);
  EXPECT_EQ(scenario.book().counter({"A-Q", "r", ""}), 60);
}

TEST(Distribution, refuses_a_volume_that_its_tier_counter_cannot_hold) {
  struct FullBook final : RevenueBook {
    std::int64_t counter(const RevenueCounterKey&) const override { return INT64_MAX - 9; }
    std::vector<std::int64_t> carry_ppm(const RevenueCarryKey&) const override { return {}; }
  };
  RevenueScenario scenario;
  ASSERT_TRUE(scenario.add_agreement(agreement_for(
      "P", {TieredStep{"t", "x", ShareBase::kGross, TierPeriod::kNone, {{std::nullopt, 100'000}}},
            SplitStep{{payee("a", kWholePpm)}}})));
  EXPECT_TRUE(distribute({"P", 0, 9}, scenario, FullBook{}));
  EXPECT_EQ(distribute({"P", 0, 10}, scenario, FullBook{}).error().code, Code::E_AMOUNT);
}

// A contract may pin a version of what is sold; the products below follow their own.
TEST(Distribution, follows_the_version_that_its_source_names) {
  struct Pinned final : AgreementSource {
    RevenueAgreement pinned, newer;
    const RevenueAgreement* in_force(std::string_view product, std::int64_t) const override {
      return product == pinned.product ? &pinned : &newer;
    }
    const RevenueAgreement* version(std::string_view, std::int64_t) const override { return nullptr; }
  };
  Pinned source;
  source.pinned = agreement_for(
      "P", {RoyaltyStep{ShareBase::kGross, {{"Q", 500'000}}}, SplitStep{{payee("a", kWholePpm)}}});
  source.newer = plain("Q");
  source.newer.version = 7;
  const auto distributed = distribute({"P", 0, 10}, source, MemoryBook{});
  ASSERT_TRUE(distributed);
  EXPECT_EQ(distributed->nodes[0].version, 1);
  EXPECT_EQ(distributed->nodes[1].version, 7);
}

TEST(Refund, needs_the_version_that_distributed) {
  RevenueScenario scenario;
  ASSERT_TRUE(scenario.add_agreement(plain("P")));
  const auto distributed = distribute({"P", 0, 10}, scenario, scenario.book());
  ASSERT_TRUE(distributed);
  const RevenueScenario forgetful;
  EXPECT_EQ(refund(distributed->nodes, 1, forgetful, scenario.book()).error().code, Code::E_NO_AGREEMENT);
  EXPECT_EQ(refund(distributed->nodes, 11, forgetful, scenario.book()).error().code, Code::E_REFUND_EXCEEDS);
  EXPECT_EQ(refund(distributed->nodes, 0, forgetful, scenario.book()).error().code, Code::E_AMOUNT);
  EXPECT_EQ(refund({}, 1, forgetful, scenario.book()).error().code, Code::E_REFUND_EXCEEDS);
}

TEST(Events, share_one_set_of_ids_and_a_refund_cannot_be_refunded) {
  RevenueScenario scenario;
  ASSERT_TRUE(scenario.add_agreement(plain("P")));
  ASSERT_TRUE(scenario.sell("sale", {"P", 0, 10}));
  ASSERT_TRUE(scenario.give_back("refund", "sale", 4));
  ASSERT_TRUE(scenario.close("close", "A-P", 0, 1));
  EXPECT_EQ(scenario.give_back("again", "refund", 1).error().code, Code::E_UNKNOWN_EVENT);
  EXPECT_EQ(scenario.give_back("again", "close", 1).error().code, Code::E_UNKNOWN_EVENT);
  for (const char* id : {"sale", "refund", "close"}) {
    EXPECT_EQ(scenario.sell(id, {"P", 0, 0}).error().code, Code::E_DUP_EVENT);
    EXPECT_EQ(scenario.give_back(id, "none", 0).error().code, Code::E_DUP_EVENT);
    EXPECT_EQ(scenario.close(id, "none", 0, 1).error().code, Code::E_DUP_EVENT);
  }
}

TEST(Guarantee, follows_the_last_version_before_the_end_and_leaves_out_what_was_reached) {
  RevenueAgreement first = agreement_for("P", {SplitStep{{payee("a", 500'000), payee("b", 500'000)}}});
  first.guarantees = {{"a", "g", 100}};
  RevenueAgreement second = first;
  second.version = 2;
  second.effective_from_s = 50;
  second.guarantees = {{"a", "g", 30}, {"b", "g", 20}};
  RevenueScenario scenario;
  ASSERT_TRUE(scenario.add_agreement(first));
  ASSERT_TRUE(scenario.add_agreement(second));
  ASSERT_TRUE(scenario.sell("e1", {"P", 10, 40}));
  const auto before = scenario.close("c1", "A-P", 0, 50);
  ASSERT_TRUE(before);
  ASSERT_EQ(before->size(), 1U);
  EXPECT_EQ(before->front().amount_minor, 80);
  const auto after = scenario.close("c2", "A-P", 0, 51);
  ASSERT_TRUE(after);
  ASSERT_EQ(after->size(), 1U) << "b has reached its 20";
  EXPECT_EQ(after->front().party, "a");
  EXPECT_EQ(after->front().amount_minor, 10);
  EXPECT_EQ(scenario.close("c3", "A-P", 0, 0).error().code, Code::E_NO_AGREEMENT);
  EXPECT_EQ(scenario.close("c4", "A-P", 10, 9).error().code, Code::E_NO_AGREEMENT);
  EXPECT_EQ(scenario.close("c5", "other", 0, 9).error().code, Code::E_NO_AGREEMENT);
}

TEST(TierPeriod, is_a_calendar_period_at_utc_plus_8) {
  EXPECT_EQ(tier_period_key(TierPeriod::kNone, 0), "all");
  EXPECT_EQ(tier_period_key(TierPeriod::kYear, 1'704'038'399), "2023");
  EXPECT_EQ(tier_period_key(TierPeriod::kYear, 1'704'038'400), "2024");
  EXPECT_EQ(tier_period_key(TierPeriod::kMonth, 1'704'038'399), "2023-12");
  EXPECT_EQ(tier_period_key(TierPeriod::kMonth, 1'704'038'400), "2024-01");
  EXPECT_EQ(tier_period_key(TierPeriod::kMonth, 1'709'222'399), "2024-02") << "29 February 2024, 23:59:59";
  EXPECT_EQ(tier_period_key(TierPeriod::kMonth, 1'709'222'400), "2024-03");
  EXPECT_EQ(tier_period_key(TierPeriod::kMonth, -28'801), "1969-12");
  EXPECT_EQ(tier_period_key(TierPeriod::kMonth, kTimeMin), "0001-01");
  EXPECT_EQ(tier_period_key(TierPeriod::kMonth, kTimeMax), "9999-12");
}

}  // namespace
}  // namespace circula::ledger
