// One core and what may be said to it: messages that are late, repeated, wrong or malicious.
#include <gtest/gtest.h>

#include <optional>

#include "cluster.h"

namespace circula::consensus {
namespace {

constexpr NodeId kSelf{1};
constexpr NodeId kLeader{2};
constexpr NodeId kOther{3};

Configuration three() { return {{kSelf, kLeader, kOther}, {}, {}}; }

Options options() {
  Options options = testing::Cluster::quick_options();
  options.self = kSelf;
  options.random = [](std::uint64_t bound) { return bound - 1; };
  return options;
}

Entry entry(std::uint64_t term) { return {Term{term}, 100, {}}; }

// A follower in `term` whose log holds entries of the given terms, all durable.
class Follower {
 public:
  explicit Follower(std::uint64_t term, std::initializer_list<std::uint64_t> terms = {}, Index commit = {},
                    Options with = options())
      : raft_(std::move(with), {HardState{Term{term}, kNobody}, log(terms), commit, false}) {
    (void)raft_.take_effects();
  }

  Effects receive(NodeId from, const Message& message) {
    raft_.receive(from, message);
    return raft_.take_effects();
  }
  Effects finish(const AppendTicket& ticket) {
    raft_.durable(ticket);
    return raft_.take_effects();
  }
  Effects tick(int times = 1) {
    Effects all;
    for (int i = 0; i < times; ++i) {
      raft_.tick();
      Effects effects = raft_.take_effects();
      for (Outgoing& outgoing : effects.messages) all.messages.push_back(std::move(outgoing));
      if (effects.save) all.save = effects.save;
    }
    return all;
  }
  Raft& operator*() { return raft_; }
  Raft* operator->() { return &raft_; }

 private:
  static Log log(std::initializer_list<std::uint64_t> terms) {
    Log log(three());
    for (const std::uint64_t term : terms) log.append(entry(term));
    return log;
  }
  Raft raft_;
};

template <typename Kind>
std::optional<Kind> only(const Effects& effects) {
  if (effects.messages.size() != 1) return std::nullopt;
  const auto* found = std::get_if<Kind>(&effects.messages.front().message);
  return found ? std::optional(*found) : std::nullopt;
}

EntryId id(std::uint64_t term, std::uint64_t index) { return {Term{term}, Index{index}}; }

// B1: an empty append proves agreement up to its prev only; the tail behind it is not the leader's.
TEST(Follower, commits_no_tail_that_the_request_does_not_cover) {
  Follower follower(3, {1, 1, 2, 2});
  const Effects effects = follower.receive(kLeader, Append{Term{3}, id(1, 2), {}, Index{4}});
  EXPECT_EQ(follower->commit_index(), Index{2});
  EXPECT_EQ(only<AppendAccepted>(effects)->match, Index{2});
}

// B26: neither a heartbeat nor an append can name more than is there, and neither ends the process.
TEST(Follower, survives_a_commit_index_beyond_its_log) {
  Follower follower(3, {1, 1});
  (void)follower.receive(kLeader, Heartbeat{Term{3}, Index{50}, Index{50}, 0});
  EXPECT_EQ(follower->commit_index(), Index{0});
  (void)follower.receive(kLeader, Append{Term{3}, id(1, 2), {}, Index{50}});
  EXPECT_EQ(follower->commit_index(), Index{2});
}

// B4: a short or late append that overlaps what is there removes nothing behind it.
TEST(Follower, keeps_what_a_short_append_does_not_contradict) {
  Follower follower(1, {1, 1, 1, 1}, Index{3});
  const Effects effects = follower.receive(kLeader, Append{Term{1}, id(1, 1), {entry(1)}, Index{3}});
  EXPECT_EQ(follower->log().last_index(), Index{4});
  EXPECT_TRUE(effects.appends.empty());
  // And it acknowledges the end of the request, not what it happens to hold.
  EXPECT_EQ(only<AppendAccepted>(effects)->match, Index{2});
}

// B4: only from the first conflict on, in the same write as what comes instead (B32).
TEST(Follower, truncates_at_the_first_conflict) {
  Follower follower(3, {1, 1, 2, 2, 2}, Index{2});
  const Effects effects =
      follower.receive(kLeader, Append{Term{3}, id(1, 1), {entry(1), entry(3), entry(3)}, Index{2}});
  ASSERT_EQ(effects.appends.size(), 1u);
  EXPECT_EQ(effects.appends[0].truncate_from, Index{3});
  EXPECT_EQ(effects.appends[0].first, Index{3});
  EXPECT_EQ(effects.appends[0].last, Index{4});
  EXPECT_EQ(follower->log().last(), id(3, 4));
  EXPECT_TRUE(effects.messages.empty());  // nothing is acknowledged before it is durable
  EXPECT_EQ(only<AppendAccepted>(follower.finish(effects.appends[0].ticket))->match, Index{4});
}

TEST(Follower, never_overwrites_what_is_committed) {
  Follower follower(3, {1, 1, 2}, Index{3});
  const Effects effects = follower.receive(kLeader, Append{Term{3}, id(1, 2), {entry(3)}, Index{3}});
  EXPECT_EQ(follower->log().last(), id(2, 3));
  EXPECT_TRUE(effects.messages.empty());
  EXPECT_EQ(effects.alarms.size(), 1u);
}

// B3: per-term backtracking. The hint is the last entry that may still agree.
TEST(Follower, rejects_with_the_last_entry_that_may_agree) {
  Follower follower(5, {1, 1, 4, 4});
  auto rejected = only<AppendRejected>(follower.receive(kLeader, Append{Term{5}, id(3, 9), {}, Index{0}}));
  EXPECT_EQ(rejected->hint, id(1, 2));
  EXPECT_EQ(rejected->rejected, Index{9});
  rejected = only<AppendRejected>(follower.receive(kLeader, Append{Term{5}, id(5, 9), {}, Index{0}}));
  EXPECT_EQ(rejected->hint, id(4, 4));
}

// B5: a candidate that hears of a leader of its own term steps down and keeps its vote.
TEST(Follower, keeps_its_vote_when_it_steps_down_in_the_same_term) {
  Follower node(0);
  (void)node.tick(20);
  (void)node.receive(kOther, PreVoteResponse{Term{1}, true});
  ASSERT_EQ(node->role(), Role::kCandidate);
  ASSERT_EQ(node->vote(), kSelf);
  (void)node.receive(kLeader, Append{Term{1}, id(1, 7), {}, Index{0}});
  EXPECT_EQ(node->role(), Role::kFollower);
  EXPECT_EQ(node->vote(), kSelf);
  const Effects effects = node.receive(kOther, VoteRequest{Term{1}, id(9, 9), false});
  EXPECT_FALSE(only<VoteResponse>(effects)->granted);
}

TEST(Follower, votes_once_a_term_and_repeats_the_same_answer) {
  Follower node(0);
  const VoteRequest request{Term{4}, id(0, 0), false};
  const Effects first = node.receive(kOther, request);
  EXPECT_TRUE(only<VoteResponse>(first)->granted);
  // B7, B36: vote and newer term are in the batch of the message that depends on them.
  EXPECT_EQ(first.save, (HardState{Term{4}, kOther}));
  EXPECT_FALSE(only<VoteResponse>(node.receive(kLeader, request))->granted);
  const Effects again = node.receive(kOther, request);
  EXPECT_TRUE(only<VoteResponse>(again)->granted);
  EXPECT_FALSE(again.save.has_value());
}

TEST(Follower, votes_for_no_log_that_is_behind) {
  Follower node(3, {1, 3});
  EXPECT_FALSE(only<VoteResponse>(node.receive(kOther, VoteRequest{Term{4}, id(1, 9), false}))->granted);
  EXPECT_FALSE(only<VoteResponse>(node.receive(kOther, VoteRequest{Term{5}, id(3, 1), false}))->granted);
  EXPECT_TRUE(only<VoteResponse>(node.receive(kOther, VoteRequest{Term{6}, id(3, 2), false}))->granted);
}

// B43: not even when the leader itself asked for the election.
TEST(Follower, in_doubt_votes_for_nobody) {
  Follower node(3);
  node->set_in_doubt(true);
  const Effects effects = node.receive(kOther, VoteRequest{Term{4}, id(9, 9), true});
  EXPECT_FALSE(only<VoteResponse>(effects)->granted);
  EXPECT_EQ(effects.save, (HardState{Term{4}, kNobody}));
  EXPECT_FALSE(only<PreVoteResponse>(node.receive(kOther, PreVoteRequest{Term{5}, id(9, 9)}))->granted);
  (void)node.receive(kOther, TimeoutNow{Term{4}});
  EXPECT_EQ(node->role(), Role::kFollower);
}

// B36: the role is given up before the newer term is taken over; there is no leader of a term it did not win.
TEST(Leader, is_none_in_a_term_that_it_only_heard_of) {
  Follower node(0);
  (void)node.tick(20);
  (void)node.receive(kOther, PreVoteResponse{Term{1}, true});
  const Effects won = node.receive(kOther, VoteResponse{Term{1}, true});
  ASSERT_TRUE(node->is_leader());
  EXPECT_EQ(won.first_block->index, Index{1});
  const Effects heard = node.receive(kOther, TermOver{Term{9}});
  EXPECT_EQ(heard.leadership, (Leadership{Term{9}, Role::kFollower, kNobody}));
  EXPECT_EQ(heard.save, (HardState{Term{9}, kNobody}));
}

// B37: the answer to an earlier campaign is worth nothing in a later one.
TEST(Candidate, counts_no_votes_of_an_earlier_term) {
  Follower node(0);
  (void)node.tick(20);
  (void)node.receive(kOther, PreVoteResponse{Term{1}, true});
  (void)node.tick(20);
  (void)node.receive(kOther, PreVoteResponse{Term{2}, true});
  ASSERT_EQ(node->term(), Term{2});
  (void)node.receive(kOther, VoteResponse{Term{1}, true});
  EXPECT_EQ(node->role(), Role::kCandidate);
  (void)node.receive(NodeId{9}, VoteResponse{Term{2}, true});  // no member
  EXPECT_EQ(node->role(), Role::kCandidate);
  (void)node.receive(kOther, VoteResponse{Term{2}, true});
  EXPECT_TRUE(node->is_leader());
}

TEST(Follower, asks_before_it_raises_its_term) {
  Follower node(0);
  const Effects effects = node.tick(20);
  EXPECT_EQ(node->role(), Role::kPreCandidate);
  EXPECT_EQ(node->term(), Term{0});
  EXPECT_FALSE(effects.save.has_value());
  EXPECT_EQ(effects.messages.size(), 2u);
}

// B13: whoever is behind in term hears so.
TEST(Follower, answers_a_leader_of_an_old_term_with_its_own) {
  Follower node(7);
  EXPECT_EQ(only<TermOver>(node.receive(kLeader, Heartbeat{Term{3}, Index{0}, Index{0}, 0}))->term, Term{7});
  EXPECT_EQ(only<TermOver>(node.receive(kLeader, Append{Term{3}, id(0, 0), {}, Index{0}}))->term, Term{7});
  EXPECT_EQ(only<PreVoteResponse>(node.receive(kOther, PreVoteRequest{Term{3}, id(9, 9)}))->term, Term{7});
}

TEST(Follower, drops_an_append_that_makes_no_sense) {
  Follower node(3, {1});
  const Configuration broken{{kOther, kSelf}, {}, {}};
  for (const Append& append : {
           Append{Term{3}, id(1, 1), {entry(3), entry(2)}, Index{0}},        // terms fall
           Append{Term{3}, id(1, 1), {entry(4)}, Index{0}},                  // of the future
           Append{Term{3}, id(4, 1), {}, Index{0}},                          // likewise
           Append{Term{3}, id(1, 1), {{Term{3}, 1, broken}}, Index{0}},      // no configuration
           Append{Term{3}, id(1, ~std::uint64_t{0}), {entry(3)}, Index{0}},  // B38: indices would wrap
       }) {
    const Effects effects = node.receive(kLeader, append);
    EXPECT_TRUE(effects.messages.empty());
    EXPECT_EQ(effects.alarms.size(), 1u);
    EXPECT_EQ(node->log().last_index(), Index{1});
  }
}

// B38: the terms cannot be used up by one message.
TEST(Follower, ignores_a_term_beyond_all_bounds) {
  Follower node(3);
  EXPECT_TRUE(node.receive(kOther, VoteRequest{Term{~std::uint64_t{0}}, id(9, 9), true}).empty());
  EXPECT_EQ(node->term(), Term{3});
}

// B38: a timeout of more ticks than 31 or 32 bits hold is waited for.
TEST(Follower, counts_ticks_in_64_bits) {
  Options long_wait = options();
  long_wait.election_ticks_min = std::uint64_t{1} << 33;
  long_wait.election_ticks_max = (std::uint64_t{1} << 33) + 1;
  Follower node(0, {}, {}, long_wait);
  (void)node.tick(1000);
  EXPECT_EQ(node->why_not_leader().ticks_left, (std::uint64_t{1} << 33) - 1000);
}

TEST(Leader, ignores_an_acknowledgement_of_what_it_never_sent) {
  Follower node(0);
  (void)node.tick(20);
  (void)node.receive(kOther, PreVoteResponse{Term{1}, true});
  (void)node.receive(kOther, VoteResponse{Term{1}, true});
  ASSERT_TRUE(node->is_leader());
  ASSERT_EQ(node->propose(Term{1}, Index{1}, 10), ProposeResult::kAccepted);
  const Effects effects = node->take_effects();
  (void)node.finish(effects.appends.at(0).ticket);
  EXPECT_EQ(node.receive(kOther, AppendAccepted{Term{1}, Index{8}, true}).alarms.size(), 1u);
  EXPECT_EQ(node->commit_index(), Index{0});
  (void)node.receive(NodeId{9}, AppendAccepted{Term{1}, Index{1}, true});
  EXPECT_EQ(node->commit_index(), Index{0});
  (void)node.receive(kOther, AppendAccepted{Term{1}, Index{1}, true});
  EXPECT_EQ(node->commit_index(), Index{1});
}

TEST(Leader, accepts_only_the_block_that_comes_next) {
  Follower node(0);
  EXPECT_EQ(node->propose(Term{0}, Index{1}, 10), ProposeResult::kNotLeader);
  (void)node.tick(20);
  (void)node.receive(kOther, PreVoteResponse{Term{1}, true});
  (void)node.receive(kOther, VoteResponse{Term{1}, true});
  EXPECT_EQ(node->propose(Term{0}, Index{1}, 10), ProposeResult::kStale);
  EXPECT_EQ(node->propose(Term{1}, Index{2}, 10), ProposeResult::kStale);
  EXPECT_EQ(node->propose(Term{1}, Index{1}, 10), ProposeResult::kAccepted);
}

// B43: a disk that contradicts itself has lost something; the node says so and does not vote.
TEST(Restoring, contradiction_puts_the_node_in_doubt) {
  Log log(three());
  log.append(entry(5));
  Raft raft(options(), {HardState{Term{2}, kSelf}, log, Index{4}, false});
  EXPECT_TRUE(raft.in_doubt());
  EXPECT_EQ(raft.term(), Term{5});
  EXPECT_EQ(raft.vote(), kNobody);
  EXPECT_EQ(raft.commit_index(), Index{1});
  EXPECT_EQ(raft.take_effects().alarms.size(), 2u);
}

TEST(Puller, adopts_what_is_committed) {
  Follower node(2, {1, 2, 2}, Index{1});
  EXPECT_FALSE(node->adopt_committed(id(1, 2), {entry(3)}));  // does not join the log
  EXPECT_FALSE(node->adopt_committed(id(0, 0), {entry(2)}));  // would overwrite what is committed
  EXPECT_FALSE(node->adopt_committed(id(1, 1), {entry(3), entry(2)}));
  EXPECT_TRUE(node->take_effects().empty());
  EXPECT_TRUE(node->adopt_committed(id(1, 1), {entry(3), entry(4)}));
  const Effects effects = node->take_effects();
  EXPECT_EQ(effects.save, (HardState{Term{4}, kNobody}));
  ASSERT_EQ(effects.appends.size(), 1u);
  EXPECT_EQ(effects.appends[0].truncate_from, Index{2});
  EXPECT_FALSE(effects.commit.has_value());
  EXPECT_EQ(node.finish(effects.appends[0].ticket).commit, Index{3});
  EXPECT_EQ(node->log().last(), id(4, 3));
}

// Arbitrary messages in arbitrary order: nothing ends the process (the core checks its invariants itself).
TEST(AnyInput, breaks_no_invariant) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    testing::Random random(seed);
    Options mine = options();
    mine.random = [&random](std::uint64_t bound) { return random.below(bound); };
    Follower node(2, {1, 1, 2}, Index{1}, mine);
    std::vector<AppendTicket> tickets;
    const auto small = [&](std::uint64_t bound) { return random.below(bound); };
    for (int step = 0; step < 300; ++step) {
      const Term term{small(10) == 0 ? small(12) : node->term().value + small(2)};
      const Index index{small(8)};
      Append append{term, id(small(5), small(8)), {}, Index{small(9)}};
      for (std::uint64_t i = small(4); i > 0; --i) append.entries.push_back(entry(small(5)));
      const std::vector<Message> messages{PreVoteRequest{term, id(small(5), small(9))},
                                          PreVoteResponse{term, small(2) == 0},
                                          VoteRequest{term, id(small(5), small(9)), small(2) == 0},
                                          VoteResponse{term, small(2) == 0},
                                          append,
                                          AppendAccepted{term, index, small(2) == 0},
                                          AppendRejected{term, index, id(small(5), small(9)), small(2) == 0},
                                          AppendRefused{term},
                                          Heartbeat{term, index, Index{small(9)}, small(4)},
                                          CommitNotice{term, index},
                                          HeartbeatResponse{term, Index{small(9)}, small(4), index,
                                                            Index{small(9)}, Index{small(9)}, small(2) == 0},
                                          TimeoutNow{term},
                                          ReadIndexRequest{term, small(4)},
                                          ReadIndexResponse{term, small(4), index, true},
                                          TermOver{term}};
      node->receive(NodeId{static_cast<std::uint16_t>(small(5))}, messages[small(messages.size())]);
      if (small(3) == 0) node->tick();
      if (small(9) == 0) (void)node->read_index(small(5));
      if (small(30) == 0) node->refuse(node->leader(), node->term());
      if (small(30) == 0) node->hold_back(node->term(), index);
      if (small(50) == 0) node->set_in_doubt(small(2) == 0);
      if (small(20) == 0) (void)node->transfer();
      if (small(40) == 0) (void)node->adopt_committed(append.prev, append.entries);
      if (small(3) == 0) (void)node->propose(node->term(), node->next_index(), 10);
      for (const AppendEffect& effect : node->take_effects().appends) tickets.push_back(effect.ticket);
      if (!tickets.empty() && small(3) == 0) node->durable(tickets[small(tickets.size())]);
    }
    SUCCEED();
  }
}

}  // namespace
}  // namespace circula::consensus
