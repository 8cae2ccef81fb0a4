// The executed state: subjects and the tree over them, due work, spent record ids, and the position that
// they belong to. It is the content of state/ (design.md 7); execution reads nothing else.
//
// Rows
//   's' || SHA-256(subject key)          u16be(key length) || key || u32be(value length) || value ||
//                                        u64be(newest entry) || frontier
//   'd' || u64be(time_ms) || key || 0x00 || u16be(rule)     due work; no value
//   'x' || u32be(expiry hour) || record id                   u64be(log index)
//   'p'                                                      position
//
// Invariants: 1. all rows of a position are published together, so a crash leaves one whole position;
// 2. tree() is the tree over exactly the subjects of position(); 3. after a storage fault nothing is applied.
// Threads: apply(), flush() and the tree belong to the execution thread; subject() may be called from any.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "crypto/state_tree.h"
#include "ledger/storage.h"
#include "ledger/subject.h"
#include "ledger/write_behind.h"

namespace circula::ledger {

struct DueRow {
  std::uint64_t time_ms = 0;
  SubjectKey subject;
  std::uint16_t rule = 0;
  auto operator<=>(const DueRow&) const = default;
};

// Where in the chain the state stands.
struct Position {
  std::uint64_t height = 0;
  std::uint64_t term = 0;
  std::uint64_t time_ms = 0;
  Digest block_hash{};
  crypto::CompactRange log;  // the main log up to and with the block entry

  [[nodiscard]] Bytes encode() const;
  [[nodiscard]] static Result<Position> decode(ByteView bytes);
};

struct SpentId {
  std::uint32_t hour = 0;  // of the record's expiry, since 1970
  Digest record_id{};
  auto operator<=>(const SpentId&) const = default;
};

// What one block changes.
struct StateChanges {
  std::map<SubjectKey, Subject> subjects;
  std::map<DueRow, bool> due;              // true: added; false: gone
  std::map<SpentId, std::uint64_t> spent;  // with the log index of the entry
};

class State {
 public:
  // Reads the rows and rebuilds the tree. An empty storage gives a state without position.
  [[nodiscard]] static Result<std::unique_ptr<State>> open(Storage& storage);

  [[nodiscard]] const std::optional<Position>& position() const { return position_; }
  [[nodiscard]] const crypto::StateTree& tree() const { return tree_; }

  [[nodiscard]] Result<std::optional<Subject>> subject(const SubjectKey& key) const;
  [[nodiscard]] Result<bool> is_spent(const SpentId& id) const;
  // The first rows with a time up to `time_ms`, in order.
  [[nodiscard]] Result<std::vector<DueRow>> due_until(std::uint64_t time_ms, std::size_t limit) const;
  [[nodiscard]] Result<std::optional<std::uint64_t>> next_due_ms() const;

  // The state root with these changes: updates the tree, which must then be followed by publish().
  [[nodiscard]] Digest apply(const StateChanges& changes);
  void publish(const StateChanges& changes, const Position& position);
  [[nodiscard]] Result<void> flush() { return rows_.flush(); }
  [[nodiscard]] std::size_t pending_bytes() const { return rows_.pending_bytes(); }

 private:
  explicit State(Storage& storage) : rows_(storage) {}
  [[nodiscard]] Result<void> load(Storage& storage);
  // Ids that expired before `time_ms` can only be E_EXPIRED now: their rows go, some with each block.
  void drop_expired(std::uint64_t time_ms, RowChanges& rows) const;

  WriteBehind rows_;
  crypto::StateTree tree_;
  std::optional<Position> position_;
};

}  // namespace circula::ledger
