// What a node has stored, for comparison with what re-execution gives: the rows of index/ block by block, and
// the root and position of state/.
#pragma once

#include <optional>

#include "ledger/audit.h"

namespace circula::ledger {

class StoredComparison {
 public:
  StoredComparison(const AuditSource& source, AuditReport& report);

  // The block that `ledger` has just executed, before its rows are forgotten.
  void block(const Ledger& ledger);
  // Where the node's index and state stand; none: not there, or not to be read.
  [[nodiscard]] std::optional<std::uint64_t> index_height() const { return index_height_; }
  [[nodiscard]] std::optional<std::uint64_t> state_height() const { return state_height_; }
  // What the node stored beyond the last block of its chain.
  void finish(const Ledger& ledger);

 private:
  void compare_block(const Ledger& ledger, const proto::IndexedBlock& ours);
  void compare_entries(const Ledger& ledger, const proto::IndexedBlock& ours);
  void compare_history(std::uint64_t height, std::uint64_t log_index, const proto::IndexedEffect& effect);
  void compare_state(const Ledger& ledger);
  // The index cannot be read: one finding, and no more comparisons with it.
  void unreadable(std::uint64_t height, const Error& fault);

  const LogIndex* index_;
  AuditReport& report_;
  std::optional<std::uint64_t> index_height_;
  std::optional<std::uint64_t> state_height_;
  struct StoredState {
    Position position;
    Digest root{};
  };
  std::optional<StoredState> state_;
};

}  // namespace circula::ledger
