#include "node/event_log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <array>
#include <atomic>
#include <chrono>
#include <utility>

#include "crypto/encoding.h"

namespace circula::node {
namespace {

constexpr std::array<std::string_view, 5> kLevelNames{"debug", "info", "warn", "error", "critical"};

// A JSON string, which is also how a terminal shows a value with spaces in it.
std::string quoted(std::string_view text) {
  const bool readable = crypto::is_utf8(text);
  std::string out = "\"";
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (letter == '"' || letter == '\\') {
      out += '\\';
      out += letter;
    } else if (byte < 0x20 || byte == 0x7F || (byte >= 0x80 && !readable)) {
      constexpr char kHex[] = "0123456789abcdef";
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += letter;
    }
  }
  return out + "\"";
}

bool is_plain(std::string_view text) {
  return !text.empty() && text.find_first_not_of(
                              "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                              "_-+.:,/@[]") == std::string_view::npos;
}

void put(std::string& line, LogFormat format, const LogField& field) {
  if (format == LogFormat::kJson) {
    line += ',';
    line += quoted(field.name);
    line += ':';
    line += field.is_text ? quoted(field.value) : field.value;
    return;
  }
  line += ' ';
  line += field.name;
  line += '=';
  line += is_plain(field.value) ? field.value : quoted(field.value);
}

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarn:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
    case LogLevel::kCritical:
      break;
  }
  return spdlog::level::critical;
}

// The one log of a process.
struct EventLog {
  std::atomic<LogFormat> format{LogFormat::kText};
  std::atomic<std::uint16_t> node{0};
  std::atomic<std::uint64_t> term{0}, height{0};
  std::mutex mutex;  // guards `limit` and `logger`
  EventLimit limit;
  std::shared_ptr<spdlog::logger> logger;
};

EventLog& event_log() {
  static EventLog log;
  return log;
}

std::shared_ptr<spdlog::logger> make_logger(LogFormat format, LogLevel least) {
  auto logger =
      std::make_shared<spdlog::logger>("circula", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern(
      format == LogFormat::kJson ? R"({"time":"%Y-%m-%dT%H:%M:%S.%FZ",%v})" : "%Y-%m-%dT%H:%M:%S.%eZ %v",
      spdlog::pattern_time_type::utc);
  logger->set_level(to_spdlog(least));
  logger->flush_on(spdlog::level::info);
  return logger;
}

}  // namespace

std::string format_event(LogFormat format, LogLevel level, std::string_view event,
                         const LogPosition& position, std::initializer_list<LogField> fields,
                         std::uint64_t suppressed) {
  const std::string_view level_name = kLevelNames[static_cast<std::size_t>(level)];
  std::string line = format == LogFormat::kJson ? "\"level\":" + quoted(level_name) : std::string(level_name);
  put(line, format, {"event", event});
  if (position.node != 0) put(line, format, {"node", position.node});
  if (position.term != 0) put(line, format, {"term", position.term});
  if (position.height != 0) put(line, format, {"height", position.height});
  for (const LogField& field : fields) put(line, format, field);
  if (suppressed != 0) put(line, format, {"suppressed", suppressed});
  return line;
}

std::optional<std::uint64_t> EventLimit::admit(std::string_view event, std::uint64_t now_ms) {
  auto found = windows_.find(event);
  if (found == windows_.end()) found = windows_.emplace(std::string(event), Window{now_ms, 0, 0}).first;
  Window& window = found->second;
  if (now_ms >= window.since_ms + kIntervalMs) {
    window.since_ms = now_ms;
    window.lines = 0;
  }
  if (window.lines >= kLinesMax) {
    ++window.suppressed;
    return std::nullopt;
  }
  ++window.lines;
  return std::exchange(window.suppressed, 0);
}

std::optional<LogLevel> log_level(std::string_view name) {
  for (std::size_t at = 0; at + 1 < kLevelNames.size(); ++at) {
    if (kLevelNames[at] == name) return static_cast<LogLevel>(at);
  }
  return std::nullopt;
}

void set_up_event_log(LogFormat format, LogLevel least, std::uint16_t node) {
  EventLog& log = event_log();
  const std::lock_guard lock(log.mutex);
  log.format = format;
  log.node = node;
  log.logger = make_logger(format, least);
}

void set_log_position(std::uint64_t term, std::uint64_t height) {
  event_log().term.store(term, std::memory_order_relaxed);
  event_log().height.store(height, std::memory_order_relaxed);
}

void log_event(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  EventLog& log = event_log();
  std::shared_ptr<spdlog::logger> logger;
  std::optional<std::uint64_t> suppressed;
  {
    const std::lock_guard lock(log.mutex);
    if (!log.logger) log.logger = make_logger(log.format, LogLevel::kError);
    logger = log.logger;
    if (!logger->should_log(to_spdlog(level))) return;
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    suppressed = log.limit.admit(
        event,
        static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count()));
  }
  if (!suppressed && level != LogLevel::kCritical) return;
  const LogPosition position{log.node, log.term, log.height};
  logger->log(to_spdlog(level), "{}",
              format_event(log.format, level, event, position, fields, suppressed.value_or(0)));
}

void close_event_log() {
  const std::lock_guard lock(event_log().mutex);
  if (event_log().logger) event_log().logger->flush();
}

}  // namespace circula::node
