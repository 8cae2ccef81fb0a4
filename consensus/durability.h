// Which of the appended entries are durable, told by completions that may come late.
//
// 1. Writes complete in the order in which they were begun: the completion of one is that of all before it.
// 2. `durable()` never exceeds what was appended and not truncated since: a truncation takes what it removes
//    out of the writes under way, so that their completions cannot acknowledge it (B9).
//
// Single-threaded. After a crash everything restored is durable and nothing is under way.
#pragma once

#include <cstdint>
#include <deque>

#include "consensus/effects.h"
#include "consensus/types.h"

namespace circula::consensus {

class Durability {
 public:
  explicit Durability(Index restored) : durable_(restored) {}

  [[nodiscard]] Index durable() const { return durable_; }
  [[nodiscard]] bool writing() const { return !writes_.empty(); }
  // Ticks since the oldest write under way began or the one before it ended.
  [[nodiscard]] std::uint64_t waiting_ticks() const { return waiting_ticks_; }

  [[nodiscard]] AppendTicket begin(EntryId last);
  // False when the ticket names no write under way: repeated, or of another life.
  bool complete(const AppendTicket& ticket);
  void truncate_from(Index index);
  void tick() {
    if (writing()) ++waiting_ticks_;
  }

 private:
  struct Write {
    std::uint64_t sequence;
    Index last;
  };
  std::deque<Write> writes_;
  std::uint64_t next_sequence_ = 1;
  std::uint64_t waiting_ticks_ = 0;
  Index durable_;
};

}  // namespace circula::consensus
