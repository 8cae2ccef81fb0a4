// Record 14 PRODUCT: what is made of assets and products.
#include "ledger/product.h"

#include "ledger/product_lineage.h"
#include "tests/ledger/identity_records.h"
#include "tests/ledger/trade_records.h"

namespace circula::ledger {
namespace {

using namespace testing;

constexpr proto::InputBasis kRight = proto::INPUT_BASIS_RIGHT;
constexpr proto::InputBasis kOwn = proto::INPUT_BASIS_OWN;

class Products : public ::testing::Test {
 protected:
  std::string make(const std::string& maker, const proto::ProductDescription& what) {
    return chain_.submit_name(spec(maker + ".cdo", kProduct, product_body(what)));
  }
  std::string make_of(const std::string& maker, const proto::ProductInput& input) {
    return make(maker, description("Something", {input}));
  }
  std::string next(const std::string& maker, const ShortId& product, std::uint32_t version,
                   const proto::ProductDescription& what) {
    return chain_.submit_name(spec(maker + ".cdo", kProduct, version_body(product, version, what)));
  }
  std::string retire(const ShortId& product) {
    return chain_.submit_name(spec("provider.cdo", kProduct, retire_body(product)));
  }
  // The outcome of a registration with one thing altered.
  template <class Alter>
  std::string altered(Alter alter) {
    proto::ProductDescription what = good();
    alter(what);
    return make("provider", what);
  }
  proto::ProductDescription good() const { return description("Bus index", {of_asset(asset_)}); }
  void give_use(const ShortId& subject, const std::string& to, std::uint32_t ppm) {
    proto::Rights body = transfer_body(chain_, subject, "provider", {{to, ppm}}, ppm);
    body.mutable_transfer()->set_right(proto::RIGHT_KIND_USE);
    require_ok(chain_.submit(chain_.by_cdos(kRights, body, {"provider", to})));
  }
  ShortId own(const std::string& title, const std::vector<ShortId>& of) {
    std::vector<proto::ProductInput> inputs;
    for (const ShortId& one : of) inputs.push_back(of_product(one, 1, kOwn));
    return chain_.made("provider", description(title, inputs));
  }
  proto::ProductVersionState version(const ShortId& product, std::uint32_t number) {
    return chain_.read<proto::ProductVersionState>(product_version_key(product, number))
        .value_or(proto::ProductVersionState());
  }

  MarketChain chain_;
  ShortId asset_ = chain_.product("provider", "Bus GPS");
};

TEST_F(Products, are_applications_until_a_registrar_certifies_them) {
  const ShortId id = chain_.made("provider", good());
  proto::ProductState state = chain_.product_state(id);
  EXPECT_EQ(state.maker(), chain_.oid("provider"));
  EXPECT_EQ(state.versions(), 1U);
  EXPECT_EQ(state.status(), proto::ASSET_STATUS_APPLIED);
  EXPECT_EQ(version(id, 1).depth(), 1U);
  ASSERT_EQ(version(id, 1).ancestors_size(), 1);
  EXPECT_EQ(version(id, 1).ancestors(0), id_text(asset_));

  certify(chain_, id, "provider");
  state = chain_.product_state(id);
  EXPECT_EQ(state.status(), proto::ASSET_STATUS_CERTIFIED);
  EXPECT_EQ(chain_.read<proto::CertificateState>(certificate_key(state.certificate()))->asset(), id_text(id));
  for (const char right : {'H', 'U', 'O'}) EXPECT_EQ(table(chain_, id, right).at("provider"), 1'000'000U);
}

TEST_F(Products, have_a_notice_that_time_ends_and_can_be_refused) {
  MarketChain chain({.clock = proto::CLOCK_SCRIPTED, .profile = proto::PROFILE_PRODUCTION});
  const ShortId asset = chain.product("provider", "Bus GPS");
  const ShortId id = chain.made("provider", description("Bus index", {of_asset(asset)}));
  require_ok(chain.submit(spec("registrar", kCertify, notice_body(id))));
  const NamedShares all = {{"provider", 1'000'000}};
  EXPECT_EQ(outcome(chain, spec("registrar", kCertify, issue_body(chain, id, all, all, all))), "E_NOTICE");
  EXPECT_FALSE(chain.product_state(id).notice_over());
  chain.set_time_ms(static_cast<std::uint64_t>(chain.product_state(id).notice_ends_s()) * 1000);
  chain.tick();
  EXPECT_TRUE(chain.product_state(id).notice_over());
  EXPECT_EQ(outcome(chain, spec("registrar-2", kCertify, refuse_body(id))), "E_SCOPE");
  EXPECT_EQ(outcome(chain, spec("registrar", kCertify, refuse_body(id))), "E_OK");
  EXPECT_EQ(chain.product_state(id).status(), proto::ASSET_STATUS_REFUSED);
  EXPECT_EQ(outcome(chain, spec("registrar", kCertify, notice_body(id))), "E_STATE");
}

TEST_F(Products, certified_have_rights_agreements_and_deals_as_assets_have) {
  const ShortId id = chain_.sold("provider", good());
  EXPECT_EQ(chain_.submit_name(chain_.by_cdos(
                kRights, transfer_body(chain_, id, "provider", {{"vendor-b", 400'000}}, 400'000),
                {"provider", "vendor-b"})),
            "E_OK");
  const ShortId agreement = chain_.agree("provider", id, all_to(chain_.oid("provider")));
  (void)chain_.sell("provider", id, agreement, 100);
  EXPECT_EQ(chain_.income("provider"), 100);
  EXPECT_EQ(chain_.submit_name(spec("registrar", kCertify, revoke_body(id))), "E_OK");
  proto::Contract deal = chain_.contract_body("provider", "buyer", id, agreement, {100});
  EXPECT_EQ(chain_.submit_name(spec("provider", kContract, deal, {"buyer"})), "E_STATE");
  EXPECT_EQ(next("provider", id, 2, good()), "E_STATE");
}

TEST_F(Products, are_signed_by_their_makers_cdo) {
  const proto::Product body = product_body(good());
  EXPECT_EQ(chain_.submit_name(spec("provider", kProduct, body)), "E_POLICY");
  EXPECT_EQ(chain_.submit_name(spec("provider", kProduct, body, {"buyer.cdo"})), "E_POLICY");
  EXPECT_EQ(chain_.submit_name(spec("provider", kProduct, body, {"provider.cdo"})), "E_OK");
  const ShortId id = chain_.made("provider", good());
  EXPECT_EQ(next("vendor-b", id, 2, good()), "E_POLICY");
  EXPECT_EQ(chain_.submit_name(spec("vendor-b.cdo", kProduct, retire_body(id))), "E_POLICY");
}

TEST_F(Products, keep_the_form_of_their_fields) {
  using D = proto::ProductDescription;
  const auto is_malformed = [&](auto alter) { EXPECT_EQ(altered(alter), "E_FORMAT"); };
  is_malformed([](D& d) { d.clear_kind(); });
  is_malformed([](D& d) { d.clear_title(); });
  is_malformed([](D& d) { d.set_title(std::string(201, 'a')); });
  is_malformed([](D& d) { d.clear_inputs(); });
  is_malformed([](D& d) { d.mutable_inputs(0)->set_subject("short"); });
  is_malformed([](D& d) { d.mutable_inputs(0)->clear_basis(); });
  is_malformed([](D& d) { *d.add_inputs() = d.inputs(0); });
  is_malformed([](D& d) { d.clear_process(); });
  is_malformed([](D& d) { d.mutable_schema()->set_suite(2); });
  is_malformed([](D& d) { d.clear_grade(); });
  is_malformed([](D& d) { d.set_grade(7); });
  is_malformed([](D& d) { d.clear_personal_information(); });
  is_malformed([](D& d) { d.clear_unit(); });
  is_malformed([](D& d) { d.mutable_sla()->set_availability_ppm(1'000'001); });
  EXPECT_EQ(altered([](D& d) { d.set_title("call 13812345678"); }), "E_PI_FIELD");
  EXPECT_EQ(altered([](D& d) { d.mutable_inputs(0)->clear_weight_ppm(); }), "E_PPM");
  EXPECT_EQ(altered([](D& d) { d.mutable_inputs(0)->set_weight_ppm(1'000'001); }), "E_PPM");
  RecordSpec record = spec("provider.cdo", kProduct, product_body(good()));
  record.body = {0x22, 0x00};  // field 4, an operation that this version does not know
  EXPECT_EQ(chain_.submit_name(record), "E_FORMAT");
}

TEST_F(Products, may_reach_their_bounds) {
  std::vector<proto::ProductInput> inputs = {of_asset(asset_)};
  while (inputs.size() < 16) inputs.push_back(of_product(chain_.made("provider", good()), 1, kOwn));
  for (proto::ProductInput& input : inputs) input.set_weight_ppm(62'500);
  proto::ProductDescription what = description(std::string(200, 'a'), inputs);
  what.mutable_sla()->set_availability_ppm(1'000'000);
  what.mutable_sla()->set_latency_ms(UINT32_MAX);
  *what.mutable_schema() = data_digest("schema");
  EXPECT_EQ(make("provider", what), "E_OK");
  what.mutable_inputs(0)->set_weight_ppm(62'501);
  EXPECT_EQ(make("provider", what), "E_PPM");
  inputs.push_back(of_product(chain_.made("provider", good()), 1, kOwn));
  EXPECT_EQ(make("provider", description("a", inputs)), "E_LIMIT");
}

TEST_F(Products, are_made_of_what_the_maker_may_use) {
  const ShortId applied = registered(chain_, "provider", asset_body("Only applied"));
  const ShortId absent = ShortId::from(crypto::as_bytes("sixteen bytes --"));
  EXPECT_EQ(make_of("provider", of_asset(absent)), "E_NOT_FOUND");
  EXPECT_EQ(make_of("provider", of_asset(applied)), "E_INPUT_BASIS");
  EXPECT_EQ(make_of("vendor-b", of_asset(asset_)), "E_INPUT_BASIS") << "holds nothing of right U";
  proto::ProductInput input = of_asset(asset_);
  input.set_basis(proto::INPUT_BASIS_LICENCE);
  EXPECT_EQ(make_of("provider", input), "E_INPUT_BASIS") << "licences cannot be recorded yet";
  input.set_basis(kOwn);
  EXPECT_EQ(make_of("provider", input), "E_INPUT_BASIS") << "an asset is not made";
  input = of_asset(asset_);
  input.set_version(1);
  EXPECT_EQ(make_of("provider", input), "E_REF");
  give_use(asset_, "vendor-b", 1);
  EXPECT_EQ(make_of("vendor-b", of_asset(asset_)), "E_OK");
  chain_.set_time_ms(static_cast<std::uint64_t>(asset_state(chain_, asset_).valid_to_s()) * 1000 - 1);
  EXPECT_EQ(make_of("provider", of_asset(asset_)), "E_OK");
  chain_.advance_ms(1);
  EXPECT_EQ(make_of("provider", of_asset(asset_)), "E_INPUT_BASIS");
}

TEST_F(Products, are_made_of_the_makers_own_products_and_of_certified_ones_of_others) {
  const ShortId id = chain_.made("provider", good());
  EXPECT_EQ(make_of("provider", of_product(id, 1, kOwn)), "E_OK");
  EXPECT_EQ(make_of("provider", of_product(id, 2, kOwn)), "E_NOT_FOUND");
  EXPECT_EQ(make_of("provider", of_product(id, 0, kOwn)), "E_NOT_FOUND");
  EXPECT_EQ(make_of("vendor-b", of_product(id, 1, kOwn)), "E_INPUT_BASIS");
  EXPECT_EQ(make_of("provider", of_product(id, 1, kRight)), "E_INPUT_BASIS") << "not certified";
  certify(chain_, id, "provider");
  give_use(id, "vendor-b", 600'000);
  EXPECT_EQ(make_of("vendor-b", of_product(id, 1, kRight)), "E_OK");
  EXPECT_EQ(make_of("provider", of_product(id, 1, kOwn)), "E_OK");
  give_use(id, "vendor-b", 400'000);
  EXPECT_EQ(make_of("provider", of_product(id, 1, kOwn)), "E_INPUT_BASIS") << "all of right U is another's";
  const ShortId refused = chain_.made("provider", good());
  require_ok(chain_.submit(spec("registrar", kCertify, refuse_body(refused))));
  EXPECT_EQ(make_of("provider", of_product(refused, 1, kOwn)), "E_INPUT_BASIS");
  EXPECT_EQ(next("provider", refused, 2, good()), "E_STATE");
}

TEST_F(Products, never_stand_on_their_own_way_down) {
  const ShortId lower = chain_.made("provider", good());
  const ShortId upper = own("Upper", {lower});
  EXPECT_EQ(next("provider", lower, 2, description("Bus index", {of_product(lower, 1, kOwn)})), "E_CYCLE");
  EXPECT_EQ(next("provider", lower, 2, description("Bus index", {of_product(upper, 1, kOwn)})), "E_CYCLE");
  const ShortId top = own("Top", {upper});
  EXPECT_EQ(next("provider", lower, 2, description("Bus index", {of_product(top, 1, kOwn)})), "E_CYCLE");
  EXPECT_EQ(next("provider", top, 2, description("Top", {of_product(lower, 1, kOwn)})), "E_OK");
}

TEST_F(Products, have_at_most_8_levels_below) {
  ShortId top = chain_.made("provider", good());
  for (std::uint32_t depth = 2; depth <= 8; ++depth) {
    top = own("Level " + std::to_string(depth), {top});
    EXPECT_EQ(version(top, 1).depth(), depth);
  }
  EXPECT_EQ(make_of("provider", of_product(top, 1, kOwn)), "E_DEPTH");
}

TEST_F(Products, have_at_most_256_ancestors) {
  std::vector<proto::ProductInput> middle;
  for (int group = 0; group < 15; ++group) {
    std::vector<ShortId> leaves;
    for (int leaf = 0; leaf < 16; ++leaf) leaves.push_back(chain_.made("provider", good()));
    middle.push_back(of_product(own("Middle", leaves), 1, kOwn));
  }
  // 15 in the middle, 240 leaves and the asset.
  const ShortId top = chain_.made("provider", description("Top", middle));
  EXPECT_EQ(version(top, 1).ancestors_size(), 256);
  middle.push_back(of_product(chain_.made("provider", good()), 1, kOwn));
  EXPECT_EQ(make("provider", description("Top", middle)), "E_LIMIT");
}

TEST_F(Products, have_at_least_the_grade_of_their_inputs) {
  proto::AssetRegister important = asset_body("Grid load");
  important.mutable_description()->set_grade(4);
  const ShortId graded = certified(chain_, "provider", important);
  proto::ProductDescription what = description("Mix", {of_asset(asset_), of_asset(graded)});
  what.set_grade(3);
  EXPECT_EQ(make("provider", what), "E_GRADE_LOWERED");
  what.set_grade(4);
  EXPECT_EQ(make("provider", what), "E_OK");
  what.set_grade(5);
  EXPECT_EQ(make("provider", what), "E_POLICY") << "important data asks for an officer, too";
  EXPECT_EQ(chain_.submit_name(spec("provider.cdo", kProduct, product_body(what), {"provider"})), "E_OK");
  what.set_grade(6);
  EXPECT_EQ(chain_.submit_name(spec("provider.cdo", kProduct, product_body(what), {"provider"})),
            "E_CORE_DATA");
  for (const auto held : {proto::PERSONAL_INFORMATION_PERSONAL, proto::PERSONAL_INFORMATION_SENSITIVE,
                          proto::PERSONAL_INFORMATION_DEIDENTIFIED}) {
    EXPECT_EQ(altered([&](proto::ProductDescription& d) { d.set_personal_information(held); }), "E_NO_BASIS");
  }
  EXPECT_EQ(altered([](proto::ProductDescription& d) {
              d.set_personal_information(proto::PERSONAL_INFORMATION_ANONYMISED);
            }),
            "E_OK");
}

TEST_F(Products, have_versions_that_follow_each_other_and_stay) {
  const ShortId id = chain_.made("provider", good());
  proto::ProductDescription second = good();
  second.set_title("Bus index 2");
  second.set_grade(3);
  EXPECT_EQ(next("provider", id, 3, second), "E_VERSION");
  EXPECT_EQ(next("provider", id, 1, second), "E_VERSION");
  EXPECT_EQ(next("provider", id, 2, second), "E_OK");
  second.set_kind(proto::PRODUCT_KIND_API);
  EXPECT_EQ(next("provider", id, 3, second), "E_REF");
  EXPECT_EQ(next("provider", id, 3, good()), "E_OK");
  EXPECT_EQ(chain_.product_state(id).versions(), 3U);
  EXPECT_EQ(chain_.product_state(id).title(), "Bus index");
  EXPECT_EQ(chain_.product_state(id).grade(), 3U) << "the highest that a version had";
  EXPECT_EQ(version(id, 1).description().title(), "Bus index");
  EXPECT_EQ(version(id, 2).description().title(), "Bus index 2");
  proto::Product body = version_body(id, 4, good());
  body.mutable_version()->set_product("short");
  EXPECT_EQ(chain_.submit_name(spec("provider.cdo", kProduct, body)), "E_FORMAT");
  body.mutable_version()->set_product(std::string(16, 'x'));
  EXPECT_EQ(chain_.submit_name(spec("provider.cdo", kProduct, body)), "E_NOT_FOUND");
}

// Two drafts of version 2 reach one block: the first counts.
TEST_F(Products, take_one_of_two_next_versions_in_a_block) {
  const ShortId id = chain_.made("provider", good());
  const RecordSpec one = spec("provider.cdo", kProduct, version_body(id, 2, good()));
  const ExecutedBlock block = chain_.execute({chain_.envelope({one, one})});
  EXPECT_EQ(name(block.outcomes[0].error.code), "E_OK");
  EXPECT_EQ(name(block.outcomes[1].error.code), "E_VERSION");
}

TEST_F(Products, that_are_retired_are_not_made_any_further) {
  const ShortId id = chain_.made("provider", good());
  require_ok(chain_.submit(spec("registrar", kCertify, notice_body(id))));
  EXPECT_EQ(retire(id), "E_OK");
  EXPECT_EQ(chain_.product_state(id).status(), proto::ASSET_STATUS_CANCELLED);
  EXPECT_EQ(retire(id), "E_STATE");
  EXPECT_EQ(next("provider", id, 2, good()), "E_STATE");
  EXPECT_EQ(make_of("provider", of_product(id, 1, kOwn)), "E_INPUT_BASIS");
  const NamedShares all = {{"provider", 1'000'000}};
  EXPECT_EQ(chain_.submit_name(spec("registrar", kCertify, issue_body(chain_, id, all, all, all))),
            "E_STATE");
  EXPECT_EQ(retire(asset_), "E_NOT_FOUND") << "an asset is no product";
}

TEST_F(Products, are_retired_by_all_who_hold_right_O) {
  const ShortId id = chain_.sold("provider", good());
  require_ok(chain_.submit(chain_.by_cdos(
      kRights, transfer_body(chain_, id, "provider", {{"vendor-b", 1}}, 1), {"provider", "vendor-b"})));
  EXPECT_EQ(retire(id), "E_NO_RIGHT");
  EXPECT_EQ(chain_.submit_name(chain_.by_cdos(kProduct, retire_body(id), {"provider", "vendor-b"})), "E_OK");
  EXPECT_EQ(chain_.product_state(id).status(), proto::ASSET_STATUS_CERTIFIED) << "for what was sold";
  EXPECT_TRUE(chain_.product_state(id).retired());
  EXPECT_EQ(make_of("provider", of_product(id, 1, kRight)), "E_INPUT_BASIS");
}

TEST_F(Products, of_a_suspended_maker_stand_still) {
  require_ok(chain_.submit(spec("regulator", kOrg, suspension(chain_.oid("provider")))));
  EXPECT_EQ(make("provider", good()), "E_ORG_SUSPENDED");
}

// A product says no region of its own: its maker's tells who supervises it.
TEST(ProductRights, of_important_data_move_with_the_regulator_of_the_makers_region) {
  MarketChain chain({.scopes = {{"provider", {"3501", "I64"}}, {"regulator", {"3502", ""}}}});
  const ShortId asset = chain.product("provider", "Bus GPS");
  proto::ProductDescription what = description("Grid load", {of_asset(asset)});
  what.set_grade(5);
  const ShortId id = chain.sold("provider", what);
  RecordSpec moved = chain.by_cdos(kRights, transfer_body(chain, id, "provider", {{"vendor-b", 5}}, 5),
                                   {"provider", "vendor-b"});
  for (const char* officer : {"provider", "vendor-b", "regulator"}) moved.signers.push_back(officer);
  EXPECT_EQ(chain.submit_name(moved), "E_GRADE_APPROVAL");
}

}  // namespace
}  // namespace circula::ledger
