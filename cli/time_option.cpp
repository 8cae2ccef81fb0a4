#include "cli/time_option.h"

#include "crypto/encoding.h"

namespace circula::cli {
namespace {

Error usage(std::string_view option, std::string_view expected, const std::string& found) {
  return error(Code::E_USAGE,
               "--" + std::string(option) + " is " + std::string(expected) + ", not \"" + found + "\"");
}

constexpr std::string_view kTime = "a date 2023-05-01 or a time 2023-05-01T08:00:00+08:00";
constexpr std::string_view kPeriod = "a month 2023-05, a day 2023-05-01 or a year 2023";
constexpr std::string_view kPoint =
    "a height 74, a day 2023-05-01, a month 2023-05 or a time 2023-05-01T08:00:00+08:00";

}  // namespace

Result<ledger::Seconds> time_option(const Arguments& arguments, std::string_view option) {
  if (!arguments.has(option)) return ledger::Seconds{0};
  const std::string text = arguments.text(option);
  auto time = ledger::parse_time(text);
  if (!time) return usage(option, kTime, text);
  return *time;
}

Result<void> check_time_options(const Arguments& arguments, std::initializer_list<std::string_view> options) {
  for (const std::string_view option : options) {
    if (auto time = time_option(arguments, option); !time) return time.error();
  }
  return {};
}

Result<ledger::Period> period_option(const Arguments& arguments, std::string_view option) {
  const std::string text = arguments.text(option);
  auto period = ledger::parse_period(text);
  if (!period) return usage(option, kPeriod, text);
  return *period;
}

Result<std::string> point_option(const Arguments& arguments, std::string_view option) {
  constexpr std::string_view kHeight = "height:";
  constexpr std::size_t kMonthCharacters = 7;
  const std::string text = arguments.text(option);
  if (crypto::u64_from_decimal(text)) return std::string(kHeight) + text;
  if (text.starts_with(kHeight) && crypto::u64_from_decimal(std::string_view(text).substr(kHeight.size())))
    return text;
  const bool good = text.size() == kMonthCharacters ? ledger::parse_period(text).has_value()
                                                    : ledger::parse_time(text).has_value();
  if (!good) return usage(option, kPoint, text);
  return text;
}

}  // namespace circula::cli
