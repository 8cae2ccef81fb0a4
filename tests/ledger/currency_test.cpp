#include "ledger/currency.h"

#include <gtest/gtest.h>

#include <limits>

namespace circula::ledger {
namespace {

TEST(Currency, decimals_are_those_of_iso_4217) {
  EXPECT_EQ(currency_decimals("CNY"), 2u);
  EXPECT_EQ(currency_decimals("USD"), 2u);
  EXPECT_EQ(currency_decimals("HKD"), 2u);
  EXPECT_EQ(currency_decimals("ZWL"), 2u);
  EXPECT_EQ(currency_decimals("AED"), 2u);
  EXPECT_EQ(currency_decimals("JPY"), 0u);
  EXPECT_EQ(currency_decimals("KRW"), 0u);
  EXPECT_EQ(currency_decimals("BHD"), 3u);
  EXPECT_EQ(currency_decimals("KWD"), 3u);
  EXPECT_EQ(currency_decimals("CLF"), 4u);
}

TEST(Currency, metals_test_codes_and_other_words_are_none) {
  for (const char* code : {"", "CN", "CNYX", "cny", "RMB", "XAU", "XDR", "XXX", "XTS", "DEM", "EDA", "NYC"}) {
    EXPECT_FALSE(check_currency(code, "ccy")) << code;
  }
  EXPECT_EQ(check_currency("RMB", "ccy").error().code, Code::E_CURRENCY);
  EXPECT_EQ(check_currency("RMB", "ccy").error().field, "ccy");
}

TEST(Amount, is_written_with_the_decimals_of_its_currency) {
  EXPECT_EQ(format_amount(123'450, "CNY"), "1234.50");
  EXPECT_EQ(format_amount(123'450, "JPY"), "123450");
  EXPECT_EQ(format_amount(123'450, "BHD"), "123.450");
  EXPECT_EQ(format_amount(123'450, "CLF"), "12.3450");
  EXPECT_EQ(format_amount(0, "CNY"), "0.00");
  EXPECT_EQ(format_amount(5, "CNY"), "0.05");
  EXPECT_EQ(format_amount(-5, "CNY"), "-0.05");
  EXPECT_EQ(format_amount(7, "???"), "7");
  EXPECT_EQ(format_amount(std::numeric_limits<std::int64_t>::min(), "CNY"), "-92233720368547758.08");
}

}  // namespace
}  // namespace circula::ledger
