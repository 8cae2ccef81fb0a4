// What an observer who sees every node, disk and message knows of a cluster, and what it never wants to see.
//
// Checked after every step, numbered as in the list of invariants of the consensus tests:
//  1 one leader a term, for ever         2 one vote a (node, term), across restarts
//  3 term and commit never fall; what is acknowledged is on disk
//  4 logs match                          5 a new leader holds all that earlier terms committed
//  6 committed prefixes agree for ever   7 a follower's match never falls in a term
//  8 appends are contiguous and true; nobody acknowledges more than it was sent
//  9 what commits is on the disks of a majority of each half of the configuration
// and of reads: none returns an index below what was committed when it began.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "consensus/raft.h"

namespace circula::consensus::testing {

// A payload as the shell has it. `parent` chains ids as block hashes do.
struct Block {
  Term term;
  std::uint64_t id = 0;
  std::uint64_t parent = 0;
  std::uint32_t bytes = 0;
  std::optional<Configuration> configuration;
};

using Disk = std::vector<Block>;  // by index; [0] is genesis

class Ghost {
 public:
  // Empty while all is well; then the first violation, in words.
  [[nodiscard]] const std::string& violation() const { return violation_; }

  void block_made(Index index, const Block& block);
  void block_stored(NodeId node, Index index, const Block& parent, const Block& block);
  void vote_saved(NodeId node, const HardState& hard_state);
  void sent(NodeId from, const Message& message, const std::vector<Block>& log, const Disk& disk);
  void handed_in(NodeId to, const Append& append);
  void restarted(NodeId node);

  // After a step of `raft`.
  void stepped(const Raft& raft, const std::vector<Block>& log, const std::map<NodeId, const Disk*>& disks);

  [[nodiscard]] Index committed() const { return Index{committed_.size() - 1}; }
  void read_began(NodeId node, std::uint64_t context);
  void read_done(NodeId node, std::uint64_t context, Index index);

 private:
  void fail(std::string text);
  void check_commit(const Raft& raft, const std::vector<Block>& log,
                    const std::map<NodeId, const Disk*>& disks);
  void check_leader(const Raft& raft, const std::vector<Block>& log);

  struct Seen {
    Term term;
    Index commit;
  };

  std::string violation_;
  std::map<std::pair<Index, Term>, std::uint64_t> made_;
  std::vector<std::uint64_t> committed_{0};
  std::vector<Term> committed_in_{Term{0}};  // the term of the node that was first seen to know it
  std::map<Term, NodeId> leaders_;
  std::map<std::pair<NodeId, Term>, NodeId> votes_;
  std::map<NodeId, Term> saved_terms_;
  std::map<NodeId, Seen> seen_;
  std::map<std::pair<Term, NodeId>, Index> handed_in_;  // the end of what a node was sent in a term
  std::map<std::pair<Term, NodeId>, Index> matches_;
  std::map<std::pair<NodeId, std::uint64_t>, Index> reads_;
};

}  // namespace circula::consensus::testing
