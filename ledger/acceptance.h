// Record 22 ACCEPTANCE: the buyer judges a delivery (records.md 3.4). Who says nothing within the contract's
// acceptance days has accepted: deemed acceptance is due work, and rules count it from its time on.
//
// After a rejection the seller may deliver again within the contract's cure days; after them either side may
// terminate (contract_change.cpp).
#pragma once

#include "ledger/registry.h"

namespace circula::ledger {

extern const Family kAcceptanceFamily;

}  // namespace circula::ledger
