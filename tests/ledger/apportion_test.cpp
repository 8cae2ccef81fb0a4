#include "ledger/apportion.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>

#include "revenue_model.h"

namespace circula::ledger {
namespace {

using Amounts = std::vector<std::int64_t>;

std::int64_t sum(const Amounts& values) {
  return std::accumulate(values.begin(), values.end(), std::int64_t{0});
}

TEST(RoundNearest, sends_a_half_up) {
  EXPECT_EQ(round_nearest(0, 2), 0);
  EXPECT_EQ(round_nearest(1, 2), 1);
  EXPECT_EQ(round_nearest(3, 2), 2);
  EXPECT_EQ(round_nearest(499'999, 1'000'000), 0);
  EXPECT_EQ(round_nearest(500'000, 1'000'000), 1);
  EXPECT_EQ(round_nearest(4, 9), 0);
  EXPECT_EQ(round_nearest(5, 9), 1);
}

TEST(RoundNearest, holds_the_largest_amount_at_every_rate) {
  EXPECT_EQ(part_of(kAmountMax, 0), 0);
  EXPECT_EQ(part_of(kAmountMax, 1), 9'000'000'000);
  EXPECT_EQ(part_of(kAmountMax, 999'999), 8'999'991'000'000'000);
  EXPECT_EQ(part_of(kAmountMax, 1'000'000), kAmountMax);
  EXPECT_EQ(part_of(kAmountMax - 1, 500'000), 4'500'000'000'000'000);
  EXPECT_EQ(part_of(1, 499'999), 0);
  EXPECT_EQ(part_of(1, 500'000), 1);
}

// W1 of records.md 3.8.
TEST(Apportion, gives_left_over_units_to_the_largest_remainders) {
  EXPECT_EQ(apportion(9'198'114, Amounts{333'334, 333'333, 333'333}),
            (Amounts{3'066'044, 3'066'035, 3'066'035}));
}

TEST(Apportion, breaks_ties_by_the_order_of_the_list) {
  EXPECT_EQ(apportion(1, Amounts{500'000, 500'000}), (Amounts{1, 0}));
  EXPECT_EQ(apportion(2, Amounts{1, 1, 1}), (Amounts{1, 1, 0}));
  EXPECT_EQ(apportion(5, Amounts{250'000, 250'000, 250'000, 250'000}), (Amounts{2, 1, 1, 1}));
}

TEST(Apportion, gives_nothing_to_a_weight_of_zero) {
  EXPECT_EQ(apportion(1, Amounts{0, 1, 0}), (Amounts{0, 1, 0}));
  EXPECT_EQ(apportion(kAmountMax, Amounts{0, 333'333, 666'667}),
            (Amounts{0, 2'999'997'000'000'000, 6'000'003'000'000'000}));
  EXPECT_EQ(apportion(0, Amounts{3, 4}), (Amounts{0, 0}));
}

// A refund apportions up to 9e15 over weights that sum to 9e15.
TEST(Apportion, needs_more_than_64_bits_and_has_them) {
  const Amounts left{8'999'999'999'999'998, 1, 1};
  EXPECT_EQ(apportion(kAmountMax, left), left);
  EXPECT_EQ(apportion(kAmountMax - 1, left), (Amounts{8'999'999'999'999'997, 1, 1}));
}

TEST(Apportion, never_gives_back_more_than_the_weight_when_the_amount_is_within_the_sum) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 20'000; ++round) {
    Amounts left(1 + random() % 9);
    for (std::int64_t& each : left)
      each = static_cast<std::int64_t>(random() % (round % 2 == 0 ? 4 : 1'000'000));
    if (sum(left) == 0) continue;
    const auto amount = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(sum(left) + 1));
    const Amounts parts = apportion(amount, left);
    ASSERT_EQ(sum(parts), amount);
    for (std::size_t i = 0; i < left.size(); ++i) ASSERT_LE(parts[i], left[i]);
    const auto expected = model::shares(amount, {left.begin(), left.end()});
    ASSERT_TRUE(std::equal(parts.begin(), parts.end(), expected.begin()));
  }
}

// W5 and W6: twenty calls at one unit, 70/30.
TEST(ApportionWithCarry, pays_a_minority_that_plain_rounding_never_pays) {
  Amounts plain{0, 0};
  Amounts carried{0, 0};
  Amounts carry{0, 0};
  for (int call = 0; call < 20; ++call) {
    const Amounts now = apportion(1, Amounts{700'000, 300'000});
    const Amounts fair = apportion_with_carry(1, Amounts{700'000, 300'000}, carry);
    for (std::size_t i = 0; i < 2; ++i) plain[i] += now[i], carried[i] += fair[i];
  }
  EXPECT_EQ(plain, (Amounts{20, 0}));
  EXPECT_EQ(carried, (Amounts{14, 6}));
  EXPECT_EQ(carry, (Amounts{0, 0}));
}

TEST(ApportionWithCarry, breaks_ties_by_the_order_of_the_list) {
  Amounts carry{0, 0, 0, 0};
  EXPECT_EQ(apportion_with_carry(1, Amounts{250'000, 250'000, 250'000, 250'000}, carry),
            (Amounts{1, 0, 0, 0}));
  EXPECT_EQ(carry, (Amounts{-750'000, 250'000, 250'000, 250'000}));
  EXPECT_EQ(apportion_with_carry(2, Amounts{250'000, 250'000, 250'000, 250'000}, carry),
            (Amounts{0, 1, 1, 0}));
}

// The second entry is behind by more than a unit: its floor alone exceeds the amount, and the unit is taken
// back from it, since nobody else has one.
TEST(ApportionWithCarry, takes_back_what_floors_gave_too_much) {
  Amounts carry{-700'000, 1'400'000, -700'000};
  EXPECT_EQ(apportion_with_carry(0, Amounts{300'000, 400'000, 300'000}, carry), (Amounts{0, 0, 0}));
  EXPECT_EQ(carry, (Amounts{-700'000, 1'400'000, -700'000}));

  Amounts two_behind{1'000'000, 1'000'000, -2'000'000};
  EXPECT_EQ(apportion_with_carry(1, Amounts{1, 1, 999'998}, two_behind), (Amounts{0, 1, 0}));
  EXPECT_EQ(two_behind, (Amounts{1'000'001, 1, -1'000'002}));
}

// records.md 3.7: nobody falls more than about one unit behind, however small the payments are.
TEST(ApportionWithCarry, keeps_everybody_within_about_one_unit_and_loses_nothing) {
  std::mt19937_64 random(3);
  std::int64_t furthest = 0;
  for (int agreement = 0; agreement < 1'000; ++agreement) {
    Amounts weights(2 + random() % 9, 1);
    std::int64_t left = kWholePpm - static_cast<std::int64_t>(weights.size());
    for (std::size_t i = 0; i + 1 < weights.size(); ++i) {
      const std::int64_t most = left / static_cast<std::int64_t>(random() % 4 + 1);
      const auto part = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(most + 1));
      weights[i] += part;
      left -= part;
    }
    weights.back() += left;
    Amounts carry(weights.size());
    Amounts paid(weights.size());
    std::int64_t total = 0;
    for (int payment = 0; payment < 400; ++payment) {
      const auto amount = static_cast<std::int64_t>(1 + random() % (payment % 3 == 0 ? 1'000'000 : 4));
      const std::vector<model::Big> owing(carry.begin(), carry.end());
      const Amounts parts = apportion_with_carry(amount, weights, carry);
      const auto expected = model::shares_with_debt(amount, {weights.begin(), weights.end()}, owing);
      ASSERT_TRUE(std::equal(parts.begin(), parts.end(), expected.begin()));
      ASSERT_EQ(sum(parts), amount);
      ASSERT_EQ(sum(carry), 0);
      total += amount;
      for (std::size_t i = 0; i < parts.size(); ++i) {
        ASSERT_GE(parts[i], 0);
        paid[i] += parts[i];
        ASSERT_EQ(carry[i], total * weights[i] - kWholePpm * paid[i]) << "the carry is what is owed so far";
        furthest = std::max(furthest, std::abs(carry[i]));
      }
    }
  }
  EXPECT_LE(furthest, 1'500'000);
}

}  // namespace
}  // namespace circula::ledger
