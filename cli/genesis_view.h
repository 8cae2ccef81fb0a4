// A genesis as founders read it before they sign: everything that is agreed, decoded from the bytes.
#pragma once

#include <string>

#include "ledger/genesis.h"

namespace circula::cli {

// Origin, clock, periods, nodes and organisations in a few lines.
[[nodiscard]] std::string genesis_summary(const ledger::Genesis& genesis);
// Every field.
[[nodiscard]] std::string genesis_details(const ledger::Genesis& genesis);

}  // namespace circula::cli
