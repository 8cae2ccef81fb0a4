#include "ledger/statement.h"

#include <optional>

#include "crypto/encoding.h"
#include "ledger/canonical.h"
#include "ledger/income.h"

namespace circula::ledger {
namespace {

Error broken(const IncomeRow& row, std::string what) {
  return error(Code::E_PROOF, std::move(what), "entry " + std::to_string(row.seq));
}

Result<StatementEntry> read_row(const IncomeRow& row) {
  const auto effect = decode_effect(row.effect);
  if (!effect) return broken(row, effect.error().detail);
  if (effect->type != kEffectIncomeBooked || effect->seq != row.seq)
    return broken(row, "not this entry of an income");
  auto booked = parse_canonical<proto::IncomeBooked>(crypto::as_bytes(effect->fields));
  if (!booked) return broken(row, booked.error().detail);
  return StatementEntry{row.seq, row.log_index, row.time_ms, std::move(*booked)};
}

// The total before the entry's lines.
Result<std::int64_t> total_before(const IncomeRow& row, const proto::IncomeBooked& booked) {
  std::int64_t before = booked.total_minor();
  for (const proto::IncomeLine& line : booked.lines()) {
    if (__builtin_sub_overflow(before, line.amount_minor(), &before))
      return broken(row, "its sum leaves 64 bits");
  }
  return before;
}

Result<void> check_order(const IncomeRow& before, const IncomeRow& row) {
  if (row.seq != before.seq + 1)
    return broken(row, "entry " + std::to_string(before.seq + 1) + " is missing before it");
  if (row.log_index <= before.log_index || row.time_ms < before.time_ms)
    return broken(row, "stands before entry " + std::to_string(before.seq) + " in the log");
  return {};
}

void add(Statement& statement, StatementEntry entry) {
  for (const proto::IncomeLine& line : entry.booked.lines()) {
    ++statement.lines;
    if (entry.booked.late()) ++statement.late_lines;
    statement.by_kind[line.kind()] += line.amount_minor();
    statement.by_product[line.product()] += line.amount_minor();
    statement.by_payer[entry.booked.payer()] += line.amount_minor();
  }
  statement.closing_minor = entry.booked.total_minor();
  statement.entries.push_back(std::move(entry));
}

}  // namespace

Result<Statement> make_statement(std::span<const IncomeRow> rows, std::uint64_t from_ms,
                                 std::uint64_t to_ms) {
  Statement statement;
  statement.from_ms = from_ms;
  statement.to_ms = to_ms;
  std::optional<std::int64_t> total;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const IncomeRow& row = rows[i];
    if (i > 0) {
      if (auto good = check_order(rows[i - 1], row); !good) return good.error();
    }
    auto entry = read_row(row);
    if (!entry) return entry.error();
    const auto before = total_before(row, entry->booked);
    if (!before) return before.error();
    if (row.seq == 0) total = 0;
    if (total && *total != *before)
      return broken(row, "its total is " + std::to_string(entry->booked.total_minor()) + ", the lines give " +
                             std::to_string(*total + (entry->booked.total_minor() - *before)));
    if (i == 0) statement.opening_minor = statement.closing_minor = *before;
    total = entry->booked.total_minor();
    if (row.time_ms < from_ms) {
      statement.opening_minor = statement.closing_minor = *total;
    } else if (row.time_ms < to_ms) {
      add(statement, std::move(*entry));
    }
  }
  return statement;
}

}  // namespace circula::ledger
