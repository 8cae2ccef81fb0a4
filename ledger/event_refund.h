// Record 24 REFUND, off the exchange: both sides of a contract report that some of a revenue event was given
// back (records.md 3.4, 3.7). Every line of the event gives back its proportion of what is left of it; each
// payee's income shows it as a negative line at the time of this record.
//
// Invariants (I15): 1. refunds of an event never exceed what was settled, nor those of a line its amount;
// 2. when all is refunded every line is at zero.
#pragma once

#include "ledger/proto/settlement.pb.h"
#include "ledger/registry.h"

namespace circula::ledger {

extern const Family kRefundFamily;

inline constexpr std::uint16_t kEffectEventRefunded = 2401;

}  // namespace circula::ledger
