#include "ledger/cascade_size.h"

#include <gtest/gtest.h>

#include <map>

#include "ledger/apportion.h"

namespace circula::ledger {
namespace {

SplitPayee payee(const std::string& party, std::int64_t share_ppm) {
  return {.party = party, .share_ppm = share_ppm, .cap = {}, .advance = {}, .withhold = {}};
}

class CascadeSizeTest : public testing::Test {
 protected:
  RevenueAgreement& add(const std::string& product, std::vector<RevenueStep> steps) {
    RevenueAgreement& agreement = agreements_[product];
    agreement.id = product;
    agreement.product = product;
    agreement.version = 1;
    agreement.rounding = Rounding::kLargestRemainder;
    agreement.steps = std::move(steps);
    agreement.steps.push_back(SplitStep{{payee("owner", kWholePpm)}});
    return agreement;
  }

  Result<CascadeSize> size_of(const std::string& product) const {
    return worst_case(agreements_.at(product), [this](std::string_view name) {
      const auto found = agreements_.find(name);
      return found == agreements_.end() ? nullptr : &found->second;
    });
  }

  std::map<std::string, RevenueAgreement, std::less<>> agreements_;
};

// 6 subjects a line, each counter and carry once a node, 5 a node.
TEST_F(CascadeSizeTest, counts_lines_counters_and_nodes) {
  RevenueAgreement& agreement = add(
      "P", {TaxStep{"t", 1}, FixedStep{"f", 1}, PercentStep{"x", 1, ShareBase::kNet, 0, {}, FeeCap{"k", 1}},
            TieredStep{"t", "x", ShareBase::kNet, TierPeriod::kNone, {{std::nullopt, 1}}},
            RecoupStep{"r", "i", 1, 1}});
  agreement.steps.back() = SplitStep{
      {{"a", 1, ShareCap{"c", 1, "o"}, Advance{"v", "b", 1, 1}, Withholding{"w", 1}}, payee("b", 999'999)}};
  auto size = size_of("P");
  ASSERT_TRUE(size);
  EXPECT_EQ(size->nodes, 1U);
  EXPECT_EQ(size->lines, 5U + 4U + 1U);
  EXPECT_EQ(size->subjects, 10U * 6U + 5U + 5U);
  agreement.rounding = Rounding::kCarry;
  size = size_of("P");
  ASSERT_TRUE(size);
  EXPECT_EQ(size->subjects, 10U * 6U + 5U + 1U + 5U);
  EXPECT_EQ(size->depth, 0U);
}

TEST_F(CascadeSizeTest, follows_royalties_through_the_list_for_royalties) {
  add("P", {RoyaltyStep{ShareBase::kNet, {{"Q", 1}, {"Q", 1}, {"missing", 1}, {"never paid", 0}}}});
  add("Q", {TaxStep{"t", 1}}).royalty_steps = {SplitStep{{payee("q", 1), payee("r", 999'999)}}};
  const auto size = size_of("P");
  ASSERT_TRUE(size);
  EXPECT_EQ(size->nodes, 4U);
  EXPECT_EQ(size->lines, 4U + 2U + 2U);
  EXPECT_EQ(size->depth, 1U);
  EXPECT_EQ(size->unresolved, std::vector<std::string>{"missing"});
  EXPECT_EQ(size->subjects, 8U * 6U + 4U * 5U);
}

TEST_F(CascadeSizeTest, finds_cycles_and_depth_before_any_sale_does) {
  add("P", {RoyaltyStep{ShareBase::kNet, {{"Q", 1}}}});
  add("Q", {RoyaltyStep{ShareBase::kNet, {{"P", 1}}}});
  EXPECT_EQ(size_of("P").error().code, Code::E_CYCLE);
  EXPECT_EQ(size_of("P").error().field, "0.0.0");

  for (int i = 0; i < 9; ++i)
    add("D" + std::to_string(i), {RoyaltyStep{ShareBase::kNet, {{"D" + std::to_string(i + 1), 1}}}});
  EXPECT_EQ(size_of("D0").error().code, Code::E_DEPTH) << "D9 is unresolved and nine levels down";
  EXPECT_TRUE(size_of("D1"));
  EXPECT_EQ(size_of("D1")->depth, 8U);
}

TEST_F(CascadeSizeTest, bounds_nodes_lines_and_subjects) {
  RoyaltyStep many{ShareBase::kNet, {}};
  for (int i = 0; i < 63; ++i) many.items.push_back({"Q", 1});
  add("P", {many});
  EXPECT_EQ(size_of("P")->nodes, 64U);
  many.items.push_back({"Q", 1});
  add("P", {many});
  EXPECT_EQ(size_of("P").error().code, Code::E_LIMIT);

  std::vector<RevenueStep> lines(255, FixedStep{"x", 1});
  add("L", lines);
  EXPECT_EQ(size_of("L")->lines, 256U);
  lines.push_back(FixedStep{"x", 1});
  add("L", lines);
  EXPECT_EQ(size_of("L").error().code, Code::E_LIMIT);
}

// Within the bounds of nodes and lines, a settlement could still touch more subjects than a record may.
TEST_F(CascadeSizeTest, bounds_what_a_settlement_touches) {
  RoyaltyStep sources{ShareBase::kNet, {}};
  for (int i = 0; i < 60; ++i) sources.items.push_back({"Q", 1});
  const auto with_fees = [&](int fees) {
    std::vector<RevenueStep> steps = {sources};
    for (int i = 0; i < fees; ++i)
      steps.push_back(PercentStep{"x", 1, ShareBase::kGross, 0, {}, FeeCap{"cap " + std::to_string(i), 1}});
    add("S", steps);
    return size_of("S");
  };
  EXPECT_TRUE(with_fees(100));
  EXPECT_EQ(with_fees(190).error().code, Code::E_LIMIT);
}

// A wide and deep web of royalties is refused after 64 nodes, not after 8^8.
TEST_F(CascadeSizeTest, ends_early_in_a_web_that_explodes) {
  for (int level = 0; level < 8; ++level) {
    RoyaltyStep eight{ShareBase::kNet, {}};
    for (int i = 0; i < 8; ++i) eight.items.push_back({"W" + std::to_string(level + 1), 1});
    add("W" + std::to_string(level), {eight});
  }
  EXPECT_EQ(size_of("W0").error().code, Code::E_LIMIT);
}

}  // namespace
}  // namespace circula::ledger
