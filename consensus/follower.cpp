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

bool Raft::makes_sense(const Append& m) {
  // Far above any real index, far below where indices would wrap (B38).
  constexpr Index kIndexMax{std::uint64_t{1} << 62};
  if (m.prev.index > kIndexMax || m.prev.term > m.term) return false;
  Term earlier = m.prev.term;
  for (const Entry& entry : m.entries) {
    if (entry.term < earlier || entry.term > m.term || entry.term == Term{0}) return false;
    if (entry.configuration && !entry.configuration->well_formed()) return false;
    earlier = entry.term;
  }
  return true;
}

void Raft::on(NodeId from, const Append& m) {
  if (!follow(from)) return;
  // Nothing is held back any more but what comes after this one.
  if (held_ <= m.last_index()) held_ = Index{0};
  if (!makes_sense(m)) {
    alarm("node " + std::to_string(from.value) + " sent an append that makes no sense");
    return;
  }
  if (log_.holds(m.prev)) {
    accept_entries(from, m);
    return;
  }
  const Index hint = log_.last_at_or_below(m.prev.index, m.prev.term);
  send(from, AppendRejected{term(), m.prev.index, {log_.term_at(hint), hint}, !in_doubt_});
}

// Entries that are there already stay: only the first that conflicts, and what follows it, is removed. So a
// late or shorter append removes nothing (B4).
void Raft::accept_entries(NodeId from, const Append& m) {
  std::size_t known = 0;
  while (known < m.entries.size() && log_.holds({m.entries[known].term, m.first_index() + known})) ++known;
  if (known < m.entries.size()) {
    const Index first_new = m.first_index() + known;
    if (first_new <= commit_) {
      alarm("node " + std::to_string(from.value) + " would overwrite committed index " +
            std::to_string(first_new.value));
      return;
    }
    const bool conflicts = first_new <= log_.last_index();
    append_to_log(conflicts ? std::optional(first_new) : std::nullopt, m.entries.data() + known,
                  m.entries.data() + m.entries.size());
  }
  verified_ = std::max(verified_, m.last_index());
  // Never beyond what this leader has shown to agree: behind it may stand a tail of our own (B1).
  advance_commit(std::min(m.commit, verified_));
  // What is not durable yet is acknowledged by its completion.
  if (durable_index() >= m.last_index()) acknowledge(from);
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
