// Replication and commitment: dissertation 3.5, 3.6.2 (what commits), 10.2.1 (the leader's own write runs
// beside the followers').
#include <algorithm>

#include "consensus/raft.h"

namespace circula::consensus {

void Raft::become_leader() {
  role_ = Role::kLeader;
  leader_ = options_.self;
  votes_.clear();
  progress_.clear();
  follow_configuration();
  stalled_ticks_ = 0;
  stall_mark_ = quorum_match();
  leader_reads_ = LeaderReads{};
  effects_.first_block = FirstBlockNeeded{term(), next_index()};
  broadcast_heartbeat();
}

// One progress for each other member of the configuration in force, kept where there is one already.
void Raft::follow_configuration() {
  const Configuration& configuration = log_.configuration();
  std::erase_if(progress_, [&](const auto& item) { return !configuration.is_member(item.first); });
  for (const NodeId node : configuration.members()) {
    if (node != options_.self) progress_.try_emplace(node, next_index());
  }
}

void Raft::leader_tick() {
  for (auto& [node, progress] : progress_) ++progress.silent_ticks;
  if (!quorum_is_heard()) {
    become_follower(term(), kNobody);
    return;
  }
  watch_stalls();
  if (!is_leader()) return;
  if (transferring() && ++transfer_ticks_ >= options_.election_ticks_min) transfer_target_ = kNobody;
  if (++heartbeat_ticks_ >= options_.heartbeat_ticks) {
    broadcast_heartbeat();
    broadcast_append();
  }
}

void Raft::broadcast_heartbeat() {
  heartbeat_ticks_ = 0;
  if (leader_reads_.unbegun()) leader_reads_.begin_round();
  for (auto& [node, progress] : progress_) {
    progress.commit_told = commit_;
    send(node, Heartbeat{term(), commit_, progress.sent_through(), leader_reads_.round()});
  }
}

void Raft::broadcast_append() {
  for (const auto& [node, progress] : progress_) send_append(node);
}

// All that may go to `to` now.
void Raft::send_append(NodeId to) {
  Progress& progress = progress_.at(to);
  while (progress.may_send(progress.next() > log_.last_index(), options_.inflight_messages_max,
                           options_.inflight_bytes_max)) {
    std::uint64_t bytes = 0;
    Append append = next_append(progress, bytes);
    progress.sent(append.last_index(), bytes);
    progress.commit_told = commit_;
    send(to, std::move(append));
  }
}

Append Raft::next_append(const Progress& progress, std::uint64_t& bytes) const {
  const Index prev = progress.next().previous();
  Append append{term(), {log_.term_at(prev), prev}, {}, commit_};
  const std::size_t entries_max = progress.guesses() ? 1 : options_.append_entries_max;
  for (Index index = progress.next(); index <= log_.last_index(); index = index.next()) {
    const std::uint32_t entry_bytes = log_.bytes_at(index);
    const bool fits = bytes + entry_bytes <= options_.append_bytes_max && append.entries.size() < entries_max;
    // The first one goes whatever its size; nothing is left out in the middle (B8).
    if (!append.entries.empty() && !fits) break;
    append.entries.push_back(log_.entry_at(index));
    bytes += entry_bytes;
  }
  return append;
}

ProposeResult Raft::propose(Term of, Index index, std::uint32_t bytes,
                            std::optional<Configuration> configuration) {
  const InvariantChecker before(*this);
  if (!is_leader()) return ProposeResult::kNotLeader;
  if (of != term() || index != next_index()) return ProposeResult::kStale;
  if (transferring()) return ProposeResult::kTransferring;
  const bool first_of_term = log_.last().term != term();
  if (!first_of_term && uncommitted_bytes() + bytes > options_.uncommitted_bytes_max &&
      commit_ < log_.last_index()) {
    return ProposeResult::kTooMuchUncommitted;
  }
  if (configuration) {
    if (!committed_in_term()) return ProposeResult::kConfigurationTooEarly;
    if (log_.configuration_index() > commit_) return ProposeResult::kConfigurationOpen;
    if (!may_follow(log_.configuration(), *configuration)) return ProposeResult::kConfigurationInvalid;
  }
  const Entry entry{term(), bytes, std::move(configuration)};
  append_to_log(std::nullopt, &entry, &entry + 1);
  effects_.first_block.reset();
  if (entry.configuration) follow_configuration();
  broadcast_append();
  finish_step(before);
  return ProposeResult::kAccepted;
}

void Raft::connection_lost(NodeId peer) {
  const InvariantChecker before(*this);
  if (const auto found = progress_.find(peer); found != progress_.end()) {
    if (found->second.state() != Progress::State::kRefused) found->second.restart();
  }
  finish_step(before);
}

Index Raft::quorum_match() const {
  return quorum_reached<Index>(log_.configuration(), [this](NodeId node) {
    if (node == options_.self) return durable_index();
    const auto found = progress_.find(node);
    return found == progress_.end() ? Index{0} : found->second.counted_match();
  });
}

// An entry of an earlier term may be on a majority and still be overwritten; it commits with the first one of
// this term (3.6.2, Fig. 8).
void Raft::commit_by_counting() {
  const Index reached = quorum_match();
  if (reached <= commit_ || log_.term_at(reached) != term()) return;
  advance_commit(reached);
  leader_reads_.unpark(commit_);
  confirm_reads();
  // A leader that is no member of the committed configuration has done its last duty (4.2.2).
  const bool settled = log_.configuration_index() <= commit_;
  if (settled && !log_.configuration().is_voter(options_.self)) hand_over();
}

// A follower that is sent nothing else learns at once what is committed, not with the next heartbeat.
void Raft::tell_commit() {
  for (auto& [node, progress] : progress_) {
    if (progress.commit_told >= commit_) continue;
    progress.commit_told = commit_;
    send(node, CommitNotice{term(), commit_});
  }
}

// The progress of a member that answered in this term.
Progress* Raft::heard_from(NodeId node) {
  const auto found = progress_.find(node);
  if (!is_leader() || found == progress_.end()) return nullptr;
  found->second.silent_ticks = 0;
  return &found->second;
}

bool Raft::claims_too_much(NodeId from, Index match) {
  if (match <= log_.last_index()) return false;
  alarm("node " + std::to_string(from.value) + " acknowledges index " + std::to_string(match.value) +
        ", which it was never sent");
  return true;
}

void Raft::acknowledged(NodeId from, Index match, bool counts) {
  if (!progress_.at(from).acknowledge(match, counts)) return;
  commit_by_counting();
  if (!is_leader()) return;
  send_append(from);
  continue_transfer(from);
}

void Raft::on(NodeId from, const AppendAccepted& m) {
  if (heard_from(from) == nullptr || claims_too_much(from, m.match)) return;
  acknowledged(from, m.match, m.counts);
}

void Raft::on(NodeId from, const AppendRejected& m) {
  Progress* progress = heard_from(from);
  if (progress == nullptr) return;
  const Index retry = log_.last_at_or_below(m.hint.index, m.hint.term);
  if (progress->reject(m.rejected, retry, m.counts)) send_append(from);
}

void Raft::on(NodeId from, const AppendRefused&) {
  const auto found = progress_.find(from);
  if (found == progress_.end()) return;
  // Not heard_from(): a node that accepts nothing does not keep a leader in office.
  found->second.refuse();
  if (transfer_target_ == from) transfer_target_ = kNobody;
}

void Raft::on(NodeId from, const HeartbeatResponse& m) {
  Progress* progress = heard_from(from);
  if (progress == nullptr || claims_too_much(from, std::max(m.match, m.verified))) return;
  // It listens again, after a restart.
  if (progress->state() == Progress::State::kRefused) progress->restart();
  if (m.counts) progress->round = std::max(progress->round, std::min(m.round, leader_reads_.round()));
  (void)progress->heard(m.last_sent, m.verified, m.held);
  const bool probe_arrived =
      progress->state() == Progress::State::kProbe && m.verified >= progress->next().previous();
  if (probe_arrived || m.match > progress->match() || (m.counts && m.match > progress->counted_match())) {
    acknowledged(from, m.match, m.counts);
    if (!is_leader()) return;
  }
  send_append(from);
  continue_transfer(from);
  confirm_reads();
}

}  // namespace circula::consensus
