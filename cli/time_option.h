// Times as a user types them behind an option. What is malformed is E_USAGE and names the option, also where
// the same text in a record would be an outcome.
#pragma once

#include <string_view>

#include "cli/command.h"
#include "ledger/calendar.h"

namespace circula::cli {

// Seconds since 1970; 0 when the option was not given.
[[nodiscard]] Result<ledger::Seconds> time_option(const Arguments& arguments, std::string_view option);
// E_USAGE unless the option is absent or a time: for texts that go into a body as they are.
[[nodiscard]] Result<void> check_time_options(const Arguments& arguments,
                                              std::initializer_list<std::string_view> options);
// A day, a month or a year. REQUIRES the option was given.
[[nodiscard]] Result<ledger::Period> period_option(const Arguments& arguments, std::string_view option);
// A point of the log: a day, a month, a time or a height, as the API takes it ("height:74").
[[nodiscard]] Result<std::string> point_option(const Arguments& arguments, std::string_view option);

}  // namespace circula::cli
