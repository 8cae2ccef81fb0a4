// Record 20 DELIVERY: the seller delivers a milestone (records.md 3.4, 3.5).
//
// It starts when the money is held and the licence runs; the first start of a contract makes the licence
// active, and the hold no longer expires. When it is complete the buyer has the contract's acceptance days to
// judge it (acceptance.h). That the buyer acknowledges what came is a statement of its own: nothing waits for
// it, so a silent buyer stops nobody.
#pragma once

#include "ledger/proto/delivery.pb.h"
#include "ledger/registry.h"

namespace circula::ledger {

extern const Family kDeliveryFamily;

inline constexpr std::size_t kProcessNameBytesMax = 64;

}  // namespace circula::ledger
