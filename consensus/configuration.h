// Who votes and who is sent the log.
//
// 1. Lists are ascending and without repetition.
// 2. `outgoing` is empty except while a change is open (joint consensus, dissertation 4.3): then an
//    election, a commit, a confirmed read and CheckQuorum each need a majority of `voters` AND a majority
//    of `outgoing`, counted apart, never over their union (B2).
// 3. A learner is replicated to and counts in nothing.
// 4. A configuration is in force from the moment its entry is appended, committed or not, and ceases to be
//    when that entry is truncated (B16, B17).
//
// A plain value.
#pragma once

#include <string>
#include <vector>

#include "consensus/types.h"

namespace circula::consensus {

struct Configuration {
  std::vector<NodeId> voters;
  std::vector<NodeId> outgoing;
  std::vector<NodeId> learners;

  friend bool operator==(const Configuration&, const Configuration&) = default;

  [[nodiscard]] bool joint() const { return !outgoing.empty(); }
  [[nodiscard]] bool is_voter(NodeId node) const;  // in either half
  [[nodiscard]] bool is_learner(NodeId node) const;
  [[nodiscard]] bool is_member(NodeId node) const { return is_voter(node) || is_learner(node); }
  // Every member once, ascending.
  [[nodiscard]] std::vector<NodeId> members() const;
  // Invariant 1, somebody to vote, no learner that votes, nobody named 0.
  [[nodiscard]] bool well_formed() const;
  // "{1,2,3}", "{1,2,3}&{2,3,4}", "{1,2,3} learners {5}".
  [[nodiscard]] std::string text() const;
};

// True when `next` may follow `current` in the log: a change opens as a joint configuration whose outgoing
// half is the whole current set, and closes with the incoming half alone. A change of learners only needs
// no joint step.
[[nodiscard]] bool may_follow(const Configuration& current, const Configuration& next);

}  // namespace circula::consensus
