// When the log became final up to which size, as one node tells it: asked for its next final entries again
// and again, each question answered when there are some.
//
// Thread rule: start() and stop() from one thread; final_at() after stop().
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <thread>
#include <vector>

#include "cli/bench_target.h"

namespace circula::cli {

class BenchFinality {
 public:
  explicit BenchFinality(const BenchTarget& target) : target_(target) {}

  // Returns when the first answer has come.
  void start();
  void stop();
  // When the entry at `index` was first seen as final.
  [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> final_at(std::uint64_t index) const;

 private:
  struct Seen {
    std::uint64_t size;
    std::chrono::steady_clock::time_point at;
  };
  void watch();

  const BenchTarget& target_;
  std::vector<Seen> seen_;  // ascending by both
  std::atomic<bool> started_{false}, stopping_{false};
  std::jthread thread_;
};

}  // namespace circula::cli
