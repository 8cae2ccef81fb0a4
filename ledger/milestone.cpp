#include "ledger/milestone.h"

#include <algorithm>

#include "ledger/income.h"
#include "ledger/licence.h"

namespace circula::ledger {
namespace {

std::uint64_t ms(std::int64_t time_s) { return static_cast<std::uint64_t>(time_s) * 1000; }

bool waits_until(const LiveContract& contract, std::int64_t until_s) {
  return std::ranges::any_of(contract.state.milestones(), [&](const proto::MilestoneState& each) {
    return each.status() == proto::CONTRACT_STATUS_DELIVERED && each.accept_until_s() == until_s;
  });
}

bool any_with(const proto::ContractState& state, proto::ContractStatus status) {
  return std::ranges::any_of(state.milestones(),
                             [&](const proto::MilestoneState& each) { return each.status() == status; });
}

// Of a contract whose milestones have all ended.
proto::ContractStatus end_status(const proto::ContractState& state) {
  for (const proto::ContractStatus status : {proto::CONTRACT_STATUS_SETTLED, proto::CONTRACT_STATUS_CLOSED}) {
    if (any_with(state, status)) return status;
  }
  return proto::CONTRACT_STATUS_TERMINATED;
}

// Where a contract stands is where the first of its milestones that has not ended stands.
proto::ContractStatus status_of(const proto::ContractState& state) {
  const auto open = std::ranges::find_if_not(state.milestones(), has_ended);
  return open == state.milestones().end() ? end_status(state) : open->status();
}

void release_parties(Execution& execution, const LiveContract& contract, OpenItems& open_items) {
  for (const std::string& agreement : contract.state.agreements())
    adjust_open_contracts(execution, ShortId::from(crypto::as_bytes(agreement)), -1);
  --open_items[contract.state.seller()];
  --open_items[contract.state.buyer()];
  if (contract.state.status() == proto::CONTRACT_STATUS_TERMINATED) terminate_licence(execution, contract.id);
}

}  // namespace

bool has_ended(const proto::MilestoneState& milestone) {
  return milestone.status() == proto::CONTRACT_STATUS_SETTLED ||
         milestone.status() == proto::CONTRACT_STATUS_CLOSED ||
         milestone.status() == proto::CONTRACT_STATUS_TERMINATED;
}

bool is_untouched(const proto::MilestoneState& milestone) {
  return milestone.status() == proto::CONTRACT_STATUS_SIGNED;
}

void accept_milestone(const LiveContract& contract, proto::MilestoneState& milestone, std::int64_t at_s,
                      bool deemed) {
  milestone.set_status(contract.is_free() ? proto::CONTRACT_STATUS_CLOSED : proto::CONTRACT_STATUS_ACCEPTED);
  milestone.set_accepted_at_s(at_s);
  milestone.set_accept_until_s(0);
  milestone.set_deemed(deemed);
}

std::vector<std::uint32_t> deem_accepted(LiveContract& contract, std::int64_t time_s) {
  std::vector<std::uint32_t> accepted;
  for (int item = 0; item < contract.state.milestones_size(); ++item) {
    proto::MilestoneState& milestone = *contract.state.mutable_milestones(item);
    if (milestone.status() != proto::CONTRACT_STATUS_DELIVERED || milestone.accept_until_s() > time_s)
      continue;
    accept_milestone(contract, milestone, milestone.accept_until_s(), true);
    accepted.push_back(static_cast<std::uint32_t>(item + 1));
  }
  return accepted;
}

Result<LiveContract> live_contract(Execution& execution, const std::string& id, const std::string& field) {
  auto state = find_contract(execution, id, field);
  if (!state) return state.error();
  if (state->exchange().empty())
    return error(Code::E_TERMS, "the deal was made off the exchange: it is settled and nothing else", field);
  LiveContract contract{ShortId::from(crypto::as_bytes(id)), std::move(*state)};
  deem_accepted(contract, execution.time_s());
  return contract;
}

Result<proto::MilestoneState*> find_milestone(LiveContract& contract, std::uint32_t n,
                                              const std::string& field) {
  if (n >= 1 && n <= static_cast<std::uint32_t>(contract.state.milestones_size()))
    return contract.state.mutable_milestones(static_cast<int>(n) - 1);
  return error(Code::E_NOT_FOUND, "the contract has no such milestone", field);
}

void await_acceptance(Execution& execution, const LiveContract& contract, std::int64_t until_s) {
  execution.schedule(ms(until_s), contract_key(contract.id), kDueDeemedAcceptance);
}

void forget_acceptance(Execution& execution, const LiveContract& contract, std::int64_t until_s) {
  if (waits_until(contract, until_s)) return;
  execution.unschedule(ms(until_s), contract_key(contract.id), kDueDeemedAcceptance);
}

void write_contract(Execution& execution, LiveContract& contract, std::uint16_t effect_type,
                    const google::protobuf::Message& effect, OpenItems& open_items) {
  contract.state.set_status(status_of(contract.state));
  if (std::ranges::all_of(contract.state.milestones(), has_ended))
    release_parties(execution, contract, open_items);
  execution.change(contract_key(contract.id), effect_type, effect, contract.state);
}

}  // namespace circula::ledger
