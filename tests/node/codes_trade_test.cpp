// Codes of deals and of their money (records 17 to 20, 22 to 24, 29).
#include "tests/node/codes.h"

namespace circula::node {
namespace {

using namespace ledger::testing;
using testing::Codes;
namespace proto = ledger::proto;

TEST_F(Codes, E_TERMS) {
  refuses(altered<proto::Listing>(chain.listing_spec("provider", sale(), 1'000),
                                  [&](auto& body) { body.mutable_list()->set_to_s(chain.now_s()); }),
          "body.list.to_s");
  refuses(chain.order_spec("buyer", sale().listing, 1'000, 1, 1, 0), "body.place.open_until_s");
  const ShortId order = chain.ordered(sale(), "buyer");
  refuses(chain.sign_spec(chain.sign_body(order, {999}), "provider", "buyer"), "body.sign.total_minor");
  proto::Contract deal = chain.contract_body("provider", "buyer", sale().product, sale().agreement, {5});
  deal.mutable_report()->set_signed_at_s(chain.now_s() + 1);
  refuses(spec("provider", kContract, deal, {"buyer"}), "body.report.signed_at_s");
  refuses(chain.hold_spec("buyer", reported_deal(), 1, 1'000), "body.place.contract");
}

TEST_F(Codes, E_SCHEDULE_SUM) {
  proto::Contract signed_on_exchange = chain.sign_body(chain.ordered(sale(), "buyer"), {600, 400});
  signed_on_exchange.mutable_sign()->set_total_minor(999);
  refuses(chain.sign_spec(signed_on_exchange, "provider", "buyer"), "body.sign.total_minor");
  proto::Contract reported =
      chain.contract_body("provider", "buyer", sale().product, sale().agreement, {600, 400});
  reported.mutable_report()->set_total_minor(1'001);
  refuses(spec("provider", kContract, reported, {"buyer"}), "body.report.total_minor");
}

TEST_F(Codes, E_SCOPE_EXCEEDS) {
  proto::Contract contract = chain.sign_body(chain.ordered(sale(), "buyer"), {1'000});
  contract.mutable_sign()->mutable_licence()->add_territory("31");
  refuses(chain.sign_spec(contract, "provider", "buyer"), "body.sign.licence.territory");
  refuses(
      altered<proto::Delivery>(chain.start_spec("provider", funded_deal(), 1),
                               [](auto& body) { body.mutable_start()->set_mode(proto::DELIVERY_MODE_API); }),
      "body.start.mode");
}

TEST_F(Codes, E_EXCLUSIVE) {
  proto::Contract contract = chain.sign_body(chain.ordered(sale(), "buyer"), {1'000});
  contract.mutable_sign()->mutable_licence()->set_exclusivity(proto::EXCLUSIVITY_EXCLUSIVE);
  refuses(chain.sign_spec(contract, "provider", "buyer"), "body.sign.licence.exclusivity");
}

TEST_F(Codes, E_NO_SUBLICENCE) {
  proto::Contract contract = chain.sign_body(chain.ordered(sale(), "buyer"), {1'000});
  contract.mutable_sign()->mutable_licence()->set_onward_depth(1);
  refuses(chain.sign_spec(contract, "provider", "buyer"), "body.sign.licence.onward_depth");
}

// The money outlives the licence; the delivery had begun in time.
TEST_F(Codes, E_LICENCE_INACTIVE) {
  const ShortId unfunded = signed_deal();
  const ShortId contract = started_deal();
  days(365);
  refuses(chain.complete_spec("provider", contract, 1), "body.milestone");
  refuses(chain.hold_spec("buyer", unfunded, 1, 1'000), "body.place.contract");
}

TEST_F(Codes, E_BANK_REF) {
  const proto::FundsIn funds = chain.funds_body("buyer", 500);
  chain.must(spec("bank.finance", 18, funds));
  refuses(spec("bank.finance", 18, funds), "body.bank_reference");
  chain.must(chain.paid_spec(chain.order_payout("buyer", 5), "p1"));
  const ShortId payout = chain.order_payout("buyer", 5);
  refuses(chain.paid_spec(payout, "p1"), "body.paid.bank_reference");
  refuses(chain.returned_spec(payout, "p1"), "body.returned.bank_reference");
}

TEST_F(Codes, E_BANK) {
  refuses(spec("exchange.finance", 18, chain.funds_body("buyer", 5)), "author");
  proto::FundsIn dollars = chain.funds_body("buyer", 5);
  dollars.set_currency("USD");
  refuses(spec("bank.finance", 18, dollars), "body.exchange");
  chain.fund("buyer", 5);
  RecordSpec paid = chain.paid_spec(chain.order_payout("buyer", 5), "p1");
  paid.author = "exchange.finance";
  refuses(paid, "author");
}

TEST_F(Codes, E_FUNDS) {
  const ShortId contract = signed_deal();
  refuses(chain.payout_spec("buyer", 10'001), "body.order.amount_minor");
  chain.pay_out("buyer", 9'001);
  refuses(chain.hold_spec("buyer", contract, 1, 1'000), "body.place.amount_minor");
}

TEST_F(Codes, E_HOLD_EXISTS) {
  refuses(chain.hold_spec("buyer", funded_deal(), 1, 1'000), "body.place.milestone");
}

TEST_F(Codes, E_DELIVERED) {
  const ShortId contract = started_deal();
  refuses(chain.release_spec("buyer", contract, 1), "body.release.milestone");
  refuses(chain.release_spec("provider", contract, 1), "body.release.milestone");
}

TEST_F(Codes, E_NOT_FUNDED) {
  const ShortId contract = signed_deal();
  refuses(chain.start_spec("provider", contract, 1), "body.milestone");
  refuses(chain.release_spec("buyer", contract, 1), "body.release.milestone");
  chain.must(chain.hold_spec("buyer", contract, 1, 1'000));
  days(120);
  refuses(chain.start_spec("provider", contract, 1), "body.milestone");
}

TEST_F(Codes, E_DIGEST) {
  const RecordSpec complete = chain.complete_spec("provider", started_deal(), 1);
  refuses(altered<proto::Delivery>(complete, [](auto& body) { body.mutable_complete()->clear_content(); }),
          "body.complete");
  refuses(altered<proto::Delivery>(complete,
                                   [](auto& body) {
                                     auto& both = *body.mutable_complete();
                                     *both.mutable_endpoint() = both.content();
                                   }),
          "body.complete");
}

TEST_F(Codes, E_LATE) {
  const ShortId contract = delivered_deal();
  days(7);
  refuses(chain.accept_spec("buyer", contract, 1), "body.milestone");
  refuses(chain.reject_spec("buyer", contract, 1), "body.milestone");
}

TEST_F(Codes, E_NOT_DELIVERED) {
  const ShortId contract = started_deal();
  refuses(chain.accept_spec("buyer", contract, 1), "body.milestone");
  proto::Delivery acknowledge;
  acknowledge.set_contract(id_text(contract));
  acknowledge.set_milestone(1);
  acknowledge.mutable_acknowledge();
  refuses(chain.delivery_spec("buyer", acknowledge), "body.milestone");
}

TEST_F(Codes, E_NOT_ACCEPTED) {
  refuses(chain.exchange_settle_spec("exchange", delivered_deal(), 1, 1'000), "body.milestone");
  proto::Settle reported = chain.settle_body(reported_deal(), 1, 1'000);
  reported.set_accepted_at_s(chain.now_s() + 1);
  refuses(chain.settle_spec("vendor-b", "buyer", reported), "body.accepted_at_s");
}

TEST_F(Codes, E_EXCEEDS_HOLD) {
  refuses(chain.exchange_settle_spec("exchange", accepted_deal(), 1, 1'001), "body.amount_minor");
  refuses(chain.settle_spec("vendor-b", "buyer", chain.settle_body(reported_deal(), 1, 1'001)),
          "body.amount_minor");
}

TEST_F(Codes, E_SETTLED) {
  const ShortId contract = accepted_deal();
  chain.must(chain.exchange_settle_spec("exchange", contract, 1, 1'000));
  refuses(chain.exchange_settle_spec("exchange", contract, 1, 1'000), "body.milestone");
  const ShortId reported = reported_deal();
  (void)chain.settle("vendor-b", "buyer", reported, 1, 1'000);
  refuses(chain.settle_spec("vendor-b", "buyer", chain.settle_body(reported, 1, 1'000)), "body.milestone");
}

TEST_F(Codes, E_REFUND_EXCEEDS) {
  const ShortId event = settled_event();
  refuses(chain.exchange_refund_spec("provider", event, 1'001), "body.amount_minor");
  chain.must(chain.exchange_refund_spec("provider", event, 600));
  refuses(chain.exchange_refund_spec("provider", event, 401), "body.amount_minor");
}

TEST_F(Codes, E_UNKNOWN_EVENT) {
  refuses(chain.exchange_refund_spec("provider", signed_deal(), 5), "body.event");
}

TEST_F(Codes, E_CLAWBACK) {
  const ShortId event = settled_event();
  chain.pay_out("provider", 1'000);
  chain.must(chain.exchange_refund_spec("provider", event, 1'000));
  refuses(chain.payout_spec("provider", 1), "body.order.payee");
}

}  // namespace
}  // namespace circula::node
