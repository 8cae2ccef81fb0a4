#include "ledger/canonical.h"

#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <random>

#include "ledger/proto/envelope.pb.h"
#include "tests/ledger/proto/sample.pb.h"

namespace circula::ledger {
namespace {

using crypto::Bytes;
using sample::Sample;

// Wire bytes from hex digits; blanks separate tags from contents for the reader.
Bytes wire(std::string_view hex) {
  Bytes bytes;
  int high = -1;
  for (const char c : hex) {
    if (c == ' ') continue;
    const int digit = c <= '9' ? c - '0' : c - 'a' + 10;
    if (high < 0) {
      high = digit;
    } else {
      bytes.push_back(static_cast<std::uint8_t>(high << 4 | digit));
      high = -1;
    }
  }
  return bytes;
}

std::string verdict(const Bytes& bytes, const google::protobuf::Descriptor& type = *Sample::descriptor(),
                    const CanonicalLimits& limits = {}) {
  const Result<void> result = check_canonical(bytes, type, limits);
  if (result) return "ok";
  EXPECT_EQ(result.error().code, Code::E_CANONICAL);
  return result.error().field + ": " + result.error().detail;
}

std::string verdict(std::string_view hex) { return verdict(wire(hex)); }

constexpr std::string_view kDefault = "a field with its default value is left out";

TEST(Canonical, accepts_the_message_without_fields) { EXPECT_EQ(verdict(""), "ok"); }

TEST(Canonical, accepts_one_encoding_of_each_kind_of_field) {
  for (const std::string_view hex : {"08 ffffffff0f",            // u32 = 2^32-1
                                     "10 ffffffffffffffffff01",  // i32 = -1, sign-extended to ten bytes
                                     "10 80808080f8ffffffff01",  // i32 = -2^31
                                     "18 ffffffff0f",            // s32 = -2^31
                                     "20 01",
                                     "28 05",  // flag, colour = blue
                                     "35 01000000",
                                     "39 0100000000000000",  // f32, f64
                                     "42 02 c3a9",
                                     "4a 01 00",  // text "é", data of one zero byte
                                     "52 02 0801",
                                     "5a 02 0007",                 // leaf, numbers = [0, 7]
                                     "62 00 62 01 61",             // words = ["", "a"]
                                     "6a 00 6a 02 0801",           // leaves = [{}, {1}]
                                     "72 03 000105",               // colours
                                     "8001 ffffffffffffffffff01",  // u64 = 2^64-1
                                     "9d01 ffffffff",
                                     "ba01 03 000100",    // sf32 = -1, flags
                                     "c201 04 00000000",  // words32 = [0]
                                     "7a 02 1200",
                                     "7a 04 08021801"}) {  // choice: an empty leaf; weight and number
    EXPECT_EQ(verdict(hex), "ok") << hex;
  }
}

TEST(Canonical, refuses_fields_out_of_order) {
  EXPECT_EQ(verdict("20 01 08 01"), "u32: the field stands after a later one");
  EXPECT_EQ(verdict("62 01 61 5a 01 01"), "numbers: the field stands after a later one");
}

TEST(Canonical, refuses_a_singular_field_that_stands_twice) {
  EXPECT_EQ(verdict("08 01 08 02"), "u32: the field stands twice");
  EXPECT_EQ(verdict("52 02 0801 52 02 0802"), "leaf: the field stands twice");
}

TEST(Canonical, refuses_elements_of_a_repeated_field_that_do_not_stand_together) {
  EXPECT_EQ(verdict("62 01 61 6a 00 62 01 62"), "words: the field stands after a later one");
}

TEST(Canonical, refuses_numbers_that_are_not_in_their_shortest_form) {
  EXPECT_EQ(verdict("08 8100"), "u32: a number is not in its shortest form");
  EXPECT_EQ(verdict("8800 01"), ": a number is not in its shortest form");         // a tag
  EXPECT_EQ(verdict("4a 8100 00"), "data: a number is not in its shortest form");  // a length
  EXPECT_EQ(verdict("5a 03 078000"), "numbers[1]: a number is not in its shortest form");
}

TEST(Canonical, refuses_numbers_wider_than_their_field) {
  EXPECT_EQ(verdict("08 8080808010"), "u32: a number is wider than 32 bits");
  EXPECT_EQ(verdict("18 8080808010"), "s32: a number is wider than 32 bits");
  EXPECT_EQ(verdict("10 8080808008"), "i32: a number is wider than 32 bits");  // 2^31
  EXPECT_EQ(verdict("10 ffffffff0f"), "i32: a number is wider than 32 bits");  // -1 cut to five bytes
  EXPECT_EQ(verdict("8001 ffffffffffffffffff02"), "u64: a number is wider than 64 bits");
  EXPECT_EQ(verdict("8001 ffffffffffffffffffff01"), "u64: a number is wider than 64 bits");
  EXPECT_EQ(verdict("20 02"), "flag: a boolean is neither 0 nor 1");
  EXPECT_EQ(verdict("28 8580808010"), "colour: 4294967301 is no value of Colour");  // 2^32 + blue
}

TEST(Canonical, refuses_singular_fields_that_hold_their_default_value) {
  for (const std::string_view hex : {"08 00", "10 00", "18 00", "20 00", "28 00", "35 00000000",
                                     "39 0000000000000000", "42 00", "4a 00", "52 00", "5a 00", "b001 00"}) {
    EXPECT_TRUE(verdict(hex).ends_with(kDefault)) << hex;
  }
}

TEST(Canonical, refuses_a_default_value_in_a_oneof_but_for_the_empty_message) {
  EXPECT_EQ(verdict("7a 02 1800"), "choice.number: " + std::string(kDefault));
  EXPECT_EQ(verdict("7a 02 2200"), "choice.name: " + std::string(kDefault));
  EXPECT_EQ(verdict("7a 02 1200"), "ok");
}

TEST(Canonical, refuses_a_oneof_without_a_member_at_any_depth) {
  EXPECT_EQ(verdict("7a 02 0801"), "choice.kind: no member of the choice is set");
  EXPECT_EQ(verdict("aa01 04 7a 02 0801"), "inner.choice.kind: no member of the choice is set");
}

TEST(Canonical, refuses_two_members_of_one_oneof) {
  EXPECT_EQ(verdict("7a 04 1200 1801"), "choice.number: another member of kind is set before it");
}

TEST(Canonical, refuses_repeated_numbers_that_are_not_packed_in_one_piece) {
  EXPECT_EQ(verdict("58 07"), "numbers: wire type 0, expected 2");
  EXPECT_EQ(verdict("5a 01 07 5a 01 08"), "numbers: the field stands twice");
  EXPECT_EQ(verdict("5a 02 0780"), "numbers[1]: the bytes end within a number");
  EXPECT_EQ(verdict("c201 05 0000000001"), "words32[1]: the bytes end within a number");
}

TEST(Canonical, refuses_text_that_is_not_utf8) {
  EXPECT_EQ(verdict("42 02 c0af"), "text: no UTF-8 at byte 0");      // overlong slash
  EXPECT_EQ(verdict("42 04 61eda080"), "text: no UTF-8 at byte 1");  // a surrogate
  EXPECT_EQ(verdict("62 01 61 62 01 ff"), "words[1]: no UTF-8 at byte 0");
}

TEST(Canonical, refuses_unknown_numbers) {
  EXPECT_EQ(verdict("e001 01"), ": field number 28 is unknown in Sample");
  EXPECT_EQ(verdict("00 01"), ": field number 0 is unknown in Sample");
  EXPECT_EQ(verdict("6a 02 0801 6a 02 1001"), "leaves[1]: field number 2 is unknown in Leaf");
  EXPECT_EQ(verdict("28 02"), "colour: 2 is no value of Colour");
  EXPECT_EQ(verdict("28 ffffffffffffffffff01"), "colour: -1 is no value of Colour");
  EXPECT_EQ(verdict("72 02 0102"), "colours[1]: 2 is no value of Colour");
}

TEST(Canonical, refuses_groups_and_wrong_wire_types) {
  EXPECT_EQ(verdict("0b 0c"), "u32: wire type 3, expected 0");
  EXPECT_EQ(verdict("09 0100000000000000"), "u32: wire type 1, expected 0");
  EXPECT_EQ(verdict("40 01"), "text: wire type 0, expected 2");
  EXPECT_EQ(verdict("0f 01"), "u32: wire type 7, expected 0");
}

TEST(Canonical, refuses_bytes_that_end_too_early_or_lie_about_their_length) {
  EXPECT_EQ(verdict("08"), "u32: the bytes end within a number");
  EXPECT_EQ(verdict("35 010000"), "f32: the bytes end within a number");
  EXPECT_EQ(verdict("4a 8080808001 00"), "data: length 268435456, but 1 bytes are left");
  EXPECT_EQ(verdict("4a ffffffffffffffffff01 00"), "data: length 18446744073709551615, but 1 bytes are left");
  EXPECT_EQ(verdict("52 03 0801"), "leaf: length 3, but 2 bytes are left");
}

TEST(Canonical, names_the_element_and_the_field_below_it) {
  EXPECT_EQ(verdict("aa01 08 6a 02 0801 6a 02 0800"), "inner.leaves[1].ppm: " + std::string(kDefault));
}

TEST(Canonical, refuses_messages_that_nest_too_deep) {
  Bytes bytes = wire("08 01");
  for (int depth = 1; depth <= 4; ++depth) {
    Bytes outer = wire("aa01");
    outer.push_back(static_cast<std::uint8_t>(bytes.size()));
    outer.insert(outer.end(), bytes.begin(), bytes.end());
    bytes = outer;
  }
  EXPECT_EQ(verdict(bytes, *Sample::descriptor(), {.depth_max = 4}), "ok");
  EXPECT_EQ(verdict(bytes, *Sample::descriptor(), {.depth_max = 3}),
            "inner.inner.inner.inner: messages nest deeper than 3");
}

// reliability.md X7: protobuf takes 28 bytes of heap for each byte of such input.
TEST(Canonical, refuses_a_megabyte_of_empty_elements_before_parsing) {
  for (const std::uint8_t tag : {0x62, 0x6a}) {
    Bytes bytes;
    for (int i = 0; i < 512 * 1024; ++i) bytes.insert(bytes.end(), {tag, 0});
    EXPECT_TRUE(verdict(bytes).ends_with("more than 8192 elements"));
  }
  Bytes packed = wire("5a 808040");
  packed.resize(packed.size() + (1 << 20), 0);
  EXPECT_EQ(verdict(packed), "numbers: more than 8192 elements");
}

TEST(Canonical, refuses_a_hundred_thousand_nested_messages_without_overflowing_the_stack) {
  // Built from the inside out: each layer is a tag and the length of what is inside.
  Bytes reversed;
  for (int i = 0; i < 100'000; ++i) {
    Bytes length;
    for (std::size_t rest = reversed.size(); length.empty() || rest > 0; rest >>= 7) {
      length.push_back(static_cast<std::uint8_t>((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0)));
    }
    reversed.insert(reversed.end(), length.rbegin(), length.rend());
    reversed.insert(reversed.end(), {0x01, 0xaa});
  }
  const Bytes bytes(reversed.rbegin(), reversed.rend());
  EXPECT_TRUE(verdict(bytes).ends_with("messages nest deeper than 16"));
}

// Why the wire is walked: what protobuf keeps as unknown goes out again as it came in.
TEST(Canonical, parsing_and_writing_again_would_accept_unknown_fields) {
  const Bytes bytes = wire("08 01 e001 01");
  Sample message;
  ASSERT_TRUE(message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
  EXPECT_EQ(serialise_canonical(message), bytes);
  EXPECT_EQ(verdict(bytes), ": field number 28 is unknown in Sample");

  const Bytes unknown_colour = wire("28 02");
  ASSERT_TRUE(message.ParseFromArray(unknown_colour.data(), static_cast<int>(unknown_colour.size())));
  EXPECT_EQ(serialise_canonical(message), unknown_colour);
  EXPECT_EQ(verdict(unknown_colour), "colour: 2 is no value of Colour");
}

TEST(Canonical, a_body_has_the_code_of_the_caller) {
  const auto parsed = parse_canonical<Sample>(wire("08 00"));
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, Code::E_FORMAT);
  EXPECT_EQ(parsed.error().field, "u32");
  const auto good = parse_canonical<Sample>(wire("08 07"));
  ASSERT_TRUE(good);
  EXPECT_EQ(good->u32(), 7u);
}

TEST(Canonical, schemas_without_a_canonical_form_are_named) {
  EXPECT_TRUE(check_schema(*Sample::descriptor()));
  EXPECT_EQ(check_schema(*sample::WithDouble::descriptor()).error().field, "value");
  EXPECT_EQ(check_schema(*sample::WithMap::descriptor()).error().field, "values");
  EXPECT_EQ(check_schema(*sample::WithUnpacked::descriptor()).error().field, "values");
  EXPECT_EQ(check_schema(*sample::WithDoubleBelow::descriptor()).error().field, "items.value");
  EXPECT_EQ(verdict(wire("09 000000000000f03f"), *sample::WithDouble::descriptor()),
            "value: maps, groups and floating point have no canonical form");
  EXPECT_EQ(verdict(wire("0a 05 0a 01 61 10 01"), *sample::WithMap::descriptor()),
            "values: maps, groups and floating point have no canonical form");
}

// Every message of the ledger's own .proto files, found through the files that are linked in.
TEST(Canonical, the_messages_of_the_envelope_have_a_canonical_form) {
  const google::protobuf::FileDescriptor& file = *proto::Envelope::descriptor()->file();
  for (int i = 0; i < file.message_type_count(); ++i) {
    const Result<void> checked = check_schema(*file.message_type(i));
    EXPECT_TRUE(checked) << file.message_type(i)->full_name() << " " << checked.error().field;
  }
}

class RandomMessages : public ::testing::Test {
 protected:
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }

  // A number that often sits at the edge of a varint's length; never 0.
  std::uint64_t number() {
    const std::uint64_t value = random_() >> below(64);
    return value == 0 ? 1 : value;
  }

  std::string word() {
    static constexpr const char* kPieces[] = {"a", "é", "数", "😀", " ", "\n"};
    std::string text;
    for (std::uint64_t i = 1 + below(4); i > 0; --i) text += kPieces[below(6)];
    return text;
  }

  sample::Choice choice() {
    sample::Choice choice;
    if (below(2) == 0) choice.set_weight(static_cast<std::uint32_t>(number()) | 1);
    switch (below(3)) {
      case 0:
        choice.mutable_leaf();
        break;
      case 1:
        choice.set_number(static_cast<std::uint32_t>(number()) | 1);
        break;
      default:
        choice.set_name(word());
    }
    return choice;
  }

  Sample message(int depth) {
    Sample m;
    if (below(2) == 0) m.set_u32(static_cast<std::uint32_t>(number()) | 1);
    if (below(2) == 0) m.set_i32(-static_cast<std::int32_t>(1 + below(1 << 30)));
    if (below(2) == 0) m.set_s32(-static_cast<std::int32_t>(1 + below(1 << 30)));
    if (below(2) == 0) m.set_flag(true);
    if (below(2) == 0) m.set_colour(sample::COLOUR_BLUE);
    if (below(2) == 0) m.set_f32(static_cast<std::uint32_t>(number()) | 1);
    if (below(2) == 0) m.set_f64(number());
    if (below(2) == 0) m.set_text(word());
    if (below(2) == 0) m.set_data(std::string(1 + below(200), '\0'));
    if (below(2) == 0) m.mutable_leaf()->set_ppm(1);
    for (std::uint64_t i = below(4); i > 0; --i) m.add_numbers(below(2) == 0 ? 0 : number());
    for (std::uint64_t i = below(4); i > 0; --i) m.add_words(below(2) == 0 ? "" : word());
    for (std::uint64_t i = below(4); i > 0; --i)
      m.add_leaves()->set_ppm(static_cast<std::uint32_t>(below(3)));
    for (std::uint64_t i = below(4); i > 0; --i)
      m.add_colours(below(2) == 0 ? sample::COLOUR_NONE : sample::COLOUR_RED);
    if (below(2) == 0) *m.mutable_choice() = choice();
    if (below(2) == 0) m.set_u64(number());
    if (below(2) == 0) m.set_i64(-static_cast<std::int64_t>(number() >> 1) - 1);
    if (below(2) == 0) m.set_sf64(-1);
    if (below(2) == 0) m.set_maybe(3);
    for (std::uint64_t i = below(4); i > 0; --i) m.add_flags(below(2) == 0);
    if (depth > 0 && below(2) == 0) {
      *m.mutable_inner() = message(depth - 1);
      if (m.inner().ByteSizeLong() == 0) m.clear_inner();
    }
    return m;
  }

  std::mt19937_64 random_{20230501};
};

TEST_F(RandomMessages, what_is_written_is_canonical_and_comes_back) {
  for (int round = 0; round < 2000; ++round) {
    const Sample original = message(3);
    const Bytes bytes = serialise_canonical(original);
    const auto parsed = parse_canonical<Sample>(bytes);
    ASSERT_TRUE(parsed) << parsed.error().field << ": " << parsed.error().detail;
    EXPECT_EQ(serialise_canonical(*parsed), bytes);
    EXPECT_EQ(parsed->DebugString(), original.DebugString());
  }
}

// Canonical means: one byte string for each message. So whatever passes must be what the parsed message
// is written as, also after damage.
TEST_F(RandomMessages, damaged_bytes_are_refused_or_are_the_encoding_of_another_message) {
  int accepted = 0;
  for (int round = 0; round < 30000; ++round) {
    Bytes bytes = serialise_canonical(message(2));
    if (bytes.empty()) continue;
    for (std::uint64_t i = 1 + below(3); i > 0; --i) {
      const auto at = static_cast<std::ptrdiff_t>(below(bytes.size()));
      switch (below(3)) {
        case 0:
          bytes[static_cast<std::size_t>(at)] = static_cast<std::uint8_t>(below(256));
          break;
        case 1:
          bytes.insert(bytes.begin() + at, static_cast<std::uint8_t>(below(256)));
          break;
        default:
          bytes.resize(static_cast<std::size_t>(at) + 1);
      }
    }
    const auto parsed = parse_canonical<Sample>(bytes);
    if (!parsed) continue;
    ++accepted;
    EXPECT_EQ(serialise_canonical(*parsed), bytes);
  }
  EXPECT_GT(accepted, 100);
}

}  // namespace
}  // namespace circula::ledger
