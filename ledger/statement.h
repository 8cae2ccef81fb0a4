// An organisation's income statement for a period of posting time, made from the history of its income in
// one currency (design.md 3, "Income and account"; records.md 5). The reader who has the history's rows
// proven needs nothing else. Invariants in statement_rows.h.
//
// Pure functions; any thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ledger/proto/income.pb.h"
#include "ledger/statement_rows.h"

namespace circula::ledger {

// One record's lines.
struct StatementEntry {
  std::uint64_t seq = 0;
  std::uint64_t log_index = 0;
  std::uint64_t time_ms = 0;
  proto::IncomeBooked booked;
};

struct Statement {
  std::uint64_t from_ms = 0;
  std::uint64_t to_ms = 0;  // not in the period
  std::int64_t opening_minor = 0;
  std::int64_t closing_minor = 0;
  std::vector<StatementEntry> entries;
  std::size_t lines = 0;
  std::size_t late_lines = 0;  // of events before the month in which they were posted
  std::map<proto::IncomeKind, std::int64_t> by_kind;
  std::map<std::string, std::int64_t> by_product;  // by the 16 bytes of its id
  std::map<std::string, std::int64_t> by_payer;    // oid; empty: top-ups

  [[nodiscard]] std::int64_t sum_minor() const { return closing_minor - opening_minor; }
};

// The statement of [from, to). The rows are neighbours in the history; they may begin before the period and
// end after it, and give its opening even when the period has none of them. No rows: an income of nothing.
// E_PROOF names the row.
[[nodiscard]] Result<Statement> make_statement(std::span<const StatementRow> rows, std::uint64_t from_ms,
                                               std::uint64_t to_ms);

}  // namespace circula::ledger
