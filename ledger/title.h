// The chain of title of a right, read from the rows of its history: who gave what to whom, and who held how
// much at any time. Used for `history --as-of` and by verifiers without a node; it trusts nothing in the
// rows but what their proof shows, so rows that no ledger could have written are E_PROOF.
//
// As of log size n means: after the entries with index < n. A time becomes a log size by the block that was
// the last at it (LogIndex::last_block_at).
//
// Pure functions; any thread.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "ledger/log_index.h"

namespace circula::ledger {

enum class TitleStep : std::uint8_t { kOpened, kTransferred, kSurrendered };
[[nodiscard]] std::string_view to_string(TitleStep step);

using HolderShares = std::map<std::string, std::uint64_t>;  // ppm by oid; sums to 1,000,000 once opened

// One line of the chain of title.
struct TitleLine {
  TitleStep step{};
  std::uint64_t seq = 0;
  std::uint64_t log_index = 0;  // of the entry that made it, which names the record
  std::string certificate;      // of the opening
  std::string from;             // empty at the opening
  HolderShares to;
  std::uint64_t ppm = 0;  // moved
  HolderShares after;     // the whole table after it
};

// All rows of a right's history from the first on; it may stop early.
[[nodiscard]] Result<std::vector<TitleLine>> chain_of_title(std::span<const HistoryRow> rows);

// Who held how much after the entries below `log_size`; nobody before the opening. Rows at or after it need
// not be there.
[[nodiscard]] Result<HolderShares> holders_at(std::span<const HistoryRow> rows, std::uint64_t log_size);

}  // namespace circula::ledger
