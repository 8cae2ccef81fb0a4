#include <gtest/gtest.h>

#include "ledger/audit_rule.h"
#include "ledger/rights.h"
#include "tests/ledger/test_chain.h"

namespace circula::ledger {
namespace {

using testing::TestChain;

TEST(AuditRules, find_a_gap_in_versions_and_effects_that_the_entry_does_not_commit) {
  TestChain chain;
  AuditFindings findings;
  const auto rules = audit_rules();
  const Entry entry = RecordEntry{.effects = 1};
  const std::vector<AppliedEffect> effects = {{"org/x", encode(Effect{101, 3, "fields"})}};
  const Bytes seed = {1, 2, 3};
  for (const auto& rule : rules) rule->entry({7, 1, 0, entry, nullptr, seed, effects}, findings);
  ASSERT_EQ(findings.count(), 2U);
  EXPECT_EQ(findings.kept()[0].rule, "I04");
  EXPECT_EQ(findings.kept()[1].rule, "I38");
  // Once more the same record: it took effect twice; and the state has no such subject.
  for (const auto& rule : rules) rule->entry({8, 1, 0, entry, nullptr, seed, {}}, findings);
  for (const auto& rule : rules) rule->finish(chain.ledger(), findings);
  const auto has = [&](std::string_view rule, std::string_view text) {
    return std::any_of(findings.kept().begin(), findings.kept().end(), [&](const AuditFinding& finding) {
      return finding.rule == rule && finding.text.find(text) != std::string::npos;
    });
  };
  EXPECT_TRUE(has("I02", "twice"));
  EXPECT_TRUE(has("I38", "org/x"));
  EXPECT_TRUE(has("I38", "state root"));
}

TEST(AuditRules, find_shares_that_come_from_nowhere) {
  proto::RightOpened opened;
  proto::Holder& whole = *opened.add_holders();
  whole.set_oid("a");
  whole.set_ppm(1'000'000);
  const auto moved = [](std::uint32_t given, std::uint32_t taken) {
    proto::RightTransferred move;
    move.set_from("a");
    move.set_ppm(given);
    move.add_to()->set_oid("b");
    move.mutable_to(0)->set_ppm(taken);
    return move.SerializeAsString();
  };
  const auto findings = [&](const std::vector<Effect>& events) {
    AuditFindings found;
    const auto rule = make_holders_rule();
    const Entry entry = RecordEntry{};
    for (const Effect& event : events) {
      const std::vector<AppliedEffect> effects = {{"right/x/O", encode(event)}};
      rule->entry({event.seq, 1, 0, entry, nullptr, {}, effects}, found);
    }
    std::string rules;
    for (const AuditFinding& finding : found.kept()) rules += finding.rule + " ";
    return rules;
  };
  const Effect open{kEffectRightOpened, 0, opened.SerializeAsString()};
  EXPECT_EQ(findings({open, {kEffectRightTransferred, 1, moved(400'000, 400'000)}}), "");
  EXPECT_EQ(findings({open, {kEffectRightTransferred, 1, moved(400'000, 400'001)}}), "I19 I18 ");
  EXPECT_EQ(findings({open,
                      {kEffectRightTransferred, 1, moved(600'000, 600'000)},
                      {kEffectRightTransferred, 2, moved(600'000, 600'000)}}),
            "I19 ");
  EXPECT_EQ(findings({open, {kEffectRightOpened, 1, opened.SerializeAsString()}}), "I19 ");
  EXPECT_EQ(findings({{kEffectRightTransferred, 0, moved(1, 1)}}), "I19 I18 ");
}

}  // namespace
}  // namespace circula::ledger
