// Elections: dissertation 3.4, 3.6.1 (whose log may win), 9.6 (PreVote), 4.2.3 (whoever hears a leader does
// not vote), 3.10 (TimeoutNow).
#include <algorithm>

#include "consensus/raft.h"

namespace circula::consensus {

// A node that knows that it is no voter never campaigns (B12); one that is not told yet that it has become
// one votes all the same, because votes are counted by the asker. While the configuration that removes this
// node is not committed it may be the only one with the entry, and without it nobody could win (4.2.2, B20).
bool Raft::is_eligible() const {
  if (log_.configuration().is_voter(options_.self)) return true;
  return log_.configuration_index() > commit_ && log_.previous_configuration().is_voter(options_.self);
}

bool Raft::may_campaign() const {
  return is_eligible() && !in_doubt_ && may_lead_ && !disk_hung() && term() < kTermMax;
}

void Raft::election_timeout() {
  become_follower(term(), kNobody);
  if (may_campaign()) pre_campaign();
}

void Raft::pre_campaign() {
  role_ = Role::kPreCandidate;
  ask_again_soon();
  ask_voters(PreVoteRequest{term().next(), log_.last()});
  count_vote(options_.self, true);
}

// A voter that still believed in the old leader may agree a moment later, and asking disturbs nobody. Where
// all that are left must agree, as three of four, a whole timeout more would be the longest part of a
// failover.
void Raft::ask_again_soon() {
  constexpr std::uint64_t kRoundsInATimeout = 4;
  election_timeout_ticks_ = std::max<std::uint64_t>(1, election_timeout_ticks_ / kRoundsInATimeout);
}

void Raft::campaign(bool transfer) {
  become_follower(term(), kNobody);
  set_hard_state(term().next(), options_.self);
  role_ = Role::kCandidate;
  ask_voters(VoteRequest{term(), log_.last(), transfer});
  count_vote(options_.self, true);
}

void Raft::ask_voters(const Message& request) {
  for (const NodeId node : log_.configuration().members()) {
    if (node != options_.self && log_.configuration().is_voter(node)) send(node, request);
  }
}

void Raft::count_vote(NodeId from, bool granted) {
  votes_.emplace(from, granted);  // the first answer stands
  const VoteResult result = vote_result(log_.configuration(), [this](NodeId node) {
    const auto found = votes_.find(node);
    if (found == votes_.end()) return Vote::kMissing;
    return found->second ? Vote::kGranted : Vote::kDenied;
  });
  if (result == VoteResult::kLost) {
    const bool asked_only = role_ == Role::kPreCandidate;
    become_follower(term(), kNobody);
    if (asked_only) ask_again_soon();
  } else if (result == VoteResult::kWon && role_ == Role::kPreCandidate) {
    campaign(false);
  } else if (result == VoteResult::kWon) {
    become_leader();
  }
}

void Raft::on(NodeId from, const PreVoteRequest& m) {
  const bool granted =
      m.term > term() && up_to_date(m.last, log_.last()) && !follows_a_live_leader() && !in_doubt_;
  send(from, PreVoteResponse{granted ? m.term : term(), granted});
}

void Raft::on(NodeId from, const PreVoteResponse& m) {
  if (role_ != Role::kPreCandidate) return;
  if (m.granted && m.term != term().next()) return;
  count_vote(from, m.granted);
}

void Raft::on(NodeId from, const VoteRequest& m) {
  const bool free = vote() == from || (vote() == kNobody && leader_ == kNobody);
  const bool granted = free && up_to_date(m.last, log_.last()) && !in_doubt_;
  if (granted) {
    set_hard_state(term(), from);
    election_ticks_ = 0;
  }
  send(from, VoteResponse{term(), granted});
}

void Raft::on(NodeId from, const VoteResponse& m) {
  if (role_ == Role::kCandidate) count_vote(from, m.granted);
}

void Raft::on(NodeId from, const TimeoutNow&) {
  const bool from_leader = !is_leader() && from != refused_leader_ && (leader_ == from || leader_ == kNobody);
  if (from_leader && may_campaign()) campaign(true);
}

}  // namespace circula::consensus
