#include "ledger/parameters.h"

#include <vector>

namespace circula::ledger {

WorkCalendar work_calendar(const proto::Parameters& parameters) {
  const std::vector<DayNumber> holidays(parameters.holidays().begin(), parameters.holidays().end());
  const std::vector<DayNumber> workdays(parameters.workdays().begin(), parameters.workdays().end());
  return {holidays, workdays};
}

}  // namespace circula::ledger
