// Agreements and revenue events as a JSON document (records.md 3.9), and its evaluation.
//
// The document is what test vectors and `circula revenue evaluate` share:
//   {format: "revenue-cases", version: 1, ..., cases: [{id, agreements[], events[], expected?}]}
// Each case starts from nothing: its agreements are registered in order (a refused one is left out), then
// its events run in order. `expected` of the input is not read.
//
// 1. Money and rates are integers; a number with a fraction or an exponent is refused, never rounded.
// 2. A field that is missing, of another type, or unknown is an error that names its place, such as
//    "cases[3].agreements[0].steps[1].rate_ppm". null and absent mean the same.
//
// Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

#include "ledger/outcome.h"

namespace circula::ledger {

// The same document with `expected` computed in every case: agreements, results, totals and state, with
// integers as JSON numbers. Errors: E_FORMAT with the place; for text that is no JSON the field is
// "line L, column C". E_AMOUNT for a total that leaves 64 bits.
[[nodiscard]] Result<std::string> evaluate_revenue_document(std::string_view json);

}  // namespace circula::ledger
