// Leaving leadership: transfer (dissertation 3.10), CheckQuorum (6.2), and the leader that cannot do its
// work.
#include "consensus/raft.h"

namespace circula::consensus {

// Of each half of the configuration a majority was heard lately (B2).
bool Raft::quorum_is_heard() const {
  return quorum_holds(log_.configuration(), [this](NodeId node) {
    if (node == options_.self) return true;
    const auto found = progress_.find(node);
    return found != progress_.end() && found->second.silent_ticks < options_.election_ticks_min;
  });
}

// A leader that is heard but gets nothing committed, because nobody takes its blocks or because its own disk
// hangs, keeps everybody from a better one (`design.md` 4, B25). What counts is whether a quorum acknowledges
// more: a follower that catches up over many ticks is progress.
void Raft::watch_stalls() {
  const bool waits = commit_ < log_.last_index() || log_.last().term != term();
  const Index reached = quorum_match();
  if (!waits || reached > stall_mark_) {
    stall_mark_ = reached;
    stalled_ticks_ = 0;
  } else {
    ++stalled_ticks_;
  }
  if (stalled_ticks_ >= options_.stall_ticks || disk_hung()) hand_over();
}

bool Raft::may_succeed(NodeId node) const {
  const auto found = progress_.find(node);
  if (found == progress_.end() || !log_.configuration().is_voter(node)) return false;
  const Progress& progress = found->second;
  return progress.state() != Progress::State::kRefused && progress.counts() &&
         progress.silent_ticks < options_.election_ticks_min;
}

NodeId Raft::best_successor() const {
  NodeId best = kNobody;
  Index best_match;
  for (const auto& [node, progress] : progress_) {
    if (!may_succeed(node)) continue;
    if (best != kNobody && progress.counted_match() <= best_match) continue;
    best = node;
    best_match = progress.counted_match();
  }
  return best;
}

TransferResult Raft::transfer(NodeId target) {
  const InvariantChecker before(*this);
  if (!is_leader()) return TransferResult::kNotLeader;
  if (transferring()) return TransferResult::kTransferring;
  if (target == kNobody) target = best_successor();
  if (!may_succeed(target)) return TransferResult::kNoTarget;
  transfer_target_ = target;
  transfer_ticks_ = 0;
  continue_transfer(target);
  finish_step(before);
  return TransferResult::kStarted;
}

// The target campaigns only when it has the whole log: otherwise it could not win (B21).
void Raft::continue_transfer(NodeId node) {
  if (node != transfer_target_ || transfer_target_ == kNobody) return;
  if (progress_.at(node).counted_match() == log_.last_index()) send(node, TimeoutNow{term()});
}

// Steps down at once. The best successor is told to campaign without waiting for the rest of the log, which
// may be what nobody takes; if it cannot win, the others' timeouts decide. This node lets them go first.
void Raft::hand_over() {
  if (const NodeId successor = best_successor(); successor != kNobody) send(successor, TimeoutNow{term()});
  become_follower(term(), kNobody);
  gives_way_ = true;
  election_timeout_ticks_ += 2 * options_.election_ticks_max;
}

}  // namespace circula::consensus
