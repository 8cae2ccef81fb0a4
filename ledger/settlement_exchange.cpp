#include "ledger/settlement_exchange.h"

#include "ledger/calendar.h"
#include "ledger/certificate.h"
#include "ledger/certificate_number.h"
#include "ledger/hold.h"
#include "ledger/identity.h"
#include "ledger/parameters.h"

namespace circula::ledger {
namespace {

constexpr std::uint32_t kExchangeWorkingDays = 3;

// Who may settle is who signs: the exchange, or the seller when the exchange was too slow.
Result<void> check_signature(Execution& execution, const proto::ContractState& contract,
                             const proto::MilestoneState& milestone) {
  const bool by_seller =
      execution.author_oid() == contract.seller() && !execution.has_signed(contract.exchange(), kFinance);
  if (!by_seller) return execution.require(contract.exchange(), kFinance, "contract");
  if (auto signed_by = execution.require(contract.seller(), kBusiness, "contract"); !signed_by)
    return signed_by;
  if (milestone.status() != proto::CONTRACT_STATUS_ACCEPTED) return {};  // said below, as to everybody
  const std::int64_t from_s =
      work_calendar(execution.parameters()).deadline(milestone.accepted_at_s(), kExchangeWorkingDays);
  if (execution.time_s() >= from_s) return {};
  return error(Code::E_POLICY, contract.exchange() + " settles; the seller may from " + format_time(from_s),
               "contract");
}

Result<void> check_state(Execution& execution, const proto::Settle& body,
                         const proto::ContractState& contract, const proto::MilestoneState& milestone) {
  if (milestone.status() == proto::CONTRACT_STATUS_SETTLED)
    return error(Code::E_SETTLED, "the milestone is settled", "milestone");
  if (milestone.status() == proto::CONTRACT_STATUS_CLOSED)
    return error(Code::E_SETTLED, "the deal is for nothing", "milestone");
  if (milestone.status() != proto::CONTRACT_STATUS_ACCEPTED)
    return error(Code::E_NOT_ACCEPTED, "the milestone is not accepted", "milestone");
  if (body.accepted_at_s() != 0)
    return error(Code::E_FORMAT, "the ledger knows when it was accepted", "accepted_at_s");
  if (auto good = check_amount(body.amount_minor(), "amount_minor"); !good) return good;
  if (body.amount_minor() > milestone.amount_minor())
    return error(Code::E_EXCEEDS_HOLD, std::to_string(milestone.amount_minor()) + " is held", "amount_minor");
  if (body.amount_minor() == milestone.amount_minor()) return {};
  // Its income belongs to more than the seller, who may not give it away alone when the exchange is late.
  if (auto signed_by = execution.require(contract.exchange(), kFinance, "amount_minor"); !signed_by)
    return signed_by;
  return execution.require(contract.seller(), kBusiness, "amount_minor");
}

MoneyByPayee credit_payees(Postings& postings, const std::map<std::string, std::int64_t>& sums,
                           const SubjectKey& hold) {
  MoneyByPayee money;
  for (const auto& [payee, amount_minor] : sums) {
    const CreditParts before = postings.credited(payee);
    postings.credit(payee, amount_minor, hold);
    const CreditParts& after = postings.credited(payee);
    MoneyMoved& moved = money[payee];
    moved.claims_minor = after.claims_minor - before.claims_minor;
    if (after.suspense_minor > before.suspense_minor) moved.went = proto::MONEY_PLACE_SUSPENSE;
  }
  return money;
}

void write_certificate(Execution& execution, const proto::Settle& body, const proto::ContractState& contract,
                       const std::string& number) {
  proto::TradeCertificateIssued effect;
  proto::TradeCertificateState& state = *effect.mutable_certificate();
  state.set_exchange(contract.exchange());
  state.set_contract(body.contract());
  state.set_milestone(body.milestone());
  state.set_product(contract.product());
  state.set_seller(contract.seller());
  state.set_event(std::string(execution.new_id().text()));
  state.set_settled_at_s(execution.time_s());
  execution.change(trade_certificate_key(number), kEffectTradeCertificateIssued, effect, state);
}

}  // namespace

Result<std::string> trade_code(Execution& execution, const std::string& exchange, const std::string& field) {
  const auto organisation = execution.read<proto::OrgState>(org_key(exchange));
  if (!organisation) return error(Code::E_NOT_FOUND, "no organisation " + exchange, field);
  constexpr std::size_t kNameAt = 8, kNameCharacters = 8;
  std::string code = organisation->registrar_code();
  if (code.empty() && !exchange.starts_with("lei:")) code = exchange.substr(kNameAt, kNameCharacters);
  if (auto good = check_registrar_code(code, field); !good) return good.error();
  return code;
}

Result<void> settle_on_exchange(Execution& execution, const proto::Settle& body) {
  auto contract = live_contract(execution, body.contract(), "contract");
  if (!contract) return contract.error();
  auto found = find_milestone(*contract, body.milestone(), "milestone");
  if (!found) return found.error();
  proto::MilestoneState& milestone = **found;
  if (auto good = check_signature(execution, contract->state, milestone); !good) return good;
  if (auto good = check_state(execution, body, contract->state, milestone); !good) return good;
  const auto hold = live_hold(execution, contract->id, body.milestone());
  assert(hold && "what was delivered keeps its money until it is settled");

  Postings postings(execution, contract->venue(), proto::MONEY_CAUSE_SETTLE, execution.new_id());
  const SubjectKey held = hold_key(contract->id, body.milestone());
  const auto shared = share_income(execution, body, contract->state, milestone.accepted_at_s(),
                                   [&](const Distribution& distribution) -> Result<MoneyByPayee> {
                                     return credit_payees(postings, sums_by_payee(distribution), held);
                                   });
  if (!shared) return shared;
  end_hold(execution, contract->id, body.milestone(), *hold, proto::HOLD_STATUS_POSTED, body.amount_minor(),
           postings);
  const auto code = trade_code(execution, contract->state.exchange(), "contract");
  if (!code) return code.error();
  const auto number = next_certificate_number(execution, *code);
  if (!number) return number.error();
  write_certificate(execution, body, contract->state, *number);

  milestone.set_status(proto::CONTRACT_STATUS_SETTLED);
  milestone.set_settled_minor(body.amount_minor());
  milestone.set_event(std::string(execution.new_id().text()));
  milestone.set_trade_certificate(*number);
  proto::MilestoneSettled settled;
  settled.set_n(body.milestone());
  settled.set_settled_minor(body.amount_minor());
  settled.set_accepted_at_s(milestone.accepted_at_s());
  settled.set_event(milestone.event());
  settled.set_trade_certificate(*number);
  OpenItems open_items;
  write_contract(execution, *contract, kEffectMilestoneSettled, settled, open_items);
  if (auto written = postings.write(open_items); !written) return written;
  adjust_open_items(execution, open_items);
  return {};
}

}  // namespace circula::ledger
