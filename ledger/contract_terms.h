// What contracts on and off the exchange have in common: the schedule of milestones, and who binds the two
// sides (records.md 3.4, record 17).
#pragma once

#include "ledger/proto/contract.pb.h"
#include "ledger/registry.h"

namespace circula::ledger {

// Keeps the contract's subject small: a milestone takes about 100 bytes once it is settled.
inline constexpr int kMilestonesMax = 32;

using Milestones = google::protobuf::RepeatedPtrField<proto::Milestone>;

// Milestones 1, 2, 3 ... that sum to the total. `on_exchange`: each says when it is due, and a total of 0 is
// a deal for nothing. `field` is what both lie in, such as "sign". E_FORMAT, E_LIMIT, E_AMOUNT, E_TERMS,
// E_SCHEDULE_SUM.
[[nodiscard]] Result<void> check_schedule(const Milestones& milestones, std::int64_t total_minor,
                                          bool on_exchange, const std::string& field);

// The two sides of a deal about a product, by the fields that name them.
struct Sides {
  std::string seller;
  std::string buyer;
  std::string product;  // 16 bytes
  std::uint32_t grade = 0;
};
// Both may originate records and have signed, for important data with cdo and officer; the seller holds some
// of right O, and the signers a quorum of it. E_TERMS, E_STATE, E_ORG_SUSPENDED, E_POLICY, E_NO_RIGHT.
[[nodiscard]] Result<void> check_sides(Execution& execution, const Sides& sides, const std::string& field);

}  // namespace circula::ledger
