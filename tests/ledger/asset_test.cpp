#include "ledger/asset.h"

#include <gtest/gtest.h>

#include "tests/ledger/asset_records.h"

namespace circula::ledger {
namespace {

using namespace testing;

// The outcome of an application by provider's cdo with one thing altered.
template <class Alter>
std::string altered(Alter alter) {
  TestChain chain;
  proto::AssetRegister body = asset_body("Bus GPS");
  alter(*body.mutable_description());
  return outcome(chain, spec("provider.cdo", kAssetRegister, body));
}

TEST(AssetRegister, an_application_waits_for_a_registrar) {
  TestChain chain;
  const ShortId id = registered(chain, "provider", asset_body("Bus GPS"));
  const proto::AssetState asset = asset_state(chain, id);
  EXPECT_EQ(asset.status(), proto::ASSET_STATUS_APPLIED);
  EXPECT_EQ(asset.applicant(), chain.oid("provider"));
  EXPECT_EQ(asset.description().title(), "Bus GPS");
  EXPECT_TRUE(table(chain, id, 'H').empty());
}

TEST(AssetRegister, the_applicants_cdo_signs) {
  TestChain chain;
  EXPECT_EQ(outcome(chain, spec("provider", kAssetRegister, asset_body("a"))), "E_POLICY");
  EXPECT_EQ(outcome(chain, spec("provider.finance", kAssetRegister, asset_body("a"))), "E_POLICY");
  EXPECT_EQ(outcome(chain, spec("provider", kAssetRegister, asset_body("a"), {"buyer.cdo"})), "E_POLICY");
  EXPECT_EQ(outcome(chain, spec("provider", kAssetRegister, asset_body("a"), {"provider.cdo"})), "E_OK");
}

TEST(AssetRegister, important_data_needs_an_officer_too_and_core_data_stays_out) {
  TestChain chain;
  proto::AssetRegister body = asset_body("a");
  body.mutable_description()->set_grade(5);
  EXPECT_EQ(outcome(chain, spec("provider.cdo", kAssetRegister, body)), "E_POLICY");
  EXPECT_EQ(outcome(chain, spec("provider.cdo", kAssetRegister, body, {"provider"})), "E_OK");
  body.mutable_description()->set_grade(6);
  EXPECT_EQ(outcome(chain, spec("provider.cdo", kAssetRegister, body, {"provider"})), "E_CORE_DATA");
  body.mutable_description()->set_grade(7);
  EXPECT_EQ(outcome(chain, spec("provider.cdo", kAssetRegister, body, {"provider"})), "E_FORMAT");
}

TEST(AssetRegister, personal_data_has_no_basis_here_and_its_digest_is_salted) {
  using D = proto::AssetDescription;
  EXPECT_EQ(altered([](D& d) {
              d.set_personal_information(proto::PERSONAL_INFORMATION_PERSONAL);
              d.mutable_content()->set_salted(true);
            }),
            "E_NO_BASIS");
  EXPECT_EQ(altered([](D& d) {
              d.set_personal_information(proto::PERSONAL_INFORMATION_SENSITIVE);
              d.mutable_content()->set_salted(true);
            }),
            "E_NO_BASIS");
  EXPECT_EQ(altered([](D& d) { d.set_personal_information(proto::PERSONAL_INFORMATION_DEIDENTIFIED); }),
            "E_PI_FIELD");
  EXPECT_EQ(altered([](D& d) {
              d.set_personal_information(proto::PERSONAL_INFORMATION_DEIDENTIFIED);
              d.mutable_content()->set_salted(true);
            }),
            "E_NO_BASIS")
      << "de-identified data is personal information still";
  EXPECT_EQ(altered([](D& d) { d.set_asset_class(proto::ASSET_CLASS_PERSONAL); }), "E_FORMAT");
  EXPECT_EQ(altered([](D& d) {
              d.set_asset_class(proto::ASSET_CLASS_PERSONAL);
              d.set_personal_information(proto::PERSONAL_INFORMATION_ANONYMISED);
            }),
            "E_OK");
  EXPECT_EQ(altered([](D& d) { d.set_personal_information(proto::PERSONAL_INFORMATION_ANONYMISED); }),
            "E_OK");
  EXPECT_EQ(altered([](D& d) { d.mutable_content()->set_salted(true); }), "E_FORMAT");
  EXPECT_EQ(altered([](D& d) { d.set_summary("call 13812345678"); }), "E_PI_FIELD");
}

TEST(AssetRegister, fields_keep_their_form) {
  using D = proto::AssetDescription;
  const auto is_malformed = [](auto alter) { EXPECT_EQ(altered(alter), "E_FORMAT"); };
  is_malformed([](D& d) { d.clear_asset_class(); });
  is_malformed([](D& d) { d.clear_form(); });
  is_malformed([](D& d) { d.clear_title(); });
  is_malformed([](D& d) { d.set_title(std::string(201, 'a')); });
  is_malformed([](D& d) { d.set_summary(std::string(2001, 'a')); });
  is_malformed([](D& d) { d.set_region("35a"); });
  is_malformed([](D& d) { d.set_region("3501000000001"); });
  is_malformed([](D& d) { d.set_industry("i64"); });
  is_malformed([](D& d) { d.clear_grade(); });
  is_malformed([](D& d) { d.clear_personal_information(); });
  is_malformed([](D& d) { d.set_data_subjects_bucket(99); });
  is_malformed([](D& d) { d.set_span_from_s(1); });
  is_malformed([](D& d) { d.clear_update(); });
  is_malformed([](D& d) { d.mutable_schema()->set_suite(2); });
  is_malformed([](D& d) { d.clear_content(); });
  is_malformed([](D& d) { d.mutable_content()->set_digest("short"); });
  is_malformed([](D& d) { d.clear_rights_claimed(); });
  is_malformed([](D& d) { d.add_rights_claimed(proto::RIGHT_KIND_HOLDING); });
  is_malformed([](D& d) { d.set_standards(0, "gb 1"); });
  is_malformed([](D& d) { d.add_standards("GB/T 35273"); });
  is_malformed([](D& d) { d.mutable_sources(0)->clear_how(); });
  is_malformed([](D& d) { d.mutable_sources(0)->set_asset("15 bytes......."); });
  is_malformed([](D& d) { d.add_evidence()->set_suite(1); });
}

TEST(AssetRegister, fields_may_reach_their_bounds) {
  using D = proto::AssetDescription;
  EXPECT_EQ(altered([](D& d) {
              d.set_title(std::string(200, 'a'));
              d.set_summary(std::string(2000, 'a'));
              d.set_region("350100000000");
              d.set_data_subjects_bucket(1'000'000);
              d.set_span_from_s(5);
              d.set_span_to_s(5);
              d.set_size_bytes(UINT64_MAX);
              d.set_rows(UINT64_MAX);
              while (d.sources_size() < 16) d.add_sources()->set_how(proto::SOURCE_KIND_PUBLIC);
              for (int item = d.evidence_size(); item < 16; ++item) *d.add_evidence() = data_digest("e");
              d.clear_standards();
              for (int item = 0; item < 64; ++item) d.add_standards("GB/T 36" + std::to_string(100 + item));
            }),
            "E_OK");
  EXPECT_EQ(altered([](D& d) {
              while (d.sources_size() < 17) d.add_sources()->set_how(proto::SOURCE_KIND_PUBLIC);
            }),
            "E_LIMIT");
  EXPECT_EQ(altered([](D& d) {
              while (d.evidence_size() < 17) *d.add_evidence() = data_digest("e");
            }),
            "E_LIMIT");
  EXPECT_EQ(altered([](D& d) {
              d.clear_standards();
              for (int item = 0; item < 65; ++item) d.add_standards("GB/T 36" + std::to_string(100 + item));
            }),
            "E_LIMIT");
}

TEST(AssetRegister, a_source_is_certified_in_force_and_open_to_the_applicant) {
  TestChain chain;
  const ShortId source = certified(chain, "provider", asset_body("source"));
  const ShortId waiting = registered(chain, "provider", asset_body("waiting"));
  const auto from = [&](const std::string& applicant, const std::string& asset, const std::string& title) {
    proto::AssetRegister body = asset_body(title);
    body.mutable_description()->mutable_sources(0)->set_how(proto::SOURCE_KIND_BOUGHT);
    body.mutable_description()->mutable_sources(0)->set_asset(asset);
    return outcome(chain, spec(applicant + ".cdo", kAssetRegister, body));
  };
  EXPECT_EQ(from("provider", std::string(16, 'x'), "a"), "E_SOURCE");
  EXPECT_EQ(from("provider", id_text(waiting), "a"), "E_SOURCE");
  EXPECT_EQ(from("vendor-b", id_text(source), "a"), "E_SOURCE");
  EXPECT_EQ(from("provider", id_text(source), "a"), "E_OK");

  proto::Rights share = transfer_body(chain, source, "provider", {{"vendor-b", 1}}, 1);
  share.mutable_transfer()->set_right(proto::RIGHT_KIND_USE);
  EXPECT_EQ(outcome(chain, spec("provider.cdo", kRights, share, {"vendor-b.cdo"})), "E_OK");
  EXPECT_EQ(from("vendor-b", id_text(source), "b"), "E_OK");

  share = transfer_body(chain, source, "provider", {{"vendor-b", 999'999}}, 999'999);
  share.mutable_transfer()->set_right(proto::RIGHT_KIND_USE);
  EXPECT_EQ(outcome(chain, spec("provider.cdo", kRights, share, {"vendor-b.cdo"})), "E_OK");
  EXPECT_EQ(from("provider", id_text(source), "gone"), "E_SOURCE")
      << "who has given all of right U away does not process the source any longer";

  chain.set_time_ms(static_cast<std::uint64_t>(asset_state(chain, source).valid_to_s()) * 1000 - 1);
  EXPECT_EQ(from("vendor-b", id_text(source), "c"), "E_OK");
  chain.advance_ms(1);
  EXPECT_EQ(from("vendor-b", id_text(source), "d"), "E_SOURCE");
}

TEST(AssetRegister, a_derived_asset_names_what_it_is_derived_from) {
  EXPECT_EQ(
      altered([](proto::AssetDescription& d) { d.mutable_sources(0)->set_how(proto::SOURCE_KIND_DERIVED); }),
      "E_SOURCE");
}

TEST(AssetRegister, the_same_content_is_registered_once_unless_derived) {
  TestChain chain;
  const ShortId source = certified(chain, "provider", asset_body("content"));
  EXPECT_EQ(outcome(chain, spec("vendor-b.cdo", kAssetRegister, asset_body("content"))), "E_DUP_CONTENT");

  proto::AssetRegister derived = asset_body("content");
  derived.mutable_description()->mutable_sources(0)->set_how(proto::SOURCE_KIND_DERIVED);
  derived.mutable_description()->mutable_sources(0)->set_asset(id_text(source));
  EXPECT_EQ(outcome(chain, spec("provider.cdo", kAssetRegister, derived)), "E_OK");

  *derived.mutable_description()->mutable_content() = data_digest("new");
  EXPECT_EQ(outcome(chain, spec("provider.cdo", kAssetRegister, derived)), "E_OK");
  EXPECT_EQ(outcome(chain, spec("vendor-b.cdo", kAssetRegister, asset_body("new"))), "E_DUP_CONTENT");
}

TEST(AssetRegister, a_refused_or_revoked_asset_does_not_keep_its_content_from_others) {
  TestChain chain;
  const ShortId refused = registered(chain, "provider", asset_body("one"));
  EXPECT_EQ(outcome(chain, spec("registrar", kCertify, refuse_body(refused))), "E_OK");
  const ShortId again = registered(chain, "vendor-b", asset_body("one"));
  EXPECT_EQ(outcome(chain, spec("provider.cdo", kAssetRegister, asset_body("one"))), "E_DUP_CONTENT");
  EXPECT_EQ(asset_state(chain, again).status(), proto::ASSET_STATUS_APPLIED);

  const ShortId revoked = certified(chain, "provider", asset_body("two"));
  EXPECT_EQ(outcome(chain, spec("registrar", kCertify, revoke_body(revoked))), "E_OK");
  EXPECT_EQ(outcome(chain, spec("vendor-b.cdo", kAssetRegister, asset_body("two"))), "E_OK");
}

TEST(AssetRegister, an_organisation_code_of_any_length_is_only_unknown) {
  // A subject key has at most 255 bytes; a body's text is bounded by the record alone.
  TestChain chain;
  const ShortId asset = certified(chain, "provider", asset_body("a"));
  proto::Rights body = transfer_body(chain, asset, "provider", {{"vendor-b", 5}}, 5);
  body.mutable_transfer()->mutable_to(0)->set_oid(std::string(20'000, '9'));
  EXPECT_EQ(outcome(chain, spec("provider.cdo", kRights, body, {"vendor-b.cdo"})), "E_NOT_FOUND");
}

}  // namespace
}  // namespace circula::ledger
