// Codes of products, listings and orders (records 14, 15, 16), and those that most records share.
#include "tests/ledger/identity_records.h"
#include "tests/ledger/trade_records.h"
#include "tests/node/codes.h"

namespace circula::node {
namespace {

using namespace ledger;
using namespace ledger::testing;
using testing::Codes;
namespace proto = ledger::proto;

const ShortId kNowhere = ShortId::from(crypto::as_bytes("sixteen bytes --"));

TEST_F(Codes, E_NOT_FOUND) {
  refuses(chain.notice_spec(kNowhere), "body.notice.subject");
  refuses(chain.product_spec("provider", kNowhere, "a"), "body.register.description.inputs[0].subject");
  refuses(chain.listing_spec("provider", {kNowhere, kNowhere, kNowhere}, 5), "body.list.product");
  refuses(chain.order_spec("buyer", kNowhere, 5, 1, 1, kDay_s), "body.place.listing");
  refuses(chain.order_accept_spec("provider", kNowhere), "body.accept.order");
  refuses(chain.sign_spec(chain.sign_body(kNowhere, {5}), "provider", "buyer"), "body.sign.order");
  proto::FundsIn funds = chain.funds_body("buyer", 5);
  funds.set_oid(test_oid(999));
  refuses(spec("bank.finance", 18, funds), "body.oid");
  refuses(chain.hold_spec("buyer", kNowhere, 1, 5), "body.place.contract");
  refuses(chain.start_spec("provider", kNowhere, 1), "body.contract");
  refuses(chain.accept_spec("buyer", kNowhere, 1), "body.contract");
  refuses(chain.exchange_settle_spec("exchange", kNowhere, 1, 5), "body.contract");
  refuses(chain.close_spec("provider", kNowhere, 0, 0), "body.agreement");
  refuses(chain.paid_spec(kNowhere, "p1"), "body.paid.payout");
  refuses(chain.agreement_spec("provider", kNowhere, all_to(chain.oid("provider"))), "body.register.product");
  refuses(chain.hold_spec("buyer", signed_deal(), 2, 5), "body.place.milestone");
}

TEST_F(Codes, E_STATE) {
  const ShortId asset = chain.product("provider", "a");
  refuses(chain.notice_spec(asset), "body.notice.subject");
  proto::Listing listing;
  listing.mutable_resume()->set_listing(id_text(sale().listing));
  refuses(spec("provider", kListing, listing, {"exchange"}), "body.resume.listing");
  const ShortId order = chain.ordered(sale(), "buyer");
  refuses(chain.order_accept_spec("provider", order), "body.accept.order");
  const proto::Contract contract = chain.sign_body(order, {1'000});
  chain.must(chain.sign_spec(contract, "provider", "buyer"));
  refuses(chain.sign_spec(contract, "provider", "buyer"), "body.sign.order");
  const ShortId deal = accepted_deal();
  refuses(chain.start_spec("provider", deal, 1), "body.milestone");
  refuses(chain.accept_spec("buyer", deal, 1), "body.milestone");
  chain.must(chain.exchange_settle_spec("exchange", deal, 1, 1'000));
  refuses(chain.hold_spec("buyer", deal, 1, 1'000), "body.place.milestone");
  refuses(chain.terminate_spec({"buyer", "provider"}, deal), "body.terminate.contract");
  const ShortId payout = chain.order_payout("buyer", 5);
  chain.must(chain.paid_spec(payout, "p1"));
  refuses(chain.paid_spec(payout, "p2"), "body.paid.payout");
  const ShortId product = chain.made_by(chain.product_spec("provider", asset, "b"));
  const RecordSpec retire = chain.by_cdos(kProduct, retire_body(product), {"provider"});
  chain.must(retire);
  refuses(retire, "body.retire.product");
  proto::Agreement end;
  end.mutable_end()->set_agreement(id_text(chain.agree("provider", asset, all_to(chain.oid("provider")))));
  days(1);
  const RecordSpec ended = chain.by_cdos(kAgreement, end, {"provider"});
  chain.must(ended);
  refuses(ended, "body.end.agreement");
}

TEST_F(Codes, E_DUPLICATE) {
  proto::Listing same;
  same.mutable_price()->set_listing(id_text(sale().listing));
  same.mutable_price()->set_price_minor(1'000);
  refuses(spec("provider", kListing, same, {"exchange"}), "body.price.price_minor");
}

TEST_F(Codes, E_AMOUNT) {
  refuses(altered<proto::Listing>(chain.listing_spec("provider", sale(), 1'000),
                                  [](auto& body) { body.mutable_list()->set_price_minor(-1); }),
          "body.list.price_minor");
  refuses(altered<proto::Order>(chain.order_spec("buyer", sale().listing, 1'000, 1, 1, kDay_s),
                                [](auto& body) { body.mutable_place()->set_total_minor(999); }),
          "body.place.total_minor");
  const ShortId order = chain.ordered(sale(), "buyer");
  refuses(chain.sign_spec(chain.sign_body(order, {-1, 1'001}), "provider", "buyer"),
          "body.sign.milestones[0].amount_minor");
  refuses(spec("bank.finance", 18, chain.funds_body("buyer", 0)), "body.amount_minor");
  refuses(chain.payout_spec("buyer", 0), "body.order.amount_minor");
  refuses(chain.hold_spec("buyer", signed_deal(), 1, 999), "body.place.amount_minor");
  refuses(chain.exchange_settle_spec("exchange", accepted_deal(), 1, 0), "body.amount_minor");
  refuses(chain.exchange_refund_spec("provider", settled_event(), 0), "body.amount_minor");
  RevenueAgreement terms = all_to(chain.oid("provider"));
  terms.steps.insert(terms.steps.begin(), FixedStep{chain.oid("provider"), -1});
  refuses(chain.agreement_spec("provider", chain.product("provider", "a"), terms),
          "body.register.terms.steps[0].fixed.amount_minor");
}

TEST_F(Codes, E_CURRENCY) {
  const RecordSpec listing = chain.listing_spec("provider", sale(), 1'000);
  const auto in = [&](const char* currency) {
    return altered<proto::Listing>(listing, [&](auto& body) { body.mutable_list()->set_currency(currency); });
  };
  refuses(in("XXX"), "body.list.currency");
  refuses(in("USD"), "body.list.currency");
  const ShortId product = chain.product("provider", "a");
  refuses(altered<proto::Agreement>(chain.agreement_spec("provider", product, all_to(chain.oid("provider"))),
                                    [](auto& body) { body.mutable_register_()->set_currency("XXX"); }),
          "body.register.currency");
  proto::Contract deal = chain.contract_body("provider", "buyer", sale().product, sale().agreement, {5});
  deal.mutable_report()->set_currency("USD");
  refuses(spec("provider", kContract, deal, {"buyer"}), "body.report.currency");
}

TEST_F(Codes, E_REF) {
  const ShortId asset = chain.product("provider", "a");
  const ShortId agreement = chain.agree("provider", asset, all_to(chain.oid("provider")));
  refuses(chain.listing_spec("provider", {sale().product, agreement, {}}, 1'000), "body.list.agreement");
  const proto::Contract deal = chain.contract_body("provider", "buyer", sale().product, agreement, {5});
  refuses(spec("provider", kContract, deal, {"buyer"}), "body.report.agreement");
  proto::ProductInput versioned = of_asset(asset);
  versioned.set_version(1);
  refuses(spec("provider.cdo", kProduct, product_body(description("b", {versioned}))),
          "body.register.description.inputs[0].version");
  refuses(chain.by_cdos(kRights, transfer_body(chain, asset, "provider", {{"provider", 5}}, 5), {"provider"}),
          "body.transfer.to[0].oid");
  RecordSpec untouched = chain.asset_spec("provider", "c");
  untouched.expects["org/" + chain.oid("merchant")] = 1;
  refuses(untouched, "expects");
}

TEST_F(Codes, E_LIMIT) {
  refuses(altered<proto::Listing>(chain.listing_spec("provider", sale(), 1'000),
                                  [](auto& body) {
                                    for (char c = 'a'; c <= 'q'; ++c)
                                      body.mutable_list()->add_purposes(std::string(1, c));
                                  }),
          "body.list.purposes");
  const std::vector<std::int64_t> amounts(33, 1);
  refuses(chain.sign_spec(chain.sign_body(chain.ordered(sale(), "buyer"), amounts), "provider", "buyer"),
          "body.sign.milestones");
  RevenueAgreement terms = all_to(chain.oid("provider"));
  terms.steps.insert(terms.steps.begin(), 16, FixedStep{chain.oid("provider"), 1});
  refuses(chain.agreement_spec("provider", chain.product("provider", "a"), terms),
          "body.register.terms.steps");
  days(500);
  const std::int64_t from_s = 1'679'932'800;  // 2023-03-28T00:00:00+08:00
  refuses(chain.close_spec("provider", sale().agreement, from_s, from_s + 401 * kDay_s), "body.to_s");
}

TEST_F(Codes, E_PI_FIELD) {
  const std::string telephone = "call 13812345678";
  refuses(chain.asset_spec("provider", telephone), "body.description.title");
  const ShortId asset = chain.product("provider", "a");
  refuses(chain.product_spec("provider", asset, telephone), "body.register.description.title");
  proto::Order reject;
  reject.mutable_reject()->set_order(id_text(chain.ordered(sale(), "buyer")));
  reject.mutable_reject()->set_reason(telephone);
  refuses(spec("provider", kOrder, reject), "body.reject.reason");
}

TEST_F(Codes, E_INPUT_BASIS) {
  const ShortId asset = chain.product("provider", "a");
  refuses(chain.product_spec("vendor-b", asset, "b"), "body.register.description.inputs[0].subject");
  proto::ProductInput licensed = of_asset(asset);
  licensed.set_basis(proto::INPUT_BASIS_LICENCE);
  refuses(spec("provider.cdo", kProduct, product_body(description("b", {licensed}))),
          "body.register.description.inputs[0].basis");
}

TEST_F(Codes, E_GRADE_LOWERED) {
  proto::ProductDescription product = description("b", {of_asset(chain.product("provider", "a"))});
  product.set_grade(1);
  refuses(spec("provider.cdo", kProduct, product_body(product)), "body.register.description.grade");
}

TEST_F(Codes, E_IN_USE) {
  refuses(chain.by_cdos(kProduct, retire_body(sale().product), {"provider"}), "body.retire.product");
  proto::Agreement end;
  end.mutable_end()->set_agreement(id_text(sale().agreement));
  refuses(chain.by_cdos(kAgreement, end, {"provider"}), "body.end.agreement");
}

TEST_F(Codes, E_NOT_CERTIFIED) {
  const ShortId applied = chain.made_by(chain.product_spec("provider", chain.product("provider", "a"), "b"));
  refuses(chain.listing_spec("provider", {applied, sale().agreement, {}}, 5), "body.list.product");
  chain.must(spec("registrar", kCertify, revoke_body(sale().product)));
  refuses(chain.order_spec("buyer", sale().listing, 1'000, 1, 1, kDay_s), "body.place.listing");
}

TEST_F(Codes, E_ALREADY_LISTED) {
  refuses(chain.listing_spec("provider", sale(), 1'000), "body.list.product");
}

TEST_F(Codes, E_CROSS_EXCHANGE) {
  const std::string member = test_oid(500);
  chain.must(spec("exchange-2", kOrg, ledger::testing::registration(chain, "member", member)));
  proto::FundsIn funds = chain.funds_body("buyer", 5);
  funds.set_oid(member);
  refuses(spec("bank.finance", 18, funds), "body.oid");
  refuses(chain.order_spec("member", sale().listing, 1'000, 1, 1, kDay_s), "author");
  proto::Payout payout;
  payout.mutable_order()->set_payee(member);
  payout.mutable_order()->set_exchange(chain.oid("exchange"));
  payout.mutable_order()->set_currency("CNY");
  payout.mutable_order()->set_amount_minor(5);
  *payout.mutable_order()->mutable_account() = data_digest("account");
  refuses(spec("member", 29, payout), "body.order.payee");
}

TEST_F(Codes, E_PRICE_CHANGED) {
  refuses(chain.order_spec("buyer", sale().listing, 1'000, 2, 1, kDay_s), "body.place.price_version");
}

TEST_F(Codes, E_PURPOSE) {
  refuses(altered<proto::Order>(chain.order_spec("buyer", sale().listing, 1'000, 1, 1, kDay_s),
                                [](auto& body) { body.mutable_place()->set_purpose("resale"); }),
          "body.place.purpose");
  proto::Contract contract = chain.sign_body(chain.ordered(sale(), "buyer"), {1'000});
  contract.mutable_sign()->mutable_licence()->set_purposes(0, "resale");
  refuses(chain.sign_spec(contract, "provider", "buyer"), "body.sign.licence.purposes");
}

TEST_F(Codes, E_BUYER) {
  refuses(chain.order_spec("provider", sale().listing, 1'000, 1, 1, kDay_s), "author");
}

}  // namespace
}  // namespace circula::node
