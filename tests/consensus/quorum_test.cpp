#include "consensus/quorum.h"

#include <gtest/gtest.h>

#include <map>

namespace circula::consensus {
namespace {

std::vector<NodeId> ids(std::initializer_list<std::uint16_t> values) {
  std::vector<NodeId> nodes;
  for (const std::uint16_t value : values) nodes.push_back({value});
  return nodes;
}

Index reached(const Configuration& configuration, std::map<std::uint16_t, std::uint64_t> matches) {
  return quorum_reached<Index>(configuration, [&](NodeId node) { return Index{matches[node.value]}; });
}

TEST(Quorum, is_what_more_than_half_have_reached) {
  EXPECT_EQ(reached({ids({1}), {}, {}}, {{1, 7}}), Index{7});
  EXPECT_EQ(reached({ids({1, 2}), {}, {}}, {{1, 7}, {2, 3}}), Index{3});
  EXPECT_EQ(reached({ids({1, 2, 3}), {}, {}}, {{1, 7}, {2, 3}, {3, 1}}), Index{3});
  EXPECT_EQ(reached({ids({1, 2, 3, 4}), {}, {}}, {{1, 9}, {2, 8}, {3, 2}, {4, 1}}), Index{2});
  EXPECT_EQ(reached({ids({1, 2, 3, 4, 5}), {}, {}}, {{1, 9}, {2, 8}, {3, 5}, {4, 2}, {5, 1}}), Index{5});
}

TEST(Quorum, of_nobody_reaches_nothing) {
  EXPECT_EQ(reached({}, {{1, 7}}), Index{0});
  EXPECT_FALSE(quorum_holds({}, [](NodeId) { return true; }));
  EXPECT_EQ(vote_result({}, [](NodeId) { return Vote::kGranted; }), VoteResult::kLost);
}

TEST(Quorum, leaves_out_learners) {
  EXPECT_EQ(reached({ids({1, 2, 3}), {}, ids({4, 5})}, {{1, 2}, {4, 9}, {5, 9}}), Index{0});
}

// B2: 1, 2, 3 and 4 are most of the union and a minority of the incoming half.
TEST(Quorum, of_a_joint_configuration_is_counted_in_each_half) {
  const Configuration joint{ids({4, 5, 6}), ids({1, 2, 3}), {}};
  EXPECT_EQ(reached(joint, {{1, 9}, {2, 9}, {3, 9}, {4, 9}}), Index{0});
  EXPECT_EQ(reached(joint, {{1, 9}, {4, 9}, {5, 9}, {6, 9}}), Index{0});
  EXPECT_EQ(reached(joint, {{1, 9}, {2, 8}, {4, 7}, {5, 6}}), Index{6});
  EXPECT_EQ(reached(joint, {{1, 9}, {2, 5}, {4, 7}, {5, 6}}), Index{5});
  const auto granted_by = [&](std::vector<NodeId> voters) {
    return vote_result(joint, [voters](NodeId node) {
      return std::find(voters.begin(), voters.end(), node) == voters.end() ? Vote::kDenied : Vote::kGranted;
    });
  };
  EXPECT_EQ(granted_by(ids({1, 2, 3, 4})), VoteResult::kLost);
  EXPECT_EQ(granted_by(ids({1, 2, 5, 6})), VoteResult::kWon);
  EXPECT_EQ(granted_by(ids({2, 4, 5, 6})), VoteResult::kLost);
}

TEST(Quorum, vote_is_pending_while_it_may_still_be_won) {
  const Configuration four{ids({1, 2, 3, 4}), {}, {}};
  std::map<std::uint16_t, Vote> votes{{1, Vote::kGranted}, {2, Vote::kGranted}};
  const auto result = [&] {
    return vote_result(
        four, [&](NodeId node) { return votes.contains(node.value) ? votes[node.value] : Vote::kMissing; });
  };
  EXPECT_EQ(result(), VoteResult::kPending);
  votes[3] = Vote::kDenied;
  EXPECT_EQ(result(), VoteResult::kPending);
  votes[4] = Vote::kDenied;
  EXPECT_EQ(result(), VoteResult::kLost);
  votes[4] = Vote::kGranted;
  EXPECT_EQ(result(), VoteResult::kWon);
}

// Every assignment of up to four matches to up to five voters against counting by hand.
TEST(Quorum, agrees_with_counting) {
  for (std::uint16_t voters = 1; voters <= 5; ++voters) {
    Configuration configuration;
    std::uint64_t cases = 1;
    for (std::uint16_t i = 1; i <= voters; ++i, cases *= 4) configuration.voters.push_back({i});
    for (std::uint64_t encoded = 0; encoded < cases; ++encoded) {
      std::map<std::uint16_t, std::uint64_t> matches;
      for (std::uint64_t i = 1, rest = encoded; i <= voters; ++i, rest /= 4)
        matches[static_cast<std::uint16_t>(i)] = rest % 4;
      std::uint64_t most = 0;
      for (std::uint64_t index = 1; index < 4; ++index) {
        std::size_t holders = 0;
        for (const auto& [node, match] : matches) holders += match >= index;
        if (2 * holders > voters) most = index;
      }
      ASSERT_EQ(reached(configuration, matches), Index{most});
    }
  }
}

TEST(Configuration, follows_only_through_a_joint_step) {
  const Configuration three{ids({1, 2, 3}), {}, ids({4})};
  const Configuration joint{ids({2, 3, 4}), ids({1, 2, 3}), {}};
  EXPECT_TRUE(may_follow(three, joint));
  EXPECT_TRUE(may_follow(joint, {ids({2, 3, 4}), {}, ids({1})}));
  EXPECT_TRUE(may_follow(three, {ids({1, 2, 3}), {}, ids({4, 5})}));
  EXPECT_FALSE(may_follow(three, {ids({2, 3, 4}), {}, {}}));              // no joint step
  EXPECT_FALSE(may_follow(three, {ids({2, 3, 4}), ids({1, 2}), {}}));     // not from here
  EXPECT_FALSE(may_follow(joint, {ids({1, 2, 3}), {}, {}}));              // not to there
  EXPECT_FALSE(may_follow(joint, {ids({2, 3, 5}), ids({2, 3, 4}), {}}));  // open twice
}

TEST(Configuration, is_refused_when_malformed) {
  EXPECT_TRUE((Configuration{ids({1, 2}), {}, ids({3})}.well_formed()));
  EXPECT_FALSE((Configuration{{}, {}, {}}.well_formed()));
  EXPECT_FALSE((Configuration{ids({2, 1}), {}, {}}.well_formed()));
  EXPECT_FALSE((Configuration{ids({1, 1}), {}, {}}.well_formed()));
  EXPECT_FALSE((Configuration{ids({0, 1}), {}, {}}.well_formed()));
  EXPECT_FALSE((Configuration{ids({1, 2}), {}, ids({2})}.well_formed()));
  EXPECT_FALSE((Configuration{ids({1, 2}), ids({3, 4}), ids({4})}.well_formed()));
}

TEST(Configuration, names_each_member_once) {
  const Configuration joint{ids({2, 3}), ids({1, 2}), ids({4})};
  EXPECT_EQ(joint.members(), ids({1, 2, 3, 4}));
  EXPECT_EQ(joint.text(), "{2,3}&{1,2} learners {4}");
}

}  // namespace
}  // namespace circula::consensus
