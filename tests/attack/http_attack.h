// Ten thousand bad requests over several connections at a time, spread over a while.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/attack/http_cases.h"

namespace circula::attack {

struct HttpAttackPlan {
  std::uint64_t requests = 10'000;
  std::chrono::seconds duration{20};  // they are spread over it; what is late is sent at once
  std::uint64_t seed = 1;
  std::vector<std::uint16_t> ports;
};

struct HttpAttackResult {
  std::uint64_t sent = 0;
  std::map<std::string, std::uint64_t> answers;  // "400 E_REQUEST" or "closed", how often
  std::vector<std::string> faults;               // what was not as it must be; at most a few of each
  std::chrono::milliseconds slowest{0}, took{0};
};

// Half of the requests are the cases in turn, the other half is drawn.
[[nodiscard]] HttpAttackResult attack_http(const HttpAttackPlan& plan, const std::vector<HttpCase>& cases,
                                           const EnvelopeForge& forge);

}  // namespace circula::attack
