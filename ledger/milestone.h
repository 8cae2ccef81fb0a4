// Milestones of a contract on the exchange: signed -> funded -> delivering -> delivered -> accepted ->
// settled (records.md 3.5). A delivery that was rejected goes back to delivering; one that nobody judges in
// time counts as accepted. A milestone of a deal for nothing needs no money and ends closed with its
// acceptance.
//
// Rules read times, not flags: live_contract() shows a contract as it counts at ledger time, also while the
// due work that will write it down still waits (design.md 4).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ledger/account.h"
#include "ledger/contract.h"

namespace circula::ledger {

inline constexpr std::uint32_t kAcceptanceDaysMax = 90;
inline constexpr std::uint32_t kCureDaysMax = 90;
inline constexpr std::uint32_t kCureDaysDefault = 10;

// Due work: deliveries that count as accepted.
inline constexpr std::uint16_t kDueDeemedAcceptance = 2201;

using OpenItems = std::map<std::string, int>;  // by oid, for adjust_open_items()

struct LiveContract {
  ShortId id{};
  proto::ContractState state;

  [[nodiscard]] bool is_free() const { return state.total_minor() == 0; }
  [[nodiscard]] Venue venue() const { return {state.exchange(), state.currency()}; }
};

// A contract of the exchange as it counts now: E_FORMAT, E_NOT_FOUND, and E_TERMS for one off the exchange.
[[nodiscard]] Result<LiveContract> live_contract(Execution& execution, const std::string& id,
                                                 const std::string& field);
// Its n-th milestone: E_NOT_FOUND.
[[nodiscard]] Result<proto::MilestoneState*> find_milestone(LiveContract& contract, std::uint32_t n,
                                                            const std::string& field);

[[nodiscard]] bool has_ended(const proto::MilestoneState& milestone);
// No money, delivery or acceptance hangs on it yet.
[[nodiscard]] bool is_untouched(const proto::MilestoneState& milestone);

void accept_milestone(const LiveContract& contract, proto::MilestoneState& milestone, std::int64_t at_s,
                      bool deemed);
// Accepts what nobody has judged until `time_s`; the numbers.
std::vector<std::uint32_t> deem_accepted(LiveContract& contract, std::int64_t time_s);

// Schedules deemed acceptance, or forgets it unless another milestone waits for the same moment.
void await_acceptance(Execution& execution, const LiveContract& contract, std::int64_t until_s);
void forget_acceptance(Execution& execution, const LiveContract& contract, std::int64_t until_s);

// Writes the contract after an effect. With its last milestone it ends: its agreements and parties are free,
// and a licence that nothing was accepted under is terminated.
void write_contract(Execution& execution, LiveContract& contract, std::uint16_t effect_type,
                    const google::protobuf::Message& effect, OpenItems& open_items);

}  // namespace circula::ledger
