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

TEST(Amount, has_separators_for_reading) {
  EXPECT_EQ(format_amount_grouped(42'000'000'000'000, "CNY"), "420,000,000,000.00");
  EXPECT_EQ(format_amount_grouped(-123'456, "CNY"), "-1,234.56");
  EXPECT_EQ(format_amount_grouped(-12'345, "CNY"), "-123.45");
  EXPECT_EQ(format_amount_grouped(1'000, "JPY"), "1,000");
  EXPECT_EQ(format_amount_grouped(999, "JPY"), "999");
}

TEST(Amount, is_read_as_it_is_written) {
  for (const std::int64_t amount : {std::int64_t{0}, std::int64_t{1}, std::int64_t{99}, std::int64_t{100},
                                    std::int64_t{123'450}, std::int64_t{9'000'000'000'000'000}}) {
    for (const char* currency : {"CNY", "JPY", "BHD", "CLF"}) {
      const auto parsed = parse_amount(format_amount(amount, currency), currency);
      ASSERT_TRUE(parsed) << amount << currency;
      EXPECT_EQ(*parsed, amount);
    }
  }
  EXPECT_EQ(*parse_amount("1234", "CNY"), 123'400);
}

TEST(Amount, refuses_every_other_spelling) {
  for (const char* text :
       {"", ".", "1.", ".50", "1.5", "1.500", "01.00", "00", "+1.00", "-1.00", "1,234.50", " 1.00", "1.00 ",
        "1e3", "1.0a", "90000000000000.01", "90000000000001", "99999999999999999999999", "1.00.00"}) {
    const auto parsed = parse_amount(text, "CNY", "price");
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, Code::E_AMOUNT);
    EXPECT_EQ(parsed.error().field, "price");
  }
  EXPECT_FALSE(parse_amount("1.0", "JPY"));
  EXPECT_FALSE(parse_amount("1.", "JPY"));
  EXPECT_EQ(parse_amount("1", "RMB").error().code, Code::E_CURRENCY);
}

}  // namespace
}  // namespace circula::ledger
