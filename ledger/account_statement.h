// A statement of an account at an exchange for a period of posting time, made from the history of
// account/<kind>/<oid>@<exchange>/<currency> (design.md 3, "Income and account"; records.md 5). Both bounds
// stand in it, and what moved each amount: invariants in statement_rows.h.
//
// Pure functions; any thread.
#pragma once

#include <map>
#include <vector>

#include "ledger/proto/account.pb.h"
#include "ledger/statement_rows.h"

namespace circula::ledger {

// One record's postings to the account, or those of due work.
struct AccountEntry {
  std::uint64_t seq = 0;
  std::uint64_t log_index = 0;
  std::uint64_t time_ms = 0;
  proto::Posted posted;
};

struct AccountStatement {
  std::uint64_t from_ms = 0;
  std::uint64_t to_ms = 0;  // not in the period
  std::int64_t opening_minor = 0;
  std::int64_t closing_minor = 0;
  std::vector<AccountEntry> entries;
  std::size_t lines = 0;
  std::map<proto::MoneyCause, std::int64_t> by_cause;

  [[nodiscard]] std::int64_t sum_minor() const { return closing_minor - opening_minor; }
};

// The statement of [from, to). The rows are neighbours in the history, as for make_statement(). No rows: an
// account in which nothing was posted. E_PROOF names the row; also when a balance is negative.
[[nodiscard]] Result<AccountStatement> make_account_statement(std::span<const StatementRow> rows,
                                                              std::uint64_t from_ms, std::uint64_t to_ms);

}  // namespace circula::ledger
