// Record 1 ORG: admission, profiles, standing and exit (records.md 2.1, 2.2, 3.4).
#include <gtest/gtest.h>

#include "tests/ledger/asset_records.h"
#include "tests/ledger/deal_records.h"
#include "tests/ledger/identity_records.h"

namespace circula::ledger {
namespace {

using namespace testing;

class Organisations : public ::testing::Test {
 protected:
  std::string by(const std::string& author, const proto::Org& body,
                 const std::vector<std::string>& signers = {}) {
    return outcome(chain_, spec(author, kOrg, body, signers));
  }
  template <class Alter>
  std::string admitted(Alter alter) {
    proto::Org body = registration(chain_, "altered", test_oid(501));
    alter(*body.mutable_register_());
    return by("exchange", body);
  }
  // An update of the provider's profile.
  template <class Alter>
  std::string updated(Alter alter) {
    proto::Org body;
    body.mutable_update()->set_oid(chain_.oid("provider"));
    body.mutable_update()->mutable_profile()->set_name("provider");
    alter(*body.mutable_update()->mutable_profile());
    return by("provider", body);
  }
  DealChain chain_;
  const std::string member_ = test_oid(500);
};

TEST_F(Organisations, are_admitted_with_a_code_a_kind_and_a_key_of_their_own) {
  EXPECT_EQ(admitted([](proto::OrgRegister& r) { r.set_oid("919900000000005007"); }), "E_USCC");
  EXPECT_EQ(admitted([](proto::OrgRegister& r) { r.set_oid(""); }), "E_USCC");
  EXPECT_EQ(admitted([](proto::OrgRegister& r) { r.clear_kinds(); }), "E_FORMAT");
  EXPECT_EQ(admitted([](proto::OrgRegister& r) { r.add_kinds(proto::ORG_KIND_PROVIDER); }), "E_FORMAT");
  EXPECT_EQ(admitted([](proto::OrgRegister& r) { r.set_possession(std::string(64, 'x')); }), "E_POP");
  EXPECT_EQ(admitted([](proto::OrgRegister& r) { r.set_possession("short"); }), "E_FORMAT");
  EXPECT_EQ(admitted([](proto::OrgRegister& r) { r.set_first_key("short"); }), "E_FORMAT");
  EXPECT_EQ(admitted([this](proto::OrgRegister& r) {
              r.set_possession(possession(chain_, "altered", chain_.oid("provider")));
            }),
            "E_POP")
      << "it signed for another organisation";
  EXPECT_EQ(admitted([this](proto::OrgRegister& r) {
              r.set_first_key(public_key(chain_, "provider"));
              r.set_possession(possession(chain_, "provider", r.oid()));
            }),
            "E_KEY_REUSED");
  EXPECT_EQ(admitted([](proto::OrgRegister&) {}), "E_OK");
  EXPECT_EQ(admitted([](proto::OrgRegister&) {}), "E_ORG_EXISTS");
}

TEST_F(Organisations, of_a_privileged_kind_come_from_genesis) {
  for (const proto::OrgKind kind :
       {proto::ORG_KIND_EXCHANGE, proto::ORG_KIND_REGISTRAR, proto::ORG_KIND_BANK, proto::ORG_KIND_REGULATOR,
        proto::ORG_KIND_ARBITRATOR, proto::ORG_KIND_AUDITOR}) {
    EXPECT_EQ(admitted([&](proto::OrgRegister& r) { r.set_kinds(0, kind); }), "E_ROLE") << kind;
  }
}

TEST_F(Organisations, have_profiles_that_keep_their_form) {
  using P = proto::OrgProfile;
  EXPECT_EQ(updated([](P& p) { p.clear_name(); }), "E_FORMAT");
  EXPECT_EQ(updated([](P& p) { p.set_name(std::string(121, 'a')); }), "E_FORMAT");
  EXPECT_EQ(updated([](P& p) { p.set_name("call 13812345678"); }), "E_PI_FIELD");
  EXPECT_EQ(updated([](P& p) { p.set_industry("i64"); }), "E_FORMAT");
  EXPECT_EQ(updated([](P& p) { p.set_level(6); }), "E_FORMAT");
  EXPECT_EQ(updated([](P& p) { *p.mutable_licence() = data_digest("licence"); }), "E_OK");
  EXPECT_EQ(updated([](P& p) { p.mutable_licence()->set_suite(1); }), "E_FORMAT") << "no digest in it";
  EXPECT_EQ(updated([](P& p) { *p.mutable_contact() = data_digest("contact"); }), "E_PI_FIELD");
  EXPECT_EQ(updated([](P& p) { *p.mutable_contact() = data_digest("contact", true); }), "E_OK");
  EXPECT_EQ(updated([](P& p) { p.set_parent(test_oid(999)); }), "E_NOT_FOUND");
  EXPECT_EQ(updated([this](P& p) { p.set_parent(chain_.oid("provider")); }), "E_REF");
  EXPECT_EQ(updated([](P& p) {
              p.set_name(std::string(120, 'a'));
              p.set_region("350100000000");
              p.set_industry("I6410");
              p.set_level(5);
            }),
            "E_OK");
}

// Codes of GB/T 2260 have digits, two for each level down to the county, then three and three: a telephone
// number is none of them.
TEST_F(Organisations, and_assets_name_regions_by_their_codes) {
  proto::AssetRegister asset = asset_body("regional");
  for (const char* code :
       {"3", "350", "35010", "3501001", "13812345678", "3501000000001", "35AB", "fuzhou"}) {
    EXPECT_EQ(updated([&](proto::OrgProfile& p) { p.set_region(code); }), "E_FORMAT") << code;
    asset.mutable_description()->set_region(code);
    EXPECT_EQ(outcome(chain_, spec("provider.cdo", kAssetRegister, asset)), "E_FORMAT") << code;
  }
  for (const char* code : {"", "35", "3501", "350102", "350102001", "350102001001"}) {
    EXPECT_EQ(updated([&](proto::OrgProfile& p) { p.set_region(code); }), "E_OK") << code;
  }
}

TEST_F(Organisations, change_their_profile_by_an_officer) {
  proto::Org body;
  body.mutable_update()->set_oid(chain_.oid("provider"));
  body.mutable_update()->mutable_profile()->set_name("new name");
  EXPECT_EQ(by("provider.cdo", body), "E_POLICY");
  EXPECT_EQ(by("buyer", body), "E_POLICY");
  EXPECT_EQ(by("provider", body), "E_OK");
  EXPECT_EQ(chain_.read<proto::OrgState>(org_key(chain_.oid("provider")))->profile().name(), "new name");
  body.mutable_update()->set_oid(test_oid(999));
  EXPECT_EQ(by("provider", body), "E_NOT_FOUND");
}

// Its profile decides who supervises it and whom it is related to (records.md 2.1: a member signs 1 alone
// only to leave).
TEST_F(Organisations, that_an_exchange_admitted_change_their_profile_with_it) {
  admit(chain_, "member", member_);
  proto::Org body;
  body.mutable_update()->set_oid(member_);
  body.mutable_update()->mutable_profile()->set_name("new name");
  EXPECT_EQ(by("member", body), "E_POLICY");
  EXPECT_EQ(by("member", body, {"exchange-2"}), "E_POLICY");
  EXPECT_EQ(by("exchange", body), "E_POLICY");
  EXPECT_EQ(by("member", body, {"exchange"}), "E_OK");
}

TEST_F(Organisations, are_suspended_and_reinstated_by_their_exchange_or_a_regulator) {
  admit(chain_, "member", member_);
  EXPECT_EQ(by("provider", suspension(member_)), "E_ROLE");
  EXPECT_EQ(by("exchange.finance", suspension(member_)), "E_POLICY");
  EXPECT_EQ(by("exchange-2", suspension(member_)), "E_SCOPE");
  EXPECT_EQ(by("exchange", suspension(test_oid(999))), "E_NOT_FOUND");
  EXPECT_EQ(by("exchange", reinstatement(member_)), "E_STATE");
  EXPECT_EQ(by("exchange", suspension(member_)), "E_OK");
  EXPECT_EQ(by("exchange", suspension(member_)), "E_STATE");
  EXPECT_EQ(by("regulator", reinstatement(member_)), "E_OK");
  EXPECT_EQ(by("exchange", suspension(chain_.oid("provider"))), "E_SCOPE") << "genesis admitted it";
  proto::Org reasoned = suspension(member_);
  reasoned.mutable_suspend()->set_reason("see 13812345678");
  EXPECT_EQ(by("exchange", reasoned), "E_PI_FIELD");
}

// records.md 2.1: a regulator acts within its region and its industry, which it does not choose itself.
TEST(Regulators, supervise_their_region_and_industry) {
  const auto suspends = [](const std::string& region, const std::string& industry) {
    TestChain chain({.scopes = {{"provider", {"3501", "I64"}}, {"regulator", {region, industry}}}});
    return outcome(chain, spec("regulator", kOrg, suspension(chain.oid("provider"))));
  };
  EXPECT_EQ(suspends("", ""), "E_OK");
  EXPECT_EQ(suspends("44", ""), "E_SCOPE");
  EXPECT_EQ(suspends("35", "J"), "E_SCOPE");
  EXPECT_EQ(suspends("350102", "I"), "E_SCOPE");
  EXPECT_EQ(suspends("35", "I"), "E_OK");
}

TEST(Regulators, do_not_widen_their_scope) {
  TestChain chain({.scopes = {{"regulator", {"35", "I"}}}});
  const auto updated = [&](const std::string& region, const std::string& industry) {
    proto::Org body;
    body.mutable_update()->set_oid(chain.oid("regulator"));
    body.mutable_update()->mutable_profile()->set_name("regulator, renamed");
    body.mutable_update()->mutable_profile()->set_region(region);
    body.mutable_update()->mutable_profile()->set_industry(industry);
    return outcome(chain, spec("regulator", kOrg, body));
  };
  EXPECT_EQ(updated("", "I"), "E_ROLE");
  EXPECT_EQ(updated("35", ""), "E_ROLE");
  EXPECT_EQ(updated("35", "I"), "E_OK");
}

TEST_F(Organisations, leave_when_nothing_is_open) {
  admit(chain_, "member", member_);
  ASSERT_EQ(
      outcome(chain_, spec("member", kKey, addition(chain_, "member.cdo", member_, proto::KEY_USAGE_CDO))),
      "E_OK");
  const ShortId asset = chain_.product("provider", "held");
  proto::Rights share = transfer_body(chain_, asset, "provider", {}, 10);
  proto::Holder& to = *share.mutable_transfer()->add_to();
  to.set_oid(member_);
  to.set_ppm(10);
  ASSERT_EQ(outcome(chain_, spec("provider.cdo", kRights, share, {"member.cdo"})), "E_OK");
  EXPECT_EQ(by("member", exit_of(member_), {"exchange"}), "E_OPEN_ITEMS");

  proto::Rights back = transfer_body(chain_, asset, "provider", {{"provider", 10}}, 10);
  back.mutable_transfer()->set_from(member_);
  ASSERT_EQ(outcome(chain_, spec("member.cdo", kRights, back, {"provider.cdo"})), "E_OK");
  EXPECT_EQ(by("member", exit_of(member_)), "E_POLICY");
  EXPECT_EQ(by("exchange", exit_of(member_)), "E_POLICY");
  EXPECT_EQ(by("member", exit_of(member_), {"exchange-2"}), "E_POLICY");
  EXPECT_EQ(by("provider", exit_of(chain_.oid("provider")), {"exchange"}), "E_STATE");
  EXPECT_EQ(by("member", exit_of(member_), {"exchange"}), "E_OK");
  EXPECT_EQ(by("member", exit_of(member_), {"exchange"}), "E_STATE");
  EXPECT_EQ(by("exchange", reinstatement(member_)), "E_STATE");
  EXPECT_EQ(by("exchange", registration(chain_, "member again", member_)), "E_ORG_EXISTS");
}

// Nobody would hold what it applied for.
TEST_F(Organisations, that_have_left_have_their_applications_refused) {
  admit(chain_, "member", member_);
  ASSERT_EQ(
      outcome(chain_, spec("member", kKey, addition(chain_, "member.cdo", member_, proto::KEY_USAGE_CDO))),
      "E_OK");
  const auto applied = [&](const std::string& title) {
    const Digest record = chain_.submit_for_id(spec("member.cdo", kAssetRegister, asset_body(title)));
    return ShortId::from(record.view().first(ShortId::kSize));
  };
  const ShortId waiting = applied("waiting");
  const ShortId published = applied("published");
  ASSERT_EQ(outcome(chain_, spec("registrar", kCertify, notice_body(published))), "E_OK");
  ASSERT_EQ(by("member", exit_of(member_), {"exchange"}), "E_OK");
  EXPECT_EQ(outcome(chain_, spec("registrar", kCertify, notice_body(waiting))), "E_STATE");
  const NamedShares all = {{"provider", 1'000'000}};
  EXPECT_EQ(outcome(chain_, spec("registrar", kCertify, issue_body(chain_, published, all, all, all))),
            "E_STATE");
  EXPECT_EQ(outcome(chain_, spec("registrar", kCertify, refuse_body(waiting))), "E_OK");
  EXPECT_EQ(outcome(chain_, spec("registrar", kCertify, refuse_body(published))), "E_OK");
}

// records.md 3.4: a suspended member does not originate; its signature counts for nothing, wherever it
// stands.
TEST_F(Organisations, that_are_suspended_sign_nothing) {
  const ShortId asset = chain_.product("provider", "held by two");
  require_ok(chain_.submit(
      chain_.by_cdos(kRights, transfer_body(chain_, asset, "provider", {{"vendor-b", 600'000}}, 600'000),
                     {"provider", "vendor-b"})));
  const RevenueAgreement terms = all_to(chain_.oid("provider"));
  ASSERT_EQ(by("regulator", suspension(chain_.oid("vendor-b"))), "E_OK");
  EXPECT_EQ(outcome(chain_, chain_.by_cdos(kAgreement, chain_.agreement_body(asset, terms),
                                           {"provider", "vendor-b"})),
            "E_ORG_SUSPENDED")
      << "its 600,000 ppm decide over nothing";

  admit(chain_, "member", member_);
  ASSERT_EQ(by("regulator", suspension(chain_.oid("exchange"))), "E_OK");
  EXPECT_EQ(by("member", exit_of(member_), {"exchange"}), "E_ORG_SUSPENDED");
}

}  // namespace
}  // namespace circula::ledger
