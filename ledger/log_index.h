// index/: what queries and proofs need and execution never reads (design.md 7). Written behind, in one batch
// a flush with its height in it; rebuilt by executing the chain again.
//
// Rows
//   'e' || be64(log index)                       IndexedEntry
//   'B' || be64(height)                          IndexedBlock
//   'r' || record id                             be64(log index), first entry that decided
//   'v' || envelope id                           IndexedEnvelope
//   'h' || SHA-256(subject key) || be64(seq)     be64(log index) || effect
//   't' || u8 level || be64(n)                   head of the main log's n-th full subtree, level 8 and above
//   'T' || SHA-256(subject key) || u8 level || be64(n)   the same of a history
//   'k' || subject key                           nothing: the subjects, in order
//   'p'                                          be64(height)
//
// Heads of smaller subtrees are computed from at most 256 leaves when a proof asks for them; so the tree
// costs one small row for 128 entries. The set of spent ids (replay/...) has no history rows: state/ holds
// it.
//
// Threads: publish() and flush() on the execution thread; everything else from any.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "crypto/merkle.h"
#include "ledger/entry.h"
#include "ledger/execution.h"
#include "ledger/proto/index.pb.h"
#include "ledger/storage.h"
#include "ledger/write_behind.h"

namespace circula::ledger {

struct HistoryRow {
  std::uint64_t seq = 0;
  std::uint64_t log_index = 0;
  Bytes effect;

  [[nodiscard]] Bytes leaf() const;  // u64be(log index) || effect
};

class LogIndex {
 public:
  explicit LogIndex(Storage& storage) : rows_(storage) {}

  // The height up to which the rows are there; none when nothing was ever written.
  [[nodiscard]] Result<std::optional<std::uint64_t>> height() const;

  [[nodiscard]] Result<std::optional<proto::IndexedEntry>> entry(std::uint64_t index) const;
  // Entries from `first`, in order; stops when `visit` returns false.
  [[nodiscard]] Result<void> entries(
      std::uint64_t first, const std::function<bool(std::uint64_t, const proto::IndexedEntry&)>& visit) const;
  [[nodiscard]] Result<std::optional<proto::IndexedBlock>> block(std::uint64_t height) const;
  [[nodiscard]] Result<std::optional<proto::IndexedBlock>> last_block_at(std::uint64_t time_ms) const;
  [[nodiscard]] Result<std::optional<std::uint64_t>> record(const Digest& record_id) const;
  [[nodiscard]] Result<std::optional<proto::IndexedEnvelope>> envelope(const Digest& envelope_id) const;
  // Rows [begin, end) of a subject's history.
  [[nodiscard]] Result<std::vector<HistoryRow>> history(const SubjectKey& key, std::uint64_t begin,
                                                        std::uint64_t end) const;
  // The number of rows with a log index below `log_size`: a binary search over the history's `count` rows.
  [[nodiscard]] Result<std::uint64_t> history_size_at(const SubjectKey& key, std::uint64_t count,
                                                      std::uint64_t log_size) const;
  // Subject keys with a prefix, in order, after `after`.
  [[nodiscard]] Result<std::vector<SubjectKey>> subjects(std::string_view prefix, std::string_view after,
                                                         std::size_t limit) const;
  // Ids for people may be shortened: record or envelope ids that begin with these bytes, at most `limit`.
  [[nodiscard]] Result<std::vector<Digest>> records_with_prefix(ByteView prefix, std::size_t limit) const;
  [[nodiscard]] Result<std::vector<Digest>> envelopes_with_prefix(ByteView prefix, std::size_t limit) const;

  // Hashes for proofs.
  [[nodiscard]] std::unique_ptr<crypto::HashSource> log_hashes() const;
  [[nodiscard]] std::unique_ptr<crypto::HashSource> history_hashes(const SubjectKey& key) const;
  // The first `width` hashes of tile `n` of the main log, at tile level `level` (formats.md 1.4).
  [[nodiscard]] Result<Bytes> log_tile(unsigned level, std::uint64_t n, std::uint64_t width) const;

  void publish(RowChanges rows) { rows_.publish(std::move(rows)); }
  [[nodiscard]] Result<void> flush() { return rows_.flush(); }
  [[nodiscard]] std::size_t pending_bytes() const { return rows_.pending_bytes(); }

 private:
  [[nodiscard]] Result<std::vector<Digest>> ids_with_prefix(char tag, ByteView prefix,
                                                            std::size_t limit) const;

  WriteBehind rows_;
};

// Collects one block's rows.
class IndexWriter {
 public:
  void add_entry(std::uint64_t log_index, const proto::IndexedEntry& row);
  void add_history(const SubjectKey& key, const HistoryRow& row);
  void add_record(const Digest& record_id, std::uint64_t log_index);
  void add_envelope(const Digest& envelope_id, const proto::IndexedEnvelope& row);
  void add_block(std::uint64_t height, const proto::IndexedBlock& row);
  // The head of a full subtree, of the main log or of a history; small ones are not stored.
  void add_log_head(unsigned level, std::uint64_t n, const Digest& head);
  void add_history_head(const SubjectKey& key, unsigned level, std::uint64_t n, const Digest& head);

  [[nodiscard]] RowChanges take() { return std::move(rows_); }

 private:
  RowChanges rows_;
};

}  // namespace circula::ledger
