// Calendar rules at UTC+8 without daylight saving (records.md 3.1, `ts`): days, months and years as the keys
// of periods, dates and months as [from, to), working days, and times for people.
//
// Times are seconds since 1970-01-01T00:00:00Z, day numbers count days since 1970-01-01 at UTC+8. The
// calendar is the proleptic Gregorian one in integers (days_from_civil); no clock, time zone database or
// locale is read. Years reach from 1 to 9999: a time outside counts as the nearest end, since records carry
// any int64, and text outside is E_TIME.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "ledger/outcome.h"

namespace circula::ledger {

using Seconds = std::int64_t;    // since 1970-01-01T00:00:00Z
using DayNumber = std::int32_t;  // since 1970-01-01 at UTC+8; 1970-01-01 was a Thursday

inline constexpr Seconds kUtc8OffsetSeconds = 8 * 3600;
inline constexpr Seconds kSecondsPerDay = 86'400;
inline constexpr Seconds kTimeMin = -62'135'625'600;  // 0001-01-01T00:00:00+08:00
inline constexpr Seconds kTimeMax = 253'402'271'999;  // 9999-12-31T23:59:59+08:00

struct CivilDate {
  std::int32_t year = 1970;
  std::uint32_t month = 1;  // 1 to 12
  std::uint32_t day = 1;    // 1 to 31
  friend auto operator<=>(const CivilDate&, const CivilDate&) = default;
};

[[nodiscard]] bool is_valid(const CivilDate& date);
[[nodiscard]] DayNumber day_number(const CivilDate& date);
[[nodiscard]] CivilDate civil_date(DayNumber day);
[[nodiscard]] DayNumber day_of(Seconds time);       // the day at UTC+8 that contains `time`
[[nodiscard]] Seconds start_of_day(DayNumber day);  // 00:00:00 at UTC+8

// Keys of the periods that contain `time`: "2023-05-01", "2023-05", "2023".
[[nodiscard]] std::string day_key(Seconds time);
[[nodiscard]] std::string month_key(Seconds time);
[[nodiscard]] std::string year_key(Seconds time);

struct Period {
  Seconds from = 0;
  Seconds to = 0;  // not in the period
  [[nodiscard]] bool contains(Seconds time) const { return from <= time && time < to; }
  friend bool operator==(const Period&, const Period&) = default;
};

// The period that a day ("2023-05-01"), month ("2023-05") or year ("2023") names; E_TIME for all else.
[[nodiscard]] Result<Period> parse_period(std::string_view text, std::string_view field = {});
[[nodiscard]] Result<DayNumber> parse_date(std::string_view text, std::string_view field = {});
[[nodiscard]] std::string format_date(DayNumber day);

// Times for people: "2023-05-01T08:00:00+08:00". Ledger milliseconds keep their fraction only when it is
// not zero.
[[nodiscard]] std::string format_time(Seconds time);
[[nodiscard]] std::string format_time_ms(std::uint64_t time_ms);

// An RFC 3339 time with any offset or Z, to the second; or a date, which means its first second at UTC+8.
[[nodiscard]] Result<Seconds> parse_time(std::string_view text, std::string_view field = {});

// Which days are worked on: Monday to Friday but holidays, and weekend days that make up for them. The lists
// are parameters of the chain.
class WorkCalendar {
 public:
  // More working days than any waiting period; a greater number counts as this one.
  static constexpr std::uint32_t kWorkingDaysMax = 3'000;

  WorkCalendar() = default;
  WorkCalendar(std::span<const DayNumber> holidays, std::span<const DayNumber> workdays);

  [[nodiscard]] bool is_working_day(DayNumber day) const;

  // The end of the n-th working day after the day of `time`: the start of the day that follows it, so that
  // a deadline of n working days has passed when ledger time is at or after the result. 0: `time` itself.
  [[nodiscard]] Seconds deadline(Seconds time, std::uint32_t working_days) const;

 private:
  [[nodiscard]] DayNumber nth_working_day_after(DayNumber day, std::uint32_t working_days) const;

  std::set<DayNumber> holidays_;
  std::set<DayNumber> workdays_;
};

}  // namespace circula::ledger
