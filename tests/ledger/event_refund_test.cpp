// Record 24 REFUND.
#include "tests/ledger/deals.h"

#include "ledger/income.h"

namespace circula::ledger {
namespace {

using namespace testing;

TEST_F(Deals, are_refunded_up_to_what_was_settled) {
  const ShortId event = chain_.sell("provider", asset_, agreement_, 1'000);
  EXPECT_EQ(refund(event, 0), "E_AMOUNT");
  EXPECT_EQ(refund(event, 1'001), "E_REFUND_EXCEEDS");
  EXPECT_EQ(refund(event, 333), "E_OK");
  EXPECT_EQ(chain_.income("provider"), 700 - 233);
  EXPECT_EQ(chain_.income("vendor-b"), 300 - 100);
  EXPECT_EQ(chain_.node(event, "0").lines(1).refunded_minor(), 100);
  EXPECT_EQ(refund(event, 668), "E_REFUND_EXCEEDS");
  EXPECT_EQ(refund(event, 667), "E_OK");
  EXPECT_EQ(chain_.income("provider"), 0);
  EXPECT_EQ(chain_.read<proto::EventState>(event_key(event))->refunded_minor(), 1'000);
  const auto booked = incomes("vendor-b");
  EXPECT_EQ(booked[1].cause(), proto::INCOME_CAUSE_REFUND);
  EXPECT_EQ(booked[1].event(), id_text(event));
  EXPECT_EQ(booked[1].lines(0).amount_minor(), -100);
}

TEST_F(Deals, are_refunded_by_both_sides_and_only_if_they_are_sales) {
  const ShortId event = chain_.sell("provider", asset_, agreement_, 1'000);
  RecordSpec one_side = chain_.refund_spec("provider", "buyer", event, 10);
  one_side.signers.clear();
  EXPECT_EQ(chain_.submit_name(one_side), "E_POLICY");
  EXPECT_EQ(refund(asset_, 10), "E_UNKNOWN_EVENT");
  const Digest refunded = chain_.submit_for_id(chain_.refund_spec("provider", "buyer", event, 10));
  EXPECT_EQ(refund(ShortId::from(refunded.view().first(ShortId::kSize)), 1), "E_UNKNOWN_EVENT")
      << "a refund of a refund";
}

TEST_F(Deals, lower_counters_when_they_are_refunded) {
  const ShortId derived = chain_.product("provider", "Index");
  RevenueAgreement terms = two_parts();
  terms.steps.insert(terms.steps.begin(), RecoupStep{"invest", chain_.oid("bank"), 500'000, 300});
  terms.steps.insert(
      terms.steps.begin(),
      TieredStep{
          "tier", chain_.oid("exchange"), ShareBase::kGross, TierPeriod::kMonth, {{std::nullopt, 10'000}}});
  const ShortId id = chain_.agree("provider", derived, terms);
  const ShortId event = chain_.sell("provider", derived, id, 500);
  EXPECT_EQ(chain_.counter(id, "invest", IncomeOrigin::kReported), 248) << "half of 495";
  EXPECT_EQ(chain_.counter(id, "tier", IncomeOrigin::kReported, "2023-03"), 500);
  EXPECT_EQ(refund(event, 500), "E_OK");
  EXPECT_EQ(chain_.counter(id, "invest", IncomeOrigin::kReported), 0);
  EXPECT_EQ(chain_.counter(id, "tier", IncomeOrigin::kReported, "2023-03"), 500)
      << "tiers are not opened again";
}

}  // namespace
}  // namespace circula::ledger
