// Record 16 ORDER: a buyer orders from a listing, the seller's side answers (records.md 3.4).
//
// open -> accepted -> contracted; or rejected, cancelled by the buyer while it is open, or expired. An order
// keeps the terms that it was placed at: a later price does not touch it. Whatever a contract would refuse is
// asked when it is placed, and again when it is accepted.
//
// Invariants: 1. the total is price x quantity; 2. an order is answered and contracted before open_until,
// also while its due row waits; 3. the seller holds some of right O when it accepts, and is not the buyer.
#pragma once

#include <string>

#include "ledger/proto/order.pb.h"
#include "ledger/registry.h"

namespace circula::ledger {

extern const Family kOrderFamily;

inline constexpr std::size_t kTerritoryCharactersMax = 16;

// Due work: the time of an order is over.
inline constexpr std::uint16_t kDueOrderOver = 1601;

// An order that a body names by its 16 bytes: E_FORMAT, E_NOT_FOUND.
[[nodiscard]] Result<proto::OrderState> find_order(Execution& execution, const std::string& id,
                                                   const std::string& field);

// Accepted, and its time is not over.
[[nodiscard]] bool can_be_contracted(const proto::OrderState& order, std::int64_t time_s);

// The order has become this contract. REQUIRES: can_be_contracted().
void mark_contracted(Execution& execution, const ShortId& order, proto::OrderState state,
                     const ShortId& contract);

}  // namespace circula::ledger
