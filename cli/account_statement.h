// A statement of an account at an exchange: what moved money in a period of posting time, with both bounds,
// and every line with its cause and the account on the other side (records.md 3.3, 5). The lines come from
// the bytes of the history's effects (ledger/account_statement.h); how they are proven: proven_statement.h.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "cli/proven_statement.h"

namespace circula::cli {

struct AccountName {
  std::string kind;  // avail, susp, claw, due, bank, fund
  std::string oid;
  std::string exchange;
  std::string currency;
};

struct AccountStatement : ProvenStatement {
  AccountName account;
};

// Whose account a user means: E_USAGE. bank and fund are those of the exchange itself.
[[nodiscard]] Result<AccountName> account_named(Names& names, const Arguments& arguments,
                                                const std::string& own_oid);
[[nodiscard]] Result<AccountStatement> account_statement(NodeClient& client, const AccountName& account,
                                                         const StatementPeriod& period,
                                                         const crypto::Policy* policy);
[[nodiscard]] boost::json::object statement_json(const AccountStatement& statement);
[[nodiscard]] std::string statement_text(Names& names, const AccountStatement& statement);

}  // namespace circula::cli
