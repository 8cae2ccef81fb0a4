#include <algorithm>

#include "ledger/agreement.h"
#include "ledger/contract_exchange.h"
#include "ledger/contract_terms.h"
#include "ledger/hold.h"
#include "ledger/identity.h"
#include "ledger/registered.h"

namespace circula::ledger {
namespace {

bool is_same(const proto::Milestone& milestone, const proto::MilestoneState& state) {
  return milestone.amount_minor() == state.amount_minor() && milestone.trigger() == state.trigger() &&
         milestone.due_s() == state.due_s();
}

// What has money, a delivery or an end stays; the rest is written anew.
Result<void> check_amendment(Execution& execution, const proto::ContractAmend& body,
                             const LiveContract& contract) {
  if (contract.is_free() != (body.total_minor() == 0))
    return error(Code::E_TERMS, "a deal for nothing stays one, and no other becomes one",
                 "amend.total_minor");
  const auto licence = execution.read<proto::LicenceState>(licence_key(contract.id));
  for (int item = 0; item < std::max(body.milestones_size(), contract.state.milestones_size()); ++item) {
    const std::string at = "amend.milestones[" + std::to_string(item) + "]";
    const bool kept =
        item < contract.state.milestones_size() && !is_untouched(contract.state.milestones(item));
    if (kept &&
        (item >= body.milestones_size() || !is_same(body.milestones(item), contract.state.milestones(item))))
      return error(Code::E_TERMS, "money is held for it, or it has been delivered: it stays as it is", at);
    if (kept || item >= body.milestones_size()) continue;
    const std::int64_t due_s = body.milestones(item).due_s();
    if (due_s <= std::max(execution.time_s(), licence->terms().from_s()) || due_s >= licence->terms().to_s())
      return error(Code::E_TERMS, "a delivery is due later than now and while the licence runs",
                   at + ".due_s");
  }
  // A hold waits for the last delivery: with a later one it would expire too early.
  std::int64_t last_before_s = 0, last_after_s = 0;
  bool held = false;
  for (const proto::MilestoneState& each : contract.state.milestones()) {
    last_before_s = std::max(last_before_s, each.due_s());
    held = held || each.status() == proto::CONTRACT_STATUS_FUNDED;
  }
  for (const proto::Milestone& each : body.milestones()) last_after_s = std::max(last_after_s, each.due_s());
  if (!held || last_after_s <= last_before_s) return {};
  return error(Code::E_TERMS, "money is held until the present last delivery", "amend.milestones");
}

// Whether the other side has failed `oid`, so that it may terminate alone.
bool was_failed(const proto::MilestoneState& milestone, const proto::ContractState& contract,
                const std::string& oid, std::int64_t time_s) {
  const bool delivering = milestone.status() == proto::CONTRACT_STATUS_DELIVERING;
  if (delivering && milestone.cure_until_s() != 0) return time_s >= milestone.cure_until_s();
  if (time_s < milestone.due_s()) return false;
  if (delivering) return oid == contract.buyer();
  const bool funded = milestone.status() == proto::CONTRACT_STATUS_FUNDED || contract.total_minor() == 0;
  const bool waits = is_untouched(milestone) || milestone.status() == proto::CONTRACT_STATUS_FUNDED;
  return waits && (funded ? oid == contract.buyer() : true);
}

bool both_signed(const Execution& execution, const proto::ContractState& state) {
  return execution.has_signed(state.seller(), kExecutive) && execution.has_signed(state.buyer(), kExecutive);
}

bool all_three_signed(const Execution& execution, const proto::ContractState& state) {
  return both_signed(execution, state) && execution.has_signed(state.exchange(), kExecutive);
}

Result<void> check_termination(Execution& execution, const LiveContract& contract) {
  const proto::ContractState& state = contract.state;
  if (both_signed(execution, state)) return {};
  const std::string& author = execution.author_oid();
  if (author != state.seller() && author != state.buyer())
    return error(Code::E_ROLE, "a side of the contract terminates it", "terminate.contract");
  if (auto signed_by = execution.require(author, kExecutive, "terminate.contract"); !signed_by)
    return signed_by;
  const bool failed = std::ranges::any_of(state.milestones(), [&](const proto::MilestoneState& each) {
    return was_failed(each, state, author, execution.time_s());
  });
  if (failed) return {};
  return execution.require(author == state.seller() ? state.buyer() : state.seller(), kExecutive,
                           "terminate.contract");
}

bool any_accepted(const proto::ContractState& contract) {
  return std::ranges::any_of(contract.milestones(), [](const proto::MilestoneState& each) {
    return each.status() == proto::CONTRACT_STATUS_ACCEPTED;
  });
}

// What a termination ends. A delivery under way goes on unless both sides end it or the other side has failed
// in it: who is in default with one milestone does not take back the money of another. What is accepted is
// owed to the payees of its income, whom the two sides cannot speak for: it takes the exchange, too.
bool can_end(Execution& execution, const proto::MilestoneState& milestone,
             const proto::ContractState& contract) {
  if (is_untouched(milestone) || milestone.status() == proto::CONTRACT_STATUS_FUNDED) return true;
  if (milestone.status() == proto::CONTRACT_STATUS_ACCEPTED) return all_three_signed(execution, contract);
  if (milestone.status() != proto::CONTRACT_STATUS_DELIVERING) return false;
  return both_signed(execution, contract) ||
         was_failed(milestone, contract, execution.author_oid(), execution.time_s());
}

}  // namespace

Result<void> amend_contract(Execution& execution, const proto::ContractAmend& body) {
  if (auto good = check_schedule(body.milestones(), body.total_minor(), true, "amend"); !good) return good;
  auto contract = live_contract(execution, body.contract(), "amend.contract");
  if (!contract) return contract.error();
  proto::ContractState& state = contract->state;
  const auto product = find_registered(execution, state.product(), "amend.contract");
  if (!product) return product.error();
  if (auto good =
          check_sides(execution, {state.seller(), state.buyer(), state.product(), product->grade()}, "amend");
      !good)
    return good;
  if (auto signed_by =
          require_each(execution, {state.exchange()}, kExecutive, "amend.contract", Code::E_POLICY);
      !signed_by)
    return signed_by;
  if (std::ranges::all_of(state.milestones(), has_ended))
    return error(Code::E_STATE, "the contract has ended", "amend.contract");
  if (auto good = check_amendment(execution, body, *contract); !good) return good;

  const int before = state.milestones_size();
  for (int item = 0; item < body.milestones_size(); ++item) {
    const bool kept = item < before && !is_untouched(state.milestones(item));
    if (kept) continue;
    proto::MilestoneState& to = item < before ? *state.mutable_milestones(item) : *state.add_milestones();
    to.set_amount_minor(body.milestones(item).amount_minor());
    to.set_trigger(body.milestones(item).trigger());
    to.set_due_s(body.milestones(item).due_s());
    to.set_status(proto::CONTRACT_STATUS_SIGNED);
  }
  while (state.milestones_size() > body.milestones_size()) state.mutable_milestones()->RemoveLast();
  state.set_total_minor(body.total_minor());
  proto::ContractAmended effect;
  *effect.mutable_amend() = body;
  OpenItems open_items;
  write_contract(execution, *contract, kEffectContractAmended, effect, open_items);
  adjust_open_items(execution, open_items);
  return {};
}

Result<void> terminate_contract(Execution& execution, const proto::ContractTerminate& body) {
  auto contract = live_contract(execution, body.contract(), "terminate.contract");
  if (!contract) return contract.error();
  if (auto good = check_termination(execution, *contract); !good) return good;
  Postings postings(execution, contract->venue(), proto::MONEY_CAUSE_HOLD_VOIDED, contract->id);
  proto::ContractTerminated effect;
  for (int item = 0; item < contract->state.milestones_size(); ++item) {
    proto::MilestoneState& milestone = *contract->state.mutable_milestones(item);
    if (!can_end(execution, milestone, contract->state)) continue;
    const auto n = static_cast<std::uint32_t>(item + 1);
    const auto hold = execution.read<proto::HoldState>(hold_key(contract->id, n));
    if (hold && hold->status() == proto::HOLD_STATUS_LIVE)
      end_hold(execution, contract->id, n, *hold, proto::HOLD_STATUS_VOIDED, 0, postings);
    milestone.set_status(proto::CONTRACT_STATUS_TERMINATED);
    effect.add_milestones(n);
  }
  if (effect.milestones().empty()) {
    if (both_signed(execution, contract->state) && any_accepted(contract->state))
      return execution.require(contract->state.exchange(), kExecutive, "terminate.contract");
    return error(Code::E_STATE, "nothing is left to terminate", "terminate.contract");
  }
  OpenItems open_items;
  write_contract(execution, *contract, kEffectContractTerminated, effect, open_items);
  if (auto written = postings.write(open_items); !written) return written;
  adjust_open_items(execution, open_items);
  return {};
}

}  // namespace circula::ledger
