// Record 2 KEY: the life of keys (records.md 2.2, 3.4).
#include <gtest/gtest.h>

#include "tests/ledger/asset_records.h"
#include "tests/ledger/identity_records.h"

namespace circula::ledger {
namespace {

using namespace testing;

constexpr std::int64_t kDay = 86'400;

class Keys : public ::testing::Test {
 protected:
  std::string by(const std::string& author, const proto::Key& body,
                 const std::vector<std::string>& signers = {}) {
    return outcome(chain_, spec(author, kKey, body, signers));
  }
  proto::Key added(const std::string& key, proto::KeyUsage usage = proto::KEY_USAGE_CDO) {
    return addition(chain_, key, oid_, usage);
  }
  proto::Key rotated(const std::string& old, const std::string& key, std::int64_t until_s) {
    return rotation(chain_, old, key, oid_, until_s);
  }
  std::int64_t now_s() const { return static_cast<std::int64_t>(chain_.time_ms() / 1000); }
  // What a record by this key comes to; E_OK or E_POLICY say that the key counts.
  std::string used(const std::string& key) {
    return outcome(chain_, spec(key, kAssetRegister, asset_body("by " + key + std::to_string(uses_++))));
  }

  TestChain chain_;
  const std::string oid_ = chain_.oid("provider");
  int uses_ = 0;
};

TEST_F(Keys, are_added_by_an_officer_with_proof_of_possession) {
  EXPECT_EQ(by("provider.cdo", added("new")), "E_POLICY");
  proto::Key body = added("new");
  body.mutable_add()->clear_usage();
  EXPECT_EQ(by("provider", body), "E_FORMAT");
  body = added("new");
  body.mutable_add()->set_possession(possession(chain_, "new", chain_.oid("buyer")));
  EXPECT_EQ(by("provider", body), "E_POP");
  EXPECT_EQ(by("provider", added("buyer")), "E_KEY_REUSED") << "a key belongs to one organisation for ever";
  EXPECT_EQ(used("new"), "E_KEY_UNKNOWN");
  EXPECT_EQ(by("provider", added("new")), "E_OK");
  EXPECT_EQ(used("new"), "E_OK");
  EXPECT_EQ(by("provider", added("new")), "E_KEY_REUSED");
}

TEST_F(Keys, count_in_their_period) {
  proto::Key body = added("new");
  body.mutable_add()->set_not_before_s(now_s() + 100);
  body.mutable_add()->set_not_after_s(now_s() + 100);
  EXPECT_EQ(by("provider", body), "E_TIME");
  body.mutable_add()->set_not_after_s(now_s() + 200);
  EXPECT_EQ(by("provider", body), "E_OK");
  EXPECT_EQ(used("new"), "E_KEY_EXPIRED") << "not valid yet";
  chain_.advance_ms(100'000);
  EXPECT_EQ(used("new"), "E_OK");
  chain_.advance_ms(99'000);
  EXPECT_EQ(used("new"), "E_OK") << "the last second";
  chain_.advance_ms(1'000);
  EXPECT_EQ(used("new"), "E_KEY_EXPIRED");
  body = added("other");
  body.mutable_add()->set_not_before_s(-1);
  EXPECT_EQ(by("provider", body), "E_TIME");
  body = added("other");
  body.mutable_add()->set_not_after_s(now_s());
  EXPECT_EQ(by("provider", body), "E_TIME");
}

TEST_F(Keys, overlap_when_they_are_rotated) {
  EXPECT_EQ(by("provider", rotated("buyer.cdo", "new", now_s() + kDay)), "E_NOT_FOUND");
  EXPECT_EQ(by("provider", rotated("nobody", "new", now_s() + kDay)), "E_NOT_FOUND");
  EXPECT_EQ(by("provider", rotated("provider.cdo", "new", now_s())), "E_TIME");
  EXPECT_EQ(by("provider", rotated("provider.cdo", "buyer", now_s() + kDay)), "E_KEY_REUSED");
  EXPECT_EQ(by("provider.cdo", rotated("provider.cdo", "new", now_s() + kDay)), "E_POLICY");
  EXPECT_EQ(by("provider", rotated("provider.cdo", "new", now_s() + kDay)), "E_OK");
  EXPECT_EQ(used("provider.cdo"), "E_OK");
  EXPECT_EQ(used("new"), "E_OK") << "of the usage of the one before";
  EXPECT_EQ(by("provider", rotated("provider.cdo", "newer", now_s() + 2 * kDay)), "E_TIME")
      << "an overlap does not lengthen a period";
  chain_.advance_ms(kDay * 1000);
  EXPECT_EQ(used("provider.cdo"), "E_KEY_EXPIRED");
  EXPECT_EQ(used("new"), "E_OK");
  EXPECT_EQ(by("provider", rotated("provider.cdo", "newer", now_s() + kDay)), "E_KEY_EXPIRED");
  EXPECT_EQ(by("provider", revocation(chain_, "new")), "E_OK");
  EXPECT_EQ(by("provider", rotated("new", "newer", now_s() + kDay)), "E_KEY_REVOKED");
}

TEST_F(Keys, are_revoked_by_an_officer_an_exchange_or_a_regulator) {
  EXPECT_EQ(by("provider.cdo", revocation(chain_, "provider.finance")), "E_POLICY");
  EXPECT_EQ(by("provider", revocation(chain_, "nobody")), "E_NOT_FOUND");
  EXPECT_EQ(by("buyer", revocation(chain_, "provider.finance")), "E_ROLE");
  EXPECT_EQ(by("exchange", revocation(chain_, "provider.finance")), "E_SCOPE");
  proto::Key body = revocation(chain_, "provider.finance");
  body.mutable_revoke()->set_compromised_since_s(now_s() + 1);
  EXPECT_EQ(by("provider", body), "E_TIME");
  body.mutable_revoke()->set_compromised_since_s(now_s());
  EXPECT_EQ(by("provider", body), "E_OK");
  EXPECT_EQ(by("provider", body), "E_KEY_REVOKED");
  EXPECT_EQ(by("regulator", revocation(chain_, "provider.cdo")), "E_OK");

  admit(chain_, "member", test_oid(500));
  ASSERT_EQ(by("member", addition(chain_, "member.cdo", test_oid(500), proto::KEY_USAGE_CDO)), "E_OK");
  EXPECT_EQ(by("exchange", revocation(chain_, "member.cdo")), "E_OK");
  EXPECT_EQ(used("member.cdo"), "E_KEY_REVOKED");
}

TEST_F(Keys, of_an_officer_remain_whatever_is_revoked) {
  proto::Key brief = added("brief", proto::KEY_USAGE_OFFICER);
  brief.mutable_add()->set_not_after_s(now_s() + kDay);
  ASSERT_EQ(by("provider", brief), "E_OK");
  proto::Key later = added("later", proto::KEY_USAGE_OFFICER);
  later.mutable_add()->set_not_before_s(now_s() + kDay);
  ASSERT_EQ(by("provider", later), "E_OK");
  EXPECT_EQ(by("provider", revocation(chain_, "provider")), "E_LAST_KEY")
      << "one that ends and one that has not begun are not enough";
  EXPECT_EQ(by("regulator", revocation(chain_, "provider")), "E_LAST_KEY");
  ASSERT_EQ(by("provider", added("second", proto::KEY_USAGE_OFFICER)), "E_OK");
  EXPECT_EQ(by("second", revocation(chain_, "provider")), "E_OK");
  EXPECT_EQ(by("second", revocation(chain_, "second")), "E_LAST_KEY");
  chain_.advance_ms(kDay * 1000);
  EXPECT_EQ(by("later", revocation(chain_, "second")), "E_OK") << "it has begun";
}

// An organisation that rotates its officer key once a year does so for ever: keys whose time is over do not
// count against the 32.
TEST_F(Keys, of_officers_are_rotated_any_number_of_times) {
  std::string old = "provider";
  for (int turn = 0; turn < 40; ++turn) {
    const std::string next = "officer " + std::to_string(turn);
    ASSERT_EQ(by(old, rotated(old, next, now_s() + kDay)), "E_OK") << turn;
    chain_.advance_ms(kDay * 1000);
    old = next;
  }
  for (int more = 1; more < 32; ++more) {
    ASSERT_EQ(by(old, added("more " + std::to_string(more), proto::KEY_USAGE_OFFICER)), "E_OK") << more;
  }
  EXPECT_EQ(by(old, added("one too many", proto::KEY_USAGE_OFFICER)), "E_LIMIT");
  EXPECT_EQ(by(old, rotated(old, "one too many", now_s() + kDay)), "E_LIMIT");
}

// records.md 2.2: recovery needs two officers of an exchange, and 72 hours in which whoever still has a key
// may object by revoking the new one.
class Recoveries : public ::testing::Test {
 protected:
  std::string by(const std::string& author, const proto::Key& body,
                 const std::vector<std::string>& signers = {}) {
    return outcome(chain_, spec(author, kKey, body, signers));
  }
  void SetUp() override {
    admit(chain_, "member", member_);
    for (const char* exchange : {"exchange", "exchange-2"}) {
      const std::string second = std::string(exchange) + " second";
      ASSERT_EQ(by(exchange, addition(chain_, second, chain_.oid(exchange), proto::KEY_USAGE_OFFICER)),
                "E_OK");
    }
  }

  TestChain chain_{{.clock = proto::CLOCK_SCRIPTED, .profile = proto::PROFILE_PRODUCTION}};
  const std::string member_ = test_oid(500);
};

TEST_F(Recoveries, give_a_new_officer_key_after_the_delay) {
  const proto::Key body = recovery(chain_, "new", member_);
  EXPECT_EQ(by("exchange", body), "E_POLICY");
  EXPECT_EQ(by("exchange", body, {"exchange.cdo"}), "E_POLICY");
  EXPECT_EQ(by("exchange", body, {"exchange-2"}), "E_POLICY");
  EXPECT_EQ(by("provider", body), "E_ROLE");
  EXPECT_EQ(by("exchange-2", body, {"exchange-2 second"}), "E_SCOPE");
  EXPECT_EQ(by("exchange", recovery(chain_, "new", chain_.oid("exchange")), {"exchange second"}), "E_REF");
  EXPECT_EQ(by("exchange", recovery(chain_, "new", test_oid(999)), {"exchange second"}), "E_NOT_FOUND");
  proto::Key stolen = body;
  stolen.mutable_recover()->set_possession(possession(chain_, "new", chain_.oid("provider")));
  EXPECT_EQ(by("exchange", stolen, {"exchange second"}), "E_POP");
  EXPECT_EQ(by("exchange", recovery(chain_, "member", member_), {"exchange second"}), "E_KEY_REUSED");
  EXPECT_EQ(by("exchange", body, {"exchange second"}), "E_OK");

  const proto::Key lost = revocation(chain_, "member");
  EXPECT_EQ(by("new", lost), "E_KEY_EXPIRED") << "not yet";
  EXPECT_EQ(by("exchange", lost), "E_LAST_KEY") << "nor does it count yet";
  chain_.advance_ms(72ULL * 3'600'000 - 1'000);
  EXPECT_EQ(by("new", lost), "E_KEY_EXPIRED");
  chain_.advance_ms(1'000);
  EXPECT_EQ(by("new", lost), "E_OK");
  EXPECT_EQ(by("member", revocation(chain_, "new")), "E_KEY_REVOKED");
}

TEST_F(Recoveries, end_when_an_officer_objects) {
  ASSERT_EQ(by("exchange", recovery(chain_, "new", member_), {"exchange second"}), "E_OK");
  EXPECT_EQ(by("member", revocation(chain_, "new")), "E_OK");
  chain_.advance_ms(73ULL * 3'600'000);
  EXPECT_EQ(by("new", revocation(chain_, "member")), "E_KEY_REVOKED");
}

TEST_F(Recoveries, of_founders_are_for_any_exchange_and_of_who_left_for_none) {
  EXPECT_EQ(by("exchange-2", recovery(chain_, "new", chain_.oid("provider")), {"exchange-2 second"}), "E_OK");
  EXPECT_EQ(by("exchange-2", recovery(chain_, "newer", chain_.oid("exchange")), {"exchange-2 second"}),
            "E_OK");
  ASSERT_EQ(outcome(chain_, spec("member", kOrg, exit_of(member_), {"exchange"})), "E_OK");
  EXPECT_EQ(by("exchange", recovery(chain_, "newest", member_), {"exchange second"}), "E_STATE");
}

TEST_F(Keys, have_operations) {
  EXPECT_EQ(by("provider", proto::Key()), "E_FORMAT");
  EXPECT_EQ(outcome(chain_, spec("provider", kOrg, proto::Org())), "E_FORMAT");
}

TEST_F(Keys, act_for_their_own_organisation_alone) {
  RecordSpec record = spec("provider.cdo", kAssetRegister, asset_body("own"));
  record.on_behalf = chain_.oid("buyer");
  EXPECT_EQ(outcome(chain_, record), "E_DELEGATION");
  record.on_behalf = oid_;
  EXPECT_EQ(outcome(chain_, record), "E_OK");
  record = spec("provider.cdo", kAssetRegister, asset_body("delegated"));
  record.delegation = std::string(16, 'd');
  EXPECT_EQ(outcome(chain_, record), "E_DELEGATION");
}

}  // namespace
}  // namespace circula::ledger
