#include "ledger/statement_rows.h"

#include "ledger/subject.h"

namespace circula::ledger {

Error broken_row(const StatementRow& row, std::string what) {
  return error(Code::E_PROOF, std::move(what), "entry " + std::to_string(row.seq));
}

Result<std::string> fields_of_row(const StatementRow& row, std::uint16_t effect_type) {
  auto effect = decode_effect(row.effect);
  if (!effect) return broken_row(row, effect.error().detail);
  if (effect->type != effect_type || effect->seq != row.seq)
    return broken_row(row, "not this entry of such a history");
  return std::move(effect->fields);
}

Result<bool> RunningTotal::take(const StatementRow& row, std::span<const std::int64_t> amounts_minor,
                                std::int64_t total_minor) {
  if (newest_ && row.seq != newest_->seq + 1)
    return broken_row(row, "entry " + std::to_string(newest_->seq + 1) + " is missing before it");
  if (newest_ && (row.log_index <= newest_->log_index || row.time_ms < newest_->time_ms))
    return broken_row(row, "stands before entry " + std::to_string(newest_->seq) + " in the log");
  std::int64_t before = total_minor;
  for (const std::int64_t amount_minor : amounts_minor) {
    if (__builtin_sub_overflow(before, amount_minor, &before))
      return broken_row(row, "its sum leaves 64 bits");
  }
  if (row.seq == 0) total_minor_ = 0;
  if (total_minor_ && *total_minor_ != before)
    return broken_row(row, "its total is " + std::to_string(total_minor) + ", the lines give " +
                               std::to_string(*total_minor_ + (total_minor - before)));
  if (!newest_) opening_minor_ = closing_minor_ = before;
  newest_ = Place{row.seq, row.log_index, row.time_ms};
  total_minor_ = total_minor;
  if (row.time_ms < from_ms_) {
    opening_minor_ = closing_minor_ = total_minor;
    return false;
  }
  if (row.time_ms >= to_ms_) return false;
  closing_minor_ = total_minor;
  return true;
}

}  // namespace circula::ledger
