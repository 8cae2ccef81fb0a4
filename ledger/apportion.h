// How an amount is rounded and shared out in whole minor units: rules R1, R2 and R3 of records.md 3.7.
//
// 1. Integers only; intermediates have 128 bits, since amount x weight reaches 9e15 x 9e15.
// 2. The parts of an apportionment sum to the amount, exactly.
// 3. Ties go to the earlier entry of the list as it was signed, never to an id, which could be ground.
//
// Pure functions; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace circula::ledger {

__extension__ typedef __int128 Wide;

// Shares and rates are in parts per million of the whole.
constexpr std::int64_t kWholePpm = 1'000'000;

// The largest amount, in minor units: fits int64 with room and is exact in JavaScript (records.md 3.1).
constexpr std::int64_t kAmountMax = 9'000'000'000'000'000;

// R1: numerator / denominator to the nearest integer, a half goes up. REQUIRES numerator >= 0,
// denominator > 0 and a quotient that fits int64.
[[nodiscard]] std::int64_t round_nearest(Wide numerator, Wide denominator);

// R1 of amount x rate / 1,000,000.
[[nodiscard]] std::int64_t part_of(std::int64_t amount, std::int64_t rate_ppm);

// R2, largest remainder. REQUIRES amount >= 0, weights >= 0 with a sum in 1..kAmountMax.
[[nodiscard]] std::vector<std::int64_t> apportion(std::int64_t amount, std::span<const std::int64_t> weights);

// R3: as R2, but each entry's remainder is carried to the next apportionment of the same list, in
// 1/1,000,000 of a minor unit. The carry sums to zero before and after, and stays at about one unit for
// each entry. REQUIRES weights that sum to 1,000,000 and a carry of the same length.
[[nodiscard]] std::vector<std::int64_t> apportion_with_carry(std::int64_t amount,
                                                             std::span<const std::int64_t> weights,
                                                             std::span<std::int64_t> carry_ppm);

}  // namespace circula::ledger
