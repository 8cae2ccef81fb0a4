#include "node/event_log.h"

#include <gtest/gtest.h>

namespace circula::node {
namespace {

TEST(EventLog, json_names_level_event_and_position_and_keeps_numbers_numbers) {
  EXPECT_EQ(
      format_event(LogFormat::kJson, LogLevel::kWarn, "peer_refused", {1, 3, 17},
                   {{"reason", "unknown_key"}, {"count", 2U}}, 0),
      R"("level":"warn","event":"peer_refused","node":1,"term":3,"height":17,"reason":"unknown_key","count":2)");
}

TEST(EventLog, what_is_not_known_is_left_out) {
  EXPECT_EQ(format_event(LogFormat::kJson, LogLevel::kInfo, "node_stopping", {4, 0, 0}, {}, 0),
            R"("level":"info","event":"node_stopping","node":4)");
}

// A detail may hold what a stranger sent.
TEST(EventLog, a_value_cannot_end_its_line_or_its_string) {
  EXPECT_EQ(format_event(LogFormat::kJson, LogLevel::kError, "alarm", {}, {{"text", "a\"b\\c\nd\x7f"}}, 0),
            "\"level\":\"error\",\"event\":\"alarm\",\"text\":\"a\\\"b\\\\c\\u000ad\\u007f\"");
  EXPECT_EQ(format_event(LogFormat::kJson, LogLevel::kError, "alarm", {}, {{"text", "\xff\xe4"}}, 0),
            "\"level\":\"error\",\"event\":\"alarm\",\"text\":\"\\u00ff\\u00e4\"");
  EXPECT_EQ(format_event(LogFormat::kJson, LogLevel::kError, "alarm", {}, {{"text", "数据"}}, 0),
            "\"level\":\"error\",\"event\":\"alarm\",\"text\":\"数据\"");
}

TEST(EventLog, text_quotes_what_has_spaces) {
  EXPECT_EQ(format_event(LogFormat::kText, LogLevel::kError, "node_stops", {2, 0, 5},
                         {{"code", 21}, {"reason", "no space left"}}, 7),
            "error event=node_stops node=2 height=5 code=21 reason=\"no space left\" suppressed=7");
}

TEST(EventLog, an_event_has_so_many_lines_in_an_interval_and_tells_what_it_left_out) {
  EventLimit limit;
  for (std::uint64_t line = 0; line < EventLimit::kLinesMax; ++line)
    EXPECT_EQ(limit.admit("noisy", 1'000), 0U);
  for (int more = 0; more < 5; ++more) EXPECT_FALSE(limit.admit("noisy", 2'000));
  EXPECT_EQ(limit.admit("other", 2'000), 0U) << "each event has its own limit";
  EXPECT_EQ(limit.admit("noisy", 1'000 + EventLimit::kIntervalMs), 5U);
  EXPECT_EQ(limit.admit("noisy", 1'000 + EventLimit::kIntervalMs), 0U);
}

TEST(EventLog, knows_its_levels) {
  EXPECT_EQ(log_level("warn"), LogLevel::kWarn);
  EXPECT_FALSE(log_level("inof"));
  EXPECT_FALSE(log_level("critical")) << "nobody silences errors";
}

}  // namespace
}  // namespace circula::node
