// Record 23 SETTLE: a milestone of a contract is settled and its income shared (records.md 3.4; 27).
//
// Off the exchange both sides report that it was accepted and paid; the ledger moves no money. On it the
// exchange posts the money that was held (settlement_exchange.h). Either makes the revenue event.
//
// The event's time is the acceptance. A report is shared by the version in force then, or the one that it
// pins; a deal on the exchange by the versions of the whole cascade that its contract pinned when it was
// signed, so that what was sold can be settled. All of a cascade is in one currency, since agreements keep
// theirs and look at those below (26).
//
// Invariants: 1. each milestone is settled at most once, with at most its amount (I10); 2. the lines are
// what the engine makes of the terms and of what the event says that it read (I11).
#pragma once

#include <functional>

#include "ledger/income.h"
#include "ledger/proto/contract.pb.h"
#include "ledger/proto/settlement.pb.h"
#include "ledger/registry.h"

namespace circula::ledger {

extern const Family kSettlementFamily;

inline constexpr std::uint16_t kEffectEventSettled = 2301;
inline constexpr std::uint16_t kEffectTradeCertificateIssued = 2302;

// Moves the money that a distribution shares out; what that did for each payee.
using PostMoney = std::function<Result<MoneyByPayee>(const Distribution&)>;

// Shares the income of a milestone and writes the event, whose id is the record's.
[[nodiscard]] Result<void> share_income(Execution& execution, const proto::Settle& body,
                                        const proto::ContractState& contract, std::int64_t accepted_at_s,
                                        const PostMoney& post);

}  // namespace circula::ledger
