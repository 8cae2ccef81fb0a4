// The store on disk: LevelDB 1.23 behind Storage, with answers to what it does wrong (design.md 7,
// reliability.md 0 and 3.3).
//
// Opening a directory, in this order: lock it, compare its VERSION, look for torn tails and corruption before
// LevelDB reads a byte (torn_tail.h), open with paranoid checks. Any write that is not OK latches the
// instance. Every value carries its own hash (value_seal.h), which each read checks. RepairDB is never
// called.
//
// E_STORAGE_CORRUPT from open(), get(), scan() or write(): the caller decides. state/ and index/ are
// moved away and built again by execution; chain/ and meta/ put the node in doubt.
//
// Threads and crash: as storage.h says. No header of LevelDB is needed to use it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ledger/directory.h"
#include "ledger/failure_latch.h"
#include "ledger/storage.h"
#include "ledger/torn_tail.h"

namespace circula::ledger {

// What an instance holds decides how LevelDB is tuned for it (design.md 7).
enum class Instance : std::uint8_t { kChain, kMeta, kState, kIndex };

struct LevelDbOptions {
  Instance instance = Instance::kState;
  std::string directory;
  std::string quarantine;  // where files go before they are cut; empty: "quarantine" beside the directory
  Versions versions = kVersions;
  FailureListener on_failure;          // also of a failure within open(); see failure_latch.h
  DiskCalls* disk = &system_disk();    // must outlive the storage and its snapshots
  std::size_t write_buffer_bytes = 0;  // 0: the instance's own; tests make it small to force compactions
};

struct StorageCounters {
  std::uint64_t bytes_written = 0;  // by LevelDB: logs, tables, MANIFEST
  std::uint64_t bytes_read = 0;
  std::uint64_t syncs = 0;
  std::int64_t files_open = 0;
};

class LevelDbStorage final : public Storage {
 public:
  [[nodiscard]] static Result<std::unique_ptr<LevelDbStorage>> open(LevelDbOptions options);
  ~LevelDbStorage() override;

  [[nodiscard]] Result<std::optional<Bytes>> get(ByteView key) const override;
  [[nodiscard]] Result<void> scan(const KeyRange& range, Direction direction,
                                  const RowVisitor& visit) const override;
  [[nodiscard]] Result<void> write(const WriteBatch& batch) override;
  [[nodiscard]] Result<std::unique_ptr<Snapshot>> snapshot() const override;
  [[nodiscard]] bool failed() const override;

  // What was cut off when it was opened: normally nothing, after a crash the write that was in flight.
  [[nodiscard]] const std::vector<TornTail>& torn_tails() const;
  [[nodiscard]] StorageCounters counters() const;
  [[nodiscard]] std::string statistics() const;  // LevelDB's own table of levels, for people

 private:
  struct Core;
  class View;
  explicit LevelDbStorage(std::shared_ptr<Core> core);

  std::shared_ptr<Core> core_;  // shared with snapshots: the database closes when the last of them is gone
};

}  // namespace circula::ledger
