// Who may read the objects of a deal on the exchange (design.md 9), decided on a chain that has all of them.
#include <gtest/gtest.h>

#include "node/api/access.h"
#include "tests/ledger/trade_chain.h"
#include "tests/node/fake_backend.h"

namespace circula::node {
namespace {

using namespace ledger::testing;
using ledger::AccountKind;
using ledger::ShortId;
using ledger::SubjectKey;

using Names = std::set<std::string>;

// "provider" sells to "buyer" at "exchange", whose money "bank" keeps; "vendor-b" shares the income;
// "merchant" and "exchange-2" have no part in it.
const Names kAudience{"",           "arbitrator", "auditor",  "bank",      "buyer",   "exchange",
                      "exchange-2", "merchant",   "provider", "regulator", "vendor-b"};

class MarketAccess : public ::testing::Test {
 protected:
  MarketAccess() {
    ledger::RevenueAgreement terms = all_to(chain.oid("provider"));
    terms.steps = {
        ledger::SplitStep{{part(chain.oid("provider"), 700'000), part(chain.oid("vendor-b"), 300'000)}}};
    sale = chain.put_on_sale("provider", "Index", 1'000, terms);
    contract = chain.signed_contract(sale, "provider", "buyer", {600, 400});
    chain.fund("buyer", 1'000);
    event = chain.settle_whole("provider", "buyer", contract, 1, 600);
    payout = chain.order_payout("vendor-b", 100);
  }

  // Who reads it, nobody by an empty name.
  Names readers(const SubjectKey& key) {
    Names found;
    for (const std::string& name : kAudience) {
      const auto caller = name.empty() ? api::Caller::of(backend, std::nullopt)
                                       : api::Caller::of(backend, chain.key(name).public_key());
      if (caller.may_read_subject(key)) found.insert(name);
    }
    return found;
  }
  // Beside those who supervise everything.
  static Names supervised(Names parties) {
    parties.insert({"auditor", "regulator"});
    return parties;
  }
  SubjectKey account(AccountKind kind, const std::string& name, const std::string& exchange = "exchange") {
    return ledger::account_key(kind, chain.oid(name), {chain.oid(exchange), "CNY"});
  }
  SubjectKey of_contract(const std::string& field) {
    const auto state = chain.read<ledger::proto::ContractState>(ledger::contract_key(contract));
    return field == "order" ? ledger::order_key(ledger::ShortId::from(crypto::as_bytes(state->order())))
                            : ledger::trade_certificate_key(state->milestones(0).trade_certificate());
  }

  TradeChain chain;
  testing::FakeBackend backend{chain};
  OnSale sale;
  ShortId contract{};
  ShortId event{};
  ShortId payout{};
};

TEST_F(MarketAccess, offers_and_trade_certificates_are_public) {
  EXPECT_EQ(readers(ledger::product_key(sale.product)), kAudience);
  EXPECT_EQ(readers(ledger::product_version_key(sale.product, 1)), kAudience);
  EXPECT_EQ(readers(ledger::listing_key(sale.listing)), kAudience);
  EXPECT_EQ(readers(ledger::bank_key(chain.oid("exchange"), "CNY")), kAudience);
  EXPECT_EQ(readers(of_contract("certificate")), kAudience);
}

TEST_F(MarketAccess, a_deal_is_for_its_sides_and_its_exchange) {
  const Names sides = supervised({"buyer", "exchange", "provider"});
  EXPECT_EQ(readers(of_contract("order")), sides);
  EXPECT_EQ(readers(ledger::contract_key(contract)), sides) << "the arbitrator is no party without a dispute";
  EXPECT_EQ(readers(ledger::licence_key(contract)), sides);
  EXPECT_EQ(readers(ledger::hold_key(contract, 1)), sides);
  EXPECT_EQ(readers(ledger::hold_key(contract, 2)), sides) << "also while it is not there";
}

TEST_F(MarketAccess, an_event_is_also_for_those_who_share_its_income) {
  EXPECT_EQ(readers(ledger::event_key(event)), supervised({"buyer", "exchange", "provider", "vendor-b"}));
}

TEST_F(MarketAccess, an_account_is_for_its_owner_its_exchange_and_the_bank) {
  for (const AccountKind kind : {AccountKind::kAvailable, AccountKind::kSuspense, AccountKind::kOwed,
                                 AccountKind::kDue}) {  // whether or not there is such an account
    EXPECT_EQ(readers(account(kind, "buyer")), supervised({"bank", "buyer", "exchange"}));
    EXPECT_EQ(readers(account(kind, "vendor-b")), supervised({"bank", "exchange", "vendor-b"}));
  }
  for (const AccountKind kind : {AccountKind::kBank, AccountKind::kFund})
    EXPECT_EQ(readers(account(kind, "exchange")), supervised({"bank", "exchange"}));
  Names elsewhere = readers(account(AccountKind::kAvailable, "buyer", "exchange-2"));
  EXPECT_FALSE(elsewhere.contains("exchange")) << "another exchange's";
  EXPECT_TRUE(elsewhere.contains("exchange-2"));
}

TEST_F(MarketAccess, a_payout_is_for_its_payee_the_exchange_and_the_bank) {
  EXPECT_EQ(readers(ledger::payout_key(payout)), supervised({"bank", "exchange", "vendor-b"}));
}

TEST_F(MarketAccess, what_does_not_exist_is_for_those_who_read_everything) {
  const ShortId none = ShortId::from(crypto::as_bytes(std::string(ShortId::kSize, '1')));
  const Names supervisors = supervised({});
  for (const SubjectKey& key :
       {ledger::contract_key(none), ledger::licence_key(none), ledger::hold_key(none, 1),
        ledger::order_key(none), ledger::payout_key(none)}) {
    EXPECT_EQ(readers(key), supervisors) << key;
  }
}

}  // namespace
}  // namespace circula::node
