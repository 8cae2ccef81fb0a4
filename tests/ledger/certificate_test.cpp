#include "ledger/certificate.h"

#include <gtest/gtest.h>

#include "ledger/certificate_number.h"
#include "ledger/proto/clock.pb.h"
#include "tests/ledger/asset_records.h"

namespace circula::ledger {
namespace {

using namespace testing;

constexpr std::uint64_t kDayMs = 86'400'000;
const NamedShares kAllToProvider = {{"provider", 1'000'000}};

RecordSpec registrar_spec(const proto::Certify& body) { return spec("registrar", kCertify, body); }

std::string issue_to_provider(TestChain& chain, const ShortId& asset) {
  return outcome(chain,
                 registrar_spec(issue_body(chain, asset, kAllToProvider, kAllToProvider, kAllToProvider)));
}

std::uint64_t open_items(TestChain& chain, const std::string& organisation) {
  return chain.open_items(organisation);
}

// A block at the chain's time.
void tick(TestChain& chain) {
  proto::ClockMove body;
  body.set_to_ms(chain.time_ms());
  ASSERT_EQ(outcome(chain, spec("exchange", 39, body)), "E_OK");
}

void set_parent(TestChain& chain, const std::string& child, const std::string& parent) {
  proto::Org body;
  body.mutable_update()->set_oid(chain.oid(child));
  body.mutable_update()->mutable_profile()->set_name(child);
  body.mutable_update()->mutable_profile()->set_parent(chain.oid(parent));
  ASSERT_EQ(outcome(chain, spec(child, 1, body)), "E_OK");
}

TEST(Certify, a_certificate_opens_three_tables_and_has_a_number) {
  TestChain chain;
  const ShortId asset = registered(chain, "provider", asset_body("a"));
  EXPECT_EQ(outcome(chain, registrar_spec(notice_body(asset))), "E_OK");
  EXPECT_EQ(asset_state(chain, asset).status(), proto::ASSET_STATUS_NOTICE);
  const proto::Certify issue = issue_body(chain, asset, {{"provider", 600'000}, {"vendor-b", 400'000}},
                                          kAllToProvider, {{"merchant", 1}, {"vendor-b", 999'999}});
  EXPECT_EQ(outcome(chain, registrar_spec(issue)), "E_OK");

  const proto::AssetState state = asset_state(chain, asset);
  EXPECT_EQ(state.status(), proto::ASSET_STATUS_CERTIFIED);
  EXPECT_EQ(state.valid_to_s(), issue.issue().valid_to_s());
  const auto number = parse_certificate_number(state.certificate());
  ASSERT_TRUE(number) << number.error().detail;
  EXPECT_EQ(*number, (CertificateNumber{"R1", 2023, 1}));
  const auto certificate = chain.read<proto::CertificateState>(certificate_key(state.certificate()));
  ASSERT_TRUE(certificate);
  EXPECT_EQ(certificate->asset(), id_text(asset));
  using Shares = std::map<std::string, std::uint32_t>;
  EXPECT_EQ(table(chain, asset, 'H'), (Shares{{"provider", 600'000}, {"vendor-b", 400'000}}));
  EXPECT_EQ(table(chain, asset, 'U'), (Shares{{"provider", 1'000'000}}));
  EXPECT_EQ(table(chain, asset, 'O'), (Shares{{"merchant", 1}, {"vendor-b", 999'999}}));
  EXPECT_EQ(open_items(chain, "provider"), 2U);
  EXPECT_EQ(open_items(chain, "vendor-b"), 2U);
  EXPECT_EQ(open_items(chain, "merchant"), 1U);
}

TEST(Certify, numbers_rise_by_registrar_and_year_at_utc_8) {
  TestChain chain({.time_ms = 1'704'038'399'000});  // 2023-12-31T23:59:59+08:00
  const auto number = [&](const std::string& registrar, const std::string& title) {
    const ShortId asset = registered(chain, "provider", asset_body(title));
    EXPECT_EQ(outcome(chain, spec(registrar, kCertify, notice_body(asset))), "E_OK");
    EXPECT_EQ(outcome(chain, spec(registrar, kCertify,
                                  issue_body(chain, asset, kAllToProvider, kAllToProvider, kAllToProvider))),
              "E_OK");
    return *parse_certificate_number(asset_state(chain, asset).certificate());
  };
  EXPECT_EQ(number("registrar", "a"), (CertificateNumber{"R1", 2023, 1}));
  EXPECT_EQ(number("registrar-2", "b"), (CertificateNumber{"R2", 2023, 1}));
  EXPECT_EQ(number("registrar", "c"), (CertificateNumber{"R1", 2023, 2}));
  chain.advance_ms(1000);
  EXPECT_EQ(number("registrar", "d"), (CertificateNumber{"R1", 2024, 1}));
}

TEST(Certify, a_registrar_without_numbers_left_or_without_a_code_certifies_nothing) {
  TestChain chain;
  const ShortId asset = registered(chain, "provider", asset_body("a"));
  EXPECT_EQ(outcome(chain, spec("registrar-3", kCertify, notice_body(asset))), "E_CERT_NO");

  MemoryStorage storage;
  const auto empty = State::open(storage);
  ASSERT_TRUE(empty);
  BlockState block(**empty);
  const ChainContext context;
  const Execution::Entry entry{.time_ms = 1'680'000'000'000, .record_id = {}};
  Execution before(block, context, entry);
  proto::SerialState used;
  used.set_last(kCertificateSerialMax - 1);
  before.change(serial_key("R1", "2023"), 809, proto::SerialGiven(), used);
  before.commit();
  Execution last(block, context, entry);
  const auto number = next_certificate_number(last, "R1");
  ASSERT_TRUE(number);
  EXPECT_EQ(parse_certificate_number(*number)->serial, kCertificateSerialMax);
  last.commit();
  Execution over(block, context, entry);
  const auto none = next_certificate_number(over, "R1");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Code::E_CERT_NO);
  EXPECT_TRUE(over.effects().empty());
}

TEST(Certify, the_notice_lasts_its_working_days) {
  // Five working days from Tuesday, 28 March 2023: the notice ends when Tuesday, 4 April, has.
  TestChain chain({.clock = proto::CLOCK_SCRIPTED, .profile = proto::PROFILE_PRODUCTION});
  const ShortId asset = registered(chain, "provider", asset_body("a"));
  EXPECT_EQ(issue_to_provider(chain, asset), "E_NOTICE");
  EXPECT_EQ(outcome(chain, registrar_spec(notice_body(asset))), "E_OK");
  constexpr std::int64_t kEnd = 1'680'624'000;  // 2023-04-05T00:00:00+08:00
  EXPECT_EQ(asset_state(chain, asset).notice_ends_s(), kEnd);
  EXPECT_EQ(issue_to_provider(chain, asset), "E_NOTICE");
  chain.set_time_ms(static_cast<std::uint64_t>(kEnd) * 1000 - 1);
  EXPECT_EQ(issue_to_provider(chain, asset), "E_NOTICE");
  EXPECT_FALSE(asset_state(chain, asset).notice_over());
  chain.advance_ms(1);
  tick(chain);
  EXPECT_TRUE(asset_state(chain, asset).notice_over());
  EXPECT_EQ(asset_state(chain, asset).status(), proto::ASSET_STATUS_NOTICE);
  EXPECT_EQ(issue_to_provider(chain, asset), "E_OK");
}

TEST(Certify, due_work_of_a_decided_application_is_gone) {
  TestChain chain({.clock = proto::CLOCK_SCRIPTED, .profile = proto::PROFILE_PRODUCTION});
  const ShortId asset = registered(chain, "provider", asset_body("a"));
  EXPECT_EQ(outcome(chain, registrar_spec(notice_body(asset))), "E_OK");
  EXPECT_TRUE(chain.ledger().next_due_ms()->has_value());
  EXPECT_EQ(outcome(chain, registrar_spec(refuse_body(asset))), "E_OK");
  EXPECT_FALSE(chain.ledger().next_due_ms()->has_value());
  chain.advance_ms(30 * kDayMs);
  tick(chain);
  EXPECT_FALSE(asset_state(chain, asset).notice_over());
}

TEST(Certify, only_a_registrar_with_its_own_signature) {
  TestChain chain;
  const ShortId asset = registered(chain, "provider", asset_body("a"));
  EXPECT_EQ(outcome(chain, spec("exchange", kCertify, notice_body(asset))), "E_ROLE");
  EXPECT_EQ(outcome(chain, spec("provider", kCertify, notice_body(asset), {"registrar"})), "E_ROLE");
  EXPECT_EQ(outcome(chain, spec("registrar.finance", kCertify, notice_body(asset))), "E_POLICY");
  EXPECT_EQ(outcome(chain, spec("registrar.cdo", kCertify, notice_body(asset))), "E_OK");
}

TEST(Certify, important_data_needs_the_registrars_cdo_and_officer) {
  TestChain chain;
  proto::AssetRegister body = asset_body("a");
  body.mutable_description()->set_grade(5);
  const ShortId asset = registered(chain, "provider", body);
  EXPECT_EQ(outcome(chain, registrar_spec(notice_body(asset))), "E_POLICY");
  EXPECT_EQ(outcome(chain, spec("registrar", kCertify, notice_body(asset), {"registrar.cdo"})), "E_OK");
}

TEST(Certify, not_for_itself_its_parent_or_its_child) {
  TestChain chain;
  const ShortId own = registered(chain, "registrar", asset_body("own"));
  EXPECT_EQ(outcome(chain, registrar_spec(notice_body(own))), "E_RELATED");
  EXPECT_EQ(outcome(chain, registrar_spec(refuse_body(own))), "E_RELATED");
  EXPECT_EQ(outcome(chain, spec("registrar-2", kCertify, notice_body(own))), "E_OK");

  const ShortId of_child = registered(chain, "provider", asset_body("child"));
  set_parent(chain, "provider", "registrar");
  EXPECT_EQ(outcome(chain, registrar_spec(notice_body(of_child))), "E_RELATED");
  const ShortId of_parent = registered(chain, "buyer", asset_body("parent"));
  set_parent(chain, "registrar", "buyer");
  EXPECT_EQ(outcome(chain, registrar_spec(notice_body(of_parent))), "E_RELATED");
}

TEST(Certify, the_registrar_of_the_notice_decides) {
  TestChain chain;
  const ShortId asset = registered(chain, "provider", asset_body("a"));
  EXPECT_EQ(outcome(chain, registrar_spec(notice_body(asset))), "E_OK");
  const auto by_other = [&](const proto::Certify& body) {
    return outcome(chain, spec("registrar-2", kCertify, body));
  };
  EXPECT_EQ(by_other(refuse_body(asset)), "E_SCOPE");
  EXPECT_EQ(by_other(issue_body(chain, asset, kAllToProvider, kAllToProvider, kAllToProvider)), "E_SCOPE");
  EXPECT_EQ(issue_to_provider(chain, asset), "E_OK");
  EXPECT_EQ(by_other(revoke_body(asset)), "E_SCOPE");
}

TEST(Certify, each_step_has_its_state) {
  TestChain chain;
  const ShortId asset = registered(chain, "provider", asset_body("a"));
  EXPECT_EQ(outcome(chain, registrar_spec(revoke_body(asset))), "E_STATE");
  EXPECT_EQ(outcome(chain, registrar_spec(notice_body(asset))), "E_OK");
  EXPECT_EQ(outcome(chain, registrar_spec(notice_body(asset))), "E_STATE");
  EXPECT_EQ(issue_to_provider(chain, asset), "E_OK");
  EXPECT_EQ(issue_to_provider(chain, asset), "E_STATE");
  EXPECT_EQ(outcome(chain, registrar_spec(refuse_body(asset))), "E_STATE");
  EXPECT_EQ(outcome(chain, registrar_spec(revoke_body(asset))), "E_OK");
  EXPECT_EQ(outcome(chain, registrar_spec(revoke_body(asset))), "E_STATE");
  EXPECT_EQ(outcome(chain, registrar_spec(notice_body(asset))), "E_STATE");

  const ShortId refused = registered(chain, "provider", asset_body("b"));
  EXPECT_EQ(outcome(chain, registrar_spec(refuse_body(refused))), "E_OK");
  EXPECT_EQ(outcome(chain, registrar_spec(notice_body(refused))), "E_STATE");
  EXPECT_EQ(outcome(chain, registrar_spec(notice_body(ShortId{}))), "E_NOT_FOUND");
}

TEST(Certify, each_table_is_whole) {
  TestChain chain;
  const ShortId asset = registered(chain, "provider", asset_body("a"));
  EXPECT_EQ(outcome(chain, registrar_spec(notice_body(asset))), "E_OK");
  const auto with_use = [&](const NamedShares& use) {
    return outcome(chain, registrar_spec(issue_body(chain, asset, kAllToProvider, use, kAllToProvider)));
  };
  EXPECT_EQ(with_use({}), "E_PPM");
  EXPECT_EQ(with_use({{"provider", 999'999}}), "E_PPM");
  EXPECT_EQ(with_use({{"provider", 1'000'001}}), "E_PPM");
  EXPECT_EQ(with_use({{"provider", 1'000'000}, {"buyer", 0}}), "E_PPM");
  proto::Certify stranger = issue_body(chain, asset, kAllToProvider, kAllToProvider, kAllToProvider);
  stranger.mutable_issue()->mutable_operation(0)->set_oid(test_oid(900));
  EXPECT_EQ(outcome(chain, registrar_spec(stranger)), "E_NOT_FOUND");
  proto::Certify twice = issue_body(chain, asset, kAllToProvider, kAllToProvider, kAllToProvider);
  *twice.mutable_issue()->add_holding() = twice.issue().holding(0);
  EXPECT_EQ(outcome(chain, registrar_spec(twice)), "E_FORMAT");
  proto::Certify many = issue_body(chain, asset, kAllToProvider, kAllToProvider, kAllToProvider);
  many.mutable_issue()->clear_holding();
  for (unsigned number = 1; number <= 65; ++number)
    many.mutable_issue()->add_holding()->set_oid(test_oid(number));
  EXPECT_EQ(outcome(chain, registrar_spec(many)), "E_LIMIT");
}

TEST(Certify, the_certificate_ends_later_than_now) {
  TestChain chain;
  const ShortId asset = registered(chain, "provider", asset_body("a"));
  EXPECT_EQ(outcome(chain, registrar_spec(notice_body(asset))), "E_OK");
  proto::Certify body = issue_body(chain, asset, kAllToProvider, kAllToProvider, kAllToProvider);
  body.mutable_issue()->set_valid_to_s(static_cast<std::int64_t>(chain.time_ms() / 1000));
  EXPECT_EQ(outcome(chain, registrar_spec(body)), "E_TIME");
  body.mutable_issue()->set_valid_to_s(INT64_MAX);
  EXPECT_EQ(outcome(chain, registrar_spec(body)), "E_TIME");
  body.mutable_issue()->set_valid_to_s(static_cast<std::int64_t>(chain.time_ms() / 1000) + 1);
  EXPECT_EQ(outcome(chain, registrar_spec(body)), "E_OK");
}

TEST(Certify, revocation_and_refusal_say_why) {
  TestChain chain;
  const ShortId asset = registered(chain, "provider", asset_body("a"));
  proto::Certify refuse = refuse_body(asset);
  refuse.mutable_refuse()->clear_reason();
  EXPECT_EQ(outcome(chain, registrar_spec(refuse)), "E_FORMAT");
  refuse = refuse_body(asset);
  refuse.mutable_refuse()->set_note("13812345678");
  EXPECT_EQ(outcome(chain, registrar_spec(refuse)), "E_PI_FIELD");
  proto::Certify revoke = revoke_body(asset);
  revoke.mutable_revoke()->clear_document();
  EXPECT_EQ(outcome(chain, registrar_spec(revoke)), "E_FORMAT");
  EXPECT_EQ(outcome(chain, registrar_spec(proto::Certify())), "E_FORMAT");
}

TEST(Certify, a_revoked_certificate_ends_the_rights_and_frees_their_holders) {
  TestChain chain;
  const ShortId asset = certified(chain, "provider", asset_body("a"));
  EXPECT_EQ(open_items(chain, "provider"), 3U);
  EXPECT_EQ(outcome(chain, registrar_spec(revoke_body(asset))), "E_OK");
  EXPECT_EQ(open_items(chain, "provider"), 0U);
  EXPECT_EQ(table(chain, asset, 'O').at("provider"), 1'000'000U);
  const std::string number = asset_state(chain, asset).certificate();
  EXPECT_TRUE(chain.read<proto::CertificateState>(certificate_key(number))->revoked());
  const proto::Rights move = transfer_body(chain, asset, "provider", {{"vendor-b", 5}}, 5);
  EXPECT_EQ(outcome(chain, spec("provider.cdo", kRights, move, {"vendor-b.cdo"})), "E_STATE");
}

}  // namespace
}  // namespace circula::ledger
