// Rows that are visible at once and written in few large synced batches (design.md 7: one batch a flush,
// at most a second of blocks or 32 MB). What is not flushed yet is re-made from chain/ after a crash.
//
// Invariants
//  1. a reader sees whole publications, in order: never half of a block's rows;
//  2. flush() writes everything published before it began, in one atomic batch, or nothing;
//  3. rows stay readable from memory until the batch that holds them is durable.
// Threads: one writer calls publish() and flush(); any thread reads.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <shared_mutex>

#include "ledger/storage.h"

namespace circula::ledger {

// Changed rows; no value: the key is removed.
using RowChanges = std::map<Bytes, std::optional<Bytes>>;

class WriteBehind {
 public:
  explicit WriteBehind(Storage& storage) : storage_(storage) {}

  [[nodiscard]] Result<std::optional<Bytes>> get(ByteView key) const;
  [[nodiscard]] Result<void> scan(const KeyRange& range, Direction direction, const RowVisitor& visit) const;

  void publish(RowChanges rows);
  [[nodiscard]] Result<void> flush();
  [[nodiscard]] std::size_t pending_bytes() const;

 private:
  [[nodiscard]] RowChanges overlay(const KeyRange& range) const;

  Storage& storage_;
  mutable std::shared_mutex mutex_;  // guards the three below
  RowChanges pending_;
  RowChanges flushing_;
  std::size_t pending_bytes_ = 0;
};

}  // namespace circula::ledger
