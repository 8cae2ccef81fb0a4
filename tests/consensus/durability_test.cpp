#include "consensus/durability.h"

#include <gtest/gtest.h>

#include "consensus/read_index.h"

namespace circula::consensus {
namespace {

EntryId entry(std::uint64_t term, std::uint64_t index) { return {Term{term}, Index{index}}; }

// B9: (1, 5) is written, overwritten by (2, 5), and written again. The completion of the first write names
// the very entry that stands there now, and must not acknowledge it: on disk there may be (2, 5).
TEST(Durability, completion_of_an_overwritten_append_acknowledges_nothing) {
  Durability durability(Index{4});
  const AppendTicket first = durability.begin(entry(1, 5));
  durability.truncate_from(Index{5});
  const AppendTicket second = durability.begin(entry(2, 5));
  durability.truncate_from(Index{5});
  const AppendTicket third = durability.begin(entry(1, 5));
  EXPECT_TRUE(durability.complete(first));
  EXPECT_EQ(durability.durable(), Index{4});
  EXPECT_TRUE(durability.complete(second));
  EXPECT_EQ(durability.durable(), Index{4});
  EXPECT_TRUE(durability.complete(third));
  EXPECT_EQ(durability.durable(), Index{5});
}

TEST(Durability, truncation_takes_back_what_was_durable) {
  Durability durability(Index{9});
  durability.truncate_from(Index{6});
  EXPECT_EQ(durability.durable(), Index{5});
  const AppendTicket ticket = durability.begin(entry(2, 7));
  EXPECT_TRUE(durability.complete(ticket));
  EXPECT_EQ(durability.durable(), Index{7});
}

TEST(Durability, one_completion_stands_for_all_before_it) {
  Durability durability(Index{0});
  (void)durability.begin(entry(1, 1));
  (void)durability.begin(entry(1, 2));
  const AppendTicket third = durability.begin(entry(1, 3));
  (void)durability.begin(entry(1, 4));
  EXPECT_TRUE(durability.complete(third));
  EXPECT_EQ(durability.durable(), Index{3});
  EXPECT_TRUE(durability.writing());
}

TEST(Durability, repeated_and_foreign_tickets_do_nothing) {
  Durability durability(Index{0});
  const AppendTicket ticket = durability.begin(entry(1, 1));
  EXPECT_FALSE(durability.complete({ticket.sequence + 1, entry(1, 8)}));
  EXPECT_FALSE(durability.complete({0, entry(1, 8)}));
  EXPECT_TRUE(durability.complete(ticket));
  EXPECT_FALSE(durability.complete(ticket));
  EXPECT_EQ(durability.durable(), Index{1});
}

TEST(Durability, waits_since_the_last_sign_of_life_of_the_disk) {
  Durability durability(Index{0});
  durability.tick();
  EXPECT_EQ(durability.waiting_ticks(), 0u);
  const AppendTicket first = durability.begin(entry(1, 1));
  (void)durability.begin(entry(1, 2));
  for (int i = 0; i < 5; ++i) durability.tick();
  EXPECT_EQ(durability.waiting_ticks(), 5u);
  EXPECT_TRUE(durability.complete(first));
  EXPECT_EQ(durability.waiting_ticks(), 0u);
}

TEST(LeaderReads, are_confirmed_by_rounds_begun_after_they_came) {
  LeaderReads reads;
  reads.add({NodeId{1}, 7, Index{3}});
  EXPECT_TRUE(reads.wants_round());
  reads.begin_round();
  reads.add({NodeId{1}, 8, Index{4}});  // while the round is under way: not part of it
  EXPECT_FALSE(reads.wants_round());
  const auto confirmed = reads.confirm(1);
  ASSERT_EQ(confirmed.size(), 1u);
  EXPECT_EQ(confirmed[0].request, 7u);
  EXPECT_TRUE(reads.wants_round());
  EXPECT_TRUE(reads.confirm(9).empty());  // a round that nobody began confirms nothing
  reads.begin_round();
  EXPECT_EQ(reads.confirm(2).size(), 1u);
}

TEST(LeaderReads, get_their_index_when_the_term_has_a_commit) {
  LeaderReads reads;
  reads.park({NodeId{1}, 7, Index{0}});
  EXPECT_FALSE(reads.wants_round());
  reads.unpark(Index{12});
  EXPECT_TRUE(reads.wants_round());
  reads.begin_round();
  const auto confirmed = reads.confirm(1);
  ASSERT_EQ(confirmed.size(), 1u);
  EXPECT_EQ(confirmed[0].index, Index{12});
}

TEST(ForwardedReads, meet_only_the_answer_to_their_own_request) {
  ForwardedReads reads(100);
  const std::uint64_t first = reads.add(5);
  EXPECT_EQ(reads.tick(1), std::vector<std::uint64_t>{5});  // given up
  const std::uint64_t second = reads.add(5);
  EXPECT_NE(first, second);
  EXPECT_FALSE(reads.take(first).has_value());
  EXPECT_EQ(reads.take(second), 5u);
  EXPECT_EQ(reads.pending(), 0u);
}

}  // namespace
}  // namespace circula::consensus
