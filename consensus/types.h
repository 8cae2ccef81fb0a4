// The numbers of Raft as distinct types, so that an index passed for a term does not compile.
//
// 1. Index 0, term 0 is genesis: every log has it, it is committed and durable from the start.
// 2. A term fits 32 bits (`formats.md` 2). A message that names a larger one is dropped, so that one
//    bad sender cannot use the terms up.
// 3. Node ids run from 1 and are never used again (`design.md` 5); 0 is nobody.
//
// Plain values without threads or resources.
#pragma once

#include <compare>
#include <cstdint>

namespace circula::consensus {

struct NodeId {
  std::uint16_t value = 0;
  friend auto operator<=>(const NodeId&, const NodeId&) = default;
};
inline constexpr NodeId kNobody{0};

struct Term {
  std::uint64_t value = 0;
  friend auto operator<=>(const Term&, const Term&) = default;
  [[nodiscard]] constexpr Term next() const { return {value + 1}; }
};
inline constexpr Term kTermMax{0xFFFF'FFFF};

struct Index {
  std::uint64_t value = 0;
  friend auto operator<=>(const Index&, const Index&) = default;
  [[nodiscard]] constexpr Index next() const { return {value + 1}; }
  // The index before this one. Genesis is its own predecessor.
  [[nodiscard]] constexpr Index previous() const { return {value == 0 ? 0 : value - 1}; }
};
constexpr Index operator+(Index index, std::uint64_t count) { return {index.value + count}; }
// The distance from `from` up to `to`; 0 when `to` is not above it.
constexpr std::uint64_t distance(Index from, Index to) {
  return to.value > from.value ? to.value - from.value : 0;
}

// What names an entry: no two entries of one chain of leaders share both numbers.
struct EntryId {
  Term term;
  Index index;
  friend bool operator==(const EntryId&, const EntryId&) = default;
};

// True when a log that ends in `candidate` may replace one that ends in `ours`: a later last term, or the
// same and at least as long (dissertation 3.6.1).
constexpr bool up_to_date(EntryId candidate, EntryId ours) {
  if (candidate.term != ours.term) return candidate.term > ours.term;
  return candidate.index >= ours.index;
}

// What must survive a crash besides the log (dissertation figure 3.1).
struct HardState {
  Term term;
  NodeId vote = kNobody;
  friend bool operator==(const HardState&, const HardState&) = default;
};

enum class Role : std::uint8_t { kFollower, kPreCandidate, kCandidate, kLeader };

[[nodiscard]] constexpr const char* role_name(Role role) {
  switch (role) {
    case Role::kFollower:
      return "follower";
    case Role::kPreCandidate:
      return "pre-candidate";
    case Role::kCandidate:
      return "candidate";
    case Role::kLeader:
      return "leader";
  }
  return "unknown";
}

}  // namespace circula::consensus
