// Linearizable reads without log entries (dissertation 6.4), at the leader and at a follower that forwards.
//
// 1. A read gets the commit index of its arrival, but not before the leader has committed an entry of its
//    term: earlier it may not know of all that is committed (B10).
// 2. It is confirmed by a quorum that answered a heartbeat round begun after its arrival. Rounds are numbered
//    within a term and answers carry term and round, so no old answer confirms a newer read. No lease, no
//    clock.
// 3. A forwarded read is known by a request number that starts at random and is never used twice: an answer
//    to an earlier read or to an earlier life of this node meets nothing.
//
// Both are bounded by Options::pending_reads_max. Single-threaded, volatile.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "consensus/types.h"

namespace circula::consensus {

struct LeaderRead {
  NodeId from;            // this node for its own reads
  std::uint64_t request;  // the caller's context, or the forwarder's request number
  Index index;            // known once the leader may serve reads
};

class LeaderReads {
 public:
  [[nodiscard]] std::size_t pending() const { return parked_.size() + waiting_.size(); }
  [[nodiscard]] std::uint64_t round() const { return round_; }

  // Waits for the first commit of the term.
  void park(LeaderRead read) { parked_.push_back(read); }
  void add(LeaderRead read) { waiting_.push_back({round_ + 1, read}); }
  // The leader has committed in its term: parked reads are served from `commit`.
  void unpark(Index commit);

  // Reads wait for a round that has not begun, and none is under way: begin one.
  [[nodiscard]] bool wants_round() const {
    return !waiting_.empty() && waiting_.back().round > round_ && confirmed_ == round_;
  }
  // Begins a round for all reads that wait for one.
  void begin_round() { ++round_; }
  // Also while one is under way: a heartbeat goes out anyway and may as well confirm them.
  [[nodiscard]] bool unbegun() const { return !waiting_.empty() && waiting_.back().round > round_; }

  // A quorum has answered `round` or a later one: takes out what that confirms.
  std::vector<LeaderRead> confirm(std::uint64_t round);
  // The leader is none any more: takes out all.
  std::vector<LeaderRead> abandon();

 private:
  struct Waiting {
    std::uint64_t round;
    LeaderRead read;
  };
  std::deque<LeaderRead> parked_;
  std::deque<Waiting> waiting_;  // ascending by round
  std::uint64_t round_ = 0;
  std::uint64_t confirmed_ = 0;
};

class ForwardedReads {
 public:
  explicit ForwardedReads(std::uint64_t first_request) : next_request_(first_request) {}

  [[nodiscard]] std::size_t pending() const { return reads_.size(); }
  [[nodiscard]] std::uint64_t add(std::uint64_t context);
  // The context, when the request is still waited for.
  [[nodiscard]] std::optional<std::uint64_t> take(std::uint64_t request);
  std::vector<std::uint64_t> abandon();
  // Takes out what has waited for `ticks_max` ticks.
  std::vector<std::uint64_t> tick(std::uint64_t ticks_max);

 private:
  struct Read {
    std::uint64_t context;
    std::uint64_t age_ticks;
  };
  std::map<std::uint64_t, Read> reads_;
  std::uint64_t next_request_;
};

}  // namespace circula::consensus
