#include "crypto/encoding.h"

#include <gtest/gtest.h>

namespace circula::crypto {
namespace {

Bytes counting(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 37 + 11);
  return bytes;
}

TEST(Hex, is_lower_case_both_ways) {
  EXPECT_EQ(to_hex(Bytes{0x00, 0xab, 0xff}), "00abff");
  EXPECT_EQ(from_hex("00abff").value(), (Bytes{0x00, 0xab, 0xff}));
  EXPECT_FALSE(from_hex("00ABff"));
  EXPECT_FALSE(from_hex("0"));
  EXPECT_FALSE(from_hex("0g"));
}

// RFC 4648 section 10.
TEST(Base64, gives_the_examples_of_rfc_4648) {
  const std::pair<const char*, const char*> examples[] = {{"", ""},
                                                          {"f", "Zg=="},
                                                          {"fo", "Zm8="},
                                                          {"foo", "Zm9v"},
                                                          {"foob", "Zm9vYg=="},
                                                          {"fooba", "Zm9vYmE="},
                                                          {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : examples) {
    EXPECT_EQ(to_base64(as_bytes(plain)), encoded);
    EXPECT_EQ(as_text(from_base64(encoded).value()), plain);
  }
}

TEST(Base64, refuses_a_second_spelling_of_the_same_bytes) {
  for (const char* text :
       {"Zh==", "Zm9=", "Zg=", "Zg", "Z===", "Zg==\n", "Zm 9v", "Zg==Zg==", "====", "Z", "Zm-_"}) {
    EXPECT_FALSE(from_base64(text)) << text;
  }
}

TEST(Base64Url, has_no_padding_and_its_own_alphabet) {
  EXPECT_EQ(to_base64url(Bytes{0xfb, 0xff}), "-_8");
  EXPECT_EQ(from_base64url("-_8").value(), (Bytes{0xfb, 0xff}));
  for (const char* text : {"-_9", "-_8=", "+/8", "A"}) EXPECT_FALSE(from_base64url(text)) << text;
}

TEST(Base32, of_a_short_id_round_trips) {
  const ShortId id = ShortId::from(counting(16));
  const std::string text = to_base32(id);
  EXPECT_EQ(text.size(), kShortIdCharacters);
  EXPECT_EQ(short_id_from_base32(text).value(), id);
  EXPECT_EQ(to_base32(ShortId{}), std::string(26, '0'));
  ShortId ones;
  ones.fill(0xff);
  EXPECT_EQ(to_base32(ones), std::string(25, 'z') + "w");  // 3 bits, then two spare zero bits
}

TEST(Base32, decoding_is_strict) {
  const std::string zeros(26, '0');
  for (const char bad : {'i', 'l', 'o', 'u', 'A', '-'}) {
    std::string text = zeros;
    text[3] = bad;
    EXPECT_FALSE(short_id_from_base32(text)) << bad;
    EXPECT_FALSE(is_base32_prefix(text)) << bad;
  }
  EXPECT_FALSE(short_id_from_base32(zeros.substr(1)));
  EXPECT_FALSE(short_id_from_base32(zeros + "0"));
  EXPECT_FALSE(short_id_from_base32(std::string(25, '0') + "1"));  // spare bits
}

TEST(Decimal, has_one_spelling) {
  EXPECT_EQ(u64_from_decimal("0").value(), 0U);
  EXPECT_EQ(u64_from_decimal("18446744073709551615").value(), UINT64_MAX);
  for (const char* text : {"", "00", "01", "+1", "-1", " 1", "1 ", "0x1", "18446744073709551616"}) {
    EXPECT_FALSE(u64_from_decimal(text)) << text;
  }
}

TEST(Utf8, accepts_what_rfc_3629_allows_only) {
  for (const char* good :
       {"", "abc", "\xC2\x80", "\xE2\x80\x94", "\xED\x9F\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(is_utf8(good)) << to_hex(as_bytes(good));
  }
  for (const char* bad : {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x80\x80\x80",
                          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE2\x80", "\xC3", "a\xFF"}) {
    EXPECT_FALSE(is_utf8(bad)) << to_hex(as_bytes(bad));
  }
}

TEST(Reader, reads_what_the_put_functions_write) {
  Bytes out;
  put_u8(out, 7);
  put_u16be(out, 0x1234);
  put_u32be(out, 0x89abcdef);
  put_u64be(out, 0x0123456789abcdefULL);
  put_bytes(out, "xy");
  EXPECT_EQ(to_hex(out), "07123489abcdef0123456789abcdef7879");
  Reader reader(out);
  EXPECT_EQ(reader.u8(), 7);
  EXPECT_EQ(reader.u16be(), 0x1234);
  EXPECT_EQ(reader.u32be(), 0x89abcdefU);
  EXPECT_EQ(reader.u64be(), 0x0123456789abcdefULL);
  EXPECT_FALSE(reader.finish("row"));
  EXPECT_EQ(as_text(reader.bytes(2)), "xy");
  EXPECT_TRUE(reader.finish("row"));
}

TEST(Reader, stays_failed_after_a_read_past_the_end) {
  const Bytes three = {1, 2, 3};
  Reader reader(three);
  EXPECT_EQ(reader.u32be(), 0U);
  EXPECT_EQ(reader.u8(), 0U);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.finish("row").error().fault, Fault::kMalformed);
}

}  // namespace
}  // namespace circula::crypto
