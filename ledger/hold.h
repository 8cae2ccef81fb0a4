// Record 19 HOLD: the buyer's money is reserved for a milestone (records.md 3.3, 3.4).
//
// A hold is the milestone's whole amount. It expires by due work, back to the buyer; once delivery has
// started it no longer does, until it is settled or its milestone terminated: a seller who delivers is not
// left without the money, also when the exchange is slow to settle.
//
// Invariants (I09): 1. at most one live hold for each milestone; 2. it ends once: posted, voided or expired;
// 3. posted + freed = held.
#pragma once

#include "ledger/milestone.h"
#include "ledger/posting.h"
#include "ledger/proto/hold.pb.h"

namespace circula::ledger {

extern const Family kHoldFamily;

inline constexpr std::uint16_t kEffectHoldPlaced = 1901;
inline constexpr std::uint16_t kEffectHoldPinned = 1902;
inline constexpr std::uint16_t kEffectHoldEnded = 1903;

// A hold lasts until its contract's last delivery was accepted, and this long after it (records.md 3.4).
inline constexpr std::int64_t kHoldSlackDays = 5;

// Due work: the time of a hold is over.
inline constexpr std::uint16_t kDueHoldExpires = 1901;

// The live hold of a milestone, as it counts at ledger time.
[[nodiscard]] std::optional<proto::HoldState> live_hold(Execution& execution, const ShortId& contract,
                                                        std::uint32_t milestone);
// From now on it does not expire. REQUIRES: it is live.
void pin_hold(Execution& execution, const ShortId& contract, std::uint32_t milestone, proto::HoldState hold);
// Ends a live hold: what is not posted goes back to the buyer. The posted part is the caller's to credit.
void end_hold(Execution& execution, const ShortId& contract, std::uint32_t milestone, proto::HoldState hold,
              proto::HoldStatus status, std::int64_t posted_minor, Postings& postings);

}  // namespace circula::ledger
