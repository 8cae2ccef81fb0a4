#include "ledger/pi_scan.h"

#include <gtest/gtest.h>

#include <string>

namespace circula::ledger {
namespace {

std::string found(std::string_view text) {
  const auto finding = find_personal_data(text);
  return finding ? std::string(to_string(finding->pattern)) + " at " + std::to_string(finding->offset)
                 : "none";
}

// 11010519491231002X and 440524188001010014 are the examples printed in GB 11643-1999.
TEST(PiScan, finds_identity_cards_by_date_and_check_character) {
  EXPECT_EQ(found("11010519491231002X"), "identity card at 0");
  EXPECT_EQ(found("11010519491231002x"), "identity card at 0");
  EXPECT_EQ(found("440524188001010014"), "identity card at 0");
  EXPECT_EQ(found("身份证11010519491231002X。"), "identity card at 9");
  EXPECT_EQ(found("id:440524188001010014,"), "identity card at 3");
  EXPECT_EQ(found("11010519491231002"), "none");    // no check character
  EXPECT_EQ(found("110105194912310021"), "none");   // another check character
  EXPECT_EQ(found("11010519491331002X"), "none");   // month 13, and so another check character
  EXPECT_EQ(found("a11010519491231002X"), "none");  // inside a word
  EXPECT_EQ(found("11010519491231002Xa"), "none");
  EXPECT_EQ(found("0440524188001010014"), "none");  // inside a longer number
}

TEST(PiScan, finds_mobile_numbers_as_people_write_them) {
  for (const char* number : {"13812345678", "138 1234 5678", "138-1234-5678", "8613812345678",
                             "008613812345678", "86138-1234-5678", "19912345678"}) {
    EXPECT_EQ(found(number), "mobile number at 0") << number;
  }
  EXPECT_EQ(found("+8613812345678"), "mobile number at 1");
  EXPECT_EQ(found("+86 138 1234 5678"), "mobile number at 4");
  EXPECT_EQ(found("+86-13812345678"), "mobile number at 4");
  EXPECT_EQ(found("电话13812345678转8001"), "mobile number at 6");
  EXPECT_EQ(found("13912345678,13812345678"), "mobile number at 0");
  EXPECT_EQ(found("2023-05-01 13812345678"), "mobile number at 11");
  EXPECT_EQ(found("Call 13812345678."), "mobile number at 5");
}

TEST(PiScan, numbers_that_only_contain_eleven_digits_are_none) {
  EXPECT_EQ(found("12812345678"), "none");     // no mobile prefix
  EXPECT_EQ(found("138123456789"), "none");    // twelve digits
  EXPECT_EQ(found("13812345678.50"), "none");  // an amount
  EXPECT_EQ(found("0.13812345678"), "none");
  EXPECT_EQ(found("x13812345678"), "none");
  EXPECT_EQ(found("13812345678ab"), "none");
  EXPECT_EQ(found("138 1234-5678"), "none");  // two separators
  EXPECT_EQ(found("138  1234 5678"), "none");
  EXPECT_EQ(found("13,812,345,678"), "none");  // thousands
}

// The check digits were computed apart from this code; 4111 1111 1111 1111 is the usual test number.
TEST(PiScan, finds_bank_cards_by_issuer_and_luhn) {
  for (const char* card : {"4111111111111111", "6222021111111111112", "9558111111111111117",
                           "2221111111111112", "3530111111111116", "621111111111111112", "5511111111111114",
                           "4111 1111 1111 1111", "4111-1111-1111-1111", "6222 0211 1111 1111 112"}) {
    EXPECT_EQ(found(card), "bank card at 0") << card;
  }
  EXPECT_EQ(found("4111111111111112"), "none");
  EXPECT_EQ(found("2023111111111112"), "none");  // a date and a serial, not an issuer
  EXPECT_EQ(found("4111 1111-1111 1111"), "none");
  EXPECT_EQ(found("1990 4111 1111 1111 1111"), "none");  // a row of numbers of four digits
  EXPECT_EQ(found("4111 1111 1111 1111 2023"), "none");
  EXPECT_EQ(found("4111111111111111.00"), "none");
}

TEST(PiScan, finds_email_addresses) {
  EXPECT_EQ(found("a@b.cn"), "e-mail address at 0");
  EXPECT_EQ(found("写信到 li.si+x@mail.example.com。"), "e-mail address at 10");
  EXPECT_EQ(found("<x@y-z.org>"), "e-mail address at 1");
  EXPECT_EQ(found("x@y.com."), "e-mail address at 0");
  EXPECT_EQ(found("x@y.com-z"), "e-mail address at 0");
}

TEST(PiScan, an_at_sign_alone_is_no_address) {
  for (const char* text : {"@vendor-b", "ag-7k2m@3", "pd@1.2", "x@localhost", "x@y.c", "x@.com", "x@ y.com",
                           "@y.com", "x@y..com", "x@y.com1"}) {
    EXPECT_EQ(found(text), "none") << text;
  }
}

TEST(PiScan, codes_digests_ids_amounts_and_dates_are_none) {
  for (const char* text :
       {"9144030071526726XG", "914403001922038216",
        // Valid unified social credit codes of digits alone which pass the Luhn check.
        "913501002034176846", "913501006858501773", "913501007261518586", "as-000g40r40m30e209185gr38e1w",
        "lei:506700GE1G29325QX363", "13812345678abcdef13812345678abcdef13812345678abcdef0123456789abcd",
        "550e8400-e29b-41d4-a716-446655440000", "420,000,000,000", "1683000000000",
        "2023-05-01T08:00:00+08:00", "2023-05-01 12:34:56", "FJ-2023-000042-C", "GB/T 43697-2024", "1000000",
        "9000000000000000.00", ""}) {
    EXPECT_EQ(found(text), "none") << text;
  }
}

TEST(PiScan, the_first_finding_counts_and_at_one_offset_the_order_of_the_patterns) {
  EXPECT_EQ(found("a@b.cn 13812345678"), "e-mail address at 0");
  EXPECT_EQ(found("13812345678@163.com"), "mobile number at 0");
}

TEST(PiScan, long_input_takes_linear_time) {
  const std::string digits(1 << 20, '6');
  std::string groups;
  while (groups.size() < 1 << 20) groups += "6666 ";
  std::string signs;
  while (signs.size() < 1 << 20) signs += "a@";
  for (const std::string& text :
       {digits, groups, signs, std::string(1 << 20, 'a'), std::string(1 << 20, '@')}) {
    EXPECT_EQ(found(text), "none");
  }
}

}  // namespace
}  // namespace circula::ledger
