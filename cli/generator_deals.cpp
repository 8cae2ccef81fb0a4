#include "cli/generator_deals.h"

#include <algorithm>
#include <cassert>

#include "cli/generator_products.h"
#include "cli/generator_terms.h"
#include "cli/generator_trade.h"
#include "ledger/agreement_terms.h"
#include "ledger/apportion.h"
#include "ledger/calendar.h"
#include "ledger/proto/contract.pb.h"
#include "ledger/proto/period_close.pb.h"
#include "ledger/proto/settlement.pb.h"

namespace circula::cli {
namespace {

namespace proto = ledger::proto;
using ledger::Code;

constexpr std::int64_t kSettledAtScale1 = 420'000'000'000;  // 4.2 bn yuan
constexpr std::int64_t kDealsFromDay = 60;
constexpr std::int64_t kDealsToDay = 310;
constexpr std::int64_t kMeteredToDay = 150;  // the last one's six months end within the year
constexpr std::size_t kMeteredMonths = 6;
constexpr std::int64_t kLastCloseDay = 370;

// Values of a lognormal distribution with sigma 1.8, in thousandths of its median, at the middles of 32
// classes of equal probability.
constexpr std::int64_t kDealWeights[] = {21,   49,   78,   109,  144,  182,  224,  271,   324,   383,  449,
                                         523,  607,  701,  809,  932,  1073, 1236, 1426,  1648,  1912, 2228,
                                         2612, 3086, 3684, 4459, 5497, 6955, 9150, 12833, 20424, 48278};

struct Deal {
  ledger::ShortId contract{};
  std::string product;  // as the engine names it
  const GeneratedOrganisation* seller = nullptr;
  const GeneratedOrganisation* buyer = nullptr;
  std::vector<std::int64_t> milestones;
};

ledger::RevenueAgreement engine_terms(const GeneratedAsset& asset, std::int64_t from_s) {
  auto terms = ledger::read_terms(asset.terms);
  assert(terms && "generated terms are well formed");
  ledger::RevenueAgreement agreement = std::move(*terms);
  agreement.id = ledger::agreement_name(asset.agreement);
  agreement.version = asset.versions;
  agreement.product = ledger::product_name(asset.id);
  agreement.effective_from_s = from_s;
  return agreement;
}

// Holders of right O, parties, and exchanges that take a fee.
Signers agreement_signers(const GeneratorYearPlan& year, const GeneratedAsset& asset,
                          const proto::AgreementTerms& terms) {
  Signers signers = holders_cdos(year, {asset.id, 'O'});
  const auto engine = ledger::read_terms(terms);
  assert(engine && "generated terms are well formed");
  std::set<std::string> oids = ledger::parties_of(*engine);
  for (const std::string& oid : ledger::fee_payees_of(*engine)) {
    if (find_oid(year.world, oid)->is(proto::ORG_KIND_EXCHANGE)) oids.insert(oid);
  }
  for (const std::string& oid : oids) {
    const crypto::SigningKey* key = &find_oid(year.world, oid)->cdo();
    if (std::ranges::find(signers, key) == signers.end()) signers.push_back(key);
  }
  return signers;
}

proto::Agreement version_body(const GeneratedAsset& asset, const proto::AgreementTerms& terms,
                              std::uint32_t version, std::int64_t from_s) {
  proto::Agreement body;
  proto::AgreementRegister& entry = *body.mutable_register_();
  if (version > 1) entry.set_agreement(bytes_of(asset.agreement));
  entry.set_version(version);
  entry.set_product(bytes_of(asset.id));
  entry.set_currency("CNY");
  entry.set_effective_from_s(from_s);
  *entry.mutable_terms() = terms;
  return body;
}

std::int64_t tomorrow(const GeneratorYearPlan& year) {
  return ledger::start_of_day(ledger::day_of(year.diary.now_s()) + 1);
}

void register_version(GeneratorYearPlan& year, GeneratedAsset& asset, const proto::AgreementTerms& terms) {
  const std::int64_t from_s = tomorrow(year);
  const Signers signers = agreement_signers(year, asset, terms);
  const crypto::Digest record =
      year.diary.write(26, version_body(asset, terms, asset.versions + 1, from_s), signers);
  if (asset.versions == 0) {
    asset.agreement = object_of(record);
    asset.income_from_s = from_s;
  }
  ++asset.versions;
  asset.terms = terms;
  for (ledger::RevenueScenario* scenario : {&year.posted, &year.reported}) {
    [[maybe_unused]] const auto added = scenario->add_agreement(engine_terms(asset, from_s));
    assert(added && "generated agreements follow one another");
  }
  ++year.truth.counts["agreement versions"];
}

// Sellers with an account at the exchange.
std::vector<const GeneratedOrganisation*> sellers_at(const GeneratorYearPlan& year,
                                                     const GeneratedOrganisation& exchange) {
  auto near = sellers(year);
  std::erase_if(near, [&](const GeneratedOrganisation* seller) {
    return !seller->admitted_by.empty() && seller->admitted_by != exchange.oid;
  });
  return near;
}

TermParties pick_parties(GeneratorYearPlan& year, const GeneratedAsset& asset,
                         const GeneratedOrganisation& exchange) {
  TermParties parties;
  const auto among = sellers_at(year, exchange);
  const std::string vendor_b = find_named(year.world, "vendor-b")->oid;
  parties.owner = asset.applicant->oid;
  parties.partner = parties.owner == vendor_b ? pick_other(year, among, {parties.owner}).oid : vendor_b;
  parties.third = pick_other(year, among, {parties.owner, parties.partner}).oid;
  parties.investor = all_of_kind(year.world, proto::ORG_KIND_BANK).front()->oid;
  parties.exchange = exchange.oid;
  parties.tax = all_of_kind(year.world, proto::ORG_KIND_TAX_AUTHORITY).front()->oid;
  parties.sources = asset.sources;
  return parties;
}

// Closes the month that ends now, and goes on to the next one.
void close_month(GeneratorYearPlan& year, const GeneratedAsset& asset, std::int64_t from_s, bool again) {
  const std::int64_t to_s = ledger::start_of_day(ledger::day_of(year.diary.now_s()));
  proto::PeriodClose body;
  body.set_agreement(bytes_of(asset.agreement));
  body.set_from_s(from_s);
  body.set_to_s(to_s);
  const Signers party{&find_oid(year.world, asset.terms.guarantees(0).party())->finance()};
  const crypto::Digest record = year.diary.write(28, body, party);
  [[maybe_unused]] const auto closed =
      year.reported.close(bytes_of(object_of(record)), ledger::agreement_name(asset.agreement), from_s, to_s);
  assert(closed && "a guaranteed agreement has an effective version");
  ++year.truth.counts["closed periods"];
  if (again) year.diary.write(28, body, party, Code::E_CLOSED, "a period closed twice");
  const std::int64_t next_s = year.diary.now_s() + 30 * ledger::kSecondsPerDay;
  if (next_s > year.begin_s + kLastCloseDay * ledger::kSecondsPerDay) return;
  year.at_time(next_s, [&year, &asset, to_s] { close_month(year, asset, to_s, false); });
}

void refund(GeneratorYearPlan& year, const Deal& deal, const ledger::ShortId& event,
            std::int64_t amount_minor) {
  proto::Refund body;
  body.set_event(bytes_of(event));
  body.set_amount_minor(amount_minor);
  body.set_reason(proto::REFUND_REASON_AGREED);
  const Signers both{&deal.seller->finance(), &deal.buyer->finance()};
  const crypto::Digest record = year.diary.write(24, body, both);
  [[maybe_unused]] const auto refunded =
      year.reported.give_back(bytes_of(object_of(record)), bytes_of(event), amount_minor);
  assert(refunded && "what is left of the event is more");
  year.truth.refunded_minor += amount_minor;
  ++year.truth.counts["refunds"];
  body.set_amount_minor(ledger::kAmountMax);
  year.diary.write(24, body, both, Code::E_REFUND_EXCEEDS, "refund of more than was settled");
}

void settle(GeneratorYearPlan& year, const Deal& deal, std::size_t milestone) {
  const std::int64_t amount_minor = deal.milestones[milestone];
  proto::Settle body;
  body.set_contract(bytes_of(deal.contract));
  body.set_milestone(static_cast<std::uint32_t>(milestone + 1));
  body.set_amount_minor(amount_minor);
  body.set_accepted_at_s(year.diary.now_s());
  *body.mutable_invoice() = generated_digest("invoice " + std::to_string(year.seed) + " " +
                                             std::to_string(++year.truth.counts["settlements"]));
  const Signers both{&deal.seller->finance(), &deal.buyer->finance()};
  const ledger::ShortId event = object_of(year.diary.write(23, body, both));
  [[maybe_unused]] const auto sold =
      year.reported.sell(bytes_of(event), {deal.product, year.diary.now_s(), amount_minor});
  assert(sold && "an agreement is in force on every product that is sold");
  year.truth.settled_minor += amount_minor;
  if (year.truth.counts["settlements"] % 20 == 1)
    year.diary.write(23, body, both, Code::E_SETTLED, "a milestone settled twice");
  const std::uint64_t drawn = year.draw.below(1'000);
  if (drawn >= 60) return;
  const std::int64_t back_minor = drawn < 15 ? amount_minor : amount_minor / 3 + 1;
  year.days_later(7, [&year, deal, event, back_minor] { refund(year, deal, event, back_minor); });
}

void report_deal(GeneratorYearPlan& year, std::int64_t total_minor, bool metered) {
  std::vector<GeneratedAsset*> products;
  for (GeneratedAsset& asset : year.assets) {
    if (asset.income_from_s != 0 && asset.income_from_s < year.diary.now_s()) products.push_back(&asset);
  }
  assert(!products.empty() && "deals begin after the first agreements");
  const GeneratedAsset& product = *year.draw.pick(products);
  Deal deal;
  deal.product = ledger::product_name(product.id);
  deal.seller = &main_holder(year, {product.id, 'O'});
  deal.buyer = &pick_other(year, all_of_kind(year.world, proto::ORG_KIND_BUYER), {deal.seller->oid});
  deal.milestones = cut_milestones(year.draw, total_minor, metered);
  proto::Contract body;
  proto::ContractReport& report = *body.mutable_report();
  report.set_seller(deal.seller->oid);
  report.set_buyer(deal.buyer->oid);
  report.set_product(bytes_of(product.id));
  report.set_signed_at_s(year.diary.now_s());
  report.set_currency("CNY");
  report.set_total_minor(total_minor);
  for (const std::int64_t amount_minor : deal.milestones) {
    proto::Milestone& milestone = *report.add_milestones();
    milestone.set_n(static_cast<std::uint32_t>(report.milestones_size()));
    milestone.set_amount_minor(amount_minor);
    milestone.set_trigger(metered ? proto::MILESTONE_TRIGGER_USAGE : proto::MILESTONE_TRIGGER_DELIVERY);
  }
  report.set_agreement(bytes_of(product.agreement));
  const bool pinned = !product.revised && year.draw.one_in(2);
  if (pinned) report.set_agreement_version(product.versions);
  report.set_follows_versions(!pinned);
  *report.mutable_text() = generated_digest("contract " + std::to_string(year.seed) + " " +
                                            std::to_string(++year.truth.counts["contracts"]));
  Signers signers = holders_cdos(year, {product.id, 'O'});
  signers.push_back(&deal.buyer->officer());
  deal.contract = object_of(year.diary.write(17, body, signers));
  for (std::size_t at = 0; at < deal.milestones.size(); ++at) {
    year.days_later(14 + static_cast<std::int64_t>(at) * (metered ? 30 : 10),
                    [&year, deal, at] { settle(year, deal, at); });
  }
}

}  // namespace

std::vector<std::int64_t> cut_milestones(Draw& draw, std::int64_t total_minor, bool metered) {
  const std::uint64_t drawn = draw.below(100);
  const std::size_t count = metered ? kMeteredMonths : drawn < 70 ? 1 : drawn < 92 ? 2 : 3;
  std::vector<std::int64_t> weights;
  for (std::size_t at = 0; at < count; ++at) weights.push_back(draw.between(100, 200));
  return ledger::apportion(total_minor, weights);
}

void agree_on_product(GeneratorYearPlan& year, GeneratedAsset& product,
                      const GeneratedOrganisation& exchange) {
  constexpr std::size_t kForms[] = {0, 1, 2, 4, 5};  // without guarantees
  register_version(year, product,
                   make_terms(year.draw.pick(kForms), pick_parties(year, product, exchange), year.draw));
}

void make_agreement(GeneratorYearPlan& year, GeneratedAsset& asset) {
  const std::uint64_t number = year.truth.counts["agreements"];
  if (number >= year.scaled(1'500)) return;
  ++year.truth.counts["agreements"];
  const proto::AgreementTerms terms = make_terms(static_cast<std::size_t>(number) % kTermForms,
                                                 pick_parties(year, asset, *asset.home), year.draw);
  if (number % 10 == 4) {
    proto::AgreementTerms wrong = terms;
    proto::SplitStep& split = *wrong.mutable_steps(wrong.steps_size() - 1)->mutable_split();
    split.mutable_payees(0)->set_share_ppm(split.payees(0).share_ppm() - 1);
    year.diary.write(26, version_body(asset, wrong, 1, tomorrow(year)), agreement_signers(year, asset, wrong),
                     Code::E_SHARE_SUM, "shares that do not make a whole");
  }
  asset.revised = number % 5 == 1;
  register_version(year, asset, terms);
  year.days_later(2, [&year, &asset] { make_products(year, asset); });
  if (asset.revised) {
    year.days_later(60,
                    [&year, &asset] { register_version(year, asset, next_terms(asset.terms, year.draw)); });
  }
  if (terms.guarantees_size() > 0) {
    const std::int64_t from_s = asset.income_from_s;
    year.days_later(31, [&year, &asset, from_s] { close_month(year, asset, from_s, true); });
  }
}

void plan_deals(GeneratorYearPlan& year) {
  const std::uint64_t metered = year.scaled(620);
  const std::uint64_t deals = year.scaled(1'573) + metered;
  std::vector<std::int64_t> weights;
  for (std::uint64_t at = 0; at < deals; ++at)
    weights.push_back(kDealWeights[year.draw.below(std::size(kDealWeights))]);
  const std::int64_t total_minor = kSettledAtScale1 / 1'000'000 * year.scale_ppm;
  const std::vector<std::int64_t> totals = ledger::apportion(total_minor, weights);
  for (std::uint64_t at = 0; at < deals; ++at) {
    const bool by_usage = at < metered;
    const std::int64_t day = year.draw.between(kDealsFromDay, by_usage ? kMeteredToDay : kDealsToDay);
    const bool reported = by_usage || at % 8 == 0;
    year.at_day(day, [&year, amount_minor = totals[at], by_usage, reported] {
      if (reported || !trade(year, amount_minor)) report_deal(year, amount_minor, by_usage);
    });
  }
}

}  // namespace circula::cli
