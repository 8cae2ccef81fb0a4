// Record 17 CONTRACT: deals that both sides report.
#include "tests/ledger/deals.h"

namespace circula::ledger {
namespace {

using namespace testing;

TEST_F(Deals, are_reported_by_both_sides) {
  const std::uint64_t before = open_items("provider");
  const ShortId id = open({600, 400});
  const auto state = chain_.read<proto::ContractState>(contract_key(id));
  ASSERT_TRUE(state.has_value());
  EXPECT_EQ(state->total_minor(), 1'000);
  EXPECT_EQ(state->agreement_version(), 1U);
  EXPECT_EQ(state->status(), proto::CONTRACT_STATUS_SIGNED);
  EXPECT_EQ(open_items("provider"), before + 1);
  EXPECT_EQ(open_items("buyer"), 1U);

  EXPECT_EQ(chain_.submit_name(spec("provider", kContract, deal({100}))), "E_POLICY");
  EXPECT_EQ(chain_.submit_name(spec("buyer", kContract, deal({100}))), "E_POLICY");
  EXPECT_EQ(chain_.submit_name(spec("provider.finance", kContract, deal({100}), {"buyer"})), "E_POLICY")
      << "finance settles, but does not bind the organisation";
}

TEST_F(Deals, have_milestones_that_sum_to_the_total) {
  proto::Contract body = deal({600, 400});
  body.mutable_report()->set_total_minor(1'001);
  EXPECT_EQ(report(body), "E_SCHEDULE_SUM");
  body = deal({600, 400});
  body.mutable_report()->mutable_milestones(1)->set_n(3);
  EXPECT_EQ(report(body), "E_FORMAT");
  EXPECT_EQ(report(deal({0})), "E_AMOUNT");
  EXPECT_EQ(report(deal({})), "E_FORMAT");
  EXPECT_EQ(report(deal(std::vector<std::int64_t>(33, 1))), "E_LIMIT");
  EXPECT_EQ(report(deal(std::vector<std::int64_t>(32, 1))), "E_OK");
}

TEST_F(Deals, are_about_a_product_that_the_seller_operates) {
  proto::Contract body = deal({100});
  body.mutable_report()->set_seller(chain_.oid("vendor-b"));
  EXPECT_EQ(chain_.submit_name(spec("vendor-b", kContract, body, {"buyer"})), "E_NO_RIGHT");
  require_ok(chain_.submit(
      chain_.by_cdos(kRights, transfer_body(chain_, asset_, "provider", {{"vendor-b", 500'000}}, 500'000),
                     {"provider", "vendor-b"})));
  EXPECT_EQ(chain_.submit_name(spec("vendor-b", kContract, body, {"buyer"})), "E_NO_RIGHT")
      << "half of the right is no majority of it";
  EXPECT_EQ(chain_.submit_name(spec("vendor-b", kContract, body, {"buyer", "provider"})), "E_OK");
  const ShortId applied = registered(chain_, "provider", asset_body("Only applied"));
  body = deal({100});
  body.mutable_report()->set_product(id_text(applied));
  EXPECT_EQ(report(body), "E_STATE");
}

TEST_F(Deals, about_important_data_need_cdo_and_officer_of_each_side_and_of_who_decides) {
  proto::AssetRegister body = asset_body("Grid load");
  body.mutable_description()->set_grade(5);
  const ShortId important = certified(chain_, "provider", body);
  RecordSpec moved =
      chain_.by_cdos(kRights, transfer_body(chain_, important, "provider", {{"vendor-b", 600'000}}, 600'000),
                     {"provider", "vendor-b"});
  for (const char* officer : {"provider", "vendor-b", "regulator"}) moved.signers.push_back(officer);
  require_ok(chain_.submit(moved));
  RecordSpec agreed = chain_.by_cdos(
      kAgreement, chain_.agreement_body(important, all_to(chain_.oid("provider"))), {"provider", "vendor-b"});
  for (const char* officer : {"provider", "vendor-b"}) agreed.signers.push_back(officer);
  const Digest agreement = chain_.submit_for_id(agreed);
  const proto::Contract deal = chain_.contract_body(
      "provider", "buyer", important, ShortId::from(agreement.view().first(ShortId::kSize)), {100});
  RecordSpec record = spec("provider", kContract, deal, {"buyer", "provider.cdo"});
  EXPECT_EQ(chain_.submit_name(record), "E_POLICY");
  record.signers.push_back("buyer.cdo");
  EXPECT_EQ(chain_.submit_name(record), "E_NO_RIGHT") << "400,000 ppm do not decide";
  record.signers.push_back("vendor-b");
  EXPECT_EQ(chain_.submit_name(record), "E_NO_RIGHT") << "nor with an officer alone";
  record.signers.push_back("vendor-b.cdo");
  EXPECT_EQ(chain_.submit_name(record), "E_OK");
}

TEST_F(Deals, have_two_sides_and_a_date_that_has_come) {
  proto::Contract body = deal({100});
  body.mutable_report()->set_buyer(chain_.oid("provider"));
  EXPECT_EQ(report(body), "E_TERMS");
  body = deal({100});
  body.mutable_report()->set_signed_at_s(chain_.now_s() + 1);
  EXPECT_EQ(report(body), "E_TERMS");
  body = deal({100});
  body.mutable_report()->set_buyer(test_oid(900));
  EXPECT_EQ(report(body), "E_NOT_FOUND");
}

TEST_F(Deals, name_the_agreement_that_was_in_force) {
  proto::Contract body = deal({100});
  body.mutable_report()->set_signed_at_s(chain_.now_s() - 1);
  EXPECT_EQ(report(body), "E_NO_AGREEMENT") << "the deal is older than the agreement";
  body = deal({100});
  body.mutable_report()->set_agreement_version(2);
  EXPECT_EQ(report(body), "E_NO_AGREEMENT");
  body.mutable_report()->set_follows_versions(true);
  EXPECT_EQ(report(body), "E_FORMAT") << "pins a version and follows them";
  body.mutable_report()->set_agreement_version(0);
  body.mutable_report()->set_follows_versions(false);
  EXPECT_EQ(report(body), "E_FORMAT");
  body = deal({100});
  body.mutable_report()->set_agreement(std::string(16, 'x'));
  EXPECT_EQ(report(body), "E_NOT_FOUND");
  body = deal({100});
  body.mutable_report()->set_currency("USD");
  EXPECT_EQ(report(body), "E_CURRENCY");
  const ShortId other = chain_.product("provider", "Taxi GPS");
  body = deal({100});
  body.mutable_report()->set_product(id_text(other));
  EXPECT_EQ(report(body), "E_REF");
}

// A source's agreement has run out since the agreement was made: every settlement would fail.
TEST_F(Deals, are_refused_when_income_below_could_not_be_shared) {
  const ShortId source = chain_.product("vendor-b", "Road map");
  RevenueAgreement short_lived = all_to(chain_.oid("vendor-b"));
  short_lived.effective_from_s = chain_.now_s();
  short_lived.effective_to_s = chain_.now_s() + 100;
  (void)chain_.agree("vendor-b", source, short_lived);
  RevenueAgreement terms = two_parts();
  terms.steps.insert(terms.steps.begin(), RoyaltyStep{ShareBase::kGross, {{product_name(source), 1'000}}});
  chain_.advance_ms(1000);
  chain_.next_version("provider", agreement_, asset_, 2, terms);
  proto::Contract body = deal({100});
  body.mutable_report()->set_agreement_version(2);
  EXPECT_EQ(report(body), "E_OK");
  chain_.advance_ms(100'000);
  body = deal({100});
  body.mutable_report()->set_agreement_version(2);
  EXPECT_EQ(report(body), "E_NO_AGREEMENT");
}

TEST_F(Deals, of_other_forms_are_refused) {
  RecordSpec record = spec("provider", kContract, deal({100}), {"buyer"});
  record.body = {0x0a, 0x00};  // field 1, an operation that this version does not know
  EXPECT_EQ(chain_.submit_name(record), "E_FORMAT");
}

}  // namespace
}  // namespace circula::ledger
