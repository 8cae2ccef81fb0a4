#include "ledger/statement.h"

#include "crypto/encoding.h"
#include "ledger/canonical.h"
#include "ledger/income.h"

namespace circula::ledger {
namespace {

void add(Statement& statement, StatementEntry entry) {
  for (const proto::IncomeLine& line : entry.booked.lines()) {
    ++statement.lines;
    if (entry.booked.late()) ++statement.late_lines;
    statement.by_kind[line.kind()] += line.amount_minor();
    statement.by_product[line.product()] += line.amount_minor();
    statement.by_payer[entry.booked.payer()] += line.amount_minor();
  }
  statement.entries.push_back(std::move(entry));
}

}  // namespace

Result<Statement> make_statement(std::span<const StatementRow> rows, std::uint64_t from_ms,
                                 std::uint64_t to_ms) {
  Statement statement;
  statement.from_ms = from_ms;
  statement.to_ms = to_ms;
  RunningTotal running(from_ms, to_ms);
  for (const StatementRow& row : rows) {
    const auto fields = fields_of_row(row, kEffectIncomeBooked);
    if (!fields) return fields.error();
    auto booked = parse_canonical<proto::IncomeBooked>(crypto::as_bytes(*fields));
    if (!booked) return broken_row(row, booked.error().detail);
    std::vector<std::int64_t> amounts_minor;
    for (const proto::IncomeLine& line : booked->lines()) amounts_minor.push_back(line.amount_minor());
    const auto inside = running.take(row, amounts_minor, booked->total_minor());
    if (!inside) return inside.error();
    if (*inside) add(statement, {row.seq, row.log_index, row.time_ms, std::move(*booked)});
  }
  statement.opening_minor = running.opening_minor();
  statement.closing_minor = running.closing_minor();
  return statement;
}

}  // namespace circula::ledger
