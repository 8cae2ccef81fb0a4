// The seeded source of everything that an attack leaves to chance: a seed and a number give the same bytes in
// every run.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "crypto/bytes.h"

namespace circula::attack {

class Draw {
 public:
  explicit Draw(std::uint64_t seed) : state_(seed) {}

  // splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators).
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15ULL;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31U);
  }
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  std::uint64_t between(std::uint64_t least, std::uint64_t most) { return least + below(most - least + 1); }
  bool one_in(std::uint64_t count) { return below(count) == 0; }
  template <class T, std::size_t N>
  const T& one_of(const std::array<T, N>& values) {
    return values[below(N)];
  }
  template <class T>
  const T& one_of(const std::vector<T>& values) {
    return values[below(values.size())];
  }
  std::string bytes(std::size_t count) {
    std::string text(count, '\0');
    for (std::size_t at = 0; at < count; at += sizeof(std::uint64_t)) {
      const std::uint64_t word = next();
      std::memcpy(text.data() + at, &word, std::min(count - at, sizeof word));
    }
    return text;
  }

 private:
  std::uint64_t state_;
};

// Flips, replaces, removes, repeats, inserts or cuts, once to four times.
[[nodiscard]] std::string mutated(Draw& draw, std::string text);

}  // namespace circula::attack
