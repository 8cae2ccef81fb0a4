#include "ledger/settlement.h"

#include "ledger/agreement.h"
#include "ledger/apportion.h"
#include "ledger/contract.h"
#include "ledger/data_digest.h"
#include "ledger/income.h"
#include "ledger/settlement_exchange.h"

namespace circula::ledger {
namespace {

Result<void> check_reported(const proto::Settle& body, const proto::MilestoneState& milestone) {
  if (body.amount_minor() < 1 || body.amount_minor() > kAmountMax)
    return error(Code::E_AMOUNT, "an amount is 1 to " + std::to_string(kAmountMax), "amount_minor");
  if (body.amount_minor() <= milestone.amount_minor()) return {};
  return error(Code::E_EXCEEDS_HOLD, "the milestone is about " + std::to_string(milestone.amount_minor()),
               "amount_minor");
}

Result<void> check_acceptance(Execution& execution, const proto::Settle& body,
                              const proto::ContractState& contract) {
  if (body.accepted_at_s() > execution.time_s())
    return error(Code::E_NOT_ACCEPTED, "ledger time is " + std::to_string(execution.time_s()),
                 "accepted_at_s");
  if (body.accepted_at_s() >= contract.signed_at_s()) return {};
  return error(Code::E_NOT_ACCEPTED,
               "the deal was made at " + std::to_string(contract.signed_at_s()) + ", acceptance is later",
               "accepted_at_s");
}

proto::EventSettled settled_effect(const proto::Settle& body, const proto::ContractState& contract,
                                   std::int64_t accepted_at_s, std::size_t nodes) {
  proto::EventSettled effect;
  effect.set_contract(body.contract());
  effect.set_milestone(body.milestone());
  effect.set_seller(contract.seller());
  effect.set_buyer(contract.buyer());
  effect.set_product(contract.product());
  effect.set_currency(contract.currency());
  effect.set_time_s(accepted_at_s);
  effect.set_gross_minor(body.amount_minor());
  effect.set_nodes(static_cast<std::uint32_t>(nodes));
  effect.set_agreement(contract.agreement());
  effect.set_pinned_version(contract.agreement_version());
  *effect.mutable_invoice() = body.invoice();
  effect.set_exchange(contract.exchange());
  if (!contract.exchange().empty()) effect.set_pinned_at_s(contract.signed_at_s());
  return effect;
}

proto::EventState event_state(const proto::EventSettled& effect) {
  proto::EventState state;
  state.set_contract(effect.contract());
  state.set_milestone(effect.milestone());
  state.set_seller(effect.seller());
  state.set_buyer(effect.buyer());
  state.set_product(effect.product());
  state.set_currency(effect.currency());
  state.set_time_s(effect.time_s());
  state.set_gross_minor(effect.gross_minor());
  state.set_nodes(effect.nodes());
  state.set_exchange(effect.exchange());
  return state;
}

// By which versions: those that the contract pinned, for the whole cascade on the exchange and for its own
// product off it; the others are those in force.
void pin_versions(LedgerAgreements& agreements, const proto::ContractState& contract) {
  for (int item = 0; item < contract.versions_size(); ++item) {
    const std::string name = agreement_name(ShortId::from(crypto::as_bytes(contract.agreements(item))));
    const proto::AgreementState* state = agreements.state(name);
    assert(state != nullptr && "agreements are never removed");
    agreements.pin_for_ever(product_name(ShortId::from(crypto::as_bytes(state->product()))),
                            contract.versions(item));
  }
  if (contract.versions().empty() && !contract.follows_versions())
    agreements.pin(product_name(ShortId::from(crypto::as_bytes(contract.product()))),
                   contract.agreement_version());
}

Result<void> settle(Execution& execution, const proto::Settle& body) {
  if (auto good = check_data_digest(body.invoice(), "invoice"); !good) return good;
  const auto contract = find_contract(execution, body.contract(), "contract");
  if (!contract) return contract.error();
  if (body.milestone() < 1 || body.milestone() > static_cast<std::uint32_t>(contract->milestones_size()))
    return error(Code::E_NOT_FOUND, "the contract has no such milestone", "milestone");
  if (!contract->exchange().empty()) return settle_on_exchange(execution, body);
  if (auto signed_by = require_each(execution, {contract->seller(), contract->buyer()}, kBusiness, "contract",
                                    Code::E_POLICY);
      !signed_by)
    return signed_by;
  const proto::MilestoneState& milestone = contract->milestones(static_cast<int>(body.milestone()) - 1);
  if (milestone.status() == proto::CONTRACT_STATUS_SETTLED)
    return error(Code::E_SETTLED, "the milestone is settled", "milestone");
  if (auto good = check_reported(body, milestone); !good) return good;
  if (auto good = check_acceptance(execution, body, *contract); !good) return good;
  const auto reported = [](const Distribution&) -> Result<MoneyByPayee> { return MoneyByPayee(); };
  if (auto shared = share_income(execution, body, *contract, body.accepted_at_s(), reported); !shared)
    return shared;

  proto::MilestoneSettled settled;
  settled.set_n(body.milestone());
  settled.set_settled_minor(body.amount_minor());
  settled.set_accepted_at_s(body.accepted_at_s());
  settled.set_event(std::string(execution.new_id().text()));
  settle_milestone(execution, ShortId::from(crypto::as_bytes(body.contract())), *contract, settled);
  return {};
}

constexpr RecordType kRecords[] = {record_type<proto::Settle, settle>(23, 1, "SETTLE")};
constexpr EffectType kEffects[] = {
    effect_type<proto::EventSettled>(kEffectEventSettled, "settled"),
    effect_type<proto::TradeCertificateIssued>(kEffectTradeCertificateIssued, "trade certificate issued"),
};
constexpr SubjectFields kSubjects[] = {
    subject_fields<proto::EventState>(SubjectKind::kEvent, "event/", 1),
    subject_fields<proto::TradeCertificateState>(SubjectKind::kTradeCertificate, "trade_certificate/"),
};

}  // namespace

const Family kSettlementFamily = {"settlement", kRecords, kEffects, kSubjects, {}};

Result<void> share_income(Execution& execution, const proto::Settle& body,
                          const proto::ContractState& contract, std::int64_t accepted_at_s,
                          const PostMoney& post) {
  const std::string product = product_name(ShortId::from(crypto::as_bytes(contract.product())));
  LedgerAgreements agreements(execution);
  pin_versions(agreements, contract);
  const LedgerBook book(execution, origin_at(contract.exchange()));
  const auto distribution =
      distribute({product, accepted_at_s, body.amount_minor()}, agreements, book, kRecordDistributionLimits);
  // The path is that of a node of the cascade, which the record does not have.
  if (!distribution) return error(distribution.error().code, distribution.error().detail, "contract");
  auto money = post(*distribution);
  if (!money) return money.error();

  const ShortId event = execution.new_id();
  proto::EventSettled effect = settled_effect(body, contract, accepted_at_s, distribution->nodes.size());
  book.list_read(effect);
  execution.change(event_key(event), kEffectEventSettled, effect, event_state(effect));
  return write_distribution(execution,
                            {.cause = proto::INCOME_CAUSE_SETTLE,
                             .event = event,
                             .contract = body.contract(),
                             .payer = contract.buyer(),
                             .currency = contract.currency(),
                             .time_s = accepted_at_s,
                             .exchange = contract.exchange()},
                            *distribution, std::move(*money));
}

}  // namespace circula::ledger
