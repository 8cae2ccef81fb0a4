// The space reserve: the node turns read-only while there is still room, so that LevelDB never meets a full
// disk, and writable again by itself when there is room (design.md 7).
//
// Invariants
//  1. Read-only from the first look that finds less than `read_only_below_bytes` free, until one finds at
//  least
//     `writable_from_bytes`; between the two nothing changes, so that it does not flutter.
//  2. A look that fails changes nothing and is reported.
//
// Both bounds are absolute: what compactions and logs need does not grow with the disk.
// Threads: look() from one thread (once a second is enough: at 90 MB/s that is a third of the reserve),
// writable() and free_bytes() from any.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "ledger/disk_calls.h"
#include "ledger/outcome.h"

namespace circula::ledger {

constexpr std::uint64_t kReadOnlyBelowBytes = std::uint64_t{256} << 20;  // four write buffers, twice
constexpr std::uint64_t kWritableFromBytes = std::uint64_t{384} << 20;   // half as much again

class DiskReserve {
 public:
  explicit DiskReserve(DiskCalls& disk, std::string path,
                       std::uint64_t read_only_below_bytes = kReadOnlyBelowBytes,
                       std::uint64_t writable_from_bytes = kWritableFromBytes);

  // Asks the file system; true when new work may be written. Until the first look nothing may.
  [[nodiscard]] Result<bool> look();

  [[nodiscard]] bool writable() const { return writable_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t free_bytes() const { return free_bytes_.load(std::memory_order_relaxed); }

  // E_DISK_FULL with the figures, for whoever is refused.
  [[nodiscard]] Error refusal() const;

 private:
  DiskCalls& disk_;
  const std::string path_;
  const std::uint64_t read_only_below_bytes_;
  const std::uint64_t writable_from_bytes_;
  std::atomic<bool> writable_{false};
  std::atomic<std::uint64_t> free_bytes_{0};
  bool looked_ = false;  // of the thread that looks
};

}  // namespace circula::ledger
