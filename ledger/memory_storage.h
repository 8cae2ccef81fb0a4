// The store in memory, for tests and the simulator: the same contract as the one on disk, by std::map.
//
// A crash is modelled by keeping this object while the node that uses it is thrown away: what write() took
// is there afterwards, as it would be on disk. A write in flight is a batch that the simulator still holds:
// it applies it at the moment at which the disk would have finished, or drops it with the node.
//
// Threads and crash: as storage.h says; a scan holds other threads' writes back until it ends. A snapshot
// shares the rows, so the first write after it copies them.
#pragma once

#include <map>
#include <mutex>

#include "ledger/storage.h"

namespace circula::ledger {

class MemoryStorage final : public Storage {
 public:
  MemoryStorage();

  [[nodiscard]] Result<std::optional<Bytes>> get(ByteView key) const override;
  [[nodiscard]] Result<void> scan(const KeyRange& range, Direction direction,
                                  const RowVisitor& visit) const override;
  [[nodiscard]] Result<void> write(const WriteBatch& batch) override;
  [[nodiscard]] Result<std::unique_ptr<Snapshot>> snapshot() const override;
  [[nodiscard]] bool failed() const override;

  // The disk breaks: from now on every call answers `cause`, as after a failed write.
  void fail(Error cause);
  // The machine gets its disk back and starts again.
  void repair();

  using Rows = std::map<Bytes, Bytes>;

 private:
  mutable std::recursive_mutex mutex_;  // guards all members; recursive: a visitor may read
  std::shared_ptr<Rows> rows_;          // shared with snapshots, which only read
  mutable bool shared_ = false;         // a snapshot was taken since rows_ was made
  std::optional<Error> failure_;
};

}  // namespace circula::ledger
