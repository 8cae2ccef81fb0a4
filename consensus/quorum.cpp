#include "consensus/quorum.h"

namespace circula::consensus {
namespace {

VoteResult majority_vote(const std::vector<NodeId>& voters, const std::function<Vote(NodeId)>& vote_of) {
  std::size_t granted = 0;
  std::size_t missing = 0;
  for (const NodeId voter : voters) {
    const Vote vote = vote_of(voter);
    if (vote == Vote::kGranted) ++granted;
    if (vote == Vote::kMissing) ++missing;
  }
  if (granted >= majority(voters.size())) return VoteResult::kWon;
  return granted + missing >= majority(voters.size()) ? VoteResult::kPending : VoteResult::kLost;
}

}  // namespace

VoteResult vote_result(const Configuration& configuration, const std::function<Vote(NodeId)>& vote_of) {
  const VoteResult incoming = majority_vote(configuration.voters, vote_of);
  if (!configuration.joint()) return incoming;
  const VoteResult outgoing = majority_vote(configuration.outgoing, vote_of);
  if (incoming == VoteResult::kLost || outgoing == VoteResult::kLost) return VoteResult::kLost;
  return incoming == VoteResult::kWon && outgoing == VoteResult::kWon ? VoteResult::kWon
                                                                      : VoteResult::kPending;
}

bool quorum_holds(const Configuration& configuration, const std::function<bool(NodeId)>& holds) {
  return vote_result(configuration, [&](NodeId node) {
           return holds(node) ? Vote::kGranted : Vote::kDenied;
         }) == VoteResult::kWon;
}

}  // namespace circula::consensus
