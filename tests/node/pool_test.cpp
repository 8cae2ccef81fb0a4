#include "node/pool.h"

#include <gtest/gtest.h>

#include "ledger/proto/identity.pb.h"
#include "tests/ledger/test_chain.h"

namespace circula::node {
namespace {

using ledger::EnvelopePtr;
using ledger::testing::TestChain;

EnvelopePtr envelope_of(TestChain& chain, const std::string& author, std::uint64_t lifetime_ms = 3'600'000) {
  ledger::proto::Org body;
  body.mutable_update()->set_oid(chain.oid(author));
  body.mutable_update()->mutable_profile()->set_name("x");
  ledger::testing::RecordSpec spec = ledger::testing::spec(author, 1, body);
  spec.lifetime_ms = lifetime_ms;
  return chain.envelope({spec});
}

std::vector<crypto::Digest> order_of(const RecordPool& pool) {
  std::vector<crypto::Digest> order;
  pool.visit([&](const EnvelopePtr& envelope) {
    order.push_back(envelope->body_hash());
    return true;
  });
  return order;
}

TEST(RecordPool, gives_the_oldest_first_and_holds_a_body_once) {
  TestChain chain;
  RecordPool pool;
  const EnvelopePtr first = envelope_of(chain, "provider");
  const EnvelopePtr second = envelope_of(chain, "buyer");
  ASSERT_TRUE(pool.add(first));
  ASSERT_TRUE(pool.add(second));
  ASSERT_TRUE(pool.add(first));
  EXPECT_EQ(order_of(pool), (std::vector{first->body_hash(), second->body_hash()}));
  EXPECT_EQ(pool.bytes(), first->bytes().size() + second->bytes().size());
}

TEST(RecordPool, one_key_fills_a_share_and_leaves_room_for_others) {
  TestChain chain;
  RecordPool pool({.bytes_max = 1'000'000, .envelopes_max = 20, .key_share_divisor = 10});
  ASSERT_TRUE(pool.add(envelope_of(chain, "provider")));
  ASSERT_TRUE(pool.add(envelope_of(chain, "provider")));
  const auto third = pool.add(envelope_of(chain, "provider"));
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code, ledger::Code::E_QUOTA);
  EXPECT_TRUE(pool.add(envelope_of(chain, "buyer")));
}

TEST(RecordPool, a_share_is_free_again_when_its_records_are_gone) {
  TestChain chain;
  RecordPool pool({.bytes_max = 1'000'000, .envelopes_max = 10, .key_share_divisor = 10});
  const EnvelopePtr first = envelope_of(chain, "provider");
  ASSERT_TRUE(pool.add(first));
  ASSERT_FALSE(pool.add(envelope_of(chain, "provider")));
  pool.remove(first->body_hash());
  EXPECT_TRUE(pool.add(envelope_of(chain, "provider")));
}

TEST(RecordPool, refuses_what_does_not_fit_and_drops_nothing) {
  TestChain chain;
  RecordPool pool({.bytes_max = 1'000'000, .envelopes_max = 1, .key_share_divisor = 1});
  const EnvelopePtr first = envelope_of(chain, "provider");
  ASSERT_TRUE(pool.add(first));
  ASSERT_FALSE(pool.add(envelope_of(chain, "buyer")));
  EXPECT_EQ(order_of(pool), std::vector{first->body_hash()});
}

TEST(RecordPool, removing_an_intent_removes_all_its_bodies) {
  TestChain chain;
  RecordPool pool;
  const EnvelopePtr envelope = envelope_of(chain, "provider");
  ASSERT_TRUE(pool.add(envelope));
  EXPECT_TRUE(pool.holds_intent(envelope->id()));
  pool.remove_intent(envelope->id());
  EXPECT_FALSE(pool.holds_intent(envelope->id()));
  EXPECT_TRUE(pool.empty());
  EXPECT_EQ(pool.bytes(), 0U);
}

TEST(RecordPool, drops_what_can_only_expire) {
  TestChain chain;
  RecordPool pool;
  const EnvelopePtr brief = envelope_of(chain, "provider", 1'000);
  const EnvelopePtr lasting = envelope_of(chain, "buyer");
  ASSERT_TRUE(pool.add(brief));
  ASSERT_TRUE(pool.add(lasting));
  EXPECT_TRUE(pool.drop_expired(chain.time_ms() + 999).empty());
  const auto dropped = pool.drop_expired(chain.time_ms() + 1'000);
  ASSERT_EQ(dropped.size(), 1U);
  EXPECT_EQ(dropped[0]->body_hash(), brief->body_hash());
  EXPECT_EQ(order_of(pool), std::vector{lasting->body_hash()});
}

}  // namespace
}  // namespace circula::node
