// What a version of a product is made of: whether its maker may use each input, and the lineage that follows
// (record 14, records.md 3.4).
#pragma once

#include <set>
#include <string>

#include "ledger/execution.h"
#include "ledger/proto/product.pb.h"

namespace circula::ledger {

struct Lineage {
  std::uint32_t grade = 0;          // the highest of the inputs
  std::uint32_t depth = 0;          // 1 when all inputs are assets
  std::set<std::string> ancestors;  // 16 bytes each
};

// The lists of inputs as a body carries them: E_LIMIT, E_FORMAT, E_PPM.
[[nodiscard]] Result<void> check_inputs(const proto::ProductDescription& description,
                                        const std::string& field);

// REQUIRES: check_inputs(). E_NOT_FOUND, E_REF, E_INPUT_BASIS, E_CYCLE, E_DEPTH, E_LIMIT.
[[nodiscard]] Result<Lineage> trace_lineage(Execution& execution, const ShortId& product,
                                            const std::string& maker,
                                            const proto::ProductDescription& description,
                                            const std::string& field);

}  // namespace circula::ledger
