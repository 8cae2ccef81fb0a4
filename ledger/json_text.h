// JSON text that somebody else wrote: drafts, genesis and member files, bodies, HTTP requests. Read strictly,
// so that two readers of one file cannot understand it differently: one value, nothing behind it, no key
// twice in an object (RFC 8259 section 4 leaves open what that means), at most 32 levels deep.
//
// Threads: no state.
#pragma once

#include <boost/json/value.hpp>
#include <string_view>

#include "ledger/outcome.h"

namespace circula::ledger {

// E_FORMAT: what is wrong, and as the field the place, "line 3, column 14".
[[nodiscard]] Result<boost::json::value> parse_json(std::string_view text);

}  // namespace circula::ledger
