// What the chain's parameters mean to rules (design.md 4).
#pragma once

#include "ledger/calendar.h"
#include "ledger/proto/genesis.pb.h"

namespace circula::ledger {

// Working days by the holidays and the made-up workdays of the parameters.
[[nodiscard]] WorkCalendar work_calendar(const proto::Parameters& parameters);

}  // namespace circula::ledger
