// What is owed after refunds and guarantees, and how it is filled (records 24, 28; records.md 3.3).
#include "tests/ledger/trade_deals.h"

namespace circula::ledger::testing {
namespace {

class Debts : public TradeDeals {};

// records.md 3.3, and "what must not break it": the vendor's next income pays the buyer first.
TEST_F(Debts, a_refund_takes_what_is_there_and_the_rest_is_owed) {
  const ShortId first = contract();
  const ShortId event = chain_.settle_whole("provider", "buyer", first, 1, 1'000);
  chain_.pay_out("provider", 686);
  EXPECT_EQ(submit(chain_.exchange_refund_spec("provider", event, 1'000)), "E_OK");
  EXPECT_EQ(chain_.available("buyer"), 9'000 + 20 + 294);
  EXPECT_EQ(chain_.balance(AccountKind::kOwed, "provider"), 686);
  EXPECT_EQ(chain_.balance(AccountKind::kDue, "buyer"), 686);
  EXPECT_EQ(submit(chain_.payout_spec("buyer", 10'000)), "E_FUNDS") << "what is owed is not money";
  EXPECT_EQ(submit(chain_.payout_spec("provider", 1)), "E_CLAWBACK");
  EXPECT_EQ(chain_.check_books(), "");
  (void)chain_.settle_whole("provider", "buyer", contract(), 1, 1'000);
  EXPECT_EQ(chain_.balance(AccountKind::kOwed, "provider"), 0);
  EXPECT_EQ(chain_.available("provider"), 0);
  EXPECT_EQ(chain_.available("buyer"), 9'314 - 1'000 + 686);
  EXPECT_EQ(submit(chain_.exchange_refund_spec("provider", event, 1)), "E_REFUND_EXCEEDS");
}

// What each payee was given is not for the buyer to know.
TEST_F(Debts, a_refund_is_one_line_in_the_buyers_account) {
  const ShortId event = chain_.settle_whole("provider", "buyer", contract(), 1, 1'000);
  const std::uint64_t lines = chain_.account("avail", "buyer").lines();
  chain_.must(chain_.exchange_refund_spec("provider", event, 500));
  EXPECT_EQ(chain_.account("avail", "buyer").lines(), lines + 1);
  EXPECT_EQ(chain_.available("buyer"), 9'500);
}

TEST_F(Debts, the_guarantee_fund_advances_and_gets_it_back) {
  chain_.feed_guarantee_fund(500);
  const ShortId event = chain_.settle_whole("provider", "buyer", contract(), 1, 1'000);
  chain_.pay_out("provider", 686);
  chain_.must(chain_.exchange_refund_spec("provider", event, 1'000));
  EXPECT_EQ(chain_.balance(AccountKind::kFund, "exchange"), 0);
  EXPECT_EQ(chain_.balance(AccountKind::kDue, "buyer"), 186);
  EXPECT_EQ(chain_.available("buyer"), 9'000 + 20 + 294 + 500);
  chain_.fund("provider", 100);
  EXPECT_EQ(chain_.balance(AccountKind::kDue, "buyer"), 86) << "the buyer before the fund";
  chain_.fund("provider", 700);
  EXPECT_EQ(chain_.balance(AccountKind::kDue, "buyer"), 0);
  EXPECT_EQ(chain_.balance(AccountKind::kFund, "exchange"), 500);
  EXPECT_EQ(chain_.available("provider"), 114);
}

// A debtor's debtor: what reaches the vendor goes on to the buyer, by way of who was owed in between.
TEST_F(Debts, money_goes_through_a_chain_of_debts) {
  const ShortId first = chain_.settle_whole("provider", "buyer", contract(), 1, 1'000);
  chain_.pay_out("vendor-b", 294);
  chain_.must(chain_.exchange_refund_spec("provider", first, 1'000));  // vendor-b owes the buyer 294
  chain_.fund("vendor-b", 1'294);
  EXPECT_EQ(chain_.balance(AccountKind::kOwed, "vendor-b"), 0) << "paying in fills it, too";
  const ShortId order = chain_.ordered(sale_, "vendor-b");
  const ShortId second =
      chain_.made_by(chain_.sign_spec(chain_.sign_body(order, {1'000}), "provider", "vendor-b"));
  const ShortId event = chain_.settle_whole("provider", "vendor-b", second, 1, 1'000);
  chain_.pay_out("provider", chain_.available("provider"));
  chain_.pay_out("vendor-b", chain_.available("vendor-b"));
  chain_.must(chain_.exchange_refund_spec("provider", event, 1'000));  // the provider owes vendor-b
  const std::int64_t to_vendor = chain_.balance(AccountKind::kDue, "vendor-b");
  ASSERT_GT(to_vendor, 0);
  EXPECT_EQ(chain_.check_books(), "");
  chain_.fund("provider", to_vendor + 7);
  EXPECT_EQ(chain_.balance(AccountKind::kDue, "vendor-b"), 0);
  EXPECT_EQ(chain_.available("provider"), 7);
}

// Record 28 where the agreement's income is dealt in on an exchange: the guarantor pays out of its account.
TEST_F(Debts, a_guarantee_is_posted_and_what_is_missing_is_owed) {
  RevenueAgreement terms = all_to(chain_.oid("provider"));
  terms.steps = {SplitStep{{part(chain_.oid("provider"), 900'000), part(chain_.oid("merchant"), 100'000)}}};
  terms.guarantees = {Guarantee{chain_.oid("merchant"), chain_.oid("provider"), 2'000}};
  chain_.feed_guarantee_fund(500);
  const OnSale sale = chain_.put_on_sale("provider", "guaranteed roads", 1'000, terms);
  const ShortId id = chain_.signed_contract(sale, "provider", "buyer", {1'000});
  (void)chain_.settle_whole("provider", "buyer", id, 1, 1'000);
  EXPECT_EQ(chain_.available("merchant"), 100);
  const std::int64_t day_s = chain_.now_s() - (chain_.now_s() + 8 * 3'600) % kDay_s;
  days(1);
  chain_.must(chain_.close_spec("merchant", sale.agreement, day_s, day_s + kDay_s));
  EXPECT_EQ(chain_.available("merchant"), 1'000) << "100 earned; 900 were there of the 1,900 that it lacked";
  EXPECT_EQ(chain_.available("provider"), 0);
  EXPECT_EQ(chain_.balance(AccountKind::kOwed, "provider"), 1'000);
  EXPECT_EQ(chain_.balance(AccountKind::kDue, "merchant"), 1'000);
  EXPECT_EQ(chain_.income("merchant"), 2'000) << "income is what was agreed; the account is what is there";
  EXPECT_EQ(chain_.balance(AccountKind::kFund, "exchange"), 500) << "the exchange has signed none of this";
}

}  // namespace
}  // namespace circula::ledger::testing
