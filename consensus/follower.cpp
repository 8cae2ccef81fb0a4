// Accepting the leader's log: dissertation 3.5, with asynchronous durable appends.
#include <algorithm>

#include "consensus/raft.h"

namespace circula::consensus {

// Whether `from`, who speaks as leader of this term, is listened to.
bool Raft::follow(NodeId from) {
  if (from == refused_leader_) {
    send(from, AppendRefused{term()});
    return false;
  }
  if (is_leader() || (leader_ != kNobody && leader_ != from)) {
    alarm("node " + std::to_string(from.value) + " speaks as leader of term " + std::to_string(term().value) +
          ", which is led by node " + std::to_string(leader_.value));
    return false;
  }
  if (role_ != Role::kFollower || leader_ != from || gives_way_) become_follower(term(), from);
  leader_silent_ticks_ = 0;
  election_ticks_ = 0;
  return true;
}

bool Raft::makes_sense(EntryId prev, const std::vector<Entry>& entries, Term newest) {
  // Far above any real index, far below where indices would wrap (B38).
  constexpr Index kIndexMax{std::uint64_t{1} << 62};
  if (prev.index > kIndexMax || prev.term > newest) return false;
  Term earlier = prev.term;
  for (const Entry& entry : entries) {
    if (entry.term < earlier || entry.term > newest || entry.term == Term{0}) return false;
    if (entry.configuration && !entry.configuration->well_formed()) return false;
    earlier = entry.term;
  }
  return true;
}

void Raft::on(NodeId from, const Append& m) {
  if (!follow(from)) return;
  // Nothing is held back any more but what comes after this one.
  if (held_ <= m.last_index()) held_ = Index{0};
  if (!makes_sense(m.prev, m.entries, m.term)) {
    alarm("node " + std::to_string(from.value) + " sent an append that makes no sense");
    return;
  }
  if (!log_.holds(m.prev)) {
    const Index hint = log_.last_at_or_below(m.prev.index, m.prev.term);
    send(from, AppendRejected{term(), m.prev.index, {log_.term_at(hint), hint}, !in_doubt_});
    return;
  }
  if (!store_entries(m.prev, m.entries)) {
    alarm("node " + std::to_string(from.value) + " would overwrite what is committed");
    return;
  }
  verified_ = std::max(verified_, m.last_index());
  // Never beyond what this leader has shown to agree: behind it may stand a tail of our own (B1).
  advance_commit(std::min(m.commit, verified_));
  // What is not durable yet is acknowledged by its completion.
  if (durable_index() >= m.last_index()) acknowledge(from);
}

// Entries that are there already stay: only the first that conflicts, and what follows it, is removed. So a
// late or shorter append removes nothing (B4). False when a committed entry stands in the way.
bool Raft::store_entries(EntryId prev, const std::vector<Entry>& entries) {
  std::size_t known = 0;
  while (known < entries.size() && log_.holds({entries[known].term, prev.index + known + 1})) ++known;
  if (known == entries.size()) return true;
  const Index first_new = prev.index + known + 1;
  if (first_new <= commit_) return false;
  const bool conflicts = first_new <= log_.last_index();
  append_to_log(conflicts ? std::optional(first_new) : std::nullopt, entries.data() + known,
                entries.data() + entries.size());
  return true;
}

bool Raft::adopt_committed(EntryId prev, const std::vector<Entry>& entries) {
  const InvariantChecker before(*this);
  if (is_leader() || entries.empty() || !log_.holds(prev)) return false;
  const Term newest = entries.back().term;
  if (newest > kTermMax || !makes_sense(prev, entries, newest) || !store_entries(prev, entries)) return false;
  // A candidate's requests spoke of another log.
  if (newest > term() || role_ != Role::kFollower) become_follower(std::max(newest, term()), kNobody);
  advance_commit(prev.index + entries.size());
  finish_step(before);
  return true;
}

Index Raft::durable_match() const { return std::min(verified_, durable_index()); }

void Raft::acknowledge(NodeId leader) { send(leader, AppendAccepted{term(), durable_match(), !in_doubt_}); }

void Raft::on(NodeId from, const Heartbeat& m) {
  if (!follow(from)) return;
  advance_commit(std::min(m.commit, verified_));
  send(from, HeartbeatResponse{term(), m.last_sent, m.round, verified_, held_, durable_match(), !in_doubt_});
}

void Raft::on(NodeId from, const CommitNotice& m) {
  if (follow(from)) advance_commit(std::min(m.commit, verified_));
}

void Raft::on(NodeId, const TermOver&) {}  // its term has been learnt; that was all it says

void Raft::hold_back(Term of, Index last) {
  if (of == term() && !is_leader()) held_ = last;
}

void Raft::refuse(NodeId leader, Term of) {
  const InvariantChecker before(*this);
  if (of == term() && !is_leader() && (leader == leader_ || leader_ == kNobody)) {
    refused_leader_ = leader;
    held_ = Index{0};
    if (leader_ != kNobody) abandon_reads();
    // The timer is not reset: it has run since this leader was last heard.
    leader_ = kNobody;
    send(leader, AppendRefused{term()});
  }
  finish_step(before);
}

}  // namespace circula::consensus
