// One block's execution: its entries, the log and the rows that they make. Used by Ledger, for a block and
// for a dry run alike, so that both follow one path.
#pragma once

#include <vector>

#include "ledger/entry.h"
#include "ledger/envelope.h"
#include "ledger/execution.h"
#include "ledger/ledger.h"
#include "ledger/log_index.h"
#include "ledger/registry.h"

namespace circula::ledger {

class BlockRun {
 public:
  BlockRun(BlockState& state, const ChainContext& chain, crypto::CompactRange log, std::uint64_t height,
           std::uint64_t time_ms);

  void genesis(const Genesis& genesis);
  void due(const DueRow& row);
  void record(const Envelope& envelope, std::size_t position, std::uint32_t body);
  // Appends the block entry. `state_root` and `state_keys` are those after everything above.
  void seal(const BlockEntry& entry);

  // As record(), but shows what happened instead of keeping it in the log.
  [[nodiscard]] DryRun dry_record(const SignedRecord& record);

  [[nodiscard]] const crypto::CompactRange& log() const { return log_; }
  [[nodiscard]] std::vector<RecordOutcome> take_outcomes() { return std::move(outcomes_); }
  [[nodiscard]] IndexWriter& rows() { return rows_; }

 private:
  [[nodiscard]] Execution begin(const SignedRecord* record, std::uint64_t time_ms, bool collects) const;
  // Time and replay: E_TIME, E_EARLY, E_EXPIRED, E_REPLAY.
  [[nodiscard]] Result<void> check_first(const SignedRecord& record) const;
  [[nodiscard]] Result<void> run_rule(Execution& execution, const SignedRecord& record) const;
  [[nodiscard]] Result<void> check_time(const proto::Record& record) const;
  [[nodiscard]] Result<void> check_expectations(const proto::Record& record) const;
  struct Effects {
    std::uint16_t count;
    Digest root;
  };
  Effects commit(Execution& execution, ByteView salt_seed, proto::IndexedEntry& row);
  void append(const Entry& entry, proto::IndexedEntry& row);

  BlockState& state_;
  const ChainContext& chain_;
  crypto::CompactRange log_;
  std::uint64_t height_;
  std::uint64_t time_ms_;
  IndexWriter rows_;
  std::vector<RecordOutcome> outcomes_;
};

}  // namespace circula::ledger
