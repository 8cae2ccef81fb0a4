#include "ledger/calendar.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>

namespace circula::ledger {
namespace {

// Day numbers and times from Python's datetime.
TEST(Calendar, day_numbers_agree_with_the_gregorian_calendar) {
  const std::array<std::pair<CivilDate, DayNumber>, 11> expected{{{{1, 1, 1}, -719'162},
                                                                  {{1600, 2, 29}, -135'081},
                                                                  {{1900, 2, 28}, -25'509},
                                                                  {{1900, 3, 1}, -25'508},
                                                                  {{1969, 12, 31}, -1},
                                                                  {{1970, 1, 1}, 0},
                                                                  {{2000, 2, 29}, 11'016},
                                                                  {{2022, 7, 22}, 19'195},
                                                                  {{2023, 5, 1}, 19'478},
                                                                  {{2100, 3, 1}, 47'541},
                                                                  {{9999, 12, 31}, 2'932'896}}};
  for (const auto& [date, day] : expected) {
    EXPECT_EQ(day_number(date), day);
    EXPECT_EQ(civil_date(day), date);
  }
}

TEST(Calendar, each_day_follows_the_one_before_it) {
  CivilDate before = civil_date(-719'162);
  for (DayNumber day = -719'161; day <= 2'932'896; ++day) {
    const CivilDate date = civil_date(day);
    ASSERT_TRUE(is_valid(date)) << day;
    ASSERT_LT(before, date) << day;
    ASSERT_EQ(day_number(date), day);
    before = date;
  }
}

TEST(Calendar, a_day_begins_at_sixteen_hundred_utc_of_the_day_before) {
  EXPECT_EQ(day_key(1'682'870'399), "2023-04-30");
  EXPECT_EQ(day_key(1'682'870'400), "2023-05-01");
  EXPECT_EQ(month_key(1'682'870'399), "2023-04");
  EXPECT_EQ(month_key(1'682'870'400), "2023-05");
  EXPECT_EQ(year_key(1'672'502'399), "2022");
  EXPECT_EQ(year_key(1'672'502'400), "2023");
  EXPECT_EQ(day_key(-28'801), "1969-12-31");
  EXPECT_EQ(day_key(0), "1970-01-01");
}

TEST(Calendar, a_period_runs_up_to_its_end_without_it) {
  EXPECT_EQ(*parse_period("2023-05-01"), (Period{1'682'870'400, 1'682'956'800}));
  EXPECT_EQ(*parse_period("2023-05"), (Period{1'682'870'400, 1'685'548'800}));
  EXPECT_EQ(*parse_period("2023"), (Period{1'672'502'400, 1'704'038'400}));
  EXPECT_EQ(parse_period("2023-12")->to, 1'704'038'400);
  const Period may = *parse_period("2023-05");
  EXPECT_TRUE(may.contains(may.from));
  EXPECT_FALSE(may.contains(may.to));
}

TEST(Calendar, refuses_dates_that_do_not_exist_and_other_spellings) {
  for (const char* text :
       {"", "2023-5", "2023-13", "2023-00", "2023-02-29", "2023-04-31", "2023-04-00", "2023/05", "23-05-01",
        "2023-05-1", "2023-05-01 ", "0000", "20230501", "+023", "2023-0a"}) {
    const auto period = parse_period(text, "month");
    ASSERT_FALSE(period) << text;
    EXPECT_EQ(period.error().code, Code::E_TIME);
    EXPECT_EQ(period.error().field, "month");
  }
  EXPECT_TRUE(parse_date("2024-02-29"));
  EXPECT_FALSE(parse_date("2100-02-29"));
  EXPECT_FALSE(parse_date("2023-05"));
}

TEST(Calendar, times_for_people_state_their_offset) {
  EXPECT_EQ(format_time(1'682'899'199), "2023-05-01T07:59:59+08:00");
  EXPECT_EQ(format_time(0), "1970-01-01T08:00:00+08:00");
  EXPECT_EQ(format_time_ms(1'682'899'199'000), "2023-05-01T07:59:59+08:00");
  EXPECT_EQ(format_time_ms(1'682'899'199'007), "2023-05-01T07:59:59.007+08:00");
}

TEST(Calendar, times_outside_the_calendar_count_as_its_ends) {
  EXPECT_EQ(format_time(std::numeric_limits<Seconds>::max()), "9999-12-31T23:59:59+08:00");
  EXPECT_EQ(format_time(std::numeric_limits<Seconds>::min()), "0001-01-01T00:00:00+08:00");
  EXPECT_EQ(day_key(std::numeric_limits<Seconds>::max()), "9999-12-31");
  EXPECT_EQ(format_time_ms(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615 ms");
}

TEST(Calendar, reads_times_with_any_offset) {
  EXPECT_EQ(*parse_time("2023-05-01T08:00:00+08:00"), 1'682'899'200);
  EXPECT_EQ(*parse_time("2023-05-01T00:00:00Z"), 1'682'899'200);
  EXPECT_EQ(*parse_time("2023-04-30T20:30:15-03:30"), 1'682'899'215);
  EXPECT_EQ(*parse_time("2023-05-01"), 1'682'870'400);
  for (const char* text :
       {"2023-05-01T08:00:00", "2023-05-01 08:00:00Z", "2023-05-01T24:00:00Z", "2023-05-01T08:60:00Z",
        "2023-05-01T08:00:00+8", "2023-05-01T08:00Z", "tomorrow"}) {
    EXPECT_FALSE(parse_time(text)) << text;
  }
}

// The State Council's calendar for May Day 2023: no work from 29 April to 3 May; work on Sunday, 23 April
// and Saturday, 6 May.
class MayDay2023 : public ::testing::Test {
 protected:
  static DayNumber day(std::string_view text) { return *parse_date(text); }

  const std::array<DayNumber, 3> holidays_{19'478, 19'479, 19'480};
  const std::array<DayNumber, 2> workdays_{19'470, 19'483};
  const WorkCalendar calendar_{holidays_, workdays_};
};

TEST_F(MayDay2023, holidays_and_make_up_days_are_known) {
  for (const char* text : {"2023-04-23", "2023-04-28", "2023-05-04", "2023-05-06", "2023-05-08"}) {
    EXPECT_TRUE(calendar_.is_working_day(day(text))) << text;
  }
  for (const char* text :
       {"2023-04-22", "2023-04-29", "2023-04-30", "2023-05-01", "2023-05-03", "2023-05-07"}) {
    EXPECT_FALSE(calendar_.is_working_day(day(text))) << text;
  }
}

TEST_F(MayDay2023, five_working_days_from_the_friday_before_end_with_tuesday_9_may) {
  const Seconds friday_noon = *parse_time("2023-04-28T12:00:00+08:00");
  EXPECT_EQ(format_time(calendar_.deadline(friday_noon, 5)), "2023-05-10T00:00:00+08:00");
  EXPECT_EQ(format_time(calendar_.deadline(friday_noon, 1)), "2023-05-05T00:00:00+08:00");
}

TEST_F(MayDay2023, no_working_days_end_at_once) {
  EXPECT_EQ(calendar_.deadline(1'682'899'199, 0), 1'682'899'199);
}

TEST(WorkCalendar, without_lists_weeks_have_five_working_days) {
  const WorkCalendar calendar;
  EXPECT_TRUE(calendar.is_working_day(0));  // a Thursday
  EXPECT_FALSE(calendar.is_working_day(2));
  EXPECT_FALSE(calendar.is_working_day(-4));  // Sunday, 28 December 1969
  EXPECT_TRUE(calendar.is_working_day(-3));
  EXPECT_EQ(calendar.deadline(0, 5), start_of_day(8)) << "the end of the Thursday after it";
}

TEST(WorkCalendar, a_calendar_of_holidays_only_does_not_hang) {
  std::vector<DayNumber> holidays;
  for (DayNumber day = 0; day < 2'000'000; day += 1) holidays.push_back(day);
  const WorkCalendar calendar(holidays, {});
  EXPECT_GT(calendar.deadline(0, std::numeric_limits<std::uint32_t>::max()), 0);
}

}  // namespace
}  // namespace circula::ledger
