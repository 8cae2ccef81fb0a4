// Record 23 SETTLE on the exchange: the money that was held for a milestone goes to the payees of its income,
// what is not settled of it back to the buyer, and the deal gets its trade certificate (records.md 3.3, 3.4).
//
// The exchange settles. When it has not done so three working days after acceptance the seller may, under the
// same checks: an exchange that does not settle can be passed by. Less than the milestone's amount takes the
// seller's signature beside the exchange's: what was accepted is the seller's money.
//
// Invariant: settled <= held = milestone; the lines sum to what is settled.
#pragma once

#include "ledger/settlement.h"

namespace circula::ledger {

// REQUIRES: the contract that the body names exists and is one of the exchange.
[[nodiscard]] Result<void> settle_on_exchange(Execution& execution, const proto::Settle& body);

// The code under which an exchange numbers its trade certificates: its registrar code if it has one, else the
// eight characters of its organisation code that name it (GB 32100). E_CERT_NO without either.
[[nodiscard]] Result<std::string> trade_code(Execution& execution, const std::string& exchange,
                                             const std::string& field);

}  // namespace circula::ledger
