// The model's requests as records 1, 6, 8 and 11.
#pragma once

#include "tests/ledger/rights_model.h"
#include "tests/ledger/test_chain.h"

namespace circula::ledger::testing {

[[nodiscard]] ShortId short_id(const std::string& id);
[[nodiscard]] std::uint16_t record_type_of(const ModelRequest& request);
[[nodiscard]] Bytes record_body_of(const ModelRequest& request);

}  // namespace circula::ledger::testing
