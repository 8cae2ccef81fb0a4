// The audit's rule about money (I06, I07, I09, I10) sees what no record could have made.
#include <gtest/gtest.h>

#include "ledger/account.h"
#include "ledger/audit_rule.h"
#include "ledger/contract.h"
#include "ledger/funds.h"
#include "ledger/hold.h"

namespace circula::ledger {
namespace {

using Effects = std::vector<std::pair<SubjectKey, Effect>>;

std::string broken(const std::vector<Effects>& entries) {
  AuditFindings found;
  const auto rule = make_money_rule();
  const Entry entry = RecordEntry{};
  std::uint64_t index = 0;
  for (const Effects& each : entries) {
    std::vector<AppliedEffect> effects;
    for (const auto& [key, effect] : each) effects.push_back({key, encode(effect)});
    rule->entry({++index, 1, 0, entry, nullptr, {}, effects}, found);
  }
  std::string rules;
  for (const AuditFinding& finding : found.kept()) rules += finding.rule + " ";
  return rules;
}

std::pair<SubjectKey, Effect> posted(const std::string& kind, const std::string& oid, std::int64_t amount,
                                     std::int64_t balance, const std::string& counter = "x") {
  proto::Posted effect;
  proto::PostingLine& line = *effect.add_lines();
  line.set_amount_minor(amount);
  line.set_counter(counter);
  effect.set_balance_minor(balance);
  return {"account/" + kind + "/" + oid + "@X/CNY", {kEffectPosted, 0, effect.SerializeAsString()}};
}

std::pair<SubjectKey, Effect> held(std::int64_t amount) {
  proto::HoldPlaced effect;
  effect.set_amount_minor(amount);
  effect.set_exchange("X");
  effect.set_currency("CNY");
  return {"hold/c/1", {kEffectHoldPlaced, 0, effect.SerializeAsString()}};
}

std::pair<SubjectKey, Effect> hold_ended(std::int64_t was_posted, std::int64_t freed) {
  proto::HoldEnded effect;
  effect.set_posted_minor(was_posted);
  effect.set_freed_minor(freed);
  return {"hold/c/1", {kEffectHoldEnded, 0, effect.SerializeAsString()}};
}

std::pair<SubjectKey, Effect> settled() {
  proto::MilestoneSettled effect;
  effect.set_n(1);
  return {"contract/c", {kEffectMilestoneSettled, 0, effect.SerializeAsString()}};
}

const Effects kPaidIn = {posted("bank", "X", 100, 100), posted("avail", "a", 100, 100)};

TEST(AuditMoney, finds_nothing_where_everything_adds_up) {
  EXPECT_EQ(
      broken({kPaidIn,
              {posted("avail", "a", -60, 40), held(60)},
              {hold_ended(50, 10), posted("avail", "b", 50, 50), posted("avail", "a", 10, 50), settled()},
              {posted("claw", "b", 5, 5, "account/due/a@X/CNY"), posted("due", "a", 5, 5)},
              {posted("claw", "b", 3, 8, "account/fund/X@X/CNY")}}),
      "");
}

TEST(AuditMoney, finds_money_from_nowhere_and_money_that_is_gone) {
  EXPECT_EQ(broken({{posted("avail", "a", 100, 100)}}), "I06 ");
  EXPECT_EQ(broken({kPaidIn, {posted("bank", "X", -1, 99)}}), "I06 ");
  EXPECT_EQ(broken({kPaidIn, {posted("avail", "a", -60, 40), held(59)}}), "I06 ");
}

TEST(AuditMoney, finds_debts_that_nobody_is_owed) {
  EXPECT_EQ(broken({{posted("claw", "b", 5, 5, "account/due/a@X/CNY")}}), "I06 ");
  EXPECT_EQ(broken({{posted("due", "a", 5, 5)}}), "I06 ");
}

TEST(AuditMoney, finds_a_balance_below_zero_or_other_than_its_lines) {
  EXPECT_EQ(broken({{posted("avail", "a", -5, -5), posted("bank", "X", -5, -5)}}), "I07 I07 ");
  EXPECT_EQ(broken({{posted("avail", "a", 5, 6), posted("bank", "X", 5, 5)}}), "I07 ");
}

TEST(AuditMoney, finds_holds_that_end_twice_or_not_whole_and_a_milestone_settled_twice) {
  const Effects place = {posted("avail", "a", -60, 40), held(60)};
  EXPECT_EQ(broken({kPaidIn, place, {hold_ended(50, 9), posted("avail", "b", 60, 60)}}), "I09 ");
  EXPECT_EQ(broken({kPaidIn, place, {hold_ended(0, 60), posted("avail", "a", 60, 100)}, {hold_ended(0, 60)}}),
            "I09 ");
  EXPECT_EQ(broken({{settled()}, {settled()}}), "I10 ");
}

}  // namespace
}  // namespace circula::ledger
