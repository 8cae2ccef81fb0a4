// Bodies that are wanted and where to ask for them: one source at a time, the next after 50 ms (design.md 6).
//
// Thread rule: belongs to the replica.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "crypto/bytes.h"

namespace circula::node {

class BodyExchange {
 public:
  static constexpr std::uint64_t kRetryMs = 50;
  static constexpr std::size_t kWantedMax =
      65'536;  // bodies of eight full blocks; beyond it nothing is asked

  // `source` has it, or is likely to.
  void want(const crypto::Digest& body, std::uint16_t source);
  void got(const crypto::Digest& body) { wanted_.erase(body); }
  void forget_all() { wanted_.clear(); }
  [[nodiscard]] bool wants(const crypto::Digest& body) const { return wanted_.contains(body); }

  // Requests that are due, by source. `up` are the peers that can be asked.
  [[nodiscard]] std::map<std::uint16_t, std::vector<crypto::Digest>> due(std::uint64_t now_ms,
                                                                         const std::set<std::uint16_t>& up);

 private:
  struct Wanted {
    std::set<std::uint16_t> sources;
    std::set<std::uint16_t> asked;
    std::uint64_t next_ms = 0;
  };
  std::map<crypto::Digest, Wanted> wanted_;
};

}  // namespace circula::node
