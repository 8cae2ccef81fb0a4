#include "node/body_exchange.h"

#include <algorithm>
#include <optional>

namespace circula::node {

void BodyExchange::announced(const crypto::Digest& body, std::uint16_t source) {
  const auto known = wanted_.find(body);
  if (known != wanted_.end()) {
    known->second.sources.insert(source);
  } else if (wanted_.size() - needed_ < kAnnouncedMax) {
    wanted_[body].sources.insert(source);
  }
}

void BodyExchange::need(const crypto::Digest& body, std::uint16_t source, std::uint64_t from_ms) {
  const auto known = wanted_.find(body);
  if (needed_ >= kNeededMax && (known == wanted_.end() || !known->second.needed)) return;
  Wanted& wanted = known != wanted_.end() ? known->second : wanted_[body];
  wanted.sources.insert(source);
  if (!wanted.needed) ++needed_;
  if (known == wanted_.end()) wanted.next_ms = from_ms;
  wanted.needed = true;
}

void BodyExchange::got(const crypto::Digest& body) {
  const auto known = wanted_.find(body);
  if (known == wanted_.end()) return;
  if (known->second.needed) --needed_;
  wanted_.erase(known);
}

void BodyExchange::forget_needed() {
  std::erase_if(wanted_, [](const auto& entry) { return entry.second.needed; });
  needed_ = 0;
}

bool BodyExchange::needs(const crypto::Digest& body) const {
  const auto known = wanted_.find(body);
  return known != wanted_.end() && known->second.needed;
}

std::map<std::uint16_t, std::vector<crypto::Digest>> BodyExchange::due(std::uint64_t now_ms,
                                                                       const std::set<std::uint16_t>& up) {
  std::map<std::uint16_t, std::vector<crypto::Digest>> requests;
  for (auto entry = wanted_.begin(); entry != wanted_.end();) {
    Wanted& wanted = entry->second;
    if (wanted.next_ms > now_ms) {
      ++entry;
      continue;
    }
    // Those who named it first, then anybody, then, for a block, all over again.
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
      if (!chosen && !wanted.needed) break;
      if (!chosen) wanted.asked.clear();
    }
    if (!chosen && !wanted.needed) {
      entry = wanted_.erase(entry);
      continue;
    }
    wanted.next_ms = now_ms + kRetryMs;
    if (chosen) {
      wanted.asked.insert(*chosen);
      requests[*chosen].push_back(entry->first);
    }
    ++entry;
  }
  return requests;
}

}  // namespace circula::node
