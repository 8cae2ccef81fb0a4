// The numbers that a core runs by, and its source of randomness. Times are ticks; the shell says how long a
// tick is. The defaults are `design.md` 12 with ticks of 10 ms.
#pragma once

#include <cstdint>
#include <functional>

#include "consensus/types.h"

namespace circula::consensus {

struct Options {
  NodeId self;

  // A number in [0, bound), bound > 0. The only source of chance: equal numbers give an equal run.
  std::function<std::uint64_t(std::uint64_t bound)> random;

  std::uint64_t heartbeat_ticks = 10;
  // An election timeout is drawn from [min, max) each time. min is also how long a follower that heard its
  // leader denies votes to others, how often CheckQuorum looks, and when a transfer is given up.
  std::uint64_t election_ticks_min = 100;
  std::uint64_t election_ticks_max = 200;
  // A leader hands over when so long no quorum acknowledged anything more while proposals wait
  // (`design.md` 4: two election timeouts).
  std::uint64_t stall_ticks = 200;
  // A disk that has not finished a write for so long is hung: a leader hands over, a follower does not
  // campaign (B25).
  std::uint64_t disk_stall_ticks = 200;

  // In flight to one follower (`design.md` 6: eight blocks, of 2 MiB at most).
  std::size_t inflight_messages_max = 8;
  std::uint64_t inflight_bytes_max = 16ull * 1024 * 1024;
  // Of one message. Two MiB of payload leave room in a frame of 4 MiB; one larger entry goes alone.
  std::uint64_t append_bytes_max = 2ull * 1024 * 1024;
  std::size_t append_entries_max = 64;
  // What a leader accepts beyond the commit index before propose() says kTooMuchUncommitted: twice what can
  // be in flight.
  std::uint64_t uncommitted_bytes_max = 32ull * 1024 * 1024;
  // Reads waiting for confirmation, at the leader and at a follower that forwarded them.
  std::size_t pending_reads_max = 4096;
};

}  // namespace circula::consensus
