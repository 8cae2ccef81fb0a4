#include "ledger/account_statement.h"

#include "crypto/encoding.h"
#include "ledger/account.h"
#include "ledger/canonical.h"

namespace circula::ledger {

Result<AccountStatement> make_account_statement(std::span<const StatementRow> rows, std::uint64_t from_ms,
                                                std::uint64_t to_ms) {
  AccountStatement statement;
  statement.from_ms = from_ms;
  statement.to_ms = to_ms;
  RunningTotal running(from_ms, to_ms);
  for (const StatementRow& row : rows) {
    const auto fields = fields_of_row(row, kEffectPosted);
    if (!fields) return fields.error();
    auto posted = parse_canonical<proto::Posted>(crypto::as_bytes(*fields));
    if (!posted) return broken_row(row, posted.error().detail);
    if (posted->balance_minor() < 0) return broken_row(row, "the balance is negative");
    std::vector<std::int64_t> amounts_minor;
    for (const proto::PostingLine& line : posted->lines()) amounts_minor.push_back(line.amount_minor());
    const auto inside = running.take(row, amounts_minor, posted->balance_minor());
    if (!inside) return inside.error();
    if (!*inside) continue;
    statement.lines += amounts_minor.size();
    for (const std::int64_t amount_minor : amounts_minor) statement.by_cause[posted->cause()] += amount_minor;
    statement.entries.push_back({row.seq, row.log_index, row.time_ms, std::move(*posted)});
  }
  statement.opening_minor = running.opening_minor();
  statement.closing_minor = running.closing_minor();
  return statement;
}

}  // namespace circula::ledger
