// Codes of national classifications in profiles and descriptions (records.md 3.1, `reg` and `ind`), and what
// lies within what: both kinds of codes grow from left to right.
//
//   region    GB/T 2260 and its extension: digits; province 2, city 4, county 6, township 9, village 12
//   industry  GB/T 4754: a capital letter, then up to four digits
//
// The empty code is the whole: the country, every industry. Only the form is judged, not whether a code is in
// use: the tables change every year.
#pragma once

#include <string_view>

#include "ledger/outcome.h"

namespace circula::ledger {

// E_FORMAT; the empty code passes.
[[nodiscard]] Result<void> check_region(std::string_view code, std::string_view field);
[[nodiscard]] Result<void> check_industry(std::string_view code, std::string_view field);

// Whether an authority for `scope` is one for `code`.
[[nodiscard]] constexpr bool lies_within(std::string_view code, std::string_view scope) {
  return code.starts_with(scope);
}

}  // namespace circula::ledger
