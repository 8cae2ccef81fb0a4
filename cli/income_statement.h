// An income statement: what an organisation was given in a period of posting time, with both bounds, and
// every line with what made it (records.md 5). The lines come from the bytes of the history's effects
// (ledger/statement.h); how they are proven: proven_statement.h.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "cli/proven_statement.h"

namespace circula::cli {

struct IncomeStatement : ProvenStatement {
  std::string oid;
  std::string currency;
};

[[nodiscard]] Result<IncomeStatement> income_statement(NodeClient& client, const std::string& oid,
                                                       const std::string& currency,
                                                       const StatementPeriod& period,
                                                       const crypto::Policy* policy);
[[nodiscard]] boost::json::object statement_json(const IncomeStatement& statement);
[[nodiscard]] std::string statement_text(Names& names, const IncomeStatement& statement);

}  // namespace circula::cli
