// Record 28 PERIOD_CLOSE: settles the guarantees of an agreement for a period of whole days at UTC+8
// (records.md 3.4, 3.7). What a party earned by events of the period, less what refunds took back so far, is
// compared with its guarantee by the rules of the last version that begins before the period's end. There
// are no accounts yet: a top-up is a reported line of the party's income, and a negative one of the
// guarantor's.
//
// Events of a closed period that are reported later, and later refunds, do not open it again.
//
// Invariants: 1. no day of an agreement is closed twice; 2. the lines of one close sum to zero.
#pragma once

#include "ledger/proto/period_close.pb.h"
#include "ledger/registry.h"

namespace circula::ledger {

extern const Family kPeriodCloseFamily;

inline constexpr std::int64_t kClosedDaysMax = 400;  // a year and a month of delay
// Closed periods with gaps between them; those that touch are one.
inline constexpr int kClosedPeriodsMax = 64;

inline constexpr std::uint16_t kEffectPeriodClosed = 2801;

}  // namespace circula::ledger
