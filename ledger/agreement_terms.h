// The terms of a revenue agreement as records and subjects carry them, and as the engine reads them
// (revenue_agreement.h). In the engine products and agreements go by the names that people read, "pd-..."
// and "ag-...", so that its errors can be understood; parties by their oids.
//
// Pure functions; any thread.
#pragma once

#include <set>
#include <string>

#include "ledger/proto/agreement.pb.h"
#include "ledger/revenue_agreement.h"
#include "ledger/signing.h"

namespace circula::ledger {

// Bounds of one version beside those of check_size(): with them it fits its subject.
inline constexpr int kTiersMax = 16;       // of a step
inline constexpr int kGuaranteesMax = 16;  // as many as a split has payees
inline constexpr std::size_t kCounterIdCharactersMax = 32;

[[nodiscard]] std::string product_name(const ShortId& product);
[[nodiscard]] std::string agreement_name(const ShortId& agreement);
// REQUIRES: a name that the functions above made.
[[nodiscard]] ShortId product_of(std::string_view name);
[[nodiscard]] ShortId agreement_of(std::string_view name);

// What the engine distributes by. E_FORMAT and E_PI_FIELD, with the field's path, for product ids and counter
// ids that are none; E_LIMIT. The rules of records.md 3.7 are check_terms()'s.
[[nodiscard]] Result<RevenueAgreement> read_terms(const proto::AgreementTerms& terms);

// Where in these terms the engine has found something: "steps[0].split.payees[1].share_ppm" for its
// "steps[0].payees[1].ppm".
[[nodiscard]] std::string record_path(const proto::AgreementTerms& terms, std::string_view engine_path);

// Every organisation that the terms name, each once.
[[nodiscard]] std::set<std::string> payees_of(const RevenueAgreement& agreement);

// Those whom the terms bind: the parties of splits, advances, recoupments and guarantees.
[[nodiscard]] std::set<std::string> parties_of(const RevenueAgreement& agreement);

// Who takes a fee off the top; of these, exchanges sign too.
[[nodiscard]] std::set<std::string> fee_payees_of(const RevenueAgreement& agreement);

// The terms with that list alone by which income would be shared: of a sale, or of a royalty.
[[nodiscard]] RevenueAgreement with_list(const RevenueAgreement& agreement, bool royalty);

// What royalties of either list go to, at rates above zero.
[[nodiscard]] std::set<std::string> royalty_products_of(const RevenueAgreement& agreement);

// A sum that somebody has put in and takes back: a recoupment or an advance.
struct Claim {
  std::string creditor;
  std::string id;  // its counter
  std::int64_t total_minor = 0;
};
[[nodiscard]] std::vector<Claim> claims_of(const RevenueAgreement& agreement);

}  // namespace circula::ledger
