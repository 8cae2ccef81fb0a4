// Random numbers for a market: by remainder, so that a seed gives the same ones with every standard library.
#pragma once

#include <cstdint>
#include <random>

#include "ledger/apportion.h"

namespace circula::ledger::testing {

class Draw {
 public:
  explicit Draw(std::uint64_t seed) : engine_(seed) {}
  std::int64_t below(std::int64_t bound) {
    return static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(bound));
  }
  std::int64_t between(std::int64_t low, std::int64_t high) { return low + below(high - low + 1); }
  bool one_in(std::int64_t n) { return below(n) == 0; }
  std::int64_t amount() {
    return one_in(20) ? kAmountMax - below(3) : one_in(3) ? between(1, 20) : between(1, 1'000'000);
  }
  std::int64_t rate() { return below(kWholePpm + 1); }
  template <class List>
  auto& of(List& list) {
    return list[static_cast<std::size_t>(below(static_cast<std::int64_t>(list.size())))];
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace circula::ledger::testing
