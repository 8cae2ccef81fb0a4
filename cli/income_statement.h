// An income statement: what an organisation was given in a period of posting time, with both bounds, so that
// opening + lines = closing, and every line names what made it (records.md 5).
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <string>

#include "cli/names.h"
#include "ledger/calendar.h"

namespace circula::cli {

struct StatementPeriod {
  std::string text;  // "2023-05", or "all"
  std::string from;  // RFC 3339; empty: from the beginning
  std::string to;    // not in it
};

struct Statement {
  std::string oid;
  std::string currency;
  StatementPeriod period;
  std::int64_t opening_minor = 0;
  std::int64_t closing_minor = 0;
  std::int64_t lines_minor = 0;  // their sum
  std::uint64_t first_seq = 0;   // of the account's entries in the period
  std::uint64_t end_seq = 0;     // not in it
  std::string log_size;          // that the node had executed
  boost::json::array lines;

  [[nodiscard]] bool adds_up() const { return opening_minor + lines_minor == closing_minor; }
};

[[nodiscard]] Result<StatementPeriod> statement_period(const Arguments& arguments);
// E_PROOF when opening + lines differ from the running total that the ledger keeps, or entries are missing.
[[nodiscard]] Result<Statement> income_statement(NodeClient& client, const std::string& oid,
                                                 const std::string& currency, const StatementPeriod& period);
[[nodiscard]] boost::json::object statement_json(const Statement& statement);
[[nodiscard]] std::string statement_text(Names& names, const Statement& statement);

}  // namespace circula::cli
