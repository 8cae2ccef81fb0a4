#include "cli/generator_terms.h"

#include <algorithm>

namespace circula::cli {
namespace {

namespace proto = ledger::proto;

void add_tax(proto::AgreementTerms& terms, const TermParties& parties) {
  proto::TaxStep& tax = *terms.add_steps()->mutable_tax();
  tax.set_payee(parties.tax);
  tax.set_rate_ppm(60'000);
}

proto::PercentStep& add_percent(proto::AgreementTerms& terms, const TermParties& parties,
                                proto::ShareBase base, Draw& draw) {
  proto::PercentStep& fee = *terms.add_steps()->mutable_percent();
  fee.set_payee(parties.exchange);
  fee.set_rate_ppm(static_cast<std::uint32_t>(draw.between(15'000, 30'000)));
  fee.set_base(base);
  return fee;
}

void add_tiers(proto::AgreementTerms& terms, const std::string& payee, proto::TierPeriod period,
               std::int64_t first_minor) {
  proto::TieredStep& tiered = *terms.add_steps()->mutable_tiered();
  tiered.set_id("tiers");
  tiered.set_payee(payee);
  tiered.set_base(proto::SHARE_BASE_GROSS);
  tiered.set_period(period);
  std::int64_t upto_minor = first_minor;
  for (const std::uint32_t rate_ppm : {30'000U, 20'000U, 10'000U}) {
    proto::Tier& tier = *tiered.add_tiers();
    tier.set_rate_ppm(rate_ppm);
    tier.set_upto_minor(rate_ppm == 10'000U ? 0 : upto_minor);
    upto_minor = first_minor * 5 / 2;
  }
}

using Steps = google::protobuf::RepeatedPtrField<proto::AgreementStep>;

void add_royalty(Steps& steps, const std::vector<std::uint32_t>& rates, const TermParties& parties,
                 proto::ShareBase base) {
  if (parties.sources.empty()) return;
  proto::RoyaltyStep& royalty = *steps.Add()->mutable_royalty();
  royalty.set_base(base);
  for (std::size_t at = 0; at < parties.sources.size(); ++at) {
    proto::RoyaltyItem& item = *royalty.add_items();
    item.set_product(std::string(parties.sources[at].text()));
    item.set_rate_ppm(rates[at]);
  }
}

proto::SplitPayee& add_payee(proto::SplitStep& split, const std::string& party, std::uint32_t share_ppm) {
  proto::SplitPayee& payee = *split.add_payees();
  payee.set_party(party);
  payee.set_share_ppm(share_ppm);
  return payee;
}

proto::SplitStep& add_split(Steps& steps, const TermParties& parties, std::uint32_t partner_ppm,
                            std::uint32_t third_ppm) {
  proto::SplitStep& split = *steps.Add()->mutable_split();
  add_payee(split, parties.owner, 1'000'000 - partner_ppm - third_ppm);
  add_payee(split, parties.partner, partner_ppm);
  if (third_ppm > 0) add_payee(split, parties.third, third_ppm);
  return split;
}

void add_recoupment(proto::AgreementTerms& terms, const TermParties& parties, Draw& draw) {
  proto::RecoupStep& recoup = *terms.add_steps()->mutable_recoup();
  recoup.set_id("investment");
  recoup.set_payee(parties.investor);
  recoup.set_rate_ppm(500'000);
  recoup.set_total_minor(draw.between(20'000'000, 90'000'000));
}

}  // namespace

proto::AgreementTerms make_terms(std::size_t form, const TermParties& parties, Draw& draw) {
  proto::AgreementTerms terms;
  terms.set_rounding(form == 4 ? proto::ROUNDING_CARRY : proto::ROUNDING_LARGEST_REMAINDER);
  std::vector<std::uint32_t> rates;
  for (std::size_t at = 0; at < parties.sources.size(); ++at)
    rates.push_back(static_cast<std::uint32_t>(draw.between(50'000, 250'000)));
  proto::ShareBase royalty_base = proto::SHARE_BASE_REMAINING;
  if (form == 0 || form == 1) {
    add_tax(terms, parties);
    proto::PercentStep& fee = add_percent(terms, parties, proto::SHARE_BASE_NET, draw);
    if (form == 0) fee.set_min_minor(10'000);
    if (form == 1) fee.set_max_minor(5'000'000);
    royalty_base = proto::SHARE_BASE_NET;
  } else if (form == 2) {
    proto::PercentStep& fee = add_percent(terms, parties, proto::SHARE_BASE_GROSS, draw);
    fee.mutable_cap()->set_id("fees");
    fee.mutable_cap()->set_total_minor(9'000'000);
    add_recoupment(terms, parties, draw);
  } else if (form == 3) {
    add_tiers(terms, parties.exchange, proto::TIER_PERIOD_MONTH, 10'000'000);
  } else if (form == 5) {
    proto::FixedStep& fixed = *terms.add_steps()->mutable_fixed();
    fixed.set_payee(parties.exchange);
    fixed.set_amount_minor(10'000);
    add_tiers(terms, parties.investor, proto::TIER_PERIOD_YEAR, 50'000'000);
  }
  add_royalty(*terms.mutable_steps(), rates, parties, royalty_base);
  const auto partner_ppm = static_cast<std::uint32_t>(draw.between(100'000, 400'000));
  proto::SplitStep& split =
      add_split(*terms.mutable_steps(), parties, partner_ppm, form == 0 || form == 3 ? 333'333 : 0);
  if (form == 1) {
    split.mutable_payees(1)->mutable_withhold()->set_payee(parties.tax);
    split.mutable_payees(1)->mutable_withhold()->set_rate_ppm(200'000);
  } else if (form == 2) {
    proto::Advance& advance = *split.mutable_payees(0)->mutable_advance();
    advance.set_id("advance");
    advance.set_to(parties.partner);
    advance.set_total_minor(5'000'000);
    advance.set_rate_ppm(500'000);
  } else if (form == 3) {
    proto::ShareCap& cap = *split.mutable_payees(2)->mutable_cap();
    cap.set_id("cap");
    cap.set_total_minor(60'000'000);
    cap.set_overflow(parties.investor);
    proto::Guarantee& guarantee = *terms.add_guarantees();
    guarantee.set_party(parties.partner);
    guarantee.set_guarantor(parties.owner);
    guarantee.set_amount_minor(9'000'000);
  }
  if (form == 2 || form == 4) return terms;  // the same steps for income that is a royalty
  add_royalty(*terms.mutable_royalty_steps(), rates, parties, proto::SHARE_BASE_GROSS);
  add_split(*terms.mutable_royalty_steps(), parties, partner_ppm, 0);
  return terms;
}

proto::AgreementTerms next_terms(const proto::AgreementTerms& terms, Draw& draw) {
  proto::AgreementTerms next = terms;
  proto::SplitStep& split = *next.mutable_steps(next.steps_size() - 1)->mutable_split();
  const auto moved = std::min<std::uint32_t>(split.payees(1).share_ppm() - 1,
                                             static_cast<std::uint32_t>(draw.between(1'000, 90'000)));
  split.mutable_payees(1)->set_share_ppm(split.payees(1).share_ppm() - moved);
  split.mutable_payees(0)->set_share_ppm(split.payees(0).share_ppm() + moved);
  return next;
}

}  // namespace circula::cli
