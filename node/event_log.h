// The node's own log: one line an event on standard error, for programs first (reliability.md 5).
//
//   {"time":"2023-05-01T08:00:00.123456789Z","level":"info","event":"peer_up","node":1,"term":3,"height":17,
//    "peer":2}
//
// `text` writes the same as `time level event=peer_up node=1 ...` for a terminal. The event's name is stable;
// what follows the height are its own fields. Nothing secret is ever handed in.
//
// Invariants
//   1. One event is one line, whatever bytes its fields hold: control characters are escaped, and a value
//   that
//      is not UTF-8 is written byte by byte.
//   2. Of one event at most kLinesMax lines are written in kIntervalMs; the next one says how many were left
//      out. A stop of the node is always written.
//
// Thread rule: any thread. Before set_up_event_log() nothing but errors is written, as text.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace circula::node {

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarn, kError, kCritical };
enum class LogFormat : std::uint8_t { kJson, kText };

struct LogField {
  template <std::integral Number>
  LogField(std::string_view field, Number number) : name(field), value(std::to_string(number)) {}
  LogField(std::string_view field, std::string_view text) : name(field), value(text), is_text(true) {}
  LogField(std::string_view field, const std::string& text) : LogField(field, std::string_view(text)) {}
  LogField(std::string_view field, const char* text) : LogField(field, std::string_view(text)) {}

  std::string_view name;
  std::string value;
  bool is_text = false;
};

// Where the node stands; left out while unknown.
struct LogPosition {
  std::uint16_t node = 0;
  std::uint64_t term = 0;
  std::uint64_t height = 0;
};

// What follows the time in a line, without its end.
[[nodiscard]] std::string format_event(LogFormat format, LogLevel level, std::string_view event,
                                       const LogPosition& position, std::initializer_list<LogField> fields,
                                       std::uint64_t suppressed);

// How often each event may be written. Events are named in the code, so there are few.
class EventLimit {
 public:
  static constexpr std::uint64_t kLinesMax = 20;
  static constexpr std::uint64_t kIntervalMs = 10'000;

  // How many of this event were left out since its last line; absent: leave this one out as well.
  [[nodiscard]] std::optional<std::uint64_t> admit(std::string_view event, std::uint64_t now_ms);

 private:
  struct Window {
    std::uint64_t since_ms = 0;
    std::uint64_t lines = 0;
    std::uint64_t suppressed = 0;
  };
  std::map<std::string, Window, std::less<>> windows_;
};

[[nodiscard]] std::optional<LogLevel> log_level(std::string_view name);  // debug, info, warn, error

void set_up_event_log(LogFormat format, LogLevel least, std::uint16_t node);
void set_log_position(std::uint64_t term, std::uint64_t height);
void log_event(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});
// Writes out what is left, before the process ends.
void close_event_log();

}  // namespace circula::node
