#include "consensus/explain.h"

#include <algorithm>

#include "consensus/raft.h"

namespace circula::consensus {
namespace {

std::string name(NodeId node) { return "node " + std::to_string(node.value); }

std::string names(const std::vector<NodeId>& nodes) {
  std::string text;
  for (const NodeId node : nodes) text += (text.empty() ? "" : ", ") + std::to_string(node.value);
  return text.empty() ? "none" : text;
}

}  // namespace

WhyNotLeader Raft::why_not_leader() const {
  using Reason = WhyNotLeader::Reason;
  WhyNotLeader why;
  why.term = term();
  why.leader = leader_;
  why.ticks_left = election_timeout_ticks_ > election_ticks_ ? election_timeout_ticks_ - election_ticks_ : 0;
  const auto because = [&](Reason reason, std::string text) {
    why.reason = reason;
    why.text = std::move(text);
    return why;
  };
  if (is_leader()) return because(Reason::kIsLeader, "this node leads term " + std::to_string(term().value));
  if (!is_eligible()) {
    return because(Reason::kNotAVoter, "this node is no voter of " + log_.configuration().text());
  }
  if (in_doubt_) {
    return because(Reason::kInDoubt,
                   "this node is in doubt and neither votes nor leads until the others vouch for it");
  }
  if (follows_a_live_leader()) {
    return because(Reason::kFollowsALeader,
                   name(leader_) + " leads term " + std::to_string(term().value) + " and is heard");
  }
  if (!may_lead_)
    return because(Reason::kMayNotLead, "this node writes no blocks; its disk is at the reserve");
  if (disk_hung()) {
    return because(Reason::kDiskHung,
                   "a write has not finished for " + std::to_string(durability_.waiting_ticks()) + " ticks");
  }
  if (role_ == Role::kFollower) {
    const std::string wait =
        "campaigns in " + std::to_string(why.ticks_left) + " ticks unless it hears a leader";
    if (gives_way_)
      return because(Reason::kHandedOver, "handed leadership over and lets others go first; " + wait);
    return because(Reason::kWaitingForTimeout, wait);
  }
  for (const NodeId node : log_.configuration().members()) {
    if (!log_.configuration().is_voter(node)) continue;
    const auto found = votes_.find(node);
    if (found == votes_.end()) why.not_answered.push_back(node);
    if (found != votes_.end() && !found->second) why.denied.push_back(node);
  }
  return because(Reason::kCollectingVotes, std::string(role_name(role_)) + "; not answered: " +
                                               names(why.not_answered) + "; denied: " + names(why.denied));
}

WhyNotCommitted Raft::why_not_committed(Index index) const {
  using Reason = WhyNotCommitted::Reason;
  WhyNotCommitted why;
  why.index = index;
  why.leader = leader_;
  const auto because = [&](Reason reason, std::string text) {
    why.reason = reason;
    why.text = std::move(text);
    return why;
  };
  if (index <= deliverable_index()) return because(Reason::kCommitted, "committed");
  if (index <= commit_) {
    return because(Reason::kCommittedNotDurableHere,
                   "committed, and this node's own disk has not finished writing it");
  }
  if (index > log_.last_index()) {
    return because(Reason::kNotInLog,
                   "not proposed: the log ends at " + std::to_string(log_.last_index().value));
  }
  if (!is_leader()) {
    return because(Reason::kNotLeader,
                   leader_ == kNobody ? "there is no leader" : "only the leader knows: ask " + name(leader_));
  }
  const Configuration& configuration = log_.configuration();
  for (const NodeId node : configuration.members()) {
    const Index reached = node == options_.self ? durable_index() : progress_.at(node).counted_match();
    if (configuration.is_voter(node) && reached < index) why.missing.push_back(node);
  }
  if (quorum_match() >= index && log_.term_at(index) < term()) {
    return because(Reason::kEarlierTerm, "an entry of term " + std::to_string(log_.term_at(index).value) +
                                             " commits with the first block of term " +
                                             std::to_string(term().value));
  }
  return because(Reason::kWaitingForMajority,
                 "a majority" + std::string(configuration.joint() ? " of each half" : "") + " of " +
                     configuration.text() + " must hold it durably; missing: " + names(why.missing));
}

}  // namespace circula::consensus
