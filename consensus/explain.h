// Answers to the two questions that operators ask, from the core's own state: why is this node not leader,
// and why is this index not committed.
//
// Plain values; made by Raft::why_not_leader() and Raft::why_not_committed().
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "consensus/types.h"

namespace circula::consensus {

struct WhyNotLeader {
  enum class Reason : std::uint8_t {
    kIsLeader,
    kNotAVoter,
    kInDoubt,
    kDiskHung,
    kMayNotLead,  // its disk is at the reserve
    kFollowsALeader,
    kWaitingForTimeout,  // heard no leader; its election timeout runs
    kHandedOver,         // gave leadership away and lets others go first
    kCollectingVotes,    // pre-votes or votes are missing
  };
  Reason reason = Reason::kIsLeader;
  Term term;
  NodeId leader = kNobody;
  std::uint64_t ticks_left = 0;      // until this node campaigns, where it waits
  std::vector<NodeId> not_answered;  // while it collects votes
  std::vector<NodeId> denied;
  std::string text;
};

struct WhyNotCommitted {
  enum class Reason : std::uint8_t {
    kCommitted,
    kCommittedNotDurableHere,  // the cluster has it, this node's disk not yet
    kNotInLog,
    kNotLeader,           // only the leader decides; ask it
    kEarlierTerm,         // commits with the first entry of the leader's own term (Fig. 8)
    kWaitingForMajority,  // of one or both halves of the configuration
  };
  Reason reason = Reason::kCommitted;
  Index index;
  NodeId leader = kNobody;
  std::vector<NodeId> missing;  // voters that have not acknowledged it
  std::string text;
};

}  // namespace circula::consensus
