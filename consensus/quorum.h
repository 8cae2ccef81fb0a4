// Majorities, of one set of voters and of joint configurations.
//
// 1. A joint configuration decides by each half alone: what holds needs a majority in `voters` AND one in
//    `outgoing` (B2).
// 2. Nobody outside the half counts in it: neither learners nor the leader when it is not a voter.
// 3. An empty set has no majority: a node that knows no voters decides nothing.
//
// Pure functions.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <vector>

#include "consensus/configuration.h"

namespace circula::consensus {

enum class VoteResult : std::uint8_t { kPending, kWon, kLost };
enum class Vote : std::uint8_t { kMissing, kGranted, kDenied };

[[nodiscard]] constexpr std::size_t majority(std::size_t voters) { return voters / 2 + 1; }

// The largest value that a majority of `voters` has reached.
template <typename Value, typename Reached>
[[nodiscard]] Value majority_reached(const std::vector<NodeId>& voters, const Reached& reached) {
  if (voters.empty()) return Value{};
  std::vector<Value> values;
  values.reserve(voters.size());
  for (const NodeId voter : voters) values.push_back(reached(voter));
  const auto least_of_majority = values.begin() + static_cast<std::ptrdiff_t>(majority(voters.size()) - 1);
  std::nth_element(values.begin(), least_of_majority, values.end(), std::greater<>());
  return *least_of_majority;
}

// The same of a configuration: what both halves have reached.
template <typename Value, typename Reached>
[[nodiscard]] Value quorum_reached(const Configuration& configuration, const Reached& reached) {
  const Value incoming = majority_reached<Value>(configuration.voters, reached);
  if (!configuration.joint()) return incoming;
  return std::min(incoming, majority_reached<Value>(configuration.outgoing, reached));
}

[[nodiscard]] VoteResult vote_result(const Configuration& configuration,
                                     const std::function<Vote(NodeId)>& vote_of);

[[nodiscard]] bool quorum_holds(const Configuration& configuration, const std::function<bool(NodeId)>& holds);

}  // namespace circula::consensus
