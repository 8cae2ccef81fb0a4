// What statements of income and of accounts have in common: rows of a history that follow each other without
// a gap, each with a total after its lines, and a period of posting time that they are read for.
//
// Invariants: 1. opening + lines = closing; 2. each running total is the one before plus its lines, so a line
// that was left out or altered is found (E_PROOF).
//
// Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "ledger/outcome.h"
#include "ledger/signing.h"

namespace circula::ledger {

// A row of a history, with the time of its block.
struct StatementRow {
  std::uint64_t seq = 0;
  std::uint64_t log_index = 0;
  std::uint64_t time_ms = 0;
  Bytes effect;
};

// E_PROOF that names the row.
[[nodiscard]] Error broken_row(const StatementRow& row, std::string what);

// The effect's fields: E_PROOF unless it is one of this type and of this place in the history.
[[nodiscard]] Result<std::string> fields_of_row(const StatementRow& row, std::uint16_t effect_type);

// Reads rows in their order. They may begin before the period and end after it.
class RunningTotal {
 public:
  RunningTotal(std::uint64_t from_ms, std::uint64_t to_ms) : from_ms_(from_ms), to_ms_(to_ms) {}

  // The next row, by the amounts of its lines and the total after them; whether it lies in the period.
  // E_PROOF when it does not follow from the one before.
  [[nodiscard]] Result<bool> take(const StatementRow& row, std::span<const std::int64_t> amounts_minor,
                                  std::int64_t total_minor);

  [[nodiscard]] std::int64_t opening_minor() const { return opening_minor_; }
  [[nodiscard]] std::int64_t closing_minor() const { return closing_minor_; }

 private:
  struct Place {
    std::uint64_t seq = 0;
    std::uint64_t log_index = 0;
    std::uint64_t time_ms = 0;
  };

  std::uint64_t from_ms_;
  std::uint64_t to_ms_;  // not in the period
  std::int64_t opening_minor_ = 0;
  std::int64_t closing_minor_ = 0;
  std::optional<std::int64_t> total_minor_;  // after the newest row
  std::optional<Place> newest_;
};

}  // namespace circula::ledger
