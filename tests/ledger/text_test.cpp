#include "ledger/text.h"

#include <gtest/gtest.h>

#include "ledger/utf8.h"

namespace circula::ledger {
namespace {

std::string verdict(std::string_view text, std::size_t bytes_max = 100) {
  const Result<void> result = check_text(text, bytes_max, "title");
  if (result) return "ok";
  EXPECT_EQ(result.error().field, "title");
  return std::string(name(result.error().code)) + " " + result.error().detail;
}

TEST(Text, accepts_what_people_write) {
  for (const char* text :
       {"", "Bus GPS", "厦门公交实时位置数据", "Ærø 😀 №5", "\xe2\x80\x8b", "\xef\xbb\xbfx"}) {
    EXPECT_EQ(verdict(text), "ok") << text;
  }
}

TEST(Text, counts_bytes_and_not_characters) {
  EXPECT_EQ(verdict("数据", 6), "ok");
  EXPECT_EQ(verdict("数据", 5), "E_FORMAT 6 bytes, at most 5 are allowed");
}

TEST(Text, refuses_what_hides_or_reorders) {
  const auto refused = [](std::string_view text, std::string_view code_point) {
    EXPECT_TRUE(verdict(text).starts_with("E_FORMAT " + std::string(code_point) + " at byte 1:"))
        << code_point;
  };
  refused(std::string_view("x\0", 2), "U+0000");
  refused("x\n", "U+000A");
  refused("x\t", "U+0009");
  refused("x\x1f", "U+001F");
  refused("x\x7f", "U+007F");
  refused("x\xc2\x80", "U+0080");
  refused("x\xc2\x9f", "U+009F");
  refused("x\xd8\x9c", "U+061C");
  refused("x\xe2\x80\x8e", "U+200E");
  refused("x\xe2\x80\x8f", "U+200F");
  refused("x\xe2\x80\xa8", "U+2028");
  refused("x\xe2\x80\xa9", "U+2029");
  refused("x\xe2\x80\xaa", "U+202A");
  refused("x\xe2\x80\xae", "U+202E");
  refused("x\xe2\x81\xa6", "U+2066");
  refused("x\xe2\x81\xa9", "U+2069");
}

TEST(Text, the_neighbours_of_the_refused_code_points_pass) {
  for (const char32_t point :
       {0x20, 0x7e, 0xa0, 0x61b, 0x61d, 0x200d, 0x2010, 0x2027, 0x202f, 0x2065, 0x206a}) {
    EXPECT_FALSE(is_forbidden_in_text(point)) << static_cast<unsigned>(point);
  }
}

TEST(Text, refuses_ill_formed_utf8) {
  EXPECT_EQ(verdict("a\xff"), "E_FORMAT no UTF-8 at byte 1");
  EXPECT_EQ(verdict("a\xc0\x80"), "E_FORMAT no UTF-8 at byte 1");
}

TEST(Text, refuses_personal_data) {
  EXPECT_EQ(verdict("tel 13812345678"), "E_PI_FIELD looks like a clear-text mobile number at byte 4");
}

// All code points, encoded by the rule of the Unicode Standard and not by the code under test.
TEST(Utf8, every_code_point_has_one_form_and_surrogates_have_none) {
  for (char32_t point = 0; point <= 0x110000; ++point) {
    const auto byte = [](char32_t value) { return static_cast<char>(value); };
    std::string text;
    if (point < 0x80)
      text = {byte(point)};
    else if (point < 0x800)
      text = {byte(0xc0 | point >> 6), byte(0x80 | (point & 63))};
    else if (point < 0x10000)
      text = {byte(0xe0 | point >> 12), byte(0x80 | (point >> 6 & 63)), byte(0x80 | (point & 63))};
    else
      text = {byte(0xf0 | point >> 18), byte(0x80 | (point >> 12 & 63)), byte(0x80 | (point >> 6 & 63)),
              byte(0x80 | (point & 63))};
    const auto decoded = decode_code_point(text, 0);
    const bool valid = point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
    ASSERT_EQ(decoded.has_value(), valid) << static_cast<unsigned>(point);
    if (valid) {
      ASSERT_EQ(decoded->value, point);
      ASSERT_EQ(decoded->length, text.size());
    }
    text.pop_back();
    if (!text.empty()) {
      ASSERT_TRUE(first_invalid_utf8(text).has_value()) << static_cast<unsigned>(point);
    }
  }
}

TEST(Utf8, overlong_forms_and_lone_continuations_are_invalid) {
  for (const char* text :
       {"\xc0\xaf", "\xc1\xbf", "\xe0\x80\xaf", "\xe0\x9f\xbf", "\xf0\x80\x80\xaf", "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\x80", "\xbf", "\xfe"}) {
    EXPECT_EQ(first_invalid_utf8(text), 0u);
  }
  EXPECT_EQ(first_invalid_utf8("ab\xe6\x95"), 2u);
}

}  // namespace
}  // namespace circula::ledger
