#include <algorithm>

#include "ledger/agreement.h"
#include "ledger/calendar.h"
#include "ledger/cascade_agreements.h"
#include "ledger/contract_exchange.h"
#include "ledger/contract_terms.h"
#include "ledger/data_digest.h"
#include "ledger/identity.h"
#include "ledger/income.h"
#include "ledger/licence.h"
#include "ledger/order.h"
#include "ledger/registered.h"
#include "ledger/settlement_exchange.h"

namespace circula::ledger {
namespace {

Result<void> check_form(const proto::ContractSign& body) {
  if (auto good = check_data_digest(body.text(), "sign.text"); !good) return good;
  if (body.acceptance_days() < 1 || body.acceptance_days() > kAcceptanceDaysMax)
    return error(Code::E_TERMS, "1 to 90 days to accept", "sign.acceptance_days");
  if (body.cure_days() > kCureDaysMax)
    return error(Code::E_TERMS, "at most 90 days to deliver again", "sign.cure_days");
  return check_schedule(body.milestones(), body.total_minor(), true, "sign");
}

// The terms are the order's, and dates lie where licence and ledger time allow them.
Result<void> check_terms(Execution& execution, const proto::ContractSign& body,
                         const proto::OrderState& order) {
  if (body.total_minor() != order.total_minor())
    return error(Code::E_TERMS, "the order is about " + std::to_string(order.total_minor()),
                 "sign.total_minor");
  if (auto good = check_covers(body.licence(), order.purpose(), order.territory(), "sign.licence"); !good)
    return good;
  for (const proto::Milestone& milestone : body.milestones()) {
    const std::int64_t after_s = std::max(execution.time_s(), body.licence().from_s());
    if (milestone.due_s() > after_s && milestone.due_s() < body.licence().to_s()) continue;
    return error(Code::E_TERMS, "a delivery is due later than now and while the licence runs",
                 "sign.milestones[" + std::to_string(milestone.n() - 1) + "].due_s");
  }
  const auto forum = execution.read<proto::OrgState>(org_key(body.forum()));
  if (!forum) return error(Code::E_NOT_FOUND, "no organisation " + body.forum(), "sign.forum");
  if (has_kind(*forum, proto::ORG_KIND_ARBITRATOR)) return {};
  return error(Code::E_ROLE, "an arbitrator rules on disputes", "sign.forum");
}

Result<void> check_parties(Execution& execution, const proto::OrderState& order) {
  const auto product = find_certified(execution, order.product(), "sign.order");
  if (!product) return product.error();
  const Sides sides{order.seller(), order.buyer(), order.product(), product->grade()};
  if (auto good = check_sides(execution, sides, "sign"); !good) return good;
  if (auto signed_by = require_each(execution, {order.exchange()}, kExecutive, "sign.order", Code::E_POLICY);
      !signed_by)
    return signed_by;
  if (order.total_minor() == 0) return {};
  for (const std::string* oid : {&order.seller(), &order.buyer()}) {
    if (auto has = require_account(execution, *oid, order.exchange(), "sign.order"); !has) return has;
  }
  if (auto bank = settlement_bank(execution, order.exchange(), order.currency(), "sign.order"); !bank)
    return bank.error();
  if (auto code = trade_code(execution, order.exchange(), "sign.order"); !code) return code.error();
  return {};
}

// The agreements that will share the income, with the versions in force now. Of a deal for nothing none.
Result<void> pin_cascade(Execution& execution, const proto::OrderState& order, proto::ContractState& state) {
  if (order.total_minor() == 0) return {};
  const LedgerAgreements agreements(execution);
  const RevenueAgreement* terms =
      agreements.in_force(product_name(short_id(order.product())), execution.time_s());
  if (terms == nullptr) return error(Code::E_NO_AGREEMENT, "no version is in force", "sign.order");
  const auto cascade = check_cascade(*terms, order.currency(), agreements, execution.time_s());
  if (!cascade) return error(cascade.error().code, cascade.error().detail, "sign.order");
  if (auto good = require_resolved(*cascade, "sign.order"); !good) return good;
  state.set_agreement(std::string(agreement_of(terms->id).text()));
  state.set_agreement_version(static_cast<std::uint32_t>(terms->version));
  for (const std::string& name : cascade->names) {
    const RevenueAgreement* version =
        agreements.in_force(product_name(short_id(agreements.state(name)->product())), execution.time_s());
    assert(version != nullptr && "the cascade is resolved");
    for (const std::string& payee : payees_of(*version)) {
      if (auto has = require_account(execution, payee, order.exchange(), "sign.order"); !has) return has;
    }
    state.add_agreements(std::string(agreement_of(name).text()));
    state.add_versions(static_cast<std::uint32_t>(version->version));
  }
  return {};
}

proto::ContractState opened(Execution& execution, const proto::ContractSign& body,
                            const proto::OrderState& order) {
  proto::ContractState state;
  state.set_seller(order.seller());
  state.set_buyer(order.buyer());
  state.set_product(order.product());
  state.set_signed_at_s(execution.time_s());
  state.set_currency(order.currency());
  state.set_total_minor(body.total_minor());
  for (const proto::Milestone& milestone : body.milestones()) {
    proto::MilestoneState& to = *state.add_milestones();
    to.set_amount_minor(milestone.amount_minor());
    to.set_trigger(milestone.trigger());
    to.set_due_s(milestone.due_s());
    to.set_status(proto::CONTRACT_STATUS_SIGNED);
  }
  state.set_status(proto::CONTRACT_STATUS_SIGNED);
  state.set_exchange(order.exchange());
  state.set_order(body.order());
  state.set_listing(order.listing());
  state.set_acceptance_days(body.acceptance_days());
  state.set_cure_days(body.cure_days() == 0 ? kCureDaysDefault : body.cure_days());
  state.set_forum(body.forum());
  return state;
}

proto::LicenceState licence_of(const ShortId& contract, const proto::ContractSign& body,
                               const proto::OrderState& order) {
  proto::LicenceState licence;
  licence.set_contract(std::string(contract.text()));
  licence.set_product(order.product());
  licence.set_product_version(order.product_version());
  licence.set_licensor(order.seller());
  licence.set_licensee(order.buyer());
  *licence.mutable_terms() = body.licence();
  licence.set_status(proto::LICENCE_STATUS_CONDITIONAL);
  return licence;
}

}  // namespace

Result<void> sign_contract(Execution& execution, const proto::ContractSign& body) {
  if (auto good = check_form(body); !good) return good;
  if (auto good = check_licence_terms(execution, body.licence(), "sign.licence"); !good) return good;
  auto order = find_order(execution, body.order(), "sign.order");
  if (!order) return order.error();
  if (auto good = check_parties(execution, *order); !good) return good;
  if (!can_be_contracted(*order, execution.time_s()))
    return error(Code::E_STATE,
                 "an accepted order becomes a contract before " + format_time(order->open_until_s()),
                 "sign.order");
  if (auto good = check_terms(execution, body, *order); !good) return good;
  const ShortId id = execution.new_id();
  proto::ContractState state = opened(execution, body, *order);
  if (auto good = pin_cascade(execution, *order, state); !good) return good;

  for (const std::string& agreement : state.agreements()) {
    adjust_open_contracts(execution, short_id(agreement), 1);
    note_traded(execution, short_id(agreement), state.exchange());
  }
  mark_contracted(execution, short_id(body.order()), *order, id);
  grant_licence(execution, id, licence_of(id, body, *order));
  proto::ContractSigned effect;
  *effect.mutable_sign() = body;
  effect.set_seller(state.seller());
  effect.set_buyer(state.buyer());
  effect.set_exchange(state.exchange());
  effect.set_product(state.product());
  effect.set_currency(state.currency());
  *effect.mutable_agreements() = state.agreements();
  *effect.mutable_versions() = state.versions();
  execution.change(contract_key(id), kEffectContractSigned, effect, state);
  adjust_open_items(execution, {{state.seller(), 1}, {state.buyer(), 1}});
  return {};
}

}  // namespace circula::ledger
