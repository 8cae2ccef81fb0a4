// Record 15 LISTING: products offered at an exchange.
#include "ledger/listing.h"

#include "tests/ledger/identity_records.h"
#include "tests/ledger/trade_records.h"

namespace circula::ledger {
namespace {

using namespace testing;

class Listings : public Trade {
 protected:
  // The outcome with one thing altered.
  template <class Alter>
  std::string altered(Alter alter) {
    proto::Listing body = listing();
    alter(*body.mutable_list());
    return by_both(body);
  }
  std::string by(const std::string& author, const proto::Listing& body) {
    return submit(spec(author, kListing, body));
  }
  std::string end_agreement(const ShortId& agreement, const std::vector<std::string>& parties) {
    proto::Agreement body;
    body.mutable_end()->set_agreement(id_text(agreement));
    return submit(chain_.by_cdos(kAgreement, body, parties));
  }
  std::string next_version(std::uint32_t number, const RevenueAgreement& terms) {
    return submit(chain_.by_cdos(kAgreement, chain_.version_body(agreement_, product_, number, terms),
                                 {"provider", "vendor-b"}));
  }
  RevenueAgreement with_royalty_to(const ShortId& product) const {
    RevenueAgreement terms = two_parts();
    terms.steps.insert(terms.steps.begin(),
                       RoyaltyStep{ShareBase::kGross, {{product_name(product), 100'000}}});
    return terms;
  }
  std::string retire() { return submit(spec("provider.cdo", kProduct, retire_body(product_))); }
};

using L = proto::ListingOpen;

TEST_F(Listings, are_made_by_the_sellers_side_and_the_exchange) {
  const std::uint64_t before = chain_.open_items("exchange");
  const ShortId id = listed();
  const proto::ListingState state = chain_.listing_state(id);
  EXPECT_EQ(state.status(), proto::LISTING_STATUS_LISTED);
  EXPECT_EQ(state.price_minor(), 500);
  EXPECT_EQ(state.price_version(), 1U);
  EXPECT_EQ(state.from_s(), chain_.now_s());
  ASSERT_EQ(state.agreements_size(), 1);
  EXPECT_EQ(state.agreements(0), id_text(agreement_));
  EXPECT_EQ(chain_.product_state(product_).live_listings(), 1U);
  EXPECT_EQ(chain_.counter(agreement_, "@listed"), 1);
  EXPECT_EQ(chain_.open_items("exchange"), before + 1);
}

TEST_F(Listings, need_both_signatures) {
  EXPECT_EQ(by("provider", listing()), "E_POLICY");
  EXPECT_EQ(submit(spec("provider", kListing, listing(), {"exchange.finance"})), "E_POLICY");
  EXPECT_EQ(by("exchange", listing()), "E_NO_RIGHT");
  EXPECT_EQ(submit(spec("exchange", kListing, listing(), {"provider.finance"})), "E_NO_RIGHT");
  EXPECT_EQ(altered([&](L& list) { list.set_exchange(chain_.oid("provider")); }), "E_ROLE");
  EXPECT_EQ(altered([](L& list) { list.set_exchange(test_oid(900)); }), "E_NOT_FOUND");
  give("vendor-b", 500'000);
  EXPECT_EQ(by_both(listing()), "E_NO_RIGHT") << "half of the right is no majority of it";
  EXPECT_EQ(submit(spec("vendor-b", kListing, listing(), {"exchange", "provider.cdo"})), "E_OK");
}

TEST_F(Listings, keep_the_form_of_their_fields) {
  const auto is_malformed = [&](auto alter) { EXPECT_EQ(altered(alter), "E_FORMAT"); };
  is_malformed([](L& list) { list.clear_model(); });
  for (const auto model :
       {proto::PRICING_MODEL_PER_UNIT, proto::PRICING_MODEL_TIERED, proto::PRICING_MODEL_SUBSCRIPTION,
        proto::PRICING_MODEL_NEGOTIATED, proto::PRICING_MODEL_AUCTION}) {
    is_malformed([&](L& list) { list.set_model(model); });
  }
  is_malformed([](L& list) { list.set_purposes(0, "training"); });
  is_malformed([](L& list) { list.set_purposes(0, "Analysis"); });
  is_malformed([](L& list) { list.set_purposes(0, ""); });
  is_malformed([](L& list) { list.set_purposes(0, std::string(33, 'a')); });
  is_malformed([](L& list) { list.clear_offer(); });
  is_malformed([](L& list) { list.set_from_s(-1); });
  is_malformed([](L& list) { list.set_to_s(-1); });
  is_malformed([&](L& list) {
    list.set_from_s(chain_.now_s() + 5);
    list.set_to_s(chain_.now_s() + 5);
  });
  is_malformed([](L& list) { list.set_product("short"); });
  is_malformed([](L& list) { list.set_agreement("short"); });
  EXPECT_EQ(altered([](L& list) { list.set_purposes(0, "13812345678"); }), "E_PI_FIELD");
  EXPECT_EQ(altered([](L& list) { list.set_currency("XXX"); }), "E_CURRENCY");
  EXPECT_EQ(altered([](L& list) { list.set_price_minor(0); }), "E_AMOUNT");
  EXPECT_EQ(altered([](L& list) { list.set_price_minor(-1); }), "E_AMOUNT");
  EXPECT_EQ(altered([](L& list) { list.set_price_minor(9'000'000'000'000'001); }), "E_AMOUNT");
  EXPECT_EQ(altered([](L& list) { list.set_model(proto::PRICING_MODEL_FREE); }), "E_AMOUNT");
  RecordSpec record = spec("provider", kListing, listing(), {"exchange"});
  record.body = {0x32, 0x00};  // field 6, an operation that this version does not know
  EXPECT_EQ(submit(record), "E_FORMAT");
}

TEST_F(Listings, may_reach_their_bounds) {
  const auto with_purposes = [](int count) {
    return [count](L& list) {
      list.clear_purposes();
      for (int item = 0; item < count; ++item) list.add_purposes(std::string(31, 'p') + char('a' + item));
    };
  };
  EXPECT_EQ(altered(with_purposes(17)), "E_LIMIT");
  EXPECT_EQ(altered([&](L& list) {
              with_purposes(16)(list);
              list.set_price_minor(9'000'000'000'000'000);
              list.set_to_s(chain_.now_s() + 1);
            }),
            "E_OK");
}

TEST_F(Listings, name_a_version_of_a_certified_product) {
  EXPECT_EQ(altered([](L& list) { list.set_product(std::string(16, 'x')); }), "E_NOT_FOUND");
  EXPECT_EQ(altered([&](L& list) { list.set_product(id_text(asset_)); }), "E_NOT_FOUND") << "an asset";
  EXPECT_EQ(altered([](L& list) { list.set_product_version(0); }), "E_NOT_FOUND");
  EXPECT_EQ(altered([](L& list) { list.set_product_version(2); }), "E_NOT_FOUND");
  const ShortId applied = chain_.made("provider", description("Only applied", {of_asset(asset_)}));
  EXPECT_EQ(altered([&](L& list) { list.set_product(id_text(applied)); }), "E_NOT_CERTIFIED");
  const auto over_ms = static_cast<std::uint64_t>(chain_.product_state(product_).valid_to_s()) * 1000;
  chain_.set_time_ms(over_ms);
  EXPECT_EQ(by_both(listing()), "E_NOT_CERTIFIED") << "the certificate has expired";
}

TEST_F(Listings, of_a_revoked_or_retired_product_are_refused) {
  EXPECT_EQ(retire(), "E_OK");
  EXPECT_EQ(by_both(listing()), "E_STATE");
  revoke_certificate();
  EXPECT_EQ(by_both(listing()), "E_NOT_CERTIFIED");
}

TEST_F(Listings, name_the_agreement_that_is_in_force) {
  EXPECT_EQ(altered([](L& list) { list.set_agreement(std::string(16, 'x')); }), "E_NOT_FOUND");
  const ShortId other = chain_.sold("provider", description("Other", {of_asset(asset_)}));
  EXPECT_EQ(altered([&](L& list) { list.set_product(id_text(other)); }), "E_REF");
  EXPECT_EQ(altered([](L& list) { list.set_currency("USD"); }), "E_CURRENCY");
  RevenueAgreement later = all_to(chain_.oid("provider"));
  later.effective_from_s = chain_.now_s() + 100;
  proto::Listing body = chain_.listing_body(other, chain_.agree("provider", other, later));
  EXPECT_EQ(by_both(body), "E_NO_AGREEMENT");
  body.mutable_list()->set_from_s(later.effective_from_s - 1);
  EXPECT_EQ(by_both(body), "E_NO_AGREEMENT");
  body.mutable_list()->set_from_s(later.effective_from_s);
  EXPECT_EQ(by_both(body), "E_OK");
}

// A source's agreement has run out since the agreement was made: every sale would fail.
TEST_F(Listings, are_refused_when_income_below_could_not_be_shared) {
  const ShortId source = chain_.product("vendor-b", "Road map");
  RevenueAgreement short_lived = all_to(chain_.oid("vendor-b"));
  short_lived.effective_from_s = chain_.now_s();
  short_lived.effective_to_s = chain_.now_s() + 100;
  const ShortId below = chain_.agree("vendor-b", source, short_lived);
  chain_.advance_ms(1000);
  EXPECT_EQ(next_version(2, with_royalty_to(source)), "E_OK");
  const ShortId id = listed();
  EXPECT_EQ(chain_.listing_state(id).agreements_size(), 2);
  EXPECT_EQ(chain_.counter(below, "@listed"), 1);
  EXPECT_EQ(by("exchange", chain_.delist_body(id)), "E_OK");
  EXPECT_EQ(chain_.counter(below, "@listed"), 0);
  chain_.advance_ms(100'000);
  EXPECT_EQ(by_both(listing()), "E_NO_AGREEMENT");
}

// A version that is announced leads royalties to a product whose agreement must not end meanwhile.
TEST_F(Listings, count_the_agreements_of_announced_versions_too) {
  const ShortId source = chain_.product("vendor-b", "Road map");
  const ShortId below = chain_.agree("vendor-b", source, all_to(chain_.oid("vendor-b")));
  RevenueAgreement announced = with_royalty_to(source);
  announced.effective_from_s = chain_.now_s() + 100;
  EXPECT_EQ(next_version(2, announced), "E_OK");
  proto::Listing body = listing();
  body.mutable_list()->set_to_s(chain_.now_s() + 100);
  const ShortId brief = listed(body);
  EXPECT_EQ(chain_.listing_state(brief).agreements_size(), 1) << "over before the version begins";
  EXPECT_EQ(by("provider", chain_.delist_body(brief)), "E_OK");
  EXPECT_EQ(chain_.listing_state(listed()).agreements_size(), 2);
  EXPECT_EQ(end_agreement(below, {"vendor-b"}), "E_IN_USE");
}

TEST_F(Listings, stand_once_for_a_product_at_an_exchange) {
  const ShortId id = listed();
  EXPECT_EQ(by_both(listing()), "E_ALREADY_LISTED");
  proto::Listing elsewhere = listing();
  elsewhere.mutable_list()->set_exchange(chain_.oid("exchange-2"));
  EXPECT_EQ(submit(spec("provider", kListing, elsewhere, {"exchange-2"})), "E_OK");
  EXPECT_EQ(chain_.product_state(product_).live_listings(), 2U);
  EXPECT_EQ(chain_.counter(agreement_, "@listed"), 2);
  EXPECT_EQ(by("provider", chain_.suspend_body(id)), "E_OK");
  EXPECT_EQ(by_both(listing()), "E_ALREADY_LISTED") << "a suspended one lives";
  EXPECT_EQ(by("provider", chain_.delist_body(id)), "E_OK");
  EXPECT_EQ(by_both(listing()), "E_OK");
}

TEST_F(Listings, take_one_of_two_in_a_block) {
  const RecordSpec one = spec("provider", kListing, listing(), {"exchange"});
  const ExecutedBlock block = chain_.execute({chain_.envelope({one, one})});
  EXPECT_EQ(name(block.outcomes[0].error.code), "E_OK");
  EXPECT_EQ(name(block.outcomes[1].error.code), "E_ALREADY_LISTED");
}

TEST_F(Listings, are_over_when_their_time_is) {
  EXPECT_EQ(altered([&](L& list) { list.set_to_s(chain_.now_s()); }), "E_TERMS");
  const std::uint64_t before = chain_.open_items("exchange");
  proto::Listing body = listing();
  body.mutable_list()->set_to_s(chain_.now_s() + 100);
  const ShortId id = listed(body);
  chain_.advance_ms(99'999);
  chain_.tick();
  EXPECT_EQ(chain_.listing_state(id).status(), proto::LISTING_STATUS_LISTED);
  chain_.advance_ms(1);
  EXPECT_EQ(by_both(listing()), "E_OK") << "the due work comes before the record";
  EXPECT_EQ(chain_.listing_state(id).status(), proto::LISTING_STATUS_EXPIRED);
  EXPECT_EQ(chain_.product_state(product_).live_listings(), 1U);
  EXPECT_EQ(chain_.counter(agreement_, "@listed"), 1);
  EXPECT_EQ(chain_.open_items("exchange"), before + 1);
  EXPECT_EQ(by("provider", chain_.delist_body(id)), "E_STATE");
}

TEST_F(Listings, have_price_versions) {
  const ShortId id = listed();
  EXPECT_EQ(by("exchange", chain_.price_body(id, 600)), "E_NO_RIGHT");
  EXPECT_EQ(by("provider", chain_.price_body(id, 600)), "E_POLICY");
  EXPECT_EQ(by_both(chain_.price_body(id, 600)), "E_OK");
  EXPECT_EQ(chain_.listing_state(id).price_version(), 2U);
  EXPECT_EQ(chain_.listing_state(id).price_minor(), 600);
  EXPECT_EQ(by_both(chain_.price_body(id, 600)), "E_DUPLICATE");
  EXPECT_EQ(by_both(chain_.price_body(id, 0)), "E_AMOUNT");
  EXPECT_EQ(by_both(chain_.price_body(ShortId{}, 1)), "E_NOT_FOUND");
  EXPECT_EQ(by("provider", chain_.delist_body(id)), "E_OK");
  EXPECT_EQ(by_both(chain_.price_body(id, 700)), "E_STATE");
}

TEST_F(Listings, that_are_free_have_no_price_and_need_no_bank) {
  proto::Listing body = listing();
  body.mutable_list()->set_model(proto::PRICING_MODEL_FREE);
  body.mutable_list()->set_price_minor(0);
  const ShortId id = listed(body);
  EXPECT_EQ(by_both(chain_.price_body(id, 1)), "E_AMOUNT");
}

TEST_F(Listings, are_suspended_and_delisted_by_either_side_and_resumed_by_both) {
  const ShortId id = listed();
  EXPECT_EQ(by("buyer", chain_.suspend_body(id)), "E_NO_RIGHT");
  EXPECT_EQ(by("exchange-2", chain_.suspend_body(id)), "E_NO_RIGHT");
  EXPECT_EQ(by("exchange.finance", chain_.suspend_body(id)), "E_POLICY");
  EXPECT_EQ(by_both(chain_.resume_body(id)), "E_STATE");
  EXPECT_EQ(by("exchange", chain_.suspend_body(id)), "E_OK");
  EXPECT_EQ(by("provider", chain_.suspend_body(id)), "E_STATE");
  EXPECT_EQ(by("exchange", chain_.resume_body(id)), "E_NO_RIGHT");
  EXPECT_EQ(by_both(chain_.resume_body(id)), "E_OK");
  EXPECT_EQ(chain_.listing_state(id).status(), proto::LISTING_STATUS_LISTED);
  EXPECT_EQ(chain_.counter(agreement_, "@listed"), 1) << "it was live all the time";
  EXPECT_EQ(by("buyer", chain_.delist_body(id)), "E_NO_RIGHT");
  EXPECT_EQ(by("exchange", chain_.delist_body(id)), "E_OK");
  EXPECT_EQ(by("exchange", chain_.delist_body(id)), "E_STATE");
  EXPECT_EQ(by_both(chain_.resume_body(id)), "E_STATE");
  proto::Listing body = chain_.suspend_body(id);
  body.mutable_suspend()->set_reason("call 13812345678");
  EXPECT_EQ(by("exchange", body), "E_PI_FIELD");
}

TEST_F(Listings, are_not_resumed_without_a_certificate) {
  const ShortId id = listed();
  EXPECT_EQ(by("exchange", chain_.suspend_body(id)), "E_OK");
  revoke_certificate();
  EXPECT_EQ(by_both(chain_.resume_body(id)), "E_NOT_CERTIFIED");
  EXPECT_EQ(by("exchange", chain_.delist_body(id)), "E_OK");
}

TEST_F(Listings, keep_agreements_and_products_while_they_live) {
  const ShortId source = chain_.product("vendor-b", "Road map");
  const ShortId below = chain_.agree("vendor-b", source, all_to(chain_.oid("vendor-b")));
  const ShortId other = chain_.product("vendor-b", "Weather");
  (void)chain_.agree("vendor-b", other, all_to(chain_.oid("vendor-b")));
  chain_.advance_ms(1000);
  EXPECT_EQ(next_version(2, with_royalty_to(source)), "E_OK");
  const ShortId id = listed();
  chain_.advance_ms(1000);
  const std::vector<std::string> parties = {"provider", "vendor-b"};
  EXPECT_EQ(retire(), "E_IN_USE");
  EXPECT_EQ(end_agreement(agreement_, parties), "E_IN_USE");
  EXPECT_EQ(end_agreement(below, {"vendor-b"}), "E_IN_USE") << "it shares the income further down";
  RevenueAgreement ending = with_royalty_to(source);
  ending.effective_to_s = chain_.now_s() + 100;
  EXPECT_EQ(next_version(3, ending), "E_IN_USE");
  EXPECT_EQ(next_version(3, with_royalty_to(other)), "E_IN_USE");
  EXPECT_EQ(next_version(3, two_parts()), "E_IN_USE");
  RevenueAgreement moved = two_parts();
  moved.royalty_steps = with_royalty_to(source).steps;
  EXPECT_EQ(next_version(3, moved), "E_IN_USE") << "to the same product, but of royalties only";
  EXPECT_EQ(next_version(3, with_royalty_to(source)), "E_OK") << "to the same products";
  EXPECT_EQ(by("provider", chain_.delist_body(id)), "E_OK");
  chain_.advance_ms(1000);
  EXPECT_EQ(next_version(4, with_royalty_to(other)), "E_OK");
  chain_.advance_ms(1000);
  EXPECT_EQ(retire(), "E_OK");
  EXPECT_EQ(end_agreement(agreement_, parties), "E_OK");
  EXPECT_EQ(end_agreement(below, {"vendor-b"}), "E_OK");
}

TEST_F(Listings, need_an_account_of_everybody_who_could_be_paid) {
  admit(chain_, "newcomer", test_oid(800));  // by the exchange
  RevenueAgreement terms = two_parts();
  terms.steps.insert(terms.steps.begin(), TaxStep{test_oid(800), 60'000});
  chain_.advance_ms(1000);
  EXPECT_EQ(next_version(2, terms), "E_OK");
  proto::Listing elsewhere = listing();
  elsewhere.mutable_list()->set_exchange(chain_.oid("exchange-2"));
  EXPECT_EQ(submit(spec("provider", kListing, elsewhere, {"exchange-2"})), "E_CROSS_EXCHANGE");
  EXPECT_EQ(by_both(listing()), "E_OK");
  elsewhere.mutable_list()->set_model(proto::PRICING_MODEL_FREE);
  elsewhere.mutable_list()->set_price_minor(0);
  EXPECT_EQ(submit(spec("provider", kListing, elsewhere, {"exchange-2"})), "E_OK") << "nobody is paid";
}

// Who is paid only when the income is a royalty of another product's sale is not paid by this listing.
TEST_F(Listings, ask_for_no_account_that_a_sale_cannot_name) {
  admit(chain_, "newcomer", test_oid(800));  // by the exchange
  RevenueAgreement terms = two_parts();
  terms.royalty_steps = terms.steps;
  terms.royalty_steps.insert(terms.royalty_steps.begin(), TaxStep{test_oid(800), 60'000});
  chain_.advance_ms(1000);
  EXPECT_EQ(next_version(2, terms), "E_OK");
  proto::Listing elsewhere = listing();
  elsewhere.mutable_list()->set_exchange(chain_.oid("exchange-2"));
  EXPECT_EQ(submit(spec("provider", kListing, elsewhere, {"exchange-2"})), "E_OK");
}

TEST_F(Listings, with_a_price_need_a_settlement_bank) {
  const ShortId other = chain_.sold("provider", description("Abroad", {of_asset(asset_)}));
  proto::Agreement terms = chain_.agreement_body(other, all_to(chain_.oid("provider")));
  terms.mutable_register_()->set_currency("USD");
  const ShortId agreement = chain_.create(chain_.by_cdos(kAgreement, terms, {"provider"}));
  proto::Listing body = chain_.listing_body(other, agreement);
  body.mutable_list()->set_currency("USD");
  EXPECT_EQ(by_both(body), "E_BANK");
}

TEST_F(Listings, of_important_data_ask_for_cdo_and_officer_of_both_sides) {
  proto::ProductDescription what = description("Grid load", {of_asset(asset_)});
  what.set_grade(5);
  const ShortId important = chain_.sold("provider", what);
  RecordSpec agreed = chain_.by_cdos(
      kAgreement, chain_.agreement_body(important, all_to(chain_.oid("provider"))), {"provider"});
  agreed.signers = {"provider"};
  RecordSpec record = spec("provider", kListing, chain_.listing_body(important, chain_.create(agreed)),
                           {"exchange", "exchange.cdo"});
  EXPECT_EQ(submit(record), "E_NO_RIGHT");
  record.signers = {"exchange", "provider.cdo"};
  EXPECT_EQ(submit(record), "E_POLICY");
  record.signers.push_back("exchange.cdo");
  EXPECT_EQ(submit(record), "E_OK");
}

TEST_F(Listings, of_a_suspended_exchange_or_seller_are_refused) {
  require_ok(chain_.submit(spec("regulator", kOrg, suspension(chain_.oid("exchange")))));
  EXPECT_EQ(by_both(listing()), "E_ORG_SUSPENDED");
  EXPECT_EQ(by("provider", listing()), "E_ORG_SUSPENDED");
  require_ok(chain_.submit(spec("regulator", kOrg, reinstatement(chain_.oid("exchange")))));
  require_ok(chain_.submit(spec("regulator", kOrg, suspension(chain_.oid("provider")))));
  EXPECT_EQ(by_both(listing()), "E_ORG_SUSPENDED");
}

}  // namespace
}  // namespace circula::ledger
