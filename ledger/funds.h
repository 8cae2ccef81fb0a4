// Records 18 FUNDS_IN and 29 PAYOUT: money comes in at the settlement bank of an exchange and goes out of it
// again (records.md 3.3, 3.4).
//
// The bank signs what it received and what it paid; the payee orders a payout with its finance keys. Whoever
// owes something from a refund or a guarantee takes nothing out (E_CLAWBACK).
//
// Invariants: 1. a bank reference counts once an exchange (I08); 2. a payout is ordered, then paid or
// returned once; 3. money paid out <= money paid in, for each exchange and currency.
#pragma once

#include "ledger/proto/funds.pb.h"
#include "ledger/registry.h"

namespace circula::ledger {

extern const Family kFundsFamily;

inline constexpr std::uint16_t kEffectPayoutOrdered = 2901;
inline constexpr std::uint16_t kEffectPayoutEnded = 2902;

}  // namespace circula::ledger
