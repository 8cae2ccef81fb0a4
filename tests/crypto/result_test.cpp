#include "crypto/result.h"

#include <gtest/gtest.h>

namespace circula::crypto {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return Error{Fault::kOutOfRange, "an odd number has no half"};
  return number / 2;
}

TEST(Result, carries_a_value_or_an_error) {
  EXPECT_EQ(half(4).value(), 2);
  EXPECT_EQ(half(3).error().fault, Fault::kOutOfRange);
}

TEST(Result, reading_the_value_of_an_error_is_a_programmers_mistake) {
  EXPECT_THROW((void)half(3).value(), std::logic_error);
}

}  // namespace
}  // namespace circula::crypto
