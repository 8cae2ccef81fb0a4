#include "ledger/json_text.h"

#include <gtest/gtest.h>

namespace circula::ledger {
namespace {

TEST(JsonText, is_read_as_it_stands) {
  const auto value = parse_json(R"({"a": [1, {"a": 2}, {"a": 3}], "b": {"a": "x"}})");
  ASSERT_TRUE(value) << value.error().detail;
  EXPECT_EQ(value->at("a").at(2).at("a").as_int64(), 3);
}

// Boost.JSON keeps the last of two values and says nothing, other readers keep the first: what one party
// reads in a draft another would not.
TEST(JsonText, has_no_key_twice_in_one_object) {
  for (const char* text : {R"({"a": 1, "a": 1})", R"({"a": {"b": 1, "c": [{"d": 1, "d": 2}]}})",
                           R"({"\u0061": 1, "a": 2})", R"([{"": 1, "": 2}])"}) {
    const auto refused = parse_json(text);
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().code, Code::E_FORMAT);
    EXPECT_NE(refused.error().detail.find("stands twice"), std::string::npos) << refused.error().detail;
  }
}

TEST(JsonText, says_where_it_is_wrong) {
  const auto refused = parse_json("{\"a\": 1,\n \"b\": 2,\n \"a\": 3}");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().field.substr(0, 8), "line 3, ");
  const auto malformed = parse_json("{\n\"a\" 1}");
  ASSERT_FALSE(malformed);
  EXPECT_EQ(malformed.error().field, "line 2, column 5");
}

TEST(JsonText, is_one_value_and_ends) {
  for (const char* text : {"", " ", "{", "[1", "\"a", "{} {}", "{}x", "nul", "{\"a\":1,}", "// x\n{}"}) {
    EXPECT_FALSE(parse_json(text)) << text;
  }
}

TEST(JsonText, is_at_most_32_levels_deep) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(parse_json(nested(32)));
  EXPECT_FALSE(parse_json(nested(33)));
  EXPECT_FALSE(parse_json(nested(1'000'000)));
}

}  // namespace
}  // namespace circula::ledger
