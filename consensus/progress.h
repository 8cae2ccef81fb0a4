// What a leader knows about one follower, and what it may send to it now.
//
// 1. `next > match`, always (B3).
// 2. `match` never falls in a term while the follower counts. A rejection moves `next` only (B3, B4). A
//    follower in doubt may say that it lost what it had acknowledged.
// 3. `counted_match <= match`: what quorums use. It leaves out what a follower in doubt says (B43).
// 4. Probe: one message, then silence until an answer. Replicate: `next` runs ahead of `match` by what is in
//    flight, at most the window. Refused: nothing is sent any more in this term.
//
// Single-threaded, part of the leader's volatile state.
#pragma once

#include <cstdint>
#include <deque>

#include "consensus/types.h"

namespace circula::consensus {

// Messages on their way to one follower, bounded in number and in bytes.
class Inflight {
 public:
  void add(Index last, std::uint64_t bytes) {
    messages_.push_back({last, bytes});
    bytes_ += bytes;
  }
  void acknowledge(Index match) {
    while (!messages_.empty() && messages_.front().last <= match) {
      bytes_ -= messages_.front().bytes;
      messages_.pop_front();
    }
  }
  void clear() {
    messages_.clear();
    bytes_ = 0;
  }
  // The byte limit is soft by one message: one entry may be larger than it.
  [[nodiscard]] bool full(std::size_t messages_max, std::uint64_t bytes_max) const {
    return messages_.size() >= messages_max || (!messages_.empty() && bytes_ >= bytes_max);
  }
  [[nodiscard]] std::size_t messages() const { return messages_.size(); }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  struct Sent {
    Index last;
    std::uint64_t bytes;
  };
  std::deque<Sent> messages_;
  std::uint64_t bytes_ = 0;
};

class Progress {
 public:
  enum class State : std::uint8_t { kProbe, kReplicate, kRefused };

  explicit Progress(Index next) : next_(next) {}

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] Index match() const { return match_; }
  [[nodiscard]] Index counted_match() const { return counted_match_; }
  [[nodiscard]] Index next() const { return next_; }
  // Whether its newest acknowledgement counted.
  [[nodiscard]] bool counts() const { return counts_; }
  [[nodiscard]] const Inflight& inflight() const { return inflight_; }
  // The newest entry sent since sending last began anew.
  [[nodiscard]] Index sent_through() const { return sent_through_; }
  // A probe from anywhere else than behind `match` may miss, so it carries little.
  [[nodiscard]] bool guesses() const { return state_ == State::kProbe && next_ != match_.next(); }

  // Whether a message may go now; `caught_up` when there is no entry to send.
  [[nodiscard]] bool may_send(bool caught_up, std::size_t messages_max, std::uint64_t bytes_max) const;
  // A message with the entries [next, last] went out, or an empty one (last = next - 1). `next` moves on only
  // while replicating.
  void sent(Index last, std::uint64_t bytes);

  // The follower holds `match` durably. True when that is news or ends a probe.
  bool acknowledge(Index match, bool counts);
  // The follower does not hold what `rejected` preceded; look again at `retry`, the end of what may agree.
  // False when the rejection is stale: about something since acknowledged or sent again.
  bool reject(Index rejected, Index retry, bool counts);
  // An answered heartbeat shows what arrived. True when entries are lost and must be sent again.
  bool heard(Index last_sent, Index verified, Index held);
  // All in flight may be lost.
  void restart();
  void refuse() {
    restart();
    state_ = State::kRefused;
  }

  std::uint64_t silent_ticks = 0;  // since it was heard in this term
  std::uint64_t round = 0;         // the newest round of heartbeats that it answered
  Index commit_told;               // the newest commit index sent to it

 private:
  void probe_from(Index next);

  State state_ = State::kProbe;
  Index match_;
  Index counted_match_;
  bool counts_ = true;
  Index next_;
  Inflight inflight_;
  Index sent_through_;
  bool probe_sent_ = false;
  // What the follower had when it was first found short. Twice the same is loss, not delay.
  Index short_at_;
  bool short_ = false;
};

}  // namespace circula::consensus
