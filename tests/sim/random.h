// The one source of chance in a simulation.
#pragma once

#include <cstdint>

namespace circula::sim {

// xoshiro256**, seeded by SplitMix64: the same on every platform, unlike the standard distributions.
class Random {
 public:
  explicit Random(std::uint64_t seed);
  std::uint64_t next();
  std::uint64_t below(std::uint64_t bound) { return bound == 0 ? 0 : next() % bound; }
  bool chance(std::uint64_t ppm) { return below(1'000'000) < ppm; }
  std::uint64_t between(std::uint64_t low, std::uint64_t high) { return low + below(high - low + 1); }

 private:
  std::uint64_t state_[4];
};

}  // namespace circula::sim
