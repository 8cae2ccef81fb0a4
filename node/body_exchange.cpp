#include "node/body_exchange.h"

#include <algorithm>
#include <optional>

namespace circula::node {

void BodyExchange::want(const crypto::Digest& body, std::uint16_t source) {
  if (wanted_.size() >= kWantedMax && !wanted_.contains(body)) return;
  wanted_[body].sources.insert(source);
}

std::map<std::uint16_t, std::vector<crypto::Digest>> BodyExchange::due(std::uint64_t now_ms,
                                                                       const std::set<std::uint16_t>& up) {
  std::map<std::uint16_t, std::vector<crypto::Digest>> requests;
  for (auto& [body, wanted] : wanted_) {
    if (wanted.next_ms > now_ms) continue;
    // Those who named it first, then anybody, then all over again.
    std::optional<std::uint16_t> chosen;
    for (int round = 0; round < 2 && !chosen; ++round) {
      const auto ask = [&](const std::set<std::uint16_t>& from) {
        for (const std::uint16_t peer : from) {
          if (up.contains(peer) && !wanted.asked.contains(peer)) return std::optional(peer);
        }
        return std::optional<std::uint16_t>();
      };
      chosen = ask(wanted.sources);
      if (!chosen) chosen = ask(up);
      if (!chosen) wanted.asked.clear();
    }
    wanted.next_ms = now_ms + kRetryMs;
    if (!chosen) continue;
    wanted.asked.insert(*chosen);
    requests[*chosen].push_back(body);
  }
  return requests;
}

}  // namespace circula::node
