// Records 18 FUNDS_IN and 29 PAYOUT.
#include <gtest/gtest.h>

#include "ledger/apportion.h"
#include "tests/ledger/identity_records.h"
#include "tests/ledger/trade_chain.h"

namespace circula::ledger::testing {
namespace {

constexpr std::uint16_t kFundsIn = 18;
constexpr std::int64_t kTwoKeysAbove = 100'000'000;

class Funds : public ::testing::Test {
 protected:
  std::string in(proto::FundsIn body, const std::string& author = "bank.finance",
                 std::vector<std::string> more = {}) {
    return chain_.submit_name(spec(author, kFundsIn, body, std::move(more)));
  }
  void TearDown() override { EXPECT_EQ(chain_.check_books(), ""); }
  TradeChain chain_;
};

TEST_F(Funds, come_in_where_the_bank_says) {
  chain_.fund("buyer", 500);
  chain_.fund("buyer", 70);
  EXPECT_EQ(chain_.available("buyer"), 570);
  EXPECT_EQ(chain_.balance(AccountKind::kBank, "exchange"), 570);
  EXPECT_EQ(chain_.balance(AccountKind::kAvailable, "buyer", "exchange-2"), 0);
}

TEST_F(Funds, come_in_once_for_a_bank_reference) {
  const proto::FundsIn body = chain_.funds_body("buyer", 500);
  EXPECT_EQ(in(body), "E_OK");
  EXPECT_EQ(in(body), "E_BANK_REF");
  proto::FundsIn other_exchange = body;
  other_exchange.set_exchange(chain_.oid("exchange-2"));
  EXPECT_EQ(in(other_exchange), "E_OK") << "each exchange's account has references of its own";
  EXPECT_EQ(chain_.check_books("exchange-2"), "");
}

TEST_F(Funds, of_two_in_one_block_with_one_reference_the_first_counts) {
  const proto::FundsIn body = chain_.funds_body("buyer", 500);
  proto::FundsIn other = body;
  other.set_oid(chain_.oid("vendor-b"));
  const auto executed = chain_.execute({chain_.envelope({spec("bank.finance", kFundsIn, body)}),
                                        chain_.envelope({spec("bank.finance", kFundsIn, other)})});
  EXPECT_EQ(name(executed.outcomes[0].error.code), "E_OK");
  EXPECT_EQ(name(executed.outcomes[1].error.code), "E_BANK_REF");
  EXPECT_EQ(chain_.available("vendor-b"), 0);
}

TEST_F(Funds, are_the_settlement_banks_word_alone) {
  const proto::FundsIn body = chain_.funds_body("buyer", 500);
  EXPECT_EQ(in(body, "buyer.finance"), "E_BANK");
  EXPECT_EQ(in(body, "exchange.finance"), "E_BANK");
  EXPECT_EQ(in(body, "bank"), "E_POLICY") << "finance keys sign for money";
  proto::FundsIn dollars = body;
  dollars.set_currency("USD");
  EXPECT_EQ(in(dollars), "E_BANK") << "no bank was appointed for dollars";
  proto::FundsIn nowhere = body;
  nowhere.set_exchange(chain_.oid("provider"));
  EXPECT_EQ(in(nowhere), "E_ROLE");
  nowhere.set_exchange(test_oid(999));
  EXPECT_EQ(in(nowhere), "E_NOT_FOUND");
}

TEST_F(Funds, above_the_parameter_take_two_finance_keys) {
  EXPECT_EQ(in(chain_.funds_body("buyer", kTwoKeysAbove)), "E_OK");
  const proto::FundsIn more = chain_.funds_body("buyer", kTwoKeysAbove + 1);
  EXPECT_EQ(in(more), "E_POLICY");
  EXPECT_EQ(in(more, "bank.finance", {"bank"}), "E_POLICY") << "an officer is not a second finance key";
  EXPECT_EQ(in(more, "bank.finance", {"bank.finance-2"}), "E_OK");
}

TEST_F(Funds, have_bounds) {
  EXPECT_EQ(in(chain_.funds_body("buyer", 0)), "E_AMOUNT");
  EXPECT_EQ(in(chain_.funds_body("buyer", -1)), "E_AMOUNT");
  EXPECT_EQ(in(chain_.funds_body("buyer", kAmountMax + 1), "bank.finance", {"bank.finance-2"}), "E_AMOUNT");
  EXPECT_EQ(in(chain_.funds_body("buyer", kAmountMax), "bank.finance", {"bank.finance-2"}), "E_OK");
  proto::FundsIn tomorrow = chain_.funds_body("buyer", 5);
  tomorrow.set_value_date_s(chain_.now_s() + 1);
  EXPECT_EQ(in(tomorrow), "E_TIME");
  proto::FundsIn stranger = chain_.funds_body("buyer", 5);
  stranger.set_oid(test_oid(999));
  EXPECT_EQ(in(stranger), "E_NOT_FOUND");
}

TEST_F(Funds, feed_the_guarantee_fund_from_the_exchange_only) {
  chain_.feed_guarantee_fund(1'000);
  EXPECT_EQ(chain_.balance(AccountKind::kFund, "exchange"), 1'000);
  proto::FundsIn body = chain_.funds_body("buyer", 5);
  body.set_guarantee_fund(true);
  EXPECT_EQ(in(body), "E_ROLE");
}

TEST_F(Funds, go_out_when_the_payee_orders_and_the_bank_pays) {
  chain_.fund("provider", 300);
  const ShortId payout = chain_.order_payout("provider", 200);
  EXPECT_EQ(chain_.available("provider"), 100);
  EXPECT_EQ(chain_.balance(AccountKind::kBank, "exchange"), 300) << "in transit until the bank has paid";
  EXPECT_EQ(chain_.check_books(), "");
  EXPECT_EQ(chain_.submit_name(chain_.paid_spec(payout, "p1")), "E_OK");
  EXPECT_EQ(chain_.balance(AccountKind::kBank, "exchange"), 100);
  EXPECT_EQ(chain_.submit_name(chain_.paid_spec(payout, "p2")), "E_STATE");
  EXPECT_EQ(chain_.submit_name(chain_.returned_spec(payout, "p3")), "E_STATE");
}

TEST_F(Funds, come_back_when_the_bank_returns_a_payout) {
  chain_.fund("provider", 300);
  const ShortId payout = chain_.order_payout("provider", 300);
  EXPECT_EQ(chain_.submit_name(chain_.returned_spec(payout, "r1")), "E_OK");
  EXPECT_EQ(chain_.available("provider"), 300);
  const ShortId again = chain_.order_payout("provider", 300);
  EXPECT_EQ(chain_.submit_name(chain_.paid_spec(again, "r1")), "E_BANK_REF");
  EXPECT_EQ(chain_.submit_name(chain_.paid_spec(again, "r2")), "E_OK");
}

TEST_F(Funds, go_out_to_their_owner_only_and_only_when_they_are_there) {
  chain_.fund("provider", 300);
  EXPECT_EQ(chain_.submit_name(chain_.payout_spec("provider", 301)), "E_FUNDS");
  EXPECT_EQ(chain_.submit_name(chain_.payout_spec("vendor-b", 1)), "E_FUNDS");
  RecordSpec thief = chain_.payout_spec("provider", 10);
  thief.author = "buyer.finance";
  EXPECT_EQ(chain_.submit_name(thief), "E_POLICY");
  RecordSpec officer = chain_.payout_spec("provider", 10);
  officer.author = "provider";
  EXPECT_EQ(chain_.submit_name(officer), "E_POLICY");
  const ShortId payout = chain_.order_payout("provider", 300);
  RecordSpec not_the_bank = chain_.paid_spec(payout, "x");
  not_the_bank.author = "exchange.finance";
  EXPECT_EQ(chain_.submit_name(not_the_bank), "E_BANK");
  EXPECT_EQ(chain_.submit_name(chain_.paid_spec(ShortId{}, "x")), "E_NOT_FOUND");
}

// An organisation that an exchange admitted has its accounts there and nowhere else, and does not leave with
// money, or with money in transit.
TEST_F(Funds, of_a_member_stay_at_its_exchange_and_keep_it_from_leaving) {
  const std::string oid = test_oid(500);
  admit(chain_, "newcomer", oid);
  chain_.must(spec("newcomer", 2, addition(chain_, "newcomer.finance", oid, proto::KEY_USAGE_FINANCE)));
  const auto leave = [&] { return chain_.submit_name(spec("newcomer", 1, exit_of(oid), {"exchange"})); };
  proto::FundsIn body = chain_.funds_body("buyer", 300);
  body.set_oid(oid);
  body.set_exchange(chain_.oid("exchange-2"));
  EXPECT_EQ(in(body), "E_CROSS_EXCHANGE");
  body.set_exchange(chain_.oid("exchange"));
  EXPECT_EQ(in(body), "E_OK");
  EXPECT_EQ(leave(), "E_OPEN_ITEMS");
  proto::Payout order;
  order.mutable_order()->set_payee(oid);
  order.mutable_order()->set_exchange(chain_.oid("exchange"));
  order.mutable_order()->set_currency("CNY");
  order.mutable_order()->set_amount_minor(300);
  *order.mutable_order()->mutable_account() = data_digest("account");
  const ShortId payout = chain_.made_by(spec("newcomer.finance", 29, order));
  EXPECT_EQ(leave(), "E_OPEN_ITEMS");
  chain_.must(chain_.paid_spec(payout, "last"));
  EXPECT_EQ(leave(), "E_OK");
  body = chain_.funds_body("buyer", 5);
  body.set_oid(oid);
  EXPECT_EQ(in(body), "E_STATE");
}

}  // namespace
}  // namespace circula::ledger::testing
