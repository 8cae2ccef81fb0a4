#include "consensus/read_index.h"

#include <algorithm>

namespace circula::consensus {

void LeaderReads::unpark(Index commit) {
  for (LeaderRead& read : parked_) {
    read.index = commit;
    add(read);
  }
  parked_.clear();
}

std::vector<LeaderRead> LeaderReads::confirm(std::uint64_t round) {
  confirmed_ = std::max(confirmed_, std::min(round, round_));
  std::vector<LeaderRead> confirmed;
  while (!waiting_.empty() && waiting_.front().round <= confirmed_) {
    confirmed.push_back(waiting_.front().read);
    waiting_.pop_front();
  }
  return confirmed;
}

std::vector<LeaderRead> LeaderReads::abandon() {
  std::vector<LeaderRead> all(parked_.begin(), parked_.end());
  for (const Waiting& waiting : waiting_) all.push_back(waiting.read);
  *this = LeaderReads{};
  return all;
}

std::uint64_t ForwardedReads::add(std::uint64_t context) {
  reads_.emplace(next_request_, Read{context, 0});
  return next_request_++;
}

std::optional<std::uint64_t> ForwardedReads::take(std::uint64_t request) {
  const auto found = reads_.find(request);
  if (found == reads_.end()) return std::nullopt;
  const std::uint64_t context = found->second.context;
  reads_.erase(found);
  return context;
}

std::vector<std::uint64_t> ForwardedReads::abandon() {
  std::vector<std::uint64_t> contexts;
  for (const auto& [request, read] : reads_) contexts.push_back(read.context);
  reads_.clear();
  return contexts;
}

std::vector<std::uint64_t> ForwardedReads::tick(std::uint64_t ticks_max) {
  std::vector<std::uint64_t> expired;
  for (auto it = reads_.begin(); it != reads_.end();) {
    if (++it->second.age_ticks < ticks_max) {
      ++it;
      continue;
    }
    expired.push_back(it->second.context);
    it = reads_.erase(it);
  }
  return expired;
}

}  // namespace circula::consensus
