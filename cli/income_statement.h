// An income statement: what an organisation was given in a period of posting time, with both bounds, so that
// opening + lines = closing, and every line names what made it (records.md 5).
//
// The lines come from the bytes of the history's effects (ledger/statement.h). With a trust policy they are
// also compared with a bundle of the same period that is verified here, so that the node can leave nothing
// out and alter nothing.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "cli/names.h"
#include "crypto/policy.h"
#include "ledger/calendar.h"

namespace circula::cli {

struct StatementPeriod {
  std::string text;  // "2023-05", or "all"
  std::optional<ledger::Period> bounds;
};

struct IncomeStatement {
  std::string oid;
  std::string currency;
  StatementPeriod period;
  std::int64_t opening_minor = 0;
  std::int64_t closing_minor = 0;
  std::uint64_t first_seq = 0;  // of the account's entries in the period
  std::uint64_t end_seq = 0;    // not in it
  boost::json::array lines;
  std::string proven_by;  // the checkpoint that the lines were proven against; empty: not proven
  std::string bundle;     // the proof, verbatim
};

[[nodiscard]] Result<StatementPeriod> statement_period(const Arguments& arguments);
// E_PROOF when the rows do not follow from each other, or differ from what the verified bundle shows.
[[nodiscard]] Result<IncomeStatement> income_statement(NodeClient& client, const std::string& oid,
                                                       const std::string& currency,
                                                       const StatementPeriod& period,
                                                       const crypto::Policy* policy);
[[nodiscard]] boost::json::object statement_json(const IncomeStatement& statement);
[[nodiscard]] std::string statement_text(Names& names, const IncomeStatement& statement);

}  // namespace circula::cli
