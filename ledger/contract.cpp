#include "ledger/contract.h"

#include <algorithm>

#include "ledger/agreement.h"
#include "ledger/cascade_agreements.h"
#include "ledger/contract_exchange.h"
#include "ledger/contract_terms.h"
#include "ledger/currency.h"
#include "ledger/data_digest.h"
#include "ledger/identity.h"
#include "ledger/income.h"
#include "ledger/registered.h"

namespace circula::ledger {
namespace {

Result<void> check_form(const proto::ContractReport& body) {
  if (body.agreement_version() == 0 && !body.follows_versions())
    return error(Code::E_FORMAT, "a contract pins a version or follows them", "report.agreement_version");
  if (body.agreement_version() != 0 && body.follows_versions())
    return error(Code::E_FORMAT, "one that follows the versions pins none", "report.agreement_version");
  if (auto good = check_data_digest(body.text(), "report.text"); !good) return good;
  if (auto good = check_currency(body.currency(), "report.currency"); !good) return good;
  return check_schedule(body.milestones(), body.total_minor(), false, "report");
}

Result<void> check_parties(Execution& execution, const proto::ContractReport& body) {
  const auto product = find_certified(execution, body.product(), "report.product");
  if (!product) return product.error();
  return check_sides(execution, {body.seller(), body.buyer(), body.product(), product->grade()}, "report");
}

// The agreements that share the income, by what was in force when the deal was made.
Result<CascadeAgreements> check_agreement(Execution& execution, const proto::ContractReport& body) {
  const auto state = find_agreement(execution, body.agreement(), "report.agreement");
  if (!state) return state.error();
  if (state->product() != body.product())
    return error(Code::E_REF, "the agreement is about another product", "report.agreement");
  if (state->currency() != body.currency())
    return error(Code::E_CURRENCY, "the agreement shares income in " + state->currency(), "report.currency");
  const LedgerAgreements agreements(execution);
  const RevenueAgreement* terms =
      agreements.in_force(product_name(short_id(body.product())), body.signed_at_s());
  if (terms == nullptr || (!body.follows_versions() && terms->version != body.agreement_version())) {
    return error(Code::E_NO_AGREEMENT,
                 terms == nullptr
                     ? "no version was in force when the deal was made"
                     : "version " + std::to_string(terms->version) + " was in force when the deal was made",
                 "report.agreement_version");
  }
  auto cascade = check_cascade(*terms, body.currency(), agreements, body.signed_at_s());
  if (!cascade) return error(cascade.error().code, cascade.error().detail, "report.agreement");
  if (auto good = require_resolved(*cascade, "report.agreement"); !good) return good.error();
  return cascade;
}

proto::ContractState opened(const proto::ContractReport& body) {
  proto::ContractState state;
  state.set_seller(body.seller());
  state.set_buyer(body.buyer());
  state.set_product(body.product());
  state.set_signed_at_s(body.signed_at_s());
  state.set_currency(body.currency());
  state.set_total_minor(body.total_minor());
  for (const proto::Milestone& milestone : body.milestones()) {
    proto::MilestoneState& to = *state.add_milestones();
    to.set_amount_minor(milestone.amount_minor());
    to.set_trigger(milestone.trigger());
    to.set_status(proto::CONTRACT_STATUS_SIGNED);
  }
  state.set_agreement(body.agreement());
  state.set_agreement_version(body.agreement_version());
  state.set_follows_versions(body.follows_versions());
  state.set_status(proto::CONTRACT_STATUS_SIGNED);
  return state;
}

Result<void> report(Execution& execution, const proto::ContractReport& body) {
  if (auto good = check_form(body); !good) return good;
  if (auto good = check_parties(execution, body); !good) return good;
  if (body.signed_at_s() > execution.time_s())
    return error(Code::E_TERMS, "the deal is dated after ledger time", "report.signed_at_s");
  const auto cascade = check_agreement(execution, body);
  if (!cascade) return cascade.error();

  proto::ContractState state = opened(body);
  for (const std::string& name : cascade->names) {
    const ShortId agreement = agreement_of(name);
    state.add_agreements(std::string(agreement.text()));
    adjust_open_contracts(execution, agreement, 1);
  }
  proto::ContractReported effect;
  *effect.mutable_report() = body;
  execution.change(contract_key(execution.new_id()), kEffectContractReported, effect, state);
  adjust_open_items(execution, {{body.seller(), 1}, {body.buyer(), 1}});
  return {};
}

Result<void> apply_contract(Execution& execution, const proto::Contract& body) {
  switch (body.op_case()) {
    case proto::Contract::kSign:
      return sign_contract(execution, body.sign());
    case proto::Contract::kAmend:
      return amend_contract(execution, body.amend());
    case proto::Contract::kTerminate:
      return terminate_contract(execution, body.terminate());
    case proto::Contract::kReport:
      return report(execution, body.report());
    case proto::Contract::OP_NOT_SET:
      break;
  }
  return error(Code::E_FORMAT, "no operation", "op");
}

constexpr RecordType kRecords[] = {record_type<proto::Contract, apply_contract>(17, 1, "CONTRACT")};
constexpr EffectType kEffects[] = {
    effect_type<proto::ContractReported>(kEffectContractReported, "reported"),
    effect_type<proto::MilestoneSettled>(kEffectMilestoneSettled, "milestone settled"),
    effect_type<proto::ContractSigned>(kEffectContractSigned, "signed"),
    effect_type<proto::ContractAmended>(kEffectContractAmended, "amended"),
    effect_type<proto::ContractTerminated>(kEffectContractTerminated, "terminated"),
    effect_type<proto::MilestoneFunded>(kEffectMilestoneFunded, "funded"),
    effect_type<proto::MilestoneReleased>(kEffectMilestoneReleased, "money freed"),
};
constexpr SubjectFields kSubjects[] = {
    subject_fields<proto::ContractState>(SubjectKind::kContract, "contract/"),
};

}  // namespace

const Family kContractFamily = {"contract", kRecords, kEffects, kSubjects, {}};

Result<proto::ContractState> find_contract(Execution& execution, const std::string& id,
                                           const std::string& field) {
  if (id.size() != ShortId::kSize) return error(Code::E_FORMAT, "a contract id has 16 bytes", field);
  const SubjectKey key = contract_key(short_id(id));
  auto state = execution.read<proto::ContractState>(key);
  if (!state) return error(Code::E_NOT_FOUND, "no " + key, field);
  return *state;
}

void settle_milestone(Execution& execution, const ShortId& contract, proto::ContractState state,
                      const proto::MilestoneSettled& settled) {
  proto::MilestoneState& milestone = *state.mutable_milestones(static_cast<int>(settled.n()) - 1);
  milestone.set_status(proto::CONTRACT_STATUS_SETTLED);
  milestone.set_settled_minor(settled.settled_minor());
  milestone.set_accepted_at_s(settled.accepted_at_s());
  milestone.set_event(settled.event());
  const bool all = std::ranges::all_of(state.milestones(), [](const proto::MilestoneState& each) {
    return each.status() == proto::CONTRACT_STATUS_SETTLED;
  });
  if (all) {
    state.set_status(proto::CONTRACT_STATUS_SETTLED);
    for (const std::string& agreement : state.agreements())
      adjust_open_contracts(execution, short_id(agreement), -1);
    adjust_open_items(execution, {{state.seller(), -1}, {state.buyer(), -1}});
  }
  execution.change(contract_key(contract), kEffectMilestoneSettled, settled, state);
}

}  // namespace circula::ledger
