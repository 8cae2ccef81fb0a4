// Numbers out of a seed: SplitMix64 (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number
// generators"), with draws in integers only, so that one seed gives the same data set on every machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>

namespace circula::cli {

class Draw {
 public:
  explicit Draw(std::uint64_t seed) : state_(seed) {}

  [[nodiscard]] std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  // 0 to below - 1; the bias of the remainder is below 2^-32 for what is drawn here. REQUIRES: below > 0.
  [[nodiscard]] std::uint64_t below(std::uint64_t below) { return next() % below; }
  // Both bounds included.
  [[nodiscard]] std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(high - low) + 1));
  }
  [[nodiscard]] bool one_in(std::uint64_t count) { return below(count) == 0; }
  template <class List>
  [[nodiscard]] const auto& pick(const List& list) {
    return list[static_cast<std::size_t>(below(std::size(list)))];
  }

 private:
  std::uint64_t state_;
};

}  // namespace circula::cli
