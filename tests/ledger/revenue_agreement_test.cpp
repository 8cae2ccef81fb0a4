#include "ledger/revenue_agreement.h"

#include <gtest/gtest.h>

#include <functional>

#include "ledger/apportion.h"

namespace circula::ledger {
namespace {

SplitStep whole_to(const std::string& party) {
  return {{{.party = party, .share_ppm = kWholePpm, .cap = {}, .advance = {}, .withhold = {}}}};
}

// Every kind of step, and nothing wrong.
RevenueAgreement complete() {
  RevenueAgreement agreement;
  agreement.id = "A";
  agreement.version = 1;
  agreement.product = "P";
  agreement.rounding = Rounding::kCarry;
  agreement.steps = {
      TaxStep{"tax", 60'000},
      FixedStep{"stamp", 0},
      PercentStep{"exchange", kWholePpm, ShareBase::kNet, 1, 1, FeeCap{"fee", kAmountMax}},
      TieredStep{"tiers",
                 "platform",
                 ShareBase::kGross,
                 TierPeriod::kMonth,
                 {{5, 1}, {6, 0}, {std::nullopt, kWholePpm}}},
      RoyaltyStep{ShareBase::kRemaining, {{"Q", 500'000}, {"Q", 500'000}}},
      RecoupStep{"build", "investor", 0, 0},
      SplitStep{{{"a", 1, ShareCap{"cap", 0, "fund"}, Advance{"adv", "b", 7, 500'000}, Withholding{"tax", 0}},
                 {"b", 999'999, {}, {}, {}}}},
  };
  agreement.royalty_steps = {whole_to("a")};
  agreement.guarantees = {{"a", "b", 1}};
  return agreement;
}

template <class Kind>
Kind& step(RevenueAgreement& agreement, std::size_t index) {
  return std::get<Kind>(agreement.steps[index]);
}

struct Defect {
  const char* what;
  std::function<void(RevenueAgreement&)> make;
  Code code;
  const char* field;
};

TEST(AgreementTerms, accepts_every_kind_of_step_at_its_bounds) {
  const auto checked = check_terms(complete());
  EXPECT_TRUE(checked) << checked.error().detail << " " << checked.error().field;
}

TEST(AgreementTerms, names_each_defect_and_its_place) {
  using A = RevenueAgreement;
  const Defect defects[] = {
      {"no product", [](A& a) { a.product.clear(); }, Code::E_PRODUCT, "product"},
      {"ends before it begins", [](A& a) { a.effective_from_s = 5, a.effective_to_s = 4; }, Code::E_EFFECTIVE,
       "effective_to"},
      {"ends when it begins", [](A& a) { a.effective_from_s = 5, a.effective_to_s = 5; }, Code::E_EFFECTIVE,
       "effective_to"},
      {"unknown rounding", [](A& a) { a.rounding = Rounding::kUnknown; }, Code::E_STEPS, "rounding"},
      {"no steps", [](A& a) { a.steps.clear(); }, Code::E_STEPS, "steps"},
      {"unknown kind", [](A& a) { a.steps[1] = std::monostate{}; }, Code::E_STEPS, "steps[1].kind"},
      {"tax after a fee",
       [](A& a) {
         a.steps[2] = TaxStep{"tax", 1};
       },
       Code::E_STEPS, "steps[2]"},
      {"no split", [](A& a) { a.steps.pop_back(); }, Code::E_STEPS, "steps[5]"},
      {"two splits", [](A& a) { a.steps.push_back(whole_to("c")); }, Code::E_STEPS, "steps[6]"},
      {"split not last",
       [](A& a) {
         a.steps.push_back(FixedStep{"x", 1});
       },
       Code::E_STEPS, "steps[6]"},
      {"unknown base", [](A& a) { step<PercentStep>(a, 2).base = ShareBase::kUnknown; }, Code::E_STEPS,
       "steps[2].base"},
      {"unknown period", [](A& a) { step<TieredStep>(a, 3).period = TierPeriod::kUnknown; }, Code::E_STEPS,
       "steps[3].period"},
      {"royalty list without split",
       [](A& a) {
         a.royalty_steps = {FixedStep{"x", 1}};
       },
       Code::E_STEPS, "royalty_steps[0]"},

      {"tax rate above the whole", [](A& a) { step<TaxStep>(a, 0).rate_ppm = 1'000'001; }, Code::E_RATE,
       "steps[0].rate_ppm"},
      {"negative rate", [](A& a) { step<PercentStep>(a, 2).rate_ppm = -1; }, Code::E_RATE,
       "steps[2].rate_ppm"},
      {"tier rate", [](A& a) { step<TieredStep>(a, 3).tiers[2].rate_ppm = 1'000'001; }, Code::E_RATE,
       "steps[3].tiers[2].rate_ppm"},
      {"royalty rate", [](A& a) { step<RoyaltyStep>(a, 4).items[1].rate_ppm = -1; }, Code::E_RATE,
       "steps[4].items[1].rate_ppm"},
      {"recoup rate", [](A& a) { step<RecoupStep>(a, 5).rate_ppm = 1'000'001; }, Code::E_RATE,
       "steps[5].rate_ppm"},
      {"advance rate", [](A& a) { step<SplitStep>(a, 6).payees[0].advance->rate_ppm = -1; }, Code::E_RATE,
       "steps[6].payees[0].advance.rate_ppm"},
      {"withholding rate", [](A& a) { step<SplitStep>(a, 6).payees[0].withhold->rate_ppm = -1; },
       Code::E_RATE, "steps[6].payees[0].withhold.rate_ppm"},
      {"a share of nothing", [](A& a) { step<SplitStep>(a, 6).payees[0].share_ppm = 0; }, Code::E_RATE,
       "steps[6].payees[0].ppm"},

      {"shares above the whole", [](A& a) { step<SplitStep>(a, 6).payees[0].share_ppm = 2; },
       Code::E_SHARE_SUM, "steps[6].payees"},
      {"split of nobody", [](A& a) { step<SplitStep>(a, 6).payees.clear(); }, Code::E_SHARE_SUM,
       "steps[6].payees"},
      {"royalties above the whole", [](A& a) { step<RoyaltyStep>(a, 4).items[0].rate_ppm = 500'001; },
       Code::E_SHARE_SUM, "steps[4].items"},
      {"no royalty items", [](A& a) { step<RoyaltyStep>(a, 4).items.clear(); }, Code::E_SHARE_SUM,
       "steps[4].items"},

      {"no tiers", [](A& a) { step<TieredStep>(a, 3).tiers.clear(); }, Code::E_TIERS, "steps[3].tiers"},
      {"tiers that stand still", [](A& a) { step<TieredStep>(a, 3).tiers[1].upto_minor = 5; }, Code::E_TIERS,
       "steps[3].tiers[1].upto"},
      {"first tier empty", [](A& a) { step<TieredStep>(a, 3).tiers[0].upto_minor = 0; }, Code::E_TIERS,
       "steps[3].tiers[0].upto"},
      {"last tier closed", [](A& a) { step<TieredStep>(a, 3).tiers[2].upto_minor = 9; }, Code::E_TIERS,
       "steps[3].tiers[2].upto"},
      {"open tier in the middle", [](A& a) { step<TieredStep>(a, 3).tiers[1].upto_minor.reset(); },
       Code::E_TIERS, "steps[3].tiers[1].upto"},

      {"negative amount", [](A& a) { step<FixedStep>(a, 1).amount_minor = -1; }, Code::E_AMOUNT,
       "steps[1].amount"},
      {"amount above the limit", [](A& a) { step<FixedStep>(a, 1).amount_minor = kAmountMax + 1; },
       Code::E_AMOUNT, "steps[1].amount"},
      {"negative min", [](A& a) { step<PercentStep>(a, 2).min_minor = -1; }, Code::E_AMOUNT, "steps[2].min"},
      {"max below min", [](A& a) { step<PercentStep>(a, 2).max_minor = 0; }, Code::E_AMOUNT, "steps[2].max"},
      {"fee cap above the limit", [](A& a) { step<PercentStep>(a, 2).cap->total_minor = kAmountMax + 1; },
       Code::E_AMOUNT, "steps[2].cap.total"},
      {"tier above the limit", [](A& a) { step<TieredStep>(a, 3).tiers[1].upto_minor = kAmountMax + 1; },
       Code::E_AMOUNT, "steps[3].tiers[1].upto"},
      {"negative recoupment", [](A& a) { step<RecoupStep>(a, 5).total_minor = -1; }, Code::E_AMOUNT,
       "steps[5].total"},
      {"negative share cap", [](A& a) { step<SplitStep>(a, 6).payees[0].cap->total_minor = -1; },
       Code::E_AMOUNT, "steps[6].payees[0].cap.total"},
      {"negative advance", [](A& a) { step<SplitStep>(a, 6).payees[0].advance->total_minor = -1; },
       Code::E_AMOUNT, "steps[6].payees[0].advance.total"},
      {"guarantee of nothing", [](A& a) { a.guarantees[0].amount_minor = 0; }, Code::E_AMOUNT,
       "guarantees[0].amount"},

      {"one id twice", [](A& a) { step<RecoupStep>(a, 5).id = "fee"; }, Code::E_DUP_ID, "steps[5].id"},
      {"one id for cap and advance", [](A& a) { step<SplitStep>(a, 6).payees[0].advance->id = "cap"; },
       Code::E_DUP_ID, "steps[6].payees[0].advance.id"},
      {"one id in both lists",
       [](A& a) {
         a.royalty_steps = {RecoupStep{"build", "i", 1, 1}, whole_to("a")};
       },
       Code::E_DUP_ID, "royalty_steps[0].id"},
      {"no id", [](A& a) { step<TieredStep>(a, 3).id.clear(); }, Code::E_FORMAT, "steps[3].id"},

      {"nobody takes the tax", [](A& a) { step<TaxStep>(a, 0).payee.clear(); }, Code::E_PARTY,
       "steps[0].payee"},
      {"nobody takes the overflow", [](A& a) { step<SplitStep>(a, 6).payees[0].cap->overflow.clear(); },
       Code::E_PARTY, "steps[6].payees[0].cap.overflow"},
      {"nobody advanced", [](A& a) { step<SplitStep>(a, 6).payees[0].advance->to.clear(); }, Code::E_PARTY,
       "steps[6].payees[0].advance.to"},
      {"nobody takes what is withheld", [](A& a) { step<SplitStep>(a, 6).payees[0].withhold->payee.clear(); },
       Code::E_PARTY, "steps[6].payees[0].withhold.payee"},
      {"a party twice in the split", [](A& a) { step<SplitStep>(a, 6).payees[1].party = "a"; }, Code::E_PARTY,
       "steps[6].payees[1].party"},
      {"guarantor of itself", [](A& a) { a.guarantees[0].guarantor = "a"; }, Code::E_PARTY,
       "guarantees[0].guarantor"},
      {"royalty to no product", [](A& a) { step<RoyaltyStep>(a, 4).items[0].product.clear(); },
       Code::E_PRODUCT, "steps[4].items[0].product"},
  };
  for (const Defect& defect : defects) {
    RevenueAgreement agreement = complete();
    defect.make(agreement);
    const auto checked = check_terms(agreement);
    ASSERT_FALSE(checked) << defect.what;
    EXPECT_EQ(name(checked.error().code), name(defect.code)) << defect.what;
    EXPECT_EQ(checked.error().field, defect.field) << defect.what;
  }
}

// Rates of extreme size must not make a sum that wraps to 1,000,000.
TEST(AgreementTerms, sums_shares_without_wrapping) {
  RevenueAgreement agreement = complete();
  step<SplitStep>(agreement, 6).payees[0].share_ppm = INT64_MAX;
  step<SplitStep>(agreement, 6).payees[1].share_ppm = INT64_MAX;
  EXPECT_EQ(check_terms(agreement).error().code, Code::E_RATE);
}

TEST(AgreementSuccession, numbers_versions_without_gaps_and_in_rising_time) {
  const RevenueAgreement first = complete();
  RevenueAgreement next = first;
  EXPECT_TRUE(check_succession(first, nullptr, ""));
  EXPECT_EQ(check_succession(next, &first, "A").error().code, Code::E_VERSION);
  next.version = 3;
  EXPECT_EQ(check_succession(next, &first, "A").error().code, Code::E_VERSION);
  next.version = 2;
  EXPECT_EQ(check_succession(next, &first, "A").error().code, Code::E_EFFECTIVE) << "same time";
  next.effective_from_s = first.effective_from_s + 1;
  EXPECT_TRUE(check_succession(next, &first, "A"));
  EXPECT_EQ(check_succession(next, nullptr, "A").error().code, Code::E_VERSION)
      << "an agreement opens with 1";
}

TEST(AgreementSuccession, keeps_one_product_to_one_agreement) {
  const RevenueAgreement first = complete();
  EXPECT_EQ(check_succession(first, nullptr, "B").error().code, Code::E_PRODUCT);
  RevenueAgreement next = first;
  next.version = 2;
  next.effective_from_s = 9;
  next.product = "Q";
  EXPECT_EQ(check_succession(next, &first, "").error().code, Code::E_PRODUCT);
}

TEST(AgreementSize, bounds_steps_payees_and_royalties) {
  RevenueAgreement agreement = complete();
  EXPECT_TRUE(check_size(agreement));
  agreement.steps.insert(agreement.steps.begin(), 9, TaxStep{"tax", 1});
  EXPECT_TRUE(check_size(agreement)) << "16 steps";
  agreement.steps.insert(agreement.steps.begin(), TaxStep{"tax", 1});
  EXPECT_EQ(check_size(agreement).error().code, Code::E_LIMIT);
  EXPECT_EQ(check_size(agreement).error().field, "steps");

  agreement = complete();
  step<RoyaltyStep>(agreement, 4).items.resize(8);
  EXPECT_TRUE(check_size(agreement));
  step<RoyaltyStep>(agreement, 4).items.resize(9);
  EXPECT_EQ(check_size(agreement).error().field, "steps[4].items");

  agreement = complete();
  std::get<SplitStep>(agreement.royalty_steps[0]).payees.resize(16);
  EXPECT_TRUE(check_size(agreement));
  std::get<SplitStep>(agreement.royalty_steps[0]).payees.resize(17);
  EXPECT_EQ(check_size(agreement).error().field, "royalty_steps[0].payees");
}

}  // namespace
}  // namespace circula::ledger
