// Posted and reported income are counted apart. A report takes the two sides of a deal and moves no money: it
// must not use up what posted money is shared by, nor keep money from being posted.
#include <gtest/gtest.h>

#include "ledger/apportion.h"
#include "ledger/income.h"
#include "tests/ledger/trade_chain.h"

namespace circula::ledger::testing {
namespace {

class IncomeOrigins : public ::testing::Test {
 protected:
  OnSale put_on_sale(const RevenueAgreement& terms) {
    chain_.fund("buyer", 10'000);
    return chain_.put_on_sale("provider", "roads", 1'000, terms);
  }
  void report(const OnSale& sale, std::int64_t amount_minor) {
    (void)chain_.sell("provider", sale.product, sale.agreement, amount_minor);
  }
  void trade(const OnSale& sale) {
    (void)chain_.settle_whole("provider", "buyer", chain_.signed_contract(sale, "provider", "buyer", {1'000}),
                              1, 1'000);
  }

  TradeChain chain_;
};

TEST_F(IncomeOrigins, have_recoupments_of_their_own) {
  RevenueAgreement terms = all_to(chain_.oid("provider"));
  terms.steps.insert(terms.steps.begin(), RecoupStep{"invest", chain_.oid("merchant"), 500'000, 300});
  const OnSale sale = put_on_sale(terms);
  report(sale, 1'000);
  EXPECT_EQ(chain_.counter(sale.agreement, "invest", IncomeOrigin::kReported), 300);
  EXPECT_EQ(chain_.counter(sale.agreement, "invest"), 0);
  trade(sale);
  EXPECT_EQ(chain_.available("merchant"), 300) << "who invested is paid, whatever was reported";
  EXPECT_EQ(chain_.counter(sale.agreement, "invest"), 300);
  EXPECT_EQ(chain_.income("merchant"), 600) << "one history, whose lines say where the money went";
}

TEST_F(IncomeOrigins, a_creditor_is_repaid_by_what_was_posted) {
  RevenueAgreement terms = all_to(chain_.oid("provider"));
  terms.steps.insert(terms.steps.begin(), RecoupStep{"invest", chain_.oid("merchant"), 500'000, 300});
  const OnSale sale = put_on_sale(terms);
  trade(sale);
  ASSERT_EQ(chain_.counter(sale.agreement, "invest"), 300);
  ASSERT_EQ(chain_.counter(sale.agreement, "invest", IncomeOrigin::kReported), 0);
  chain_.advance_ms(1'000);
  // Nobody but those who remain signs the next version: the creditor has its money.
  chain_.next_version("provider", sale.agreement, sale.product, 2, all_to(chain_.oid("provider")));
}

// Two friends report until the investor is repaid on paper, and leave it out before a unit is posted.
TEST_F(IncomeOrigins, reports_do_not_drop_a_creditor) {
  RevenueAgreement terms = all_to(chain_.oid("provider"));
  terms.steps.insert(terms.steps.begin(), RecoupStep{"invest", chain_.oid("merchant"), 500'000, 300});
  const ShortId product = chain_.product("provider", "maps");
  const ShortId agreement = chain_.agree("provider", product, terms);
  (void)chain_.sell("provider", product, agreement, 1'000);
  ASSERT_EQ(chain_.counter(agreement, "invest", IncomeOrigin::kReported), 300);
  chain_.advance_ms(1'000);
  const auto next = [&](const RevenueAgreement& with) {
    proto::Agreement body = chain_.agreement_body(product, with);
    body.mutable_register_()->set_agreement(std::string(agreement.text()));
    body.mutable_register_()->set_version(2);
    return chain_.submit_name(chain_.by_cdos(26, body, {"provider"}));
  };
  EXPECT_EQ(next(all_to(chain_.oid("provider"))), "E_COSIGN");
  chain_.next_version("provider", agreement, product, 2, terms);  // the claim is kept
}

// Months in which nothing was posted are closed as reported, also when the agreement is dealt in since.
TEST_F(IncomeOrigins, a_guarantee_of_the_time_before_is_measured_and_paid_by_reports) {
  RevenueAgreement terms = all_to(chain_.oid("provider"));
  terms.steps = {SplitStep{{part(chain_.oid("provider"), 900'000), part(chain_.oid("merchant"), 100'000)}}};
  terms.guarantees = {Guarantee{chain_.oid("merchant"), chain_.oid("provider"), 500}};
  const OnSale sale = put_on_sale(terms);
  report(sale, 5'000);
  const std::int64_t day_s = chain_.now_s() - (chain_.now_s() + 8 * 3'600) % kDay_s;
  chain_.advance_ms(static_cast<std::uint64_t>(kDay_s) * 2'000);
  trade(sale);
  const std::int64_t had = chain_.available("provider");
  chain_.must(chain_.close_spec("merchant", sale.agreement, day_s, day_s + kDay_s));
  EXPECT_EQ(chain_.income("merchant"), 600) << "500 of the report and 100 of the trade: nothing is owed";
  chain_.must(chain_.close_spec("merchant", sale.agreement, day_s + kDay_s, day_s + 2 * kDay_s));
  EXPECT_EQ(chain_.income("merchant"), 1'100) << "500 are owed for a day without income";
  EXPECT_EQ(chain_.available("provider"), had) << "and reported: no account pays for it";
  chain_.advance_ms(static_cast<std::uint64_t>(kDay_s) * 1'000);
  chain_.must(chain_.close_spec("merchant", sale.agreement, day_s + 2 * kDay_s, day_s + 3 * kDay_s));
  EXPECT_EQ(chain_.available("provider"), had - 400) << "of the day of the trade 100 were earned";
  EXPECT_EQ(chain_.check_books(), "");
}

TEST_F(IncomeOrigins, a_guarantee_is_measured_by_what_was_posted) {
  RevenueAgreement terms = all_to(chain_.oid("provider"));
  terms.steps = {SplitStep{{part(chain_.oid("provider"), 900'000), part(chain_.oid("merchant"), 100'000)}}};
  terms.guarantees = {Guarantee{chain_.oid("merchant"), chain_.oid("provider"), 500}};
  const OnSale sale = put_on_sale(terms);
  trade(sale);
  report(sale, 4'000);  // of which the merchant never saw its 400
  const std::int64_t day_s = chain_.now_s() - (chain_.now_s() + 8 * 3'600) % kDay_s;
  chain_.advance_ms(static_cast<std::uint64_t>(kDay_s) * 1'000);
  chain_.must(chain_.close_spec("merchant", sale.agreement, day_s, day_s + kDay_s));
  EXPECT_EQ(chain_.available("merchant"), 500) << "100 by the trade and 400 by the guarantor";
}

// 4.6 x 10^18 units of a payee's income were reported: no more are, and what is posted still fits.
TEST_F(IncomeOrigins, reports_leave_room_for_postings) {
  const OnSale sale = put_on_sale(all_to(chain_.oid("provider")));
  std::int64_t left = kReportedTotalMax;
  for (; left >= kAmountMax; left -= kAmountMax) report(sale, kAmountMax);
  report(sale, left);
  ASSERT_EQ(chain_.income("provider"), kReportedTotalMax);
  const ShortId more = chain_.contract("provider", "buyer", sale.product, sale.agreement, {1});
  EXPECT_EQ(chain_.submit_name(chain_.settle_spec("provider", "buyer", chain_.settle_body(more, 1, 1))),
            "E_AMOUNT");
  trade(sale);
  EXPECT_EQ(chain_.available("provider"), 1'000);
  EXPECT_EQ(chain_.income("provider"), kReportedTotalMax + 1'000);
  EXPECT_EQ(chain_.check_books(), "");
}

}  // namespace
}  // namespace circula::ledger::testing
