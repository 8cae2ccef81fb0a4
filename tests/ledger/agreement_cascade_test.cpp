// Record 26 AGREEMENT: royalties to other products, and what they add up to.
#include "tests/ledger/agreements.h"

namespace circula::ledger {
namespace {

using namespace testing;

TEST_F(Agreements, pay_royalties_to_products_that_have_an_agreement) {
  const ShortId source = chain_.product("vendor-b", "Road map");
  EXPECT_EQ(register_terms(royalty_to(source)), "E_NO_AGREEMENT");
  (void)chain_.agree("vendor-b", source, all_to(chain_.oid("vendor-b")));
  EXPECT_EQ(register_terms(royalty_to(source)), "E_OK");
}

TEST_F(Agreements, share_in_one_currency_all_the_way_down) {
  const ShortId source = chain_.product("vendor-b", "Road map");
  proto::Agreement body = chain_.agreement_body(source, all_to(chain_.oid("vendor-b")));
  body.mutable_register_()->set_currency("USD");
  require_ok(chain_.submit(chain_.by_cdos(kAgreement, body, {"vendor-b"})));
  EXPECT_EQ(register_terms(royalty_to(source)), "E_CURRENCY");
}

TEST_F(Agreements, never_pay_royalties_in_a_circle) {
  EXPECT_EQ(register_terms(royalty_to(asset_)), "E_CYCLE") << "to itself";
  const ShortId id = chain_.agree("provider", asset_, all_to(chain_.oid("provider")));
  const ShortId derived = chain_.product("vendor-b", "Index");
  RevenueAgreement terms = all_to(chain_.oid("vendor-b"));
  terms.steps.insert(terms.steps.begin(), RoyaltyStep{ShareBase::kGross, {{product_name(asset_), 1}}});
  (void)chain_.agree("vendor-b", derived, terms);
  chain_.advance_ms(1000);
  EXPECT_EQ(next_version(id, 2, royalty_to(derived)), "E_CYCLE");
}

// Each list alone is harmless: the sale of one product takes the first list at its top and the other below.
TEST_F(Agreements, never_pay_royalties_in_a_circle_of_both_lists) {
  const ShortId derived = chain_.product("vendor-b", "Index");
  const ShortId below = chain_.agree("vendor-b", derived, all_to(chain_.oid("vendor-b")));
  RevenueAgreement terms = royalty_to(derived);
  terms.royalty_steps = all_to(chain_.oid("provider")).steps;
  (void)chain_.agree("provider", asset_, terms);
  chain_.advance_ms(1000);
  RevenueAgreement back = all_to(chain_.oid("vendor-b"));
  back.royalty_steps = back.steps;
  back.royalty_steps.insert(back.royalty_steps.begin(),
                            RoyaltyStep{ShareBase::kGross, {{product_name(asset_), 1}}});
  EXPECT_EQ(chain_.submit_name(
                chain_.by_cdos(kAgreement, chain_.version_body(below, derived, 2, back), {"vendor-b"})),
            "E_CYCLE");
}

// The circle would close only when a version that is announced begins.
TEST_F(Agreements, see_a_circle_that_lies_ahead) {
  const ShortId id = chain_.agree("provider", asset_, all_to(chain_.oid("provider")));
  const ShortId derived = chain_.product("vendor-b", "Index");
  const ShortId below = chain_.agree("vendor-b", derived, all_to(chain_.oid("vendor-b")));
  RevenueAgreement later = all_to(chain_.oid("vendor-b"));
  later.steps.insert(later.steps.begin(), RoyaltyStep{ShareBase::kGross, {{product_name(asset_), 1}}});
  later.effective_from_s = chain_.now_s() + 1000;
  chain_.next_version("vendor-b", below, derived, 2, later);
  chain_.advance_ms(1000);
  EXPECT_EQ(next_version(id, 2, royalty_to(derived)), "E_CYCLE");
  RevenueAgreement until = royalty_to(derived);
  until.effective_to_s = later.effective_from_s;
  EXPECT_EQ(next_version(id, 2, until), "E_OK") << "it ends before";
}

TEST_F(Agreements, keep_a_cascade_within_its_depth_and_size) {
  std::vector<ShortId> chain = {asset_};
  (void)chain_.agree("provider", asset_, all_to(chain_.oid("provider")));
  for (int level = 1; level <= 9; ++level) {
    const ShortId next = chain_.product("provider", "level " + std::to_string(level));
    const RevenueAgreement terms = royalty_to(chain.back());
    const std::string outcome =
        chain_.submit_name(chain_.by_cdos(kAgreement, chain_.agreement_body(next, terms), {"provider"}));
    EXPECT_EQ(outcome, level <= 8 ? "E_OK" : "E_DEPTH") << level;
    chain.push_back(next);
  }
  // 8 items of a product whose royalties go to 8 products, each with agreements: 1 + 8 + 64 nodes.
  RevenueAgreement wide = all_to(chain_.oid("provider"));
  RoyaltyStep items{ShareBase::kGross, {}};
  for (int i = 0; i < 8; ++i) items.items.push_back({product_name(asset_), 1'000});
  wide.steps.insert(wide.steps.begin(), items);
  const ShortId middle = chain_.product("provider", "middle");
  (void)chain_.agree("provider", middle, wide);
  for (RoyaltyItem& item : items.items) item.product = product_name(middle);
  wide.steps.front() = items;
  const ShortId top = chain_.product("provider", "top");
  EXPECT_EQ(chain_.submit_name(chain_.by_cdos(kAgreement, chain_.agreement_body(top, wide), {"provider"})),
            "E_LIMIT");
}

}  // namespace
}  // namespace circula::ledger
