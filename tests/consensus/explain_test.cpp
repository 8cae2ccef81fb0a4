#include "consensus/explain.h"

#include <gtest/gtest.h>

#include "cluster.h"

namespace circula::consensus::testing {
namespace {

Configuration three_and_a_learner() { return {{{1}, {2}, {3}}, {}, {{4}}}; }

TEST(WhyNotLeader, names_the_reason) {
  using Reason = WhyNotLeader::Reason;
  Cluster cluster(three_and_a_learner(), 1);
  cluster.start_all();
  EXPECT_EQ(cluster.raft({1}).why_not_leader().reason, Reason::kWaitingForTimeout);
  EXPECT_EQ(cluster.raft({4}).why_not_leader().reason, Reason::kNotAVoter);
  cluster.time_out({1});
  const WhyNotLeader collecting = cluster.raft({1}).why_not_leader();
  EXPECT_EQ(collecting.reason, Reason::kCollectingVotes);
  EXPECT_EQ(collecting.not_answered, (std::vector<NodeId>{{2}, {3}}));
  EXPECT_EQ(collecting.text, "pre-candidate; not answered: 2, 3; denied: none");
  ASSERT_TRUE(cluster.deliver_all());
  EXPECT_EQ(cluster.raft({1}).why_not_leader().reason, Reason::kIsLeader);
  const WhyNotLeader following = cluster.raft({2}).why_not_leader();
  EXPECT_EQ(following.reason, Reason::kFollowsALeader);
  EXPECT_EQ(following.leader, NodeId{1});
  cluster.set_in_doubt({2}, true);
  EXPECT_EQ(cluster.raft({2}).why_not_leader().reason, Reason::kInDoubt);
}

TEST(WhyNotCommitted, names_the_voters_that_are_missing) {
  using Reason = WhyNotCommitted::Reason;
  Cluster cluster(three_and_a_learner(), 1);
  cluster.start_all();
  ASSERT_TRUE(cluster.elect({1}));
  cluster.node({1}).disk_stalled = true;
  ASSERT_EQ(cluster.propose({1}), ProposeResult::kAccepted);
  const WhyNotCommitted waiting = cluster.raft({1}).why_not_committed(Index{2});
  EXPECT_EQ(waiting.reason, Reason::kWaitingForMajority);
  EXPECT_EQ(waiting.missing, (std::vector<NodeId>{{1}, {2}, {3}}));
  EXPECT_EQ(waiting.text, "a majority of {1,2,3} learners {4} must hold it durably; missing: 1, 2, 3");
  ASSERT_TRUE(cluster.deliver_all());
  EXPECT_EQ(cluster.raft({1}).why_not_committed(Index{2}).reason, Reason::kCommittedNotDurableHere);
  EXPECT_EQ(cluster.raft({2}).why_not_committed(Index{2}).reason, Reason::kCommitted);
  EXPECT_EQ(cluster.raft({2}).why_not_committed(Index{3}).reason, Reason::kNotInLog);
  ASSERT_EQ(cluster.propose({1}), ProposeResult::kAccepted);
  cluster.deliver_one({1}, {2});
  EXPECT_EQ(cluster.raft({2}).why_not_committed(Index{3}).reason, Reason::kNotLeader);
}

TEST(Status, shows_the_followers_of_a_leader) {
  Cluster cluster(three_and_a_learner(), 1);
  cluster.start_all();
  ASSERT_TRUE(cluster.elect({1}));
  const Status status = cluster.raft({1}).status();
  EXPECT_EQ(status.role, Role::kLeader);
  EXPECT_EQ(status.commit, Index{1});
  ASSERT_EQ(status.peers.size(), 3u);
  EXPECT_EQ(status.peers[2].node, NodeId{4});
  EXPECT_EQ(status.peers[2].match, Index{1});
  EXPECT_TRUE(cluster.raft({2}).status().peers.empty());
}

}  // namespace
}  // namespace circula::consensus::testing
