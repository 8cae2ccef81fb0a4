#include "consensus/progress.h"

#include <gtest/gtest.h>

namespace circula::consensus {
namespace {

using State = Progress::State;
constexpr std::uint64_t kMiB = 1024 * 1024;

Progress replicating(Index match) {
  Progress progress(match.next());
  EXPECT_TRUE(progress.acknowledge(match, true));
  return progress;
}

// B3: the hint of a rejection is a place to look, never a match.
TEST(Progress, rejection_moves_next_and_never_match) {
  Progress progress(Index{11});
  progress.sent(Index{10}, 0);
  EXPECT_TRUE(progress.reject(Index{10}, Index{6}, true));
  EXPECT_EQ(progress.match(), Index{0});
  EXPECT_EQ(progress.next(), Index{7});
  EXPECT_EQ(progress.state(), State::kProbe);
}

// B4: a rejection that was on its way while the follower caught up moves nothing.
TEST(Progress, stale_rejection_is_ignored) {
  Progress progress(Index{11});
  progress.sent(Index{10}, 0);
  EXPECT_TRUE(progress.reject(Index{10}, Index{4}, true));
  EXPECT_TRUE(progress.acknowledge(Index{10}, true));
  EXPECT_FALSE(progress.reject(Index{10}, Index{4}, true));
  EXPECT_EQ(progress.match(), Index{10});
  EXPECT_EQ(progress.next(), Index{11});
  EXPECT_EQ(progress.state(), State::kReplicate);
}

// B3: a repeated rejection of an earlier probe does not undo the backtracking since.
TEST(Progress, only_the_probe_under_way_can_be_rejected) {
  Progress progress(Index{21});
  progress.sent(Index{20}, 0);
  EXPECT_TRUE(progress.reject(Index{20}, Index{10}, true));
  EXPECT_EQ(progress.next(), Index{11});
  EXPECT_FALSE(progress.reject(Index{20}, Index{15}, true));
  EXPECT_EQ(progress.next(), Index{11});
}

// B3, B28: whatever comes, next stays above match, and a probe never goes below genesis.
TEST(Progress, next_stays_above_match) {
  Progress progress = replicating(Index{5});
  EXPECT_TRUE(progress.reject(Index{9}, Index{0}, true));
  EXPECT_EQ(progress.next(), Index{6});
  Progress fresh(Index{1});
  fresh.sent(Index{0}, 0);
  EXPECT_FALSE(fresh.reject(Index{0}, Index{0}, true));
  EXPECT_EQ(fresh.next(), Index{1});
}

TEST(Progress, match_never_falls) {
  Progress progress = replicating(Index{9});
  EXPECT_FALSE(progress.acknowledge(Index{4}, true));
  EXPECT_EQ(progress.match(), Index{9});
}

TEST(Progress, probe_sends_one_message_and_waits) {
  Progress progress(Index{3});
  EXPECT_TRUE(progress.may_send(true, 8, kMiB));
  progress.sent(Index{4}, 10);
  EXPECT_FALSE(progress.may_send(false, 8, kMiB));
  EXPECT_EQ(progress.next(), Index{3});
  EXPECT_EQ(progress.sent_through(), Index{4});
}

TEST(Progress, window_is_bounded_in_messages) {
  Progress progress = replicating(Index{1});
  for (std::uint64_t i = 2; i < 10; ++i) {
    EXPECT_TRUE(progress.may_send(false, 8, kMiB));
    progress.sent(Index{i}, 10);
  }
  EXPECT_FALSE(progress.may_send(false, 8, kMiB));
  EXPECT_TRUE(progress.acknowledge(Index{3}, true));
  EXPECT_TRUE(progress.may_send(false, 8, kMiB));
  EXPECT_EQ(progress.inflight().messages(), 6u);
}

TEST(Progress, window_is_bounded_in_bytes) {
  Progress progress = replicating(Index{1});
  progress.sent(Index{2}, 5 * kMiB);  // one larger than the window goes
  EXPECT_FALSE(progress.may_send(false, 8, kMiB));
  EXPECT_TRUE(progress.acknowledge(Index{2}, true));
  EXPECT_TRUE(progress.may_send(false, 8, kMiB));
  EXPECT_EQ(progress.inflight().bytes(), 0u);
}

TEST(Progress, what_heartbeats_miss_twice_is_lost) {
  Progress progress = replicating(Index{1});
  progress.sent(Index{2}, 10);
  EXPECT_FALSE(progress.heard(Index{2}, Index{1}, Index{0}));
  EXPECT_TRUE(progress.heard(Index{2}, Index{1}, Index{0}));
  EXPECT_EQ(progress.next(), Index{2});
  EXPECT_EQ(progress.inflight().messages(), 0u);
}

TEST(Progress, what_arrives_slowly_or_is_held_back_is_not_lost) {
  Progress progress = replicating(Index{1});
  for (std::uint64_t i = 2; i <= 5; ++i) progress.sent(Index{i}, 10);
  EXPECT_FALSE(progress.heard(Index{5}, Index{1}, Index{0}));
  EXPECT_FALSE(progress.heard(Index{5}, Index{2}, Index{0}));
  EXPECT_FALSE(progress.heard(Index{5}, Index{2}, Index{4}));
  EXPECT_FALSE(progress.heard(Index{5}, Index{2}, Index{5}));
  EXPECT_FALSE(progress.heard(Index{5}, Index{2}, Index{5}));
  EXPECT_EQ(progress.state(), State::kReplicate);
}

// B43: a follower in doubt is served and not counted, and may say that it lost what it had.
TEST(Progress, follower_in_doubt_does_not_count) {
  Progress progress = replicating(Index{9});
  EXPECT_TRUE(progress.reject(Index{9}, Index{4}, false));
  EXPECT_EQ(progress.match(), Index{4});
  EXPECT_EQ(progress.counted_match(), Index{4});
  EXPECT_EQ(progress.next(), Index{5});
  EXPECT_TRUE(progress.acknowledge(Index{9}, false));
  EXPECT_EQ(progress.match(), Index{9});
  EXPECT_EQ(progress.counted_match(), Index{4});
  EXPECT_FALSE(progress.counts());
  EXPECT_TRUE(progress.acknowledge(Index{9}, true));
  EXPECT_EQ(progress.counted_match(), Index{9});
}

TEST(Progress, refused_is_sent_nothing) {
  Progress progress = replicating(Index{3});
  progress.refuse();
  EXPECT_FALSE(progress.may_send(false, 8, kMiB));
  EXPECT_FALSE(progress.acknowledge(Index{4}, true));
  EXPECT_FALSE(progress.heard(Index{9}, Index{0}, Index{0}));
  progress.restart();
  EXPECT_TRUE(progress.may_send(false, 8, kMiB));
}

}  // namespace
}  // namespace circula::consensus
