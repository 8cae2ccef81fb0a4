#include "tests/ledger/deal_records.h"

#include <algorithm>
#include <stdexcept>

namespace circula::ledger::testing {
namespace {

proto::AgreementStep proto_step(const std::monostate&) { return {}; }
proto::AgreementStep proto_step(const TaxStep& from) {
  proto::AgreementStep step;
  step.mutable_tax()->set_payee(from.payee);
  step.mutable_tax()->set_rate_ppm(static_cast<std::uint32_t>(from.rate_ppm));
  return step;
}
proto::AgreementStep proto_step(const FixedStep& from) {
  proto::AgreementStep step;
  step.mutable_fixed()->set_payee(from.payee);
  step.mutable_fixed()->set_amount_minor(from.amount_minor);
  return step;
}
proto::AgreementStep proto_step(const PercentStep& from) {
  proto::AgreementStep step;
  proto::PercentStep& to = *step.mutable_percent();
  to.set_payee(from.payee);
  to.set_rate_ppm(static_cast<std::uint32_t>(from.rate_ppm));
  to.set_base(static_cast<proto::ShareBase>(from.base));
  to.set_min_minor(from.min_minor);
  to.set_max_minor(from.max_minor.value_or(0));
  if (from.cap) {
    to.mutable_cap()->set_id(from.cap->id);
    to.mutable_cap()->set_total_minor(from.cap->total_minor);
  }
  return step;
}
proto::AgreementStep proto_step(const TieredStep& from) {
  proto::AgreementStep step;
  proto::TieredStep& to = *step.mutable_tiered();
  to.set_id(from.id);
  to.set_payee(from.payee);
  to.set_base(static_cast<proto::ShareBase>(from.base));
  to.set_period(static_cast<proto::TierPeriod>(from.period));
  for (const Tier& tier : from.tiers) {
    proto::Tier& added = *to.add_tiers();
    added.set_upto_minor(tier.upto_minor.value_or(0));
    added.set_rate_ppm(static_cast<std::uint32_t>(tier.rate_ppm));
  }
  return step;
}
proto::AgreementStep proto_step(const RoyaltyStep& from) {
  proto::AgreementStep step;
  step.mutable_royalty()->set_base(static_cast<proto::ShareBase>(from.base));
  for (const RoyaltyItem& item : from.items) {
    proto::RoyaltyItem& added = *step.mutable_royalty()->add_items();
    added.set_product(id_text(product_of(item.product)));
    added.set_rate_ppm(static_cast<std::uint32_t>(item.rate_ppm));
  }
  return step;
}
proto::AgreementStep proto_step(const RecoupStep& from) {
  proto::AgreementStep step;
  proto::RecoupStep& to = *step.mutable_recoup();
  to.set_id(from.id);
  to.set_payee(from.payee);
  to.set_rate_ppm(static_cast<std::uint32_t>(from.rate_ppm));
  to.set_total_minor(from.total_minor);
  return step;
}
proto::AgreementStep proto_step(const SplitStep& from) {
  proto::AgreementStep step;
  for (const SplitPayee& payee : from.payees) {
    proto::SplitPayee& to = *step.mutable_split()->add_payees();
    to.set_party(payee.party);
    to.set_share_ppm(static_cast<std::uint32_t>(payee.share_ppm));
    if (payee.cap) {
      to.mutable_cap()->set_id(payee.cap->id);
      to.mutable_cap()->set_total_minor(payee.cap->total_minor);
      to.mutable_cap()->set_overflow(payee.cap->overflow);
    }
    if (payee.advance) {
      to.mutable_advance()->set_id(payee.advance->id);
      to.mutable_advance()->set_to(payee.advance->to);
      to.mutable_advance()->set_total_minor(payee.advance->total_minor);
      to.mutable_advance()->set_rate_ppm(static_cast<std::uint32_t>(payee.advance->rate_ppm));
    }
    if (payee.withhold) {
      to.mutable_withhold()->set_payee(payee.withhold->payee);
      to.mutable_withhold()->set_rate_ppm(static_cast<std::uint32_t>(payee.withhold->rate_ppm));
    }
  }
  return step;
}

ShortId short_id(const Digest& record) { return ShortId::from(record.view().first(ShortId::kSize)); }

}  // namespace

void require_ok(const Error& outcome) {
  if (outcome.code != Code::E_OK)
    throw std::runtime_error(std::string(name(outcome.code)) + " " + outcome.field + ": " + outcome.detail);
}

proto::AgreementTerms proto_terms(const RevenueAgreement& terms) {
  proto::AgreementTerms result;
  result.set_rounding(static_cast<proto::Rounding>(terms.rounding));
  for (const RevenueStep& step : terms.steps)
    *result.add_steps() = std::visit([](const auto& kind) { return proto_step(kind); }, step);
  for (const RevenueStep& step : terms.royalty_steps)
    *result.add_royalty_steps() = std::visit([](const auto& kind) { return proto_step(kind); }, step);
  for (const Guarantee& guarantee : terms.guarantees) {
    proto::Guarantee& to = *result.add_guarantees();
    to.set_party(guarantee.party);
    to.set_guarantor(guarantee.guarantor);
    to.set_amount_minor(guarantee.amount_minor);
  }
  return result;
}

SplitPayee part(const std::string& oid, std::int64_t ppm) { return {oid, ppm, {}, {}, {}}; }

RevenueAgreement all_to(const std::string& oid) {
  RevenueAgreement terms;
  terms.rounding = Rounding::kLargestRemainder;
  terms.steps = {SplitStep{{part(oid, 1'000'000)}}};
  return terms;
}

proto::Agreement DealChain::agreement_body(const ShortId& product, const RevenueAgreement& terms) const {
  proto::Agreement body;
  proto::AgreementRegister& entry = *body.mutable_register_();
  entry.set_version(1);
  entry.set_product(id_text(product));
  entry.set_currency("CNY");
  entry.set_effective_from_s(terms.effective_from_s);
  entry.set_effective_to_s(terms.effective_to_s.value_or(0));
  *entry.mutable_terms() = proto_terms(terms);
  return body;
}

proto::Agreement DealChain::version_body(const ShortId& agreement, const ShortId& product,
                                         std::uint32_t version, const RevenueAgreement& terms) const {
  proto::Agreement body = agreement_body(product, terms);
  body.mutable_register_()->set_agreement(id_text(agreement));
  body.mutable_register_()->set_version(version);
  return body;
}

RecordSpec DealChain::by_cdos(std::uint16_t type, const google::protobuf::Message& body,
                              const std::vector<std::string>& names) const {
  RecordSpec record;
  record.author = names.at(0) + ".cdo";
  for (std::size_t i = 1; i < names.size(); ++i) record.signers.push_back(names[i] + ".cdo");
  record.type = type;
  record.body = serialise_canonical(body);
  return record;
}

std::vector<std::string> DealChain::signers_of(const std::string& owner,
                                               const RevenueAgreement& terms) const {
  std::set<std::string> names;
  for (const std::string& oid : parties_of(terms)) names.insert(name_of(oid));
  for (const std::string& oid : fee_payees_of(terms)) names.insert(name_of(oid));
  names.erase(owner);
  std::vector<std::string> all = {owner};
  all.insert(all.end(), names.begin(), names.end());
  return all;
}

ShortId DealChain::agree(const std::string& owner, const ShortId& product, const RevenueAgreement& terms) {
  Error outcome;
  const Digest id =
      submit_for_id(by_cdos(kAgreement, agreement_body(product, terms), signers_of(owner, terms)), &outcome);
  require_ok(outcome);
  return short_id(id);
}

void DealChain::next_version(const std::string& owner, const ShortId& agreement, const ShortId& product,
                             std::uint32_t version, const RevenueAgreement& terms) {
  require_ok(submit(
      by_cdos(kAgreement, version_body(agreement, product, version, terms), signers_of(owner, terms))));
}

proto::Contract DealChain::contract_body(const std::string& seller, const std::string& buyer,
                                         const ShortId& product, const ShortId& agreement,
                                         const std::vector<std::int64_t>& milestones) const {
  proto::Contract body;
  proto::ContractReport& report = *body.mutable_report();
  report.set_seller(oid(seller));
  report.set_buyer(oid(buyer));
  report.set_product(id_text(product));
  report.set_signed_at_s(now_s());
  report.set_currency("CNY");
  for (const std::int64_t amount : milestones) {
    proto::Milestone& milestone = *report.add_milestones();
    milestone.set_n(static_cast<std::uint32_t>(report.milestones_size()));
    milestone.set_amount_minor(amount);
    milestone.set_trigger(proto::MILESTONE_TRIGGER_DELIVERY);
    report.set_total_minor(report.total_minor() + amount);
  }
  report.set_agreement(id_text(agreement));
  report.set_agreement_version(1);
  *report.mutable_text() = data_digest("contract");
  return body;
}

ShortId DealChain::report(const proto::Contract& body) {
  Error outcome;
  const Digest id = submit_for_id(
      spec(name_of(body.report().seller()), kContract, body, {name_of(body.report().buyer())}), &outcome);
  require_ok(outcome);
  return short_id(id);
}

ShortId DealChain::contract(const std::string& seller, const std::string& buyer, const ShortId& product,
                            const ShortId& agreement, const std::vector<std::int64_t>& milestones) {
  return report(contract_body(seller, buyer, product, agreement, milestones));
}

proto::Settle DealChain::settle_body(const ShortId& contract, std::uint32_t milestone,
                                     std::int64_t amount_minor) const {
  proto::Settle body;
  body.set_contract(id_text(contract));
  body.set_milestone(milestone);
  body.set_amount_minor(amount_minor);
  body.set_accepted_at_s(now_s());
  *body.mutable_invoice() = data_digest("invoice");
  return body;
}

RecordSpec DealChain::settle_spec(const std::string& seller, const std::string& buyer,
                                  const proto::Settle& body) const {
  return spec(seller + ".finance", kSettle, body, {buyer + ".finance"});
}

ShortId DealChain::settle(const std::string& seller, const std::string& buyer, const ShortId& contract,
                          std::uint32_t milestone, std::int64_t amount_minor) {
  Error outcome;
  const Digest id =
      submit_for_id(settle_spec(seller, buyer, settle_body(contract, milestone, amount_minor)), &outcome);
  require_ok(outcome);
  return short_id(id);
}

ShortId DealChain::sell(const std::string& seller, const ShortId& product, const ShortId& agreement,
                        std::int64_t amount_minor) {
  const ShortId id = contract(seller, "buyer", product, agreement, {amount_minor});
  return settle(seller, "buyer", id, 1, amount_minor);
}

RecordSpec DealChain::refund_spec(const std::string& seller, const std::string& buyer, const ShortId& event,
                                  std::int64_t amount_minor) const {
  proto::Refund body;
  body.set_event(id_text(event));
  body.set_amount_minor(amount_minor);
  body.set_reason(proto::REFUND_REASON_AGREED);
  return spec(seller + ".finance", kRefund, body, {buyer + ".finance"});
}

RecordSpec DealChain::close_spec(const std::string& by, const ShortId& agreement, std::int64_t from_s,
                                 std::int64_t to_s) const {
  proto::PeriodClose body;
  body.set_agreement(id_text(agreement));
  body.set_from_s(from_s);
  body.set_to_s(to_s);
  return spec(by + ".finance", kPeriodClose, body);
}

std::int64_t DealChain::income(const std::string& name, const std::string& currency) {
  const auto state = read<proto::IncomeState>(income_key(oid(name), currency));
  return state ? state->total_minor() : 0;
}

proto::EventNodeState DealChain::node(const ShortId& event, const std::string& path) {
  return read<proto::EventNodeState>(event_node_key(event, path)).value_or(proto::EventNodeState());
}

std::int64_t DealChain::counter(const ShortId& agreement, const std::string& id, IncomeOrigin origin,
                                const std::string& period) {
  const auto state = read<proto::CounterState>(counter_key(agreement, id, period, origin));
  return state ? state->value() : 0;
}

}  // namespace circula::ledger::testing
