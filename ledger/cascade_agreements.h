// Whose agreements share the income of a product: at one moment, and from a moment on for as long as
// versions are known. Records 17 CONTRACT, 15 LISTING and 26 AGREEMENT ask, so that no sale is met by what
// could be known before it.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/agreement_lookup.h"

namespace circula::ledger {

// Moments at which versions change, that a check follows. A chain of 64 nodes with one announced version each
// has as many.
inline constexpr int kCascadeMomentsMax = 64;

// Who shares the income of a product at a moment.
struct CascadeAgreements {
  std::set<std::string> names;          // agreements of its products, also those not in force then
  std::vector<std::string> unresolved;  // products without an agreement in force
};

// The worst case of the cascade of `agreement` by the versions in force at `time_s`, all in one currency:
// E_CYCLE, E_DEPTH, E_LIMIT, E_CURRENCY.
[[nodiscard]] Result<CascadeAgreements> check_cascade(const RevenueAgreement& agreement,
                                                      const std::string& currency,
                                                      const AgreementLookup& agreements, std::int64_t time_s);
// E_NO_AGREEMENT when a product is unresolved.
[[nodiscard]] Result<void> require_resolved(const CascadeAgreements& cascade, std::string_view field);

// The next moment after `time_s` at which one of these agreements changes; none: the largest number.
[[nodiscard]] std::int64_t next_change(const std::set<std::string>& agreements, const AgreementLookup& lookup,
                                       std::int64_t time_s);

// Who may share the income of a product's sales.
struct SharedIncome {
  std::set<std::string> agreements;  // names
  std::set<std::string> payees;      // oids that a line of a sale can name
};

// By the versions in force at `from_s`, when the whole cascade must resolve (E_NO_AGREEMENT), and at each
// later moment before `to_s` at which one of them changes. Errors as check_cascade(), all with `field`.
[[nodiscard]] Result<SharedIncome> trace_income(const std::string& product, const std::string& currency,
                                                const AgreementLookup& agreements, std::int64_t from_s,
                                                std::int64_t to_s, const std::string& field);

}  // namespace circula::ledger
