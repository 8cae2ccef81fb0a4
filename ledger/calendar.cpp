#include "ledger/calendar.h"

#include <algorithm>
#include <array>
#include <optional>

namespace circula::ledger {
namespace {

constexpr std::int32_t kYearMin = 1;
constexpr std::int32_t kYearMax = 9999;
constexpr std::int64_t kMillisecondsPerSecond = 1000;

// How many days in a row may be holidays before the search for a working day stops looking: a list that
// makes every day a holiday must not make execution hang. China's longest holiday so far had 8 days.
constexpr int kSearchDaysMax = 400;

std::int64_t floor_divide(std::int64_t number, std::int64_t divisor) {
  return number / divisor - (number % divisor < 0 ? 1 : 0);
}

Seconds within_range(Seconds time) { return std::clamp(time, kTimeMin, kTimeMax); }

bool is_leap_year(std::int32_t year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

std::uint32_t days_in_month(std::int32_t year, std::uint32_t month) {
  constexpr std::array<std::uint32_t, 12> kDays{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap_year(year) ? 29 : kDays[month - 1];
}

std::string padded(std::int64_t number, std::size_t digits) {
  const std::string text = std::to_string(number);
  return std::string(digits - std::min(digits, text.size()), '0') + text;
}

std::optional<std::int32_t> digits(std::string_view text) {
  std::int32_t number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  return number;
}

// "YYYY-MM-DD"
std::optional<CivilDate> read_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto year = digits(text.substr(0, 4));
  const auto month = digits(text.substr(5, 2));
  const auto day = digits(text.substr(8, 2));
  if (!year || !month || !day) return std::nullopt;
  const CivilDate date{*year, static_cast<std::uint32_t>(*month), static_cast<std::uint32_t>(*day)};
  if (!is_valid(date)) return std::nullopt;
  return date;
}

// "HH:MM" or "HH:MM:SS", in seconds
std::optional<Seconds> read_clock(std::string_view text) {
  const bool with_seconds = text.size() == 8;
  if ((text.size() != 5 && !with_seconds) || text[2] != ':' || (with_seconds && text[5] != ':')) {
    return std::nullopt;
  }
  const auto hours = digits(text.substr(0, 2));
  const auto minutes = digits(text.substr(3, 2));
  const auto seconds = with_seconds ? digits(text.substr(6, 2)) : 0;
  if (!hours || !minutes || !seconds || *hours > 23 || *minutes > 59 || *seconds > 59) return std::nullopt;
  return *hours * 3600 + *minutes * 60 + *seconds;
}

// "Z" or "+HH:MM" or "-HH:MM", in seconds east of UTC
std::optional<Seconds> read_offset(std::string_view text) {
  if (text == "Z") return 0;
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const std::optional<Seconds> size = read_clock(text.substr(1));
  if (!size) return std::nullopt;
  return text[0] == '-' ? -*size : *size;
}

Period period_between(const CivilDate& first, const CivilDate& next) {
  return {start_of_day(day_number(first)), start_of_day(day_number(next))};
}

Error not_a(std::string_view what, std::string_view text, std::string_view field) {
  return error(Code::E_TIME, std::string(what) + " expected, found \"" + std::string(text) + "\"",
               std::string(field));
}

}  // namespace

bool is_valid(const CivilDate& date) {
  return date.year >= kYearMin && date.year <= kYearMax && date.month >= 1 && date.month <= 12 &&
         date.day >= 1 && date.day <= days_in_month(date.year, date.month);
}

// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": the year begins in March, so that the leap
// day is the last one of its year, and repeats after an era of 400 years with 146,097 days.
DayNumber day_number(const CivilDate& date) {
  const std::int64_t year = date.year - (date.month <= 2 ? 1 : 0);
  const std::int64_t era = floor_divide(year, 400);
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t month_from_march = (date.month + 9) % 12;
  const std::int64_t day_of_year = (153 * month_from_march + 2) / 5 + date.day - 1;
  const std::int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return static_cast<DayNumber>(era * 146'097 + day_of_era - 719'468);
}

CivilDate civil_date(DayNumber day) {
  const std::int64_t shifted = std::int64_t{day} + 719'468;
  const std::int64_t era = floor_divide(shifted, 146'097);
  const std::int64_t day_of_era = shifted - era * 146'097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month_from_march = (5 * day_of_year + 2) / 153;
  const std::int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  return {static_cast<std::int32_t>(year_of_era + era * 400 + (month <= 2 ? 1 : 0)),
          static_cast<std::uint32_t>(month),
          static_cast<std::uint32_t>(day_of_year - (153 * month_from_march + 2) / 5 + 1)};
}

DayNumber day_of(Seconds time) {
  return static_cast<DayNumber>(floor_divide(within_range(time) + kUtc8OffsetSeconds, kSecondsPerDay));
}

Seconds start_of_day(DayNumber day) { return day * kSecondsPerDay - kUtc8OffsetSeconds; }

std::string day_key(Seconds time) { return format_date(day_of(time)); }
std::string month_key(Seconds time) { return day_key(time).substr(0, 7); }
std::string year_key(Seconds time) { return day_key(time).substr(0, 4); }

Result<Period> parse_period(std::string_view text, std::string_view field) {
  const std::string first = std::string(text) + (text.size() == 7 ? "-01" : text.size() == 4 ? "-01-01" : "");
  const std::optional<CivilDate> date = read_date(first);
  if (!date) return not_a("a day 2023-05-01, a month 2023-05 or a year 2023", text, field);
  if (text.size() == 4) return period_between(*date, {date->year + 1, 1, 1});
  if (text.size() == 7) {
    const bool december = date->month == 12;
    return period_between(*date, {date->year + (december ? 1 : 0), december ? 1 : date->month + 1, 1});
  }
  const DayNumber day = day_number(*date);
  return Period{start_of_day(day), start_of_day(day + 1)};
}

Result<DayNumber> parse_date(std::string_view text, std::string_view field) {
  const std::optional<CivilDate> date = read_date(text);
  if (!date) return not_a("a date such as 2023-05-01", text, field);
  return day_number(*date);
}

std::string format_date(DayNumber day) {
  const CivilDate date = civil_date(day);
  return padded(date.year, 4) + "-" + padded(date.month, 2) + "-" + padded(date.day, 2);
}

std::string format_time(Seconds any_time) {
  const Seconds time = within_range(any_time);
  const Seconds second_of_day = time - start_of_day(day_of(time));
  return day_key(time) + "T" + padded(second_of_day / 3600, 2) + ":" + padded(second_of_day / 60 % 60, 2) +
         ":" + padded(second_of_day % 60, 2) + "+08:00";
}

std::string format_time_ms(std::uint64_t time_ms) {
  const std::uint64_t whole = time_ms / kMillisecondsPerSecond;
  if (whole > static_cast<std::uint64_t>(kTimeMax)) return std::to_string(time_ms) + " ms";
  std::string text = format_time(static_cast<Seconds>(whole));
  const auto fraction = static_cast<std::int64_t>(time_ms % kMillisecondsPerSecond);
  if (fraction != 0) text.insert(text.size() - std::string_view("+08:00").size(), "." + padded(fraction, 3));
  return text;
}

Result<Seconds> parse_time(std::string_view text, std::string_view field) {
  constexpr std::string_view kExpected = "a time such as 2023-05-01T08:00:00+08:00, or a date,";
  if (text.size() == 10) {
    const std::optional<CivilDate> date = read_date(text);
    if (!date) return not_a(kExpected, text, field);
    return start_of_day(day_number(*date));
  }
  constexpr std::size_t kClockAt = 11;
  constexpr std::size_t kOffsetAt = 19;
  if (text.size() <= kOffsetAt || text[10] != 'T') return not_a(kExpected, text, field);
  const std::optional<CivilDate> date = read_date(text.substr(0, 10));
  const std::optional<Seconds> clock = read_clock(text.substr(kClockAt, kOffsetAt - kClockAt));
  const std::optional<Seconds> offset = read_offset(text.substr(kOffsetAt));
  if (!date || !clock || !offset) return not_a(kExpected, text, field);
  return start_of_day(day_number(*date)) + kUtc8OffsetSeconds + *clock - *offset;
}

WorkCalendar::WorkCalendar(std::span<const DayNumber> holidays, std::span<const DayNumber> workdays)
    : holidays_(holidays.begin(), holidays.end()), workdays_(workdays.begin(), workdays.end()) {}

bool WorkCalendar::is_working_day(DayNumber day) const {
  constexpr std::int64_t kThursday = 3;  // day 0, counted from Monday = 0
  const std::int64_t weekday =
      std::int64_t{day} + kThursday - floor_divide(std::int64_t{day} + kThursday, 7) * 7;
  return weekday < 5 ? !holidays_.contains(day) : workdays_.contains(day);
}

DayNumber WorkCalendar::nth_working_day_after(DayNumber day, std::uint32_t working_days) const {
  for (std::uint32_t counted = 0; counted < std::min(working_days, kWorkingDaysMax); ++counted) {
    int searched = 0;
    do {
      ++day;
    } while (!is_working_day(day) && ++searched < kSearchDaysMax);
  }
  return day;
}

Seconds WorkCalendar::deadline(Seconds time, std::uint32_t working_days) const {
  if (working_days == 0) return time;
  return start_of_day(nth_working_day_after(day_of(time), working_days) + 1);
}

}  // namespace circula::ledger
