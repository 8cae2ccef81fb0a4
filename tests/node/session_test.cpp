#include "node/session.h"

#include <gtest/gtest.h>

#include <set>

#include "crypto/ed25519.h"
#include "crypto/encoding.h"

namespace circula::node {
namespace {

using ledger::Code;

constexpr std::string_view kOrigin = "http://127.0.0.1:8401";

crypto::Digest chain() {
  crypto::Digest id;
  id.fill(0xC1);
  return id;
}

crypto::SigningKey key_number(std::uint8_t number) {
  std::array<std::uint8_t, 32> seed{};
  seed.fill(number);
  return crypto::SigningKey::from_seed(seed);
}

class SessionTest : public ::testing::Test {
 protected:
  SessionTest() {
    EXPECT_TRUE(crypto::init().has_value());
    active.insert(key.public_key());
  }
  SessionTable make(SessionLimits limits = {}) {
    return {chain(),
            {[this] { return now_ms; },
             [this](std::span<std::uint8_t> out) {
               for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(++random_state * 167 >> 3);
             },
             [this](const crypto::PublicKey& asked) { return active.contains(asked); }},
            limits};
  }
  SessionTable::Claim claim(const SessionTable::Challenge& challenge, const crypto::SigningKey& with,
                            std::string_view origin = kOrigin) {
    return {with.public_key(), challenge.nonce, challenge.expires_ms, std::string(origin),
            with.sign(session_statement(chain(), origin, challenge.nonce, challenge.expires_ms))};
  }
  static Code code(const ledger::Result<SessionTable::Session>& result) {
    return result.has_error() ? result.error().code : Code::E_OK;
  }

  std::uint64_t now_ms = 1'700'000'000'000;
  std::uint64_t random_state = 0;
  crypto::SigningKey key = key_number(1);
  std::set<crypto::PublicKey> active;
};

TEST_F(SessionTest, the_statement_has_the_bytes_of_the_specification) {
  SessionNonce nonce;
  nonce.fill(0xAB);
  crypto::Bytes expected;
  crypto::put_bytes(expected, "circula/v1/session\n");
  expected.insert(expected.end(), 32, 0xC1);
  expected.insert(expected.end(), {0x00, 0x15});  // 21 characters
  crypto::put_bytes(expected, kOrigin);
  expected.insert(expected.end(), 32, 0xAB);
  expected.insert(expected.end(), {0, 0, 0, 0, 0, 0, 0x01, 0x02});
  EXPECT_EQ(session_statement(chain(), kOrigin, nonce, 0x0102), expected);
}

TEST_F(SessionTest, a_signed_challenge_opens_an_hour_for_its_key) {
  SessionTable table = make();
  const auto session = table.open(claim(table.challenge(), key), kOrigin).value();
  EXPECT_EQ(session.token.size(), 43u);
  EXPECT_EQ(session.expires_ms, now_ms + 3'600'000);
  EXPECT_EQ(table.authenticate(session.token), key.public_key());
  now_ms += 3'599'999;
  EXPECT_EQ(table.authenticate(session.token), key.public_key());
  now_ms += 1;
  EXPECT_EQ(table.authenticate(session.token), std::nullopt);
  EXPECT_EQ(table.size(), 0u);
}

TEST_F(SessionTest, knows_no_token_that_it_did_not_give) {
  SessionTable table = make();
  EXPECT_EQ(table.authenticate(""), std::nullopt);
  EXPECT_EQ(table.authenticate(std::string(43, 'A')), std::nullopt);
}

TEST_F(SessionTest, ends_when_the_key_is_revoked_and_stays_ended) {
  SessionTable table = make();
  const auto session = table.open(claim(table.challenge(), key), kOrigin).value();
  active.clear();
  EXPECT_EQ(table.authenticate(session.token), std::nullopt);
  active.insert(key.public_key());
  EXPECT_EQ(table.authenticate(session.token), std::nullopt);
}

TEST_F(SessionTest, ends_when_it_is_closed) {
  SessionTable table = make();
  const auto session = table.open(claim(table.challenge(), key), kOrigin).value();
  table.close(session.token);
  EXPECT_EQ(table.authenticate(session.token), std::nullopt);
}

TEST_F(SessionTest, a_challenge_is_good_once) {
  SessionTable table = make();
  const auto once = claim(table.challenge(), key);
  EXPECT_EQ(code(table.open(once, kOrigin)), Code::E_OK);
  EXPECT_EQ(code(table.open(once, kOrigin)), Code::E_SESSION);
}

TEST_F(SessionTest, a_challenge_expires) {
  SessionTable table = make();
  const auto late = claim(table.challenge(), key);
  now_ms += 60'000;
  EXPECT_EQ(code(table.open(late, kOrigin)), Code::E_SESSION);
}

TEST_F(SessionTest, a_challenge_of_another_node_or_with_a_longer_life_is_refused) {
  SessionTable table = make(), other = make();
  EXPECT_EQ(code(table.open(claim(other.challenge(), key), kOrigin)), Code::E_SESSION);
  auto stretched = table.challenge();
  now_ms += 30'000;
  stretched.expires_ms += 30'000;
  EXPECT_EQ(code(table.open(claim(stretched, key), kOrigin)), Code::E_SESSION);
}

TEST_F(SessionTest, a_signature_given_to_another_server_opens_nothing_here) {
  SessionTable table = make();
  const auto relayed = claim(table.challenge(), key, "https://evil.example");
  EXPECT_EQ(code(table.open(relayed, kOrigin)), Code::E_SESSION);
  auto relabelled = claim(table.challenge(), key, "https://evil.example");
  relabelled.origin = kOrigin;
  EXPECT_EQ(code(table.open(relabelled, kOrigin)), Code::E_SIG);
}

TEST_F(SessionTest, refuses_unknown_keys_and_wrong_signatures) {
  SessionTable table = make();
  EXPECT_EQ(code(table.open(claim(table.challenge(), key_number(2)), kOrigin)), Code::E_KEY_UNKNOWN);
  auto bad = claim(table.challenge(), key);
  bad.signature[0] ^= 1;
  EXPECT_EQ(code(table.open(bad, kOrigin)), Code::E_SIG);
  EXPECT_EQ(table.size(), 0u);
}

TEST_F(SessionTest, the_oldest_session_of_a_key_gives_way) {
  SessionTable table = make({.sessions_per_key = 2});
  std::vector<std::string> tokens;
  for (int n = 0; n < 3; ++n) {
    now_ms += 1;
    tokens.push_back(table.open(claim(table.challenge(), key), kOrigin).value().token);
  }
  EXPECT_EQ(table.authenticate(tokens[0]), std::nullopt);
  EXPECT_TRUE(table.authenticate(tokens[1]).has_value());
  EXPECT_TRUE(table.authenticate(tokens[2]).has_value());
}

TEST_F(SessionTest, the_tables_are_bounded_and_recover_with_time) {
  SessionTable table = make({.sessions = 2, .spent_challenges = 3});
  active.insert(key_number(2).public_key());
  active.insert(key_number(3).public_key());
  EXPECT_EQ(code(table.open(claim(table.challenge(), key), kOrigin)), Code::E_OK);
  EXPECT_EQ(code(table.open(claim(table.challenge(), key_number(2)), kOrigin)), Code::E_OK);
  EXPECT_EQ(code(table.open(claim(table.challenge(), key_number(3)), kOrigin)), Code::E_QUOTA);
  EXPECT_EQ(code(table.open(claim(table.challenge(), key_number(3)), kOrigin)), Code::E_QUOTA);
  EXPECT_EQ(table.size(), 2u);
  now_ms += 3'600'000;
  EXPECT_EQ(code(table.open(claim(table.challenge(), key_number(3)), kOrigin)), Code::E_OK);
}

}  // namespace
}  // namespace circula::node
