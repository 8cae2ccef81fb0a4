// Record 23 SETTLE, off the exchange: both sides of a contract report that a milestone was accepted and paid
// (records.md 3.4). The ledger moves no money; it makes the revenue event and shares the income (27).
//
// The event's time is the acceptance: the version in force then shares it, or the one that the contract
// pins. A failure of the engine changes nothing, and the milestone can be settled once the agreement is
// mended. All of a cascade is in one currency, since agreements keep theirs and look at those below (26).
//
// Invariants: 1. each milestone is settled at most once, with at most its amount (I10); 2. the lines are
// what the engine makes of the terms and of what the event says that it read (I11).
#pragma once

#include "ledger/proto/settlement.pb.h"
#include "ledger/registry.h"

namespace circula::ledger {

extern const Family kSettlementFamily;

inline constexpr std::uint16_t kEffectEventSettled = 2301;

}  // namespace circula::ledger
