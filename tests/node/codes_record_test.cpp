// Codes that any record can come to: its form, its times, its keys and what it expects.
#include "tests/ledger/identity_records.h"
#include "tests/node/codes.h"

namespace circula::node {
namespace {

using namespace ledger;
using namespace ledger::testing;
using testing::Codes;
namespace proto = ledger::proto;

constexpr std::uint64_t kHourMs = 3'600'000;

RecordSpec without_body(std::uint16_t type, std::uint16_t version = 1) {
  RecordSpec record;
  record.author = "provider";
  record.type = type;
  record.version = version;
  return record;
}

TEST_F(Codes, E_FORMAT) {
  for (const std::uint16_t type : {1, 2, 8, 11, 14, 15, 16, 17, 19, 20, 22, 26, 29}) {
    SCOPED_TRACE(type);
    refuses(without_body(type), "body.op");
  }
  refuses(altered<proto::AssetRegister>(chain.asset_spec("provider", "a"),
                                        [](auto& body) { body.mutable_description()->clear_title(); }),
          "body.description.title");
  proto::FundsIn funds = chain.funds_body("buyer", 5);
  funds.clear_bank_reference();
  refuses(spec("bank.finance", 18, funds), "body.bank_reference.suite");
  RevenueAgreement terms = all_to(chain.oid("provider"));
  terms.steps.insert(terms.steps.begin(), RecoupStep{"a/b", chain.oid("provider"), 1, 1});
  refuses(chain.agreement_spec("provider", chain.product("provider", "b"), terms),
          "body.register.terms.steps[0].recoup.id");
  refuses(spec("provider.finance", kSettle, proto::Settle()), "body.invoice.suite");
  refuses(spec("provider.finance", kRefund, proto::Refund()), "body.event");
  refuses(spec("provider.finance", kPeriodClose, proto::PeriodClose()), "body.agreement");
}

TEST_F(Codes, E_TYPE) {
  refuses(without_body(12), "type");
  refuses(without_body(14, 2), "type");
}

TEST_F(Codes, E_KEY_UNKNOWN) {
  refuses(chain.asset_spec("stranger", "a"), "author");
  RecordSpec record = chain.asset_spec("provider", "a");
  record.signers = {"stranger"};
  refuses(record, "signers");
}

TEST_F(Codes, E_KEY_REVOKED) {
  chain.must(spec("provider", kKey, revocation(chain, "provider.cdo")));
  refuses(chain.asset_spec("provider", "a"), "author");
  refuses(spec("provider", kKey, revocation(chain, "provider.cdo")), "body.revoke.public_key");
  const std::string oid = chain.oid("provider");
  refuses(spec("provider", kKey, rotation(chain, "provider.cdo", "new", oid, chain.now_s() + 100)),
          "body.rotate.replaces");
}

TEST_F(Codes, E_KEY_EXPIRED) {
  const std::string oid = chain.oid("provider");
  chain.must(spec("provider", kKey, rotation(chain, "provider.cdo", "new", oid, chain.now_s() + 100)));
  chain.advance_ms(100'000);
  refuses(chain.asset_spec("provider", "a"), "author");
  refuses(spec("provider", kKey, rotation(chain, "provider.cdo", "newer", oid, chain.now_s() + 100)),
          "body.rotate.replaces");
}

// The record comes a second time, in another envelope.
TEST_F(Codes, E_REPLAY) {
  const Bytes record = chain.record_bytes(chain.asset_spec("provider", "a"));
  const auto sealed = [&](const std::vector<Bytes>& records) {
    return ledger::seal_envelope(chain.genesis().chain_id(), records, {&chain.key("provider.cdo")});
  };
  EXPECT_EQ(post("/v1/records", sealed({record})).status, 201);
  const Reply again =
      post("/v1/records", sealed({record, chain.record_bytes(chain.asset_spec("provider", "b"))}));
  expect_outcome(again, "");
  EXPECT_EQ(testing::text(again.json().at("records").at(0), "decided_at"), "2");
  EXPECT_EQ(testing::text(again.json().at("records").at(1), "code"), "E_OK");
}

TEST_F(Codes, E_CONFLICT) {
  RecordSpec record = chain.payout_spec("buyer", 1);
  record.expects["org/" + chain.oid("buyer")] = 7;
  refuses(record, "expects");
}

TEST_F(Codes, E_EXPIRED) {
  RecordSpec record = chain.asset_spec("provider", "a");
  record.created_at_ms = static_cast<std::int64_t>(chain.time_ms() - kHourMs);
  record.lifetime_ms = kHourMs;
  refuses(record, "expires_at_ms");
}

TEST_F(Codes, E_EARLY) {
  RecordSpec record = chain.asset_spec("provider", "a");
  record.created_at_ms = static_cast<std::int64_t>(chain.time_ms() + 5 * 60'000 + 1);
  refuses(record, "created_at_ms");
}

TEST_F(Codes, E_TIME) {
  RecordSpec record = chain.asset_spec("provider", "a");
  record.lifetime_ms = 0;
  refuses(record, "expires_at_ms");
  proto::Key key = addition(chain, "new", chain.oid("provider"), proto::KEY_USAGE_CDO);
  key.mutable_add()->set_not_after_s(chain.now_s());
  refuses(spec("provider", kKey, key), "body.add.not_after_s");
  const ShortId asset = registered(chain, "provider", asset_body("a"));
  chain.must(chain.notice_spec(asset));
  refuses(altered<proto::Certify>(chain.issue_spec(asset, "provider"),
                                  [&](auto& body) { body.mutable_issue()->set_valid_to_s(chain.now_s()); }),
          "body.issue.valid_to_s");
  proto::FundsIn tomorrow = chain.funds_body("buyer", 5);
  tomorrow.set_value_date_s(chain.now_s() + 1);
  refuses(spec("bank.finance", 18, tomorrow), "body.value_date_s");
  const ShortId contract = signed_deal();
  refuses(altered<proto::Hold>(chain.hold_spec("buyer", contract, 1, 1'000),
                               [&](auto& body) { body.mutable_place()->set_expires_s(chain.now_s() + 100); }),
          "body.place.expires_s");
}

TEST_F(Codes, E_ROLE) {
  refuses(spec("provider", kOrg, ledger::testing::registration(chain, "member", test_oid(500))), "author");
  const ShortId asset = registered(chain, "provider", asset_body("a"));
  refuses(spec("buyer", kCertify, notice_body(asset)), "author");
  proto::FundsIn fund = chain.funds_body("buyer", 5);
  fund.set_guarantee_fund(true);
  refuses(spec("bank.finance", 18, fund), "body.oid");
  RecordSpec listing = chain.listing_spec("provider", sale(), 1'000);
  refuses(altered<proto::Listing>(
              listing, [&](auto& body) { body.mutable_list()->set_exchange(chain.oid("provider")); }),
          "body.list.exchange");
  const ShortId contract = signed_deal();
  refuses(chain.release_spec("exchange", contract, 1), "body.release.contract");
  refuses(chain.terminate_spec({"exchange"}, contract), "body.terminate.contract");
  refuses(chain.close_spec("buyer", sale().agreement, 0, 0), "body.agreement");
  proto::Contract forum = chain.sign_body(chain.ordered(sale(), "buyer"), {1'000});
  forum.mutable_sign()->set_forum(chain.oid("broker"));
  refuses(chain.sign_spec(forum, "provider", "buyer"), "body.sign.forum");
}

TEST_F(Codes, E_POLICY) {
  RecordSpec asset = chain.asset_spec("provider", "a");
  asset.author = "provider";
  refuses(asset, "author");
  RecordSpec listing = chain.listing_spec("provider", sale(), 1'000);
  listing.signers.clear();
  refuses(listing, "body.list.exchange");
  const ShortId order = chain.made_by(chain.order_spec("buyer", sale().listing, 1'000, 1, 1, kDay_s));
  proto::Order cancel;
  cancel.mutable_cancel()->set_order(id_text(order));
  refuses(spec("vendor-b", 16, cancel), "body.cancel.order");
  const proto::Contract contract = chain.sign_body(chain.ordered(sale(), "buyer"), {1'000});
  refuses(spec("provider", kContract, contract, {"buyer"}), "body.sign.order");
  refuses(spec("bank", 18, chain.funds_body("buyer", 5)), "author");
  RecordSpec payout = chain.payout_spec("buyer", 5);
  payout.author = "provider.finance";
  refuses(payout, "body.order.payee");
  const ShortId deal = signed_deal();
  refuses(chain.hold_spec("provider", deal, 1, 1'000), "body.place.contract");
  refuses(chain.start_spec("buyer", deal, 1), "body.contract");
  refuses(chain.accept_spec("provider", deal, 1), "body.contract");
  refuses(chain.exchange_settle_spec("buyer", deal, 1, 1'000), "body.contract");
  refuses(chain.exchange_settle_spec("exchange", accepted_deal(), 1, 999), "body.amount_minor");
  const ShortId event = settled_event();
  RecordSpec refund = chain.exchange_refund_spec("provider", event, 1);
  refund.signers.clear();
  refuses(refund, "body.event");
}

TEST_F(Codes, E_DELEGATION) {
  RecordSpec record = chain.asset_spec("provider", "a");
  record.on_behalf = chain.oid("buyer");
  refuses(record, "delegation");
  record.on_behalf.clear();
  record.delegation = std::string(16, 'd');
  refuses(record, "delegation");
}

TEST_F(Codes, E_ORG_SUSPENDED) {
  const ShortId order = chain.made_by(chain.order_spec("buyer", sale().listing, 1'000, 1, 1, kDay_s));
  chain.must(spec("regulator", kOrg, suspension(chain.oid("buyer"))));
  refuses(chain.payout_spec("buyer", 1), "author");
  RecordSpec signs = chain.asset_spec("provider", "a");
  signs.signers = {"buyer"};
  refuses(signs, "signers");
  refuses(chain.order_accept_spec("provider", order), "body.accept.order");
}

TEST_F(Codes, E_SCOPE) {
  const ShortId asset = registered(chain, "provider", asset_body("a"));
  chain.must(chain.notice_spec(asset));
  refuses(spec("registrar-2", kCertify, refuse_body(asset)), "author");
  refuses(spec("exchange", kOrg, suspension(chain.oid("provider"))), "author");
}

}  // namespace
}  // namespace circula::node
