// Codes of agreements, of the income that they share and of its periods (records 23, 26, 28).
#include "tests/ledger/trade_records.h"
#include "tests/node/codes.h"

namespace circula::node {
namespace {

using namespace ledger;
using namespace ledger::testing;
using testing::Codes;
namespace proto = ledger::proto;

using Steps = std::vector<RevenueStep>;
constexpr ShareBase kGross = ShareBase::kGross;
constexpr std::int64_t kMarch28 = 1'679'932'800;  // 2023-03-28T00:00:00+08:00, the chain's first day

// Steps, and the rest to "provider".
RevenueAgreement with(const TestChain& chain, const Steps& steps) {
  RevenueAgreement terms = all_to(chain.oid("provider"));
  terms.steps.insert(terms.steps.begin(), steps.begin(), steps.end());
  return terms;
}

RevenueAgreement royalties(const TestChain& chain, const ShortId& product, std::size_t items = 1) {
  const RoyaltyItem item{product_name(product), 100'000};
  return with(chain, {RoyaltyStep{kGross, {items, item}}});
}

TEST_F(Codes, E_VERSION) {
  proto::Agreement third =
      chain.version_body(sale().agreement, sale().product, 3, all_to(chain.oid("provider")));
  refuses(chain.by_cdos(kAgreement, third, {"provider"}), "body.register.version");
  const auto what = description("Index", {of_asset(chain.product("provider", "a"))});
  const ShortId product = chain.made_by(spec("provider.cdo", kProduct, product_body(what)));
  refuses(spec("provider.cdo", kProduct, version_body(product, 3, what)), "body.version.version");
}

TEST_F(Codes, E_PRODUCT) {
  refuses(chain.agreement_spec("provider", sale().product, all_to(chain.oid("provider"))),
          "body.register.product");
}

TEST_F(Codes, E_EFFECTIVE) {
  const ShortId product = chain.product("provider", "a");
  RevenueAgreement terms = all_to(chain.oid("provider"));
  terms.effective_from_s = chain.now_s() + 100;
  terms.effective_to_s = chain.now_s() + 100;
  refuses(chain.agreement_spec("provider", product, terms), "body.register.effective_to_s");
  terms.effective_to_s.reset();
  proto::Agreement end;
  end.mutable_end()->set_agreement(id_text(chain.agree("provider", product, terms)));
  refuses(chain.by_cdos(kAgreement, end, {"provider"}), "body.end.effective_to_s");
}

TEST_F(Codes, E_STEPS) {
  RevenueAgreement terms = all_to(chain.oid("provider"));
  terms.steps.clear();
  refuses(chain.agreement_spec("provider", chain.product("provider", "a"), terms),
          "body.register.terms.steps");
}

TEST_F(Codes, E_RATE) {
  const ShortId product = chain.product("provider", "a");
  RevenueAgreement terms = with(chain, {TaxStep{chain.oid("tax"), 1'000'001}});
  refuses(chain.agreement_spec("provider", product, terms), "body.register.terms.steps[0].tax.rate_ppm");
  terms = with(chain, {});
  terms.royalty_steps = {SplitStep{{part(chain.oid("provider"), 1'000'000), part(chain.oid("vendor-b"), 0)}}};
  refuses(chain.agreement_spec("provider", product, terms),
          "body.register.terms.royalty_steps[0].split.payees[1].share_ppm");
}

TEST_F(Codes, E_SHARE_SUM) {
  RevenueAgreement terms = all_to(chain.oid("provider"));
  terms.steps = {SplitStep{{part(chain.oid("provider"), 999'999)}}};
  refuses(chain.agreement_spec("provider", chain.product("provider", "a"), terms),
          "body.register.terms.steps[0].split.payees");
}

TEST_F(Codes, E_TIERS) {
  const RevenueAgreement terms =
      with(chain, {TieredStep{"t", chain.oid("provider"), kGross, TierPeriod::kMonth, {}}});
  refuses(chain.agreement_spec("provider", chain.product("provider", "a"), terms),
          "body.register.terms.steps[0].tiered.tiers");
}

TEST_F(Codes, E_DUP_ID) {
  const RecoupStep recoup{"same", chain.oid("provider"), 1, 1};
  refuses(chain.agreement_spec("provider", chain.product("provider", "a"), with(chain, {recoup, recoup})),
          "body.register.terms.steps[1].recoup.id");
}

TEST_F(Codes, E_PARTY) {
  RevenueAgreement terms = all_to(chain.oid("provider"));
  terms.guarantees = {{chain.oid("provider"), chain.oid("provider"), 100}};
  refuses(chain.agreement_spec("provider", chain.product("provider", "a"), terms),
          "body.register.terms.guarantees[0].guarantor");
}

TEST_F(Codes, E_RETROACTIVE) {
  const ShortId product = chain.product("provider", "a");
  RevenueAgreement terms = all_to(chain.oid("provider"));
  terms.effective_from_s = chain.now_s() - 1;
  refuses(chain.agreement_spec("provider", product, terms), "body.register.effective_from_s");
  proto::Agreement end;
  end.mutable_end()->set_agreement(id_text(chain.agree("provider", product, all_to(chain.oid("provider")))));
  days(1);
  end.mutable_end()->set_effective_to_s(chain.now_s() - 1);
  refuses(chain.by_cdos(kAgreement, end, {"provider"}), "body.end.effective_to_s");
}

TEST_F(Codes, E_COSIGN) {
  const ShortId product = chain.product("provider", "a");
  RevenueAgreement terms = all_to(chain.oid("provider"));
  terms.steps = {SplitStep{{part(chain.oid("provider"), 600'000), part(chain.oid("vendor-b"), 400'000)}}};
  refuses(chain.by_cdos(kAgreement, chain.agreement_body(product, terms), {"provider"}),
          "body.register.terms");
  proto::Agreement end;
  end.mutable_end()->set_agreement(id_text(chain.agree("provider", product, terms)));
  refuses(chain.by_cdos(kAgreement, end, {"provider"}), "body.end.agreement");
}

TEST_F(Codes, E_CYCLE) {
  const ShortId asset = chain.product("provider", "a");
  refuses(chain.agreement_spec("provider", asset, royalties(chain, asset)), "body.register.terms");
  const ShortId product = chain.made_by(chain.product_spec("provider", asset, "Index"));
  proto::Product version =
      version_body(product, 2, description("Index", {of_product(product, 1, proto::INPUT_BASIS_OWN)}));
  version.mutable_version()->mutable_description()->set_kind(proto::PRODUCT_KIND_DATASET);
  refuses(spec("provider.cdo", kProduct, version), "body.version.description.inputs[0].subject");
}

TEST_F(Codes, E_DEPTH) {
  ShortId below = chain.product("provider", "level 0");
  (void)chain.agree("provider", below, all_to(chain.oid("provider")));
  for (int level = 1; level <= 8; ++level) {
    const ShortId next = chain.product("provider", "level " + std::to_string(level));
    (void)chain.agree("provider", next, royalties(chain, below));
    below = next;
  }
  refuses(chain.agreement_spec("provider", chain.product("provider", "level 9"), royalties(chain, below)),
          "body.register.terms");
  ShortId product =
      chain.made_by(chain.product_spec("provider", chain.product("provider", "made of"), "made"));
  const auto made_of = [&](const ShortId& of) {
    const auto what = description("made", {of_product(of, 1, proto::INPUT_BASIS_OWN)});
    return spec("provider.cdo", kProduct, product_body(what));
  };
  for (int level = 2; level <= 8; ++level) product = chain.made_by(made_of(product));
  refuses(made_of(product), "body.register.description.inputs[0].subject");
}

// A version of a source makes the cascade above it too large.
TEST_F(Codes, E_NODES) {
  const ShortId leaf = chain.product("provider", "leaf");
  const ShortId middle = chain.product("provider", "middle");
  const ShortId top = chain.product("provider", "top");
  (void)chain.agree("provider", leaf, all_to(chain.oid("provider")));
  const ShortId source = chain.agree("provider", middle, royalties(chain, leaf, 6));
  const ShortId agreement = chain.agree("provider", top, royalties(chain, middle, 8));
  const ShortId contract = chain.contract("provider", "buyer", top, agreement, {1'000'000});
  days(1);
  chain.next_version("provider", source, middle, 2, royalties(chain, leaf, 8));
  refuses(chain.settle_spec("provider", "buyer", chain.settle_body(contract, 1, 1'000'000)), "body.contract");
}

TEST_F(Codes, E_NO_AGREEMENT) {
  const ShortId source = chain.product("vendor-b", "source");
  const ShortId product = chain.product("provider", "a");
  refuses(chain.agreement_spec("provider", product, royalties(chain, source)), "body.register.terms");
  RevenueAgreement ending = all_to(chain.oid("provider"));
  ending.effective_to_s = chain.now_s() + kDay_s;
  const OnSale sale = chain.put_on_sale("provider", "Index", 1'000, ending);
  const ShortId order = chain.ordered(sale, "buyer");
  days(1);
  refuses(chain.order_spec("buyer", sale.listing, 1'000, 1, 1, kDay_s), "body.place.listing");
  refuses(chain.sign_spec(chain.sign_body(order, {1'000}), "provider", "buyer"), "body.sign.order");
  proto::Contract deal = chain.contract_body("provider", "buyer", sale.product, sale.agreement, {5});
  refuses(spec("provider", kContract, deal, {"buyer"}), "body.report.agreement_version");
  proto::Listing delist;
  delist.mutable_delist()->set_listing(id_text(sale.listing));
  chain.must(spec("provider", kListing, delist));
  refuses(chain.listing_spec("provider", sale, 1'000), "body.list.agreement");
  refuses(chain.close_spec("provider", sale.agreement, kMarch28, kMarch28), "body.to_s");
}

TEST_F(Codes, E_PERIOD_OPEN) {
  refuses(chain.close_spec("provider", sale().agreement, kMarch28, kMarch28 + kDay_s), "body.to_s");
}

TEST_F(Codes, E_CLOSED) {
  const ShortId agreement = sale().agreement;
  days(10);
  chain.must(chain.close_spec("provider", agreement, kMarch28, kMarch28 + 7 * kDay_s));
  refuses(chain.close_spec("provider", agreement, kMarch28 + 6 * kDay_s, kMarch28 + 8 * kDay_s),
          "body.from_s");
}

}  // namespace
}  // namespace circula::node
