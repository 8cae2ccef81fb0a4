// Ten thousand bad frames from a voter whose key is in hostile hands, and from strangers.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "tests/attack/consortium.h"
#include "tests/attack/peer_cases.h"

namespace circula::attack {

struct PeerAttackPlan {
  std::uint64_t frames = 10'000;  // a stranger's attempt counts as one
  std::chrono::seconds duration{20};
  std::uint64_t seed = 1;
  unsigned hostile = 4;  // whose keys are used, and which process does not run
};

struct PeerAttackResult {
  std::uint64_t sent = 0;
  std::uint64_t connections = 0, refused_strangers = 0;
  std::chrono::milliseconds took{0};
  std::map<std::string, std::uint64_t> kinds;
  std::vector<std::string> faults;
};

[[nodiscard]] PeerAttackResult attack_peers(const PeerAttackPlan& plan, const Consortium& consortium);

}  // namespace circula::attack
