#include "ghost.h"

#include <algorithm>

namespace circula::consensus::testing {
namespace {

std::string at(NodeId node, Index index) {
  return "node " + std::to_string(node.value) + ", index " + std::to_string(index.value);
}

bool on_disk(const Disk& disk, Index index, std::uint64_t id) {
  return index.value < disk.size() && disk[index.value].id == id;
}

}  // namespace

void Ghost::fail(std::string text) {
  if (violation_.empty()) violation_ = std::move(text);
}

void Ghost::block_made(Index index, const Block& block) {
  if (!made_.emplace(std::pair{index, block.term}, block.id).second) {
    fail("4: two entries were made for index " + std::to_string(index.value) + ", term " +
         std::to_string(block.term.value));
  }
}

// Entries named alike are alike, and each follows what it was made to follow: by induction, logs match.
void Ghost::block_stored(NodeId node, Index index, const Block& parent, const Block& block) {
  const auto made = made_.find({index, block.term});
  if (made == made_.end() || made->second != block.id)
    fail("4: an entry that nobody made: " + at(node, index));
  if (block.parent != parent.id) fail("4: an entry after another than its parent: " + at(node, index));
}

void Ghost::vote_saved(NodeId node, const HardState& hard_state) {
  Term& saved = saved_terms_[node];
  if (hard_state.term < saved) fail("3: the saved term falls: " + at(node, Index{0}));
  saved = hard_state.term;
  if (hard_state.vote == kNobody) return;
  const auto [vote, first] = votes_.emplace(std::pair{node, hard_state.term}, hard_state.vote);
  if (!first && vote->second != hard_state.vote) fail("2: two votes in a term: " + at(node, Index{0}));
}

void Ghost::sent(NodeId from, const Message& message, const std::vector<Block>& log, const Disk& disk) {
  if (const auto* append = std::get_if<Append>(&message)) {
    const std::uint64_t end = append->last_index().value;
    if (end >= log.size() || log[append->prev.index.value].term != append->prev.term) {
      return fail("8: an append names entries that the leader does not hold: " +
                  at(from, append->last_index()));
    }
    Index index = append->prev.index;
    for (const Entry& entry : append->entries) {
      index = index.next();
      const Block& block = log[index.value];
      if (entry != Entry{block.term, block.bytes, block.configuration}) {
        fail("8: an append leaves entries out: " + at(from, index));
      }
    }
  }
  Index match;
  if (const auto* accepted = std::get_if<AppendAccepted>(&message)) match = accepted->match;
  if (const auto* heartbeat = std::get_if<HeartbeatResponse>(&message)) match = heartbeat->match;
  if (match == Index{0}) return;
  if (match.value >= disk.size() || !on_disk(disk, match, log[match.value].id)) {
    fail("3: acknowledged and not on disk: " + at(from, match));
  }
  const auto end = handed_in_.find({term_of(message), from});
  if (end == handed_in_.end() || match > end->second)
    fail("8: acknowledged beyond the request: " + at(from, match));
}

void Ghost::handed_in(NodeId to, const Append& append) {
  Index& end = handed_in_[{append.term, to}];
  end = std::max(end, append.last_index());
}

void Ghost::restarted(NodeId node) { seen_.erase(node); }

void Ghost::stepped(const Raft& raft, const std::vector<Block>& log,
                    const std::map<NodeId, const Disk*>& disks) {
  if (raft.is_leader()) check_leader(raft, log);
  Seen& seen = seen_[raft.self()];
  if (raft.term() < seen.term) fail("3: the term falls: " + at(raft.self(), Index{0}));
  if (raft.commit_index() < seen.commit) fail("3: the commit index falls: " + at(raft.self(), seen.commit));
  if (raft.commit_index() > seen.commit) check_commit(raft, log, disks);
  seen = {raft.term(), raft.commit_index()};
}

void Ghost::check_leader(const Raft& raft, const std::vector<Block>& log) {
  const auto [leader, first] = leaders_.emplace(raft.term(), raft.self());
  if (leader->second != raft.self()) fail("1: two leaders in a term: " + at(raft.self(), Index{0}));
  // The newest one committed in an earlier term. One that wins late, when a later term has committed already,
  // need not hold that.
  Index newest = committed();
  while (newest > Index{0} && committed_in_[newest.value] >= raft.term()) newest = newest.previous();
  if (first && (newest.value >= log.size() || log[newest.value].id != committed_[newest.value])) {
    fail("5: a new leader lacks what is committed: " + at(raft.self(), newest));
  }
  for (const auto& [node, progress] : raft.progress()) {
    Index& match = matches_[{raft.term(), node}];
    if (progress.counted_match() < match && progress.counts()) fail("7: a match falls: " + at(node, match));
    match = progress.counted_match();
  }
}

void Ghost::check_commit(const Raft& raft, const std::vector<Block>& log,
                         const std::map<NodeId, const Disk*>& disks) {
  const std::uint64_t commit = raft.commit_index().value;
  if (commit >= log.size())
    return fail("6: commits what it does not hold: " + at(raft.self(), Index{commit}));
  const std::uint64_t known = std::min<std::uint64_t>(commit, committed_.size() - 1);
  if (log[known].id != committed_[known])
    fail("6: committed prefixes differ: " + at(raft.self(), Index{known}));
  if (commit == known) return;
  const auto holds = [&](NodeId node) {
    const auto disk = disks.find(node);
    return disk != disks.end() && on_disk(*disk->second, Index{commit}, log[commit].id);
  };
  if (!quorum_holds(raft.configuration(), holds)) {
    fail("9: commits what no quorum has on disk: " + at(raft.self(), Index{commit}));
  }
  for (std::uint64_t index = known + 1; index <= commit; ++index) {
    committed_.push_back(log[index].id);
    committed_in_.push_back(raft.term());
  }
}

void Ghost::read_began(NodeId node, std::uint64_t context) { reads_[{node, context}] = committed(); }

void Ghost::read_done(NodeId node, std::uint64_t context, Index index) {
  const auto began = reads_.find({node, context});
  if (began == reads_.end()) return fail("a read that nobody asked for: " + at(node, index));
  if (index < began->second) fail("a read returns less than was committed when it began: " + at(node, index));
  reads_.erase(began);
}

}  // namespace circula::consensus::testing
