#include "ledger/cascade_agreements.h"

#include <algorithm>
#include <limits>

#include "ledger/cascade_size.h"

namespace circula::ledger {
namespace {

void add_moment(const CascadeAgreements& cascade, const std::string& product, const AgreementLookup& lookup,
                std::int64_t time_s, SharedIncome& shared) {
  for (const std::string& name : cascade.names) {
    const std::string& bytes = lookup.state(name)->product();
    const std::string theirs = product_name(ShortId::from(crypto::as_bytes(bytes)));
    const RevenueAgreement* terms = lookup.in_force(theirs, time_s);
    if (terms != nullptr) shared.payees.merge(payees_of(with_list(*terms, theirs != product)));
    shared.agreements.insert(name);
  }
}

}  // namespace

Result<CascadeAgreements> check_cascade(const RevenueAgreement& agreement, const std::string& currency,
                                        const AgreementLookup& agreements, std::int64_t time_s) {
  CascadeAgreements found{{agreement.id}, {}};
  std::optional<Error> other_currency;
  auto size = worst_case(agreement, [&](std::string_view product) -> const RevenueAgreement* {
    if (product == agreement.product) return &agreement;
    const auto governing = agreements.governing(product);
    if (!governing) return nullptr;
    const std::string name = agreement_name(*governing);
    found.names.insert(name);
    const std::string& theirs = agreements.state(name)->currency();
    if (theirs != currency && !other_currency) {
      other_currency = error(Code::E_CURRENCY, name + " shares income in " + theirs, "royalty");
    }
    return agreements.in_force(product, time_s);
  });
  if (!size) return size.error();
  if (other_currency) return *other_currency;
  found.unresolved = std::move(size->unresolved);
  return found;
}

Result<void> require_resolved(const CascadeAgreements& cascade, std::string_view field) {
  if (cascade.unresolved.empty()) return {};
  return error(Code::E_NO_AGREEMENT, "no agreement in force for " + cascade.unresolved.front(),
               std::string(field));
}

std::int64_t next_change(const std::set<std::string>& agreements, const AgreementLookup& lookup,
                         std::int64_t time_s) {
  std::int64_t next = std::numeric_limits<std::int64_t>::max();
  for (const std::string& name : agreements) {
    const proto::AgreementState* state = lookup.state(name);
    if (state == nullptr) continue;
    for (const proto::VersionPeriod& period : state->versions()) {
      for (const std::int64_t moment : {period.from_s(), period.to_s()}) {
        if (moment > time_s) next = std::min(next, moment);
      }
    }
  }
  return next;
}

Result<SharedIncome> trace_income(const std::string& product, const std::string& currency,
                                  const AgreementLookup& agreements, std::int64_t from_s, std::int64_t to_s,
                                  const std::string& field) {
  SharedIncome shared;
  std::int64_t time_s = from_s;
  for (int moments = 0; moments == 0 || time_s < to_s; ++moments) {
    if (moments >= kCascadeMomentsMax)
      return error(Code::E_LIMIT, "more than 64 announced versions share the income", field);
    const RevenueAgreement* terms = agreements.in_force(product, time_s);
    if (terms == nullptr && moments == 0)
      return error(Code::E_NO_AGREEMENT, "no version of the product's agreement is in force", field);
    if (terms != nullptr) {
      const auto cascade = check_cascade(*terms, currency, agreements, time_s);
      if (!cascade) return error(cascade.error().code, cascade.error().detail, field);
      if (moments == 0) {
        if (auto good = require_resolved(*cascade, field); !good) return good.error();
      }
      add_moment(*cascade, product, agreements, time_s, shared);
    }
    time_s = next_change(shared.agreements, agreements, time_s);
  }
  return shared;
}

}  // namespace circula::ledger
