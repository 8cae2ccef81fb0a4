// The rows that a node has stored in state/ and index/, each compared with the one that re-execution makes:
// also those that no root commits, such as where a record is found, which work falls due, and the heads of
// subtrees that proofs are made of.
//
// Rows of index/ are looked at as the re-executed ledger flushes them, and then forgotten, so an audit holds
// none of them. Entries, events and blocks are compared by audit_stored.h, in words; here they are counted,
// so that a row too many is found as well.
//
// Threads: one.
#pragma once

#include <map>

#include "ledger/audit_rule.h"
#include "ledger/log_index.h"
#include "ledger/storage.h"

namespace circula::ledger {

// The index of the re-executed ledger: a storage that keeps nothing.
class IndexRows final : public Storage {
 public:
  explicit IndexRows(AuditFindings& findings) : findings_(findings) {}

  // From now on what is written is compared with these rows, which `index` reads as well; null: with nothing.
  void compare_with(const Reader* stored, const LogIndex* index) {
    stored_ = stored;
    index_ = index;
  }
  // What was written so far is all that the stored rows should be: are there others?
  void finish(std::uint64_t height);

  Result<std::optional<Bytes>> get(ByteView) const override { return std::optional<Bytes>(); }
  Result<void> scan(const KeyRange&, Direction, const RowVisitor&) const override { return {}; }
  Result<void> write(const WriteBatch& batch) override;
  Result<std::unique_ptr<Snapshot>> snapshot() const override;
  [[nodiscard]] bool failed() const override { return false; }

 private:
  void compare(ByteView key, ByteView value);
  void check_envelope(const Row& row, std::uint64_t height);
  void unreadable(const Error& fault);

  AuditFindings& findings_;
  const Reader* stored_ = nullptr;
  const LogIndex* index_ = nullptr;
  std::map<char, std::uint64_t> written_;  // rows by tag, of those that are written once
};

// Every row of state/ against the re-executed state at the same height, both whole.
void compare_state_rows(const Reader& stored, const Reader& computed, std::uint64_t height,
                        AuditFindings& findings);

}  // namespace circula::ledger
