// ReadIndex: dissertation 6.4. Rules in read_index.h.
#include "consensus/raft.h"

namespace circula::consensus {

ReadResult Raft::read_index(std::uint64_t context) {
  const InvariantChecker before(*this);
  if (leader_ == kNobody) return ReadResult::kNoLeader;
  const std::size_t pending = is_leader() ? leader_reads_.pending() : forwarded_reads_.pending();
  if (pending >= options_.pending_reads_max) return ReadResult::kTooMany;
  if (is_leader()) {
    admit_read({options_.self, context, Index{0}});
  } else {
    send(leader_, ReadIndexRequest{term(), forwarded_reads_.add(context)});
  }
  finish_step(before);
  return ReadResult::kPending;
}

void Raft::admit_read(const LeaderRead& read) {
  if (!committed_in_term()) {
    leader_reads_.park(read);
    return;
  }
  leader_reads_.add({read.from, read.request, commit_});
  confirm_reads();
}

void Raft::confirm_reads() {
  for (;;) {
    const auto round = quorum_reached<std::uint64_t>(log_.configuration(), [this](NodeId node) {
      if (node == options_.self) return leader_reads_.round();
      const auto found = progress_.find(node);
      return found == progress_.end() ? 0 : found->second.round;
    });
    for (const LeaderRead& read : leader_reads_.confirm(round)) answer_read(read, true);
    if (!leader_reads_.wants_round()) return;
    broadcast_heartbeat();  // begins the round
  }
}

void Raft::answer_read(const LeaderRead& read, bool confirmed) {
  if (read.from != options_.self) {
    send(read.from, ReadIndexResponse{term(), read.request, read.index, confirmed});
    return;
  }
  effects_.reads.push_back({read.request, confirmed ? std::optional(read.index) : std::nullopt});
}

void Raft::abandon_reads() {
  for (const LeaderRead& read : leader_reads_.abandon()) answer_read(read, false);
  for (const std::uint64_t context : forwarded_reads_.abandon()) {
    effects_.reads.push_back({context, std::nullopt});
  }
}

void Raft::on(NodeId from, const ReadIndexRequest& m) {
  const LeaderRead read{from, m.request, Index{0}};
  if (!is_leader() || leader_reads_.pending() >= options_.pending_reads_max) {
    answer_read(read, false);
  } else {
    admit_read(read);
  }
}

void Raft::on(NodeId from, const ReadIndexResponse& m) {
  if (from != leader_) return;
  const auto context = forwarded_reads_.take(m.request);
  if (!context) return;
  effects_.reads.push_back({*context, m.confirmed ? std::optional(m.index) : std::nullopt});
}

}  // namespace circula::consensus
