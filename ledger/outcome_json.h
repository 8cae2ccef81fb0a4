// A row of the table of outcome codes as programs read it, from a node and from the command line.
#pragma once

#include <boost/json/fwd.hpp>

#include "ledger/outcome.h"

namespace circula::ledger {

[[nodiscard]] boost::json::object outcome_json(const OutcomeRow& row);

}  // namespace circula::ledger
