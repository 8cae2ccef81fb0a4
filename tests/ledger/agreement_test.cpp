// Record 26 AGREEMENT: who signs, what terms may say, how versions follow each other and end.
#include "tests/ledger/agreements.h"
#include "tests/ledger/identity_records.h"

namespace circula::ledger {
namespace {

using namespace testing;

TEST_F(Agreements, register_terms_that_all_parties_signed) {
  const ShortId id = chain_.agree("provider", asset_, shared());
  const auto state = chain_.read<proto::AgreementState>(agreement_key(id));
  ASSERT_TRUE(state.has_value());
  EXPECT_EQ(state->product(), id_text(asset_));
  EXPECT_EQ(state->currency(), "CNY");
  ASSERT_EQ(state->versions_size(), 1);
  EXPECT_EQ(state->versions(0).from_s(), chain_.now_s()) << "absent: from the block that includes it";
  const auto version = chain_.read<proto::AgreementVersionState>(agreement_version_key(id, 1));
  ASSERT_TRUE(version.has_value());
  EXPECT_EQ(serialise_canonical(version->terms()), serialise_canonical(proto_terms(shared())));
}

TEST_F(Agreements, need_every_party_and_the_exchange_for_its_fee) {
  const auto by = [&](const std::vector<std::string>& names) {
    return chain_.submit_name(chain_.by_cdos(kAgreement, chain_.agreement_body(asset_, shared()), names));
  };
  EXPECT_EQ(by({"provider", "exchange"}), "E_COSIGN") << "a party of the split";
  EXPECT_EQ(by({"provider", "vendor-b"}), "E_COSIGN") << "the exchange's fee";
  RecordSpec officers = chain_.by_cdos(kAgreement, chain_.agreement_body(asset_, shared()),
                                       {"provider", "vendor-b", "exchange"});
  officers.signers = {"vendor-b", "exchange.cdo"};
  EXPECT_EQ(chain_.submit_name(officers), "E_COSIGN") << "a cdo decides, not an officer";
  EXPECT_EQ(by({"provider", "vendor-b", "exchange"}), "E_OK") << "tax does not sign";
}

TEST_F(Agreements, need_creditors_and_guarantors) {
  RevenueAgreement terms = all_to(chain_.oid("provider"));
  terms.steps.insert(terms.steps.begin(), RecoupStep{"invest", chain_.oid("bank"), 500'000, 1'000});
  split_of(terms).payees[0].advance = Advance{"advance", chain_.oid("merchant"), 500, 500'000};
  terms.guarantees = {{chain_.oid("provider"), chain_.oid("broker"), 100}};
  const std::vector<std::string> all = {"provider", "bank", "merchant", "broker"};
  for (std::size_t missing = 1; missing < all.size(); ++missing) {
    std::vector<std::string> signers = all;
    signers.erase(signers.begin() + static_cast<std::ptrdiff_t>(missing));
    EXPECT_EQ(chain_.submit_name(chain_.by_cdos(kAgreement, chain_.agreement_body(asset_, terms), signers)),
              "E_COSIGN")
        << all[missing];
  }
  EXPECT_EQ(register_terms(terms), "E_OK");
}

TEST_F(Agreements, need_a_majority_of_the_operation_right) {
  RevenueAgreement terms = all_to(chain_.oid("vendor-b"));
  EXPECT_EQ(
      chain_.submit_name(chain_.by_cdos(kAgreement, chain_.agreement_body(asset_, terms), {"vendor-b"})),
      "E_NO_RIGHT");
  require_ok(chain_.submit(
      chain_.by_cdos(kRights, transfer_body(chain_, asset_, "provider", {{"vendor-b", 500'000}}, 500'000),
                     {"provider", "vendor-b"})));
  EXPECT_EQ(
      chain_.submit_name(chain_.by_cdos(kAgreement, chain_.agreement_body(asset_, terms), {"vendor-b"})),
      "E_NO_RIGHT")
      << "half is no majority";
  require_ok(chain_.submit(chain_.by_cdos(
      kRights, transfer_body(chain_, asset_, "provider", {{"vendor-b", 1}}, 1), {"provider", "vendor-b"})));
  EXPECT_EQ(
      chain_.submit_name(chain_.by_cdos(kAgreement, chain_.agreement_body(asset_, terms), {"vendor-b"})),
      "E_OK");
}

TEST_F(Agreements, of_a_product_that_is_not_certified_are_refused) {
  const ShortId applied = registered(chain_, "provider", asset_body("Only applied"));
  const RevenueAgreement terms = all_to(chain_.oid("provider"));
  EXPECT_EQ(
      chain_.submit_name(chain_.by_cdos(kAgreement, chain_.agreement_body(applied, terms), {"provider"})),
      "E_STATE");
  proto::Agreement body = chain_.agreement_body(asset_, terms);
  body.mutable_register_()->set_product(std::string(16, 'x'));
  EXPECT_EQ(chain_.submit_name(chain_.by_cdos(kAgreement, body, {"provider"})), "E_NOT_FOUND");
  body.mutable_register_()->set_product("short");
  EXPECT_EQ(chain_.submit_name(chain_.by_cdos(kAgreement, body, {"provider"})), "E_FORMAT");
}

TEST_F(Agreements, pay_organisations_that_exist) {
  RevenueAgreement terms = shared();
  std::get<TaxStep>(terms.steps[0]).payee = test_oid(900);
  EXPECT_EQ(chain_.submit_name(chain_.by_cdos(kAgreement, chain_.agreement_body(asset_, terms),
                                              {"provider", "vendor-b", "exchange"})),
            "E_NOT_FOUND")
      << "also a tax payee";
  std::get<TaxStep>(terms.steps[0]).payee = std::string(300, 'x');
  EXPECT_EQ(chain_.submit_name(chain_.by_cdos(kAgreement, chain_.agreement_body(asset_, terms),
                                              {"provider", "vendor-b", "exchange"})),
            "E_NOT_FOUND")
      << "a code that is too long for a key";
}

TEST_F(Agreements, are_in_a_known_currency) {
  proto::Agreement body = chain_.agreement_body(asset_, all_to(chain_.oid("provider")));
  body.mutable_register_()->set_currency("XXX");
  EXPECT_EQ(chain_.submit_name(chain_.by_cdos(kAgreement, body, {"provider"})), "E_CURRENCY");
}

// One defect each; the engine's own tests have the rest.
TEST_F(Agreements, refuse_terms_that_the_engine_refuses) {
  const std::string me = chain_.oid("provider");
  RevenueAgreement terms = all_to(me);
  terms.steps.clear();
  EXPECT_EQ(register_terms(terms), "E_STEPS");
  terms = all_to(me);
  std::get<SplitStep>(terms.steps[0]).payees[0].share_ppm = 999'999;
  EXPECT_EQ(register_terms(terms), "E_SHARE_SUM");
  terms = all_to(me);
  terms.steps.insert(terms.steps.begin(), TaxStep{chain_.oid("tax"), 1'000'001});
  EXPECT_EQ(register_terms(terms), "E_RATE");
  terms = all_to(me);
  terms.steps.insert(terms.steps.begin(), FixedStep{me, -1});
  EXPECT_EQ(register_terms(terms), "E_AMOUNT");
  terms = all_to(me);
  terms.steps.insert(terms.steps.begin(), TieredStep{"t", me, ShareBase::kGross, TierPeriod::kMonth, {}});
  EXPECT_EQ(register_terms(terms), "E_TIERS");
  terms = all_to(me);
  terms.steps.insert(terms.steps.begin(), RecoupStep{"same", me, 1, 1});
  terms.steps.insert(terms.steps.begin(), RecoupStep{"same", me, 1, 1});
  EXPECT_EQ(register_terms(terms), "E_DUP_ID");
  terms = all_to(me);
  terms.guarantees = {{me, me, 100}};
  EXPECT_EQ(register_terms(terms), "E_PARTY");
  terms = all_to(me);
  terms.effective_from_s = chain_.now_s() + 10;
  terms.effective_to_s = chain_.now_s() + 10;
  EXPECT_EQ(register_terms(terms), "E_EFFECTIVE");
  EXPECT_EQ(open_items("provider"), 3U) << "nothing of all that was written";
}

TEST_F(Agreements, name_counters_that_can_stand_in_keys) {
  RevenueAgreement terms = all_to(chain_.oid("provider"));
  for (const char* id : {"a/b", "@open", "", "with space", "123456789012345678901234567890123"}) {
    terms.steps[0] = SplitStep{{part(chain_.oid("provider"), 1'000'000)}};
    split_of(terms).payees[0].cap = ShareCap{id, 100, chain_.oid("merchant")};
    EXPECT_EQ(register_terms(terms), "E_FORMAT") << id;
  }
  split_of(terms).payees[0].cap->id = "13812345678";
  EXPECT_EQ(register_terms(terms), "E_PI_FIELD") << "it would stand in a key in clear";
}

TEST_F(Agreements, keep_within_the_bounds_of_a_record) {
  const std::string me = chain_.oid("provider");
  RevenueAgreement terms = all_to(me);
  for (int i = 0; i < 16; ++i) terms.steps.insert(terms.steps.begin(), FixedStep{me, 1});
  EXPECT_EQ(register_terms(terms), "E_LIMIT") << "17 steps";
  terms = all_to(me);
  TieredStep tiers{"t", me, ShareBase::kGross, TierPeriod::kNone, {}};
  for (int i = 1; i <= 16; ++i) tiers.tiers.push_back({i, 1});
  tiers.tiers.push_back({std::nullopt, 1});
  terms.steps.insert(terms.steps.begin(), tiers);
  EXPECT_EQ(register_terms(terms), "E_LIMIT") << "17 tiers";
  terms = all_to(me);
  for (int i = 0; i < 17; ++i) terms.guarantees.push_back({me, chain_.oid("bank"), 1});
  EXPECT_EQ(register_terms(terms), "E_LIMIT") << "17 guarantees";
}

TEST_F(Agreements, are_not_retroactive) {
  RevenueAgreement terms = all_to(chain_.oid("provider"));
  terms.effective_from_s = chain_.now_s() - 1;
  EXPECT_EQ(register_terms(terms), "E_RETROACTIVE");
  terms.effective_from_s = chain_.now_s();
  EXPECT_EQ(register_terms(terms), "E_OK");
}

TEST_F(Agreements, follow_each_other) {
  const ShortId id = chain_.agree("provider", asset_, shared());
  EXPECT_EQ(next_version(id, 3, shared()), "E_VERSION");
  EXPECT_EQ(next_version(id, 2, shared()), "E_EFFECTIVE") << "not later than the version before";
  EXPECT_EQ(register_terms(shared()), "E_PRODUCT") << "another agreement governs the product";
  chain_.advance_ms(1000);
  const ShortId other = chain_.product("provider", "Taxi GPS");
  proto::Agreement body = chain_.version_body(id, other, 2, all_to(chain_.oid("provider")));
  EXPECT_EQ(chain_.submit_name(chain_.by_cdos(kAgreement, body, {"provider"})), "E_PRODUCT");
  body = chain_.version_body(id, asset_, 2, all_to(chain_.oid("provider")));
  body.mutable_register_()->set_currency("USD");
  EXPECT_EQ(chain_.submit_name(chain_.by_cdos(kAgreement, body, {"provider"})), "E_CURRENCY");
  body.mutable_register_()->set_agreement(std::string(16, 'x'));
  EXPECT_EQ(chain_.submit_name(chain_.by_cdos(kAgreement, body, {"provider"})), "E_NOT_FOUND");
  EXPECT_EQ(next_version(id, 2, all_to(chain_.oid("provider"))), "E_OK");
  EXPECT_EQ(chain_.read<proto::AgreementState>(agreement_key(id))->versions_size(), 2);
}

// A recoupment that is not repaid cannot be dropped by those who decide over the product alone.
TEST_F(Agreements, do_not_drop_a_claim_without_its_creditor) {
  RevenueAgreement terms = all_to(chain_.oid("provider"));
  terms.steps.insert(terms.steps.begin(), RecoupStep{"invest", chain_.oid("bank"), 1'000'000, 1'000});
  const ShortId id = chain_.agree("provider", asset_, terms);
  chain_.advance_ms(1000);
  const RevenueAgreement without = all_to(chain_.oid("provider"));
  EXPECT_EQ(next_version(id, 2, without), "E_COSIGN");
  (void)chain_.sell("provider", asset_, id,
                    1'000);  // reports that it is repaid, which the bank has not signed
  chain_.advance_ms(1000);
  EXPECT_EQ(next_version(id, 2, without), "E_COSIGN");
  EXPECT_EQ(chain_.submit_name(chain_.by_cdos(kAgreement, chain_.version_body(id, asset_, 2, without),
                                              {"provider", "bank"})),
            "E_OK");
}

TEST_F(Agreements, end_by_their_parties) {
  const ShortId id = chain_.agree("provider", asset_, shared());
  chain_.advance_ms(5000);
  const std::vector<std::string> all = {"provider", "vendor-b", "exchange"};
  EXPECT_EQ(end(id, 0, {"provider", "exchange"}), "E_COSIGN");
  EXPECT_EQ(end(id, 0, {"provider", "vendor-b"}), "E_COSIGN") << "the exchange takes a fee by it";
  EXPECT_EQ(end(id, chain_.now_s() - 1, all), "E_RETROACTIVE");
  EXPECT_EQ(open_items("vendor-b"), 1U) << "bound by the agreement";
  EXPECT_EQ(end(id, chain_.now_s() + 100, all), "E_OK");
  EXPECT_EQ(open_items("vendor-b"), 0U);
  EXPECT_EQ(end(id, 0, all), "E_STATE");
  EXPECT_EQ(chain_.read<proto::AgreementState>(agreement_key(id))->versions(0).to_s(), chain_.now_s() + 100);
  chain_.advance_ms(1000);
  EXPECT_EQ(next_version(id, 2, shared()), "E_OK") << "the product's agreement may go on";
}

TEST_F(Agreements, that_have_not_begun_are_not_ended_before_they_do) {
  RevenueAgreement terms = all_to(chain_.oid("provider"));
  terms.effective_from_s = chain_.now_s() + 100;
  const ShortId id = chain_.agree("provider", asset_, terms);
  EXPECT_EQ(end(id, 0, {"provider"}), "E_EFFECTIVE");
}

TEST_F(Agreements, stay_while_a_contract_is_open) {
  const ShortId source = chain_.product("vendor-b", "Road map");
  const ShortId below = chain_.agree("vendor-b", source, all_to(chain_.oid("vendor-b")));
  const ShortId id = chain_.agree("provider", asset_, royalty_to(source));
  const ShortId deal = chain_.contract("provider", "buyer", asset_, id, {100});
  chain_.advance_ms(1000);
  EXPECT_EQ(end(id, 0, {"provider"}), "E_IN_USE");
  EXPECT_EQ(end(below, 0, {"vendor-b"}), "E_IN_USE") << "it shares the income further down";
  RevenueAgreement ending = royalty_to(source);
  ending.effective_to_s = chain_.now_s() + 100;
  EXPECT_EQ(next_version(id, 2, ending), "E_IN_USE");
  (void)chain_.settle("provider", "buyer", deal, 1, 100);
  EXPECT_EQ(end(id, 0, {"provider"}), "E_OK");
  EXPECT_EQ(end(below, 0, {"vendor-b"}), "E_OK");
}

TEST_F(Agreements, about_important_data_need_an_officer_too) {
  proto::AssetRegister body = asset_body("Grid load");
  body.mutable_description()->set_grade(5);
  const ShortId important = certified(chain_, "provider", body);
  const RevenueAgreement terms = all_to(chain_.oid("provider"));
  RecordSpec record = chain_.by_cdos(kAgreement, chain_.agreement_body(important, terms), {"provider"});
  EXPECT_EQ(chain_.submit_name(record), "E_POLICY");
  record.signers = {"provider"};
  const Digest id = chain_.submit_for_id(record);
  const ShortId agreement = ShortId::from(id.view().first(ShortId::kSize));
  ASSERT_TRUE(chain_.read<proto::AgreementState>(agreement_key(agreement)));
  chain_.advance_ms(1000);
  EXPECT_EQ(end(agreement, 0, {"provider"}), "E_POLICY");
  proto::Agreement ended;
  ended.mutable_end()->set_agreement(id_text(agreement));
  EXPECT_EQ(chain_.submit_name(spec("provider.cdo", kAgreement, ended, {"provider"})), "E_OK");
}

// Who decides by its share of right O is asked as the parties are.
TEST_F(Agreements, about_important_data_need_an_officer_of_each_who_decides) {
  proto::AssetRegister body = asset_body("Grid load");
  body.mutable_description()->set_grade(5);
  const ShortId important = certified(chain_, "provider", body);
  const RevenueAgreement terms = all_to(chain_.oid("vendor-b"));
  RecordSpec record =
      chain_.by_cdos(kAgreement, chain_.agreement_body(important, terms), {"vendor-b", "provider"});
  record.signers.push_back("vendor-b");
  EXPECT_EQ(chain_.submit_name(record), "E_NO_RIGHT");
  record.signers.push_back("provider");
  EXPECT_EQ(chain_.submit_name(record), "E_OK");
}

TEST_F(Agreements, refuse_a_suspended_party) {
  admit(chain_, "newcomer", test_oid(800));
  require_ok(chain_.submit(spec("exchange", kOrg, suspension(test_oid(800)))));
  RevenueAgreement terms = all_to(chain_.oid("provider"));
  std::get<SplitStep>(terms.steps[0]).payees = {part(chain_.oid("provider"), 500'000),
                                                part(test_oid(800), 500'000)};
  EXPECT_EQ(
      chain_.submit_name(chain_.by_cdos(kAgreement, chain_.agreement_body(asset_, terms), {"provider"})),
      "E_ORG_SUSPENDED");
}

TEST_F(Agreements, dry_runs_name_every_signature_that_is_needed) {
  RecordSpec record = chain_.by_cdos(kAgreement, chain_.agreement_body(asset_, shared()), {"provider"});
  const auto runs = chain_.ledger().dry_run(*chain_.envelope({record}), chain_.time_ms());
  ASSERT_TRUE(runs.has_value());
  std::set<std::string> missing;
  for (const Requirement& each : (*runs)[0].requirements) {
    if (!each.met) missing.insert(chain_.name_of(each.oid));
  }
  EXPECT_EQ(missing, (std::set<std::string>{"vendor-b", "exchange"}));
}

}  // namespace
}  // namespace circula::ledger
