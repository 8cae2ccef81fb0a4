// Record 17 CONTRACT, and its operation `report`: the filing of a deal that was made off the exchange
// (records.md 3.4, 3.5). Deals on the exchange are in contract_exchange.h.
//
// Both sides sign. The seller holds some of right O of the product, and the signers a quorum of it. The
// contract pins the version of the product's agreement that was in force when the deal was made, or says
// that it follows the versions; royalties further down are always shared by the versions in force when a
// milestone is accepted. The whole cascade must resolve at the time of the deal, so that no settlement fails
// for what could be known now. A contract is an open item of both sides until it is settled.
//
// Invariants: 1. milestones sum to the total, in the agreement's currency; 2. settled <= milestone (I10);
// 3. no record sets an end to an agreement that shared the income when the deal was reported before it is
// settled.
#pragma once

#include "ledger/proto/contract.pb.h"
#include "ledger/registry.h"

namespace circula::ledger {

extern const Family kContractFamily;

inline constexpr std::uint16_t kEffectContractReported = 1701;
inline constexpr std::uint16_t kEffectMilestoneSettled = 1702;  // 1703 to 1705: contract_exchange.h
inline constexpr std::uint16_t kEffectMilestoneFunded = 1706;
inline constexpr std::uint16_t kEffectMilestoneReleased = 1707;

[[nodiscard]] Result<proto::ContractState> find_contract(Execution& execution, const std::string& id,
                                                         const std::string& field);

// Writes a milestone as settled; with the last one the contract is, and its agreements and parties are free.
// REQUIRES: the contract has this milestone, and it is open.
void settle_milestone(Execution& execution, const ShortId& contract, proto::ContractState state,
                      const proto::MilestoneSettled& settled);

}  // namespace circula::ledger
