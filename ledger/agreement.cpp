#include "ledger/agreement.h"

#include <algorithm>
#include <limits>

#include "ledger/account.h"
#include "ledger/asset.h"
#include "ledger/chain_family.h"
#include "ledger/currency.h"
#include "ledger/identity.h"
#include "ledger/income.h"
#include "ledger/registered.h"
#include "ledger/rights.h"

namespace circula::ledger {
namespace {

constexpr std::uint16_t kEffectVersionOpened = 2601;
constexpr std::uint16_t kEffectVersionRegistered = 2602;
constexpr std::uint16_t kEffectEnded = 2603;
constexpr std::uint16_t kEffectTraded = 2604;
// Four times the nodes of a cascade, for products that only other cascades reach.
constexpr std::size_t kProductsBelowMax = 256;

// What a registration is about, once its references are found.
struct Candidate {
  ShortId id{};
  proto::AgreementState state;  // before it
  RevenueAgreement terms;
  std::set<std::string> signers;  // organisations whose signature it needs, beside the holders'
};

Result<proto::AgreementState> previous_state(Execution& execution, const proto::AgreementRegister& body) {
  if (body.agreement().empty()) return proto::AgreementState();
  return find_agreement(execution, body.agreement(), "register.agreement");
}

Result<void> check_currency_of(const Candidate& candidate, const std::string& currency) {
  if (auto good = check_currency(currency, "register.currency"); !good) return good;
  if (candidate.state.versions().empty() || candidate.state.currency() == currency) return {};
  return error(Code::E_CURRENCY, "the agreement's counters are in " + candidate.state.currency(),
               "register.currency");
}

Error in_body(const Error& found, const proto::AgreementTerms& terms) {
  const bool outside = found.field == "version" || found.field == "product";
  if (outside) return error(found.code, found.detail, "register." + found.field);
  if (found.field.starts_with("effective"))
    return error(found.code, found.detail, "register." + found.field + "_s");
  return error(found.code, found.detail, "register.terms." + record_path(terms, found.field));
}

// Creditors of the version before whom posted money has not repaid: reports, which a creditor does not sign,
// let nobody drop its claim. One whose claim is kept signs as a party of the next version.
void add_creditors(Execution& execution, const RevenueAgreement& previous, Candidate& candidate) {
  const LedgerBook posted(execution, IncomeOrigin::kPosted);
  for (const Claim& claim : claims_of(previous)) {
    if (posted.counter({candidate.terms.id, claim.id, {}}) < claim.total_minor)
      candidate.signers.insert(claim.creditor);
  }
}

// The candidate as the engine would see it, judged by itself and against the version before it.
Result<Candidate> read_candidate(Execution& execution, const proto::AgreementRegister& body) {
  auto state = previous_state(execution, body);
  if (!state) return state.error();
  Candidate candidate;
  candidate.id = body.agreement().empty() ? execution.new_id() : short_id(body.agreement());
  candidate.state = std::move(*state);

  auto terms = read_terms(body.terms());
  if (!terms) return in_body(terms.error(), body.terms());
  candidate.terms = std::move(*terms);
  RevenueAgreement& next = candidate.terms;
  next.id = agreement_name(candidate.id);
  next.version = body.version();
  next.product = product_name(short_id(body.product()));
  next.effective_from_s = body.effective_from_s() == 0 ? execution.time_s() : body.effective_from_s();
  if (body.effective_to_s() != 0) next.effective_to_s = body.effective_to_s();
  if (next.effective_from_s < execution.time_s()) {
    return error(Code::E_RETROACTIVE, "ledger time is " + std::to_string(execution.time_s()),
                 "register.effective_from_s");
  }

  const LedgerAgreements agreements(execution);
  const RevenueAgreement* previous = agreements.version(next.id, candidate.state.versions_size());
  const auto governing = agreements.governing(next.product);
  const std::string governing_name = governing ? agreement_name(*governing) : std::string();
  if (auto good = check_succession(next, previous, governing_name); !good)
    return in_body(good.error(), body.terms());
  if (auto good = check_size(next); !good) return in_body(good.error(), body.terms());
  if (auto good = check_terms(next); !good) return in_body(good.error(), body.terms());
  if (candidate.state.versions_size() >= kAgreementVersionsMax)
    return error(Code::E_LIMIT, "an agreement has at most 256 versions", "register.version");
  if (auto good = check_currency_of(candidate, body.currency()); !good) return good.error();

  candidate.signers = parties_of(next);
  if (previous == nullptr) return candidate;
  add_creditors(execution, *previous, candidate);
  return candidate;
}

// Exchanges sign for their fee.
std::set<std::string> fee_exchanges(Execution& execution, const RevenueAgreement& terms) {
  std::set<std::string> exchanges;
  for (const std::string& oid : fee_payees_of(terms)) {
    const auto organisation = execution.read<proto::OrgState>(org_key(oid));
    if (organisation && has_kind(*organisation, proto::ORG_KIND_EXCHANGE)) exchanges.insert(oid);
  }
  return exchanges;
}

// Everybody named is an organisation that has not left; exchanges that take a fee will have to sign.
Result<void> check_payees(Execution& execution, Candidate& candidate) {
  for (const std::string& oid : payees_of(candidate.terms)) {
    const auto organisation = execution.read<proto::OrgState>(org_key(oid));
    if (!organisation) return error(Code::E_NOT_FOUND, "no organisation " + oid, "register.terms");
    if (organisation->status() == proto::ORG_STATUS_EXITED)
      return error(Code::E_STATE, oid + " has left", "register.terms");
    if (candidate.state.exchange().empty()) continue;
    if (auto has = require_account(execution, oid, candidate.state.exchange(), "register.terms"); !has)
      return has;
  }
  candidate.signers.merge(fee_exchanges(execution, candidate.terms));
  return {};
}

// The default policy for important data: beside the cdo, who has signed already.
Result<void> require_officers(Execution& execution, const std::set<std::string>& oids, std::uint32_t grade,
                              std::string_view field) {
  if (grade < kGradeImportant) return {};
  for (const std::string& oid : oids) {
    if (auto signed_by = execution.require(oid, kOfficer, field); !signed_by) return signed_by;
  }
  return {};
}

// Products below, by either list of every version on the way: a cascade takes the one list at its top and the
// other below, so what is a circle by both together may be one for some sale.
Result<void> check_circle(const RevenueAgreement& agreement, const AgreementLookup& lookup,
                          std::int64_t time_s, std::set<std::string>& names) {
  std::set<std::string> seen;
  std::vector<const RevenueAgreement*> open = {&agreement};
  while (!open.empty()) {
    const RevenueAgreement& next = *open.back();
    open.pop_back();
    for (const std::string& product : royalty_products_of(next)) {
      if (product == agreement.product)
        return error(Code::E_CYCLE, next.product + " would pay royalties to what pays to it",
                     "register.terms");
      if (!seen.insert(product).second) continue;
      if (seen.size() > kProductsBelowMax)
        return error(Code::E_LIMIT, "more than 256 products below", "register.terms");
      if (const auto governing = lookup.governing(product)) names.insert(agreement_name(*governing));
      if (const RevenueAgreement* below = lookup.in_force(product, time_s)) open.push_back(below);
    }
  }
  return {};
}

// One moment: circles, then the cascade of a sale and that of a royalty. The agreements that may have a part.
Result<std::set<std::string>> check_moment(const Candidate& candidate, const std::string& currency,
                                           const AgreementLookup& lookup, std::int64_t time_s,
                                           bool must_resolve) {
  std::set<std::string> names = {candidate.terms.id};
  if (auto good = check_circle(candidate.terms, lookup, time_s, names); !good) return good.error();
  const RevenueAgreement as_royalty = with_list(candidate.terms, true);
  for (const RevenueAgreement* top :
       std::initializer_list<const RevenueAgreement*>{&candidate.terms, &as_royalty}) {
    const auto cascade = check_cascade(*top, currency, lookup, time_s);
    if (!cascade) return error(cascade.error().code, cascade.error().detail, "register.terms");
    if (!must_resolve) continue;
    if (auto good = require_resolved(*cascade, "register.terms"); !good) return good.error();
  }
  return names;
}

// The cascade at the beginning of the version, and at each later moment at which something below changes.
// Only the first needs an agreement everywhere: one that ends later may be followed by another version.
Result<void> check_cascades(Execution& execution, const Candidate& candidate, const std::string& currency) {
  const LedgerAgreements agreements(execution);
  const std::int64_t end_s =
      candidate.terms.effective_to_s.value_or(std::numeric_limits<std::int64_t>::max());
  std::int64_t time_s = candidate.terms.effective_from_s;
  for (int moments = 0; time_s < end_s; ++moments) {
    if (moments >= kCascadeMomentsMax) {
      return error(Code::E_LIMIT, "more than 64 announced versions below", "register.terms");
    }
    const auto names = check_moment(candidate, currency, agreements, time_s, moments == 0);
    if (!names) return names.error();
    time_s = next_change(*names, agreements, time_s);
  }
  return {};
}

// Organisations that the agreement binds cannot leave meanwhile.
void bind_parties(Execution& execution, const std::set<std::string>& before,
                  const std::set<std::string>& after) {
  std::map<std::string, int> change;
  for (const std::string& oid : before) --change[oid];
  for (const std::string& oid : after) ++change[oid];
  adjust_open_items(execution, change);
}

// REQUIRES: the agreement has this version.
RevenueAgreement terms_of_version(Execution& execution, const ShortId& agreement, int version) {
  const LedgerAgreements agreements(execution);
  const RevenueAgreement* terms = agreements.version(agreement_name(agreement), version);
  assert(terms != nullptr);
  return *terms;
}

void write_version(Execution& execution, const proto::AgreementRegister& body, Candidate candidate) {
  const SubjectKey key = agreement_key(candidate.id);
  if (candidate.state.versions().empty()) {
    candidate.state.set_product(body.product());
    candidate.state.set_currency(body.currency());
    take_unique(execution, governing_key(short_id(body.product())), key);
  }
  std::set<std::string> before;
  if (!candidate.state.versions().empty() && !candidate.state.ended())
    before = parties_of(terms_of_version(execution, candidate.id, candidate.state.versions_size()));
  candidate.state.set_ended(false);
  proto::VersionPeriod& period = *candidate.state.add_versions();
  period.set_from_s(candidate.terms.effective_from_s);
  period.set_to_s(body.effective_to_s());

  proto::AgreementVersionOpened opened;
  opened.set_version(body.version());
  opened.set_product(body.product());
  opened.set_currency(body.currency());
  *opened.mutable_period() = period;
  execution.change(key, kEffectVersionOpened, opened, candidate.state);

  proto::AgreementVersionRegistered registered;
  *registered.mutable_terms() = body.terms();
  for (const std::string& oid : candidate.signers) registered.add_signed_by(oid);
  proto::AgreementVersionState version;
  *version.mutable_terms() = body.terms();
  execution.change(agreement_version_key(candidate.id, body.version()), kEffectVersionRegistered, registered,
                   version);
  bind_parties(execution, before, parties_of(candidate.terms));
}

Result<void> check_may_end(Execution& execution, const ShortId& agreement, const std::string& field) {
  if (open_contracts(execution, agreement) > 0)
    return error(Code::E_IN_USE, "contracts whose income the agreement shares are open", field);
  if (live_listings(execution, agreement) > 0)
    return error(Code::E_IN_USE, "listings whose income the agreement shares are live", field);
  return {};
}

// Who listed the product, or one above it, has checked the cascade: while that listing lives, no version ends
// it or leads it elsewhere.
Result<void> check_use(Execution& execution, const Candidate& candidate) {
  if (candidate.terms.effective_to_s)
    return check_may_end(execution, candidate.id, "register.effective_to_s");
  const int versions = candidate.state.versions_size();
  if (versions == 0 || live_listings(execution, candidate.id) == 0) return {};
  const RevenueAgreement newest = terms_of_version(execution, candidate.id, versions);
  // By each list: income of a sale and income that is a royalty go their own ways.
  const auto leads_as_before = [&](bool royalty) {
    return royalty_products_of(with_list(newest, royalty)) ==
           royalty_products_of(with_list(candidate.terms, royalty));
  };
  if (leads_as_before(false) && leads_as_before(true)) return {};
  return error(Code::E_IN_USE, "listings are live whose royalties would go to other products",
               "register.terms");
}

Result<void> register_version(Execution& execution, const proto::AgreementRegister& body) {
  const auto product = find_certified(execution, body.product(), "register.product");
  if (!product) return product.error();
  auto candidate = read_candidate(execution, body);
  if (!candidate) return candidate.error();
  if (auto good = check_payees(execution, *candidate); !good) return good;
  if (auto signed_by = require_each(execution, candidate->signers, kCdo, "register.terms", Code::E_COSIGN);
      !signed_by)
    return signed_by;
  const std::uint32_t grade = product->grade();
  if (auto good = require_officers(execution, candidate->signers, grade, "register.terms"); !good)
    return good;
  if (auto held = require_operators(execution, body.product(), grade, kCdo, "register.product"); !held)
    return held;
  if (auto good = check_use(execution, *candidate); !good) return good;
  if (auto good = check_cascades(execution, *candidate, body.currency()); !good) return good;
  write_version(execution, body, std::move(*candidate));
  return {};
}

// When the version ends: later than it begins, and earlier than it would have.
Result<std::int64_t> end_of(Execution& execution, const proto::AgreementEnd& body,
                            const proto::VersionPeriod& period) {
  const std::int64_t to_s = body.effective_to_s() == 0 ? execution.time_s() : body.effective_to_s();
  if (to_s < execution.time_s())
    return error(Code::E_RETROACTIVE, "ledger time is " + std::to_string(execution.time_s()),
                 "end.effective_to_s");
  if (to_s <= period.from_s() || (period.to_s() != 0 && to_s > period.to_s()))
    return error(Code::E_EFFECTIVE, "the end lies within the period of the newest version",
                 "end.effective_to_s");
  return to_s;
}

// One whose time is over is ended too: that frees its parties.
Result<void> end(Execution& execution, const proto::AgreementEnd& body) {
  auto state = find_agreement(execution, body.agreement(), "end.agreement");
  if (!state) return state.error();
  const ShortId id = short_id(body.agreement());
  const int newest = state->versions_size();
  const RevenueAgreement terms = terms_of_version(execution, id, newest);
  std::set<std::string> signers = parties_of(terms);
  signers.merge(fee_exchanges(execution, terms));
  if (auto signed_by = require_each(execution, signers, kCdo, "end.agreement", Code::E_COSIGN); !signed_by)
    return signed_by;
  const auto product = find_registered(execution, state->product(), "end.agreement");
  if (!product) return product.error();
  if (auto good = require_officers(execution, signers, product->grade(), "end.agreement"); !good) return good;
  if (state->ended()) return error(Code::E_STATE, "the agreement was ended", "end.agreement");
  if (auto good = check_may_end(execution, id, "end.agreement"); !good) return good;
  proto::VersionPeriod& period = *state->mutable_versions(newest - 1);
  const bool over = period.to_s() != 0 && period.to_s() <= execution.time_s();
  if (!over) {
    const auto to_s = end_of(execution, body, period);
    if (!to_s) return to_s.error();
    period.set_to_s(*to_s);
  }
  state->set_ended(true);
  proto::AgreementEnded effect;
  effect.set_version(static_cast<std::uint32_t>(newest));
  effect.set_effective_to_s(period.to_s());
  execution.change(agreement_key(id), kEffectEnded, effect, *state);
  bind_parties(execution, parties_of(terms), {});
  return {};
}

Result<void> apply_agreement(Execution& execution, const proto::Agreement& body) {
  switch (body.op_case()) {
    case proto::Agreement::kRegister:
      return register_version(execution, body.register_());
    case proto::Agreement::kEnd:
      return end(execution, body.end());
    case proto::Agreement::OP_NOT_SET:
      break;
  }
  return error(Code::E_FORMAT, "no operation", "op");
}

constexpr RecordType kRecords[] = {record_type<proto::Agreement, apply_agreement>(26, 1, "AGREEMENT")};
constexpr EffectType kEffects[] = {
    effect_type<proto::AgreementVersionOpened>(kEffectVersionOpened, "version opened"),
    effect_type<proto::AgreementVersionRegistered>(kEffectVersionRegistered, "version registered"),
    effect_type<proto::AgreementEnded>(kEffectEnded, "ended"),
    effect_type<proto::AgreementTraded>(kEffectTraded, "traded"),
};
constexpr SubjectFields kSubjects[] = {
    subject_fields<proto::AgreementState>(SubjectKind::kAgreement, "agreement/", 1),
    subject_fields<proto::AgreementVersionState>(SubjectKind::kAgreement, "agreement/", 2),
};

}  // namespace

const Family kAgreementFamily = {"agreement", kRecords, kEffects, kSubjects, {}};

void note_traded(Execution& execution, const ShortId& agreement, const std::string& exchange) {
  const SubjectKey key = agreement_key(agreement);
  auto state = execution.read<proto::AgreementState>(key);
  assert(state && "found before");
  if (!state->exchange().empty()) return;
  state->set_exchange(exchange);
  state->set_traded_at_s(execution.time_s());
  proto::AgreementTraded effect;
  effect.set_exchange(exchange);
  execution.change(key, kEffectTraded, effect, *state);
}

Result<proto::AgreementState> find_agreement(Execution& execution, const std::string& id,
                                             const std::string& field) {
  if (id.size() != ShortId::kSize) return error(Code::E_FORMAT, "an agreement id has 16 bytes", field);
  const SubjectKey key = agreement_key(short_id(id));
  auto state = execution.read<proto::AgreementState>(key);
  if (!state) return error(Code::E_NOT_FOUND, "no " + key, field);
  return *state;
}

Result<void> require_operators(Execution& execution, const std::string& product, std::uint32_t grade,
                               Usages usages, std::string_view field, std::uint64_t quorum_ppm) {
  const auto counts = [&](const std::string& oid) {
    if (grade < kGradeImportant) return execution.has_signed(oid, usages);
    return execution.has_signed(oid, kCdo) && execution.has_signed(oid, kOfficer);
  };
  const proto::RightState table = right_table(execution, short_id(product), proto::RIGHT_KIND_OPERATION);
  std::uint64_t held = 0;
  for (const proto::Holder& holder : table.holders()) {
    if (counts(holder.oid())) held += holder.ppm();
  }
  if (held >= quorum_ppm) return {};
  return error(Code::E_NO_RIGHT,
               "the signers hold " + std::to_string(held) + " ppm of right O, " + std::to_string(quorum_ppm) +
                   " are needed",
               std::string(field));
}

Result<void> require_each(Execution& execution, const std::set<std::string>& oids, Usages usages,
                          std::string_view field, Code code) {
  for (const std::string& oid : oids) {
    if (auto active = active_organisation(execution, oid, field); !active) return active.error();
  }
  for (const std::string& oid : oids) {
    if (auto signed_by = execution.require(oid, usages, field, code); !signed_by) return signed_by;
  }
  return {};
}

}  // namespace circula::ledger
