// Codes of members, their keys, assets, certificates and rights (records 1, 2, 6, 8, 11).
#include "tests/ledger/identity_records.h"
#include "tests/ledger/trade_records.h"
#include "tests/node/codes.h"

namespace circula::node {
namespace {

using namespace ledger::testing;
using testing::Codes;
namespace proto = ledger::proto;

const std::string kMember = test_oid(500);

TEST_F(Codes, E_USCC) {
  refuses(spec("exchange", kOrg, ledger::testing::registration(chain, "member", "91350200M000100Y43")),
          "body.register.oid");
}

TEST_F(Codes, E_ORG_EXISTS) {
  admit(chain, "member", kMember);
  refuses(spec("exchange", kOrg, ledger::testing::registration(chain, "other", kMember)),
          "body.register.oid");
}

TEST_F(Codes, E_OPEN_ITEMS) {
  admit(chain, "member", kMember);
  proto::FundsIn money = chain.funds_body("buyer", 5);
  money.set_oid(kMember);
  chain.must(spec("bank.finance", 18, money));
  refuses(spec("member", kOrg, exit_of(kMember), {"exchange"}), "body.exit.oid");
}

TEST_F(Codes, E_KEY_REUSED) {
  const std::string oid = chain.oid("provider");
  refuses(spec("provider", kKey, addition(chain, "buyer", oid, proto::KEY_USAGE_CDO)), "body.add.public_key");
  refuses(spec("provider", kKey, rotation(chain, "provider.cdo", "buyer", oid, chain.now_s() + 100)),
          "body.rotate.public_key");
  refuses(spec("exchange", kOrg, ledger::testing::registration(chain, "buyer", kMember)),
          "body.register.first_key");
}

TEST_F(Codes, E_POP) {
  const std::string for_another = possession(chain, "new", chain.oid("buyer"));
  proto::Key key = addition(chain, "new", chain.oid("provider"), proto::KEY_USAGE_CDO);
  key.mutable_add()->set_possession(for_another);
  refuses(spec("provider", kKey, key), "body.add.possession");
  proto::Org organisation = ledger::testing::registration(chain, "new", kMember);
  organisation.mutable_register_()->set_possession(for_another);
  refuses(spec("exchange", kOrg, organisation), "body.register.possession");
}

TEST_F(Codes, E_LAST_KEY) {
  refuses(spec("provider", kKey, revocation(chain, "provider")), "body.revoke.public_key");
}

TEST_F(Codes, E_CORE_DATA) {
  proto::AssetRegister asset = asset_body("a");
  asset.mutable_description()->set_grade(6);
  refuses(spec("provider.cdo", kAssetRegister, asset, {"provider"}), "body.description.grade");
  proto::ProductDescription product = description("b", {of_asset(chain.product("provider", "b"))});
  product.set_grade(6);
  refuses(spec("provider.cdo", kProduct, product_body(product), {"provider"}),
          "body.register.description.grade");
}

TEST_F(Codes, E_SOURCE) {
  proto::AssetRegister asset = asset_body("a");
  proto::AssetSource& source = *asset.mutable_description()->mutable_sources(0);
  source.set_how(proto::SOURCE_KIND_DERIVED);
  refuses(spec("provider.cdo", kAssetRegister, asset), "body.description.sources[0].asset");
  source.set_asset(id_text(registered(chain, "provider", asset_body("not certified"))));
  refuses(spec("provider.cdo", kAssetRegister, asset), "body.description.sources[0].asset");
  source.set_asset(id_text(chain.product("vendor-b", "another's")));
  refuses(spec("provider.cdo", kAssetRegister, asset), "body.description.sources[0].asset");
}

TEST_F(Codes, E_DUP_CONTENT) {
  (void)registered(chain, "provider", asset_body("a"));
  refuses(chain.asset_spec("vendor-b", "a"), "body.description.content");
}

TEST_F(Codes, E_NO_BASIS) {
  proto::AssetRegister asset = asset_body("a");
  asset.mutable_description()->set_personal_information(proto::PERSONAL_INFORMATION_PERSONAL);
  *asset.mutable_description()->mutable_content() = data_digest("a", true);
  refuses(spec("provider.cdo", kAssetRegister, asset), "body.description.personal_information");
  proto::ProductDescription product = description("b", {of_asset(chain.product("provider", "b"))});
  product.set_personal_information(proto::PERSONAL_INFORMATION_SENSITIVE);
  refuses(spec("provider.cdo", kProduct, product_body(product)),
          "body.register.description.personal_information");
}

TEST_F(Codes, E_NOTICE) {
  refuses(chain.issue_spec(registered(chain, "provider", asset_body("a")), "provider"), "body.issue.subject");
}

TEST_F(Codes, E_RELATED) {
  refuses(chain.notice_spec(registered(chain, "registrar", asset_body("its own"))), "author");
}

TEST_F(Codes, E_CERT_NO) {
  const ShortId asset = registered(chain, "provider", asset_body("a"));
  refuses(spec("registrar-3", kCertify, notice_body(asset)), "author");
}

TEST_F(Codes, E_NO_RIGHT) {
  const ShortId asset = chain.product("provider", "a");
  refuses(chain.by_cdos(kRights, transfer_body(chain, asset, "buyer", {{"vendor-b", 5}}, 5),
                        {"buyer", "vendor-b"}),
          "body.transfer.from");
  RecordSpec listing = chain.listing_spec("provider", sale(), 1'000);
  listing.author = "vendor-b";
  refuses(listing, "body.list.exchange");
  refuses(chain.order_accept_spec("vendor-b", chain.ordered(sale(), "buyer")), "body.accept.order");
  const proto::Contract deal = chain.contract_body("vendor-b", "buyer", asset, sale().agreement, {5});
  refuses(spec("vendor-b", kContract, deal, {"buyer"}), "body.report.seller");
  refuses(chain.by_cdos(kAgreement, chain.agreement_body(asset, all_to(chain.oid("vendor-b"))), {"vendor-b"}),
          "body.register.product");
}

TEST_F(Codes, E_PPM) {
  const ShortId asset = chain.product("provider", "a");
  const auto transfer = [&](std::uint32_t to_vendor, std::uint32_t moved) {
    const proto::Rights body = transfer_body(chain, asset, "provider", {{"vendor-b", to_vendor}}, moved);
    return chain.by_cdos(kRights, body, {"provider", "vendor-b"});
  };
  refuses(transfer(5, 6), "body.transfer.to");
  refuses(transfer(1'000'001, 1'000'001), "body.transfer.ppm");
  proto::ProductInput input = of_asset(asset);
  input.set_weight_ppm(1'000'001);
  refuses(spec("provider.cdo", kProduct, product_body(description("b", {input}))),
          "body.register.description.inputs");
  const ShortId applied = registered(chain, "provider", asset_body("c"));
  chain.must(chain.notice_spec(applied));
  const NamedShares all = {{"provider", 1'000'000}};
  const proto::Certify issue = issue_body(chain, applied, all, all, {{"provider", 999'999}});
  refuses(spec("registrar", kCertify, issue), "body.issue.operation");
}

TEST_F(Codes, E_GRADE_APPROVAL) {
  proto::AssetRegister important = asset_body("a");
  important.mutable_description()->set_grade(5);
  const ShortId asset = certified(chain, "provider", important);
  refuses(spec("provider.cdo", kRights, transfer_body(chain, asset, "provider", {{"vendor-b", 1}}, 1),
               {"provider", "vendor-b", "vendor-b.cdo"}),
          "signers");
}

}  // namespace
}  // namespace circula::node
