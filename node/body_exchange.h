// Bodies that are wanted and where to ask for them: one source at a time, the next after 50 ms (design.md 6).
//
// Invariants
//   1. What a block needs is asked for until it comes or is forgotten; what was only announced is given up
//      when all who could be asked have been, so that an announcement of nothing costs one question a peer.
//   2. Announcements never take the room of what blocks need.
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
  static constexpr std::size_t kNeededMax = 65'536;     // bodies of eight full blocks
  static constexpr std::size_t kAnnouncedMax = 16'384;  // more are announced again, or listed by a block

  // `source` has announced it, or it stands in a block from `source`.
  void announced(const crypto::Digest& body, std::uint16_t source);
  // Not asked for before `from_ms`: it may be on its way already.
  void need(const crypto::Digest& body, std::uint16_t source, std::uint64_t from_ms = 0);
  void got(const crypto::Digest& body);
  void forget_needed();
  [[nodiscard]] bool needs(const crypto::Digest& body) const;
  [[nodiscard]] std::size_t size() const { return wanted_.size(); }

  // Requests that are due, by source. `up` are the peers that can be asked.
  [[nodiscard]] std::map<std::uint16_t, std::vector<crypto::Digest>> due(std::uint64_t now_ms,
                                                                         const std::set<std::uint16_t>& up);

 private:
  struct Wanted {
    std::set<std::uint16_t> sources;
    std::set<std::uint16_t> asked;
    std::uint64_t next_ms = 0;
    bool needed = false;
  };
  std::map<crypto::Digest, Wanted> wanted_;
  std::size_t needed_ = 0;  // of those
};

}  // namespace circula::node
