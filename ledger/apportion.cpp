#include "ledger/apportion.h"

#include <algorithm>
#include <cassert>
#include <numeric>

namespace circula::ledger {

std::int64_t round_nearest(Wide numerator, Wide denominator) {
  assert(numerator >= 0 && denominator > 0);
  return static_cast<std::int64_t>((2 * numerator + denominator) / (2 * denominator));
}

std::int64_t part_of(std::int64_t amount, std::int64_t rate_ppm) {
  return round_nearest(Wide{amount} * rate_ppm, kWholePpm);
}

std::vector<std::int64_t> apportion(std::int64_t amount, std::span<const std::int64_t> weights) {
  const Wide whole = std::accumulate(weights.begin(), weights.end(), Wide{0});
  assert(amount >= 0 && whole > 0);

  std::vector<std::int64_t> parts(weights.size());
  std::vector<std::int64_t> remainders(weights.size());
  std::int64_t left = amount;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const Wide product = Wide{amount} * weights[i];
    parts[i] = static_cast<std::int64_t>(product / whole);
    remainders[i] = static_cast<std::int64_t>(product % whole);
    left -= parts[i];
  }

  std::vector<std::size_t> by_remainder(weights.size());
  std::iota(by_remainder.begin(), by_remainder.end(), std::size_t{0});
  std::stable_sort(by_remainder.begin(), by_remainder.end(),
                   [&](std::size_t a, std::size_t b) { return remainders[a] > remainders[b]; });
  for (std::size_t i = 0; left > 0; ++i, --left) ++parts[by_remainder[i]];
  return parts;
}

std::vector<std::int64_t> apportion_with_carry(std::int64_t amount, std::span<const std::int64_t> weights,
                                               std::span<std::int64_t> carry_ppm) {
  assert(amount >= 0 && weights.size() == carry_ppm.size() && !weights.empty());

  const std::size_t count = weights.size();
  std::vector<std::int64_t> parts(count);
  std::int64_t given = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const Wide entitled = Wide{amount} * weights[i] + carry_ppm[i];
    parts[i] = entitled < 0 ? 0 : static_cast<std::int64_t>(entitled / kWholePpm);
    carry_ppm[i] = static_cast<std::int64_t>(entitled - Wide{kWholePpm} * parts[i]);
    given += parts[i];
  }
  // At most one round for each entry: the carry sums to zero, so floors miss the amount by less than
  // `count`, and an entry held at zero is behind by about one unit.
  for (; given < amount; ++given) {
    const auto most_owed = std::max_element(carry_ppm.begin(), carry_ppm.end()) - carry_ppm.begin();
    ++parts[static_cast<std::size_t>(most_owed)];
    carry_ppm[static_cast<std::size_t>(most_owed)] -= kWholePpm;
  }
  for (; given > amount; --given) {
    std::size_t least_owed = count;
    for (std::size_t i = 0; i < count; ++i) {
      if (parts[i] > 0 && (least_owed == count || carry_ppm[i] < carry_ppm[least_owed])) least_owed = i;
    }
    --parts[least_owed];
    carry_ppm[least_owed] += kWholePpm;
  }
  return parts;
}

}  // namespace circula::ledger
