// An ordered store of byte keys and byte values: what every layer above sees of the disk (design.md 7).
//
// Invariants
//  1. write() is atomic and durable: when it returns success the whole batch survives power loss, and the
//     next write of the instance begins only after that. No unsynced write exists, because unsynced writes
//     can lose the middle and keep the end (reliability.md 0, finding 2).
//  2. A value that is read is the value that was written under that key, or E_STORAGE_CORRUPT.
//  3. A write that does not succeed latches: failed() stays true, every later call is refused with the first
//     error, and the process must end. Whether that one batch survives is not known.
//  4. Keys are compared as unsigned bytes; a prefix stands before what it begins.
//
// Threads: all functions may be called from any thread at once; writes are taken one at a time.
// Crash: after a restart the store holds every batch whose write() returned success, in order, and at most
// one more: the batch that was in flight, whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "crypto/bytes.h"
#include "ledger/outcome.h"

namespace circula::ledger {

using crypto::Bytes;
using crypto::ByteView;

// Changes that are applied together, in the order in which they were added: the last one on a key counts.
class WriteBatch {
 public:
  struct Change {
    ByteView key;
    std::optional<ByteView> value;  // none: the key is removed
  };

  void put(ByteView key, ByteView value);
  void remove(ByteView key);
  void append(const WriteBatch& later);
  void clear();

  [[nodiscard]] bool empty() const { return marks_.empty(); }
  [[nodiscard]] std::size_t size() const { return marks_.size(); }          // changes
  [[nodiscard]] std::size_t size_bytes() const { return content_.size(); }  // keys and values
  [[nodiscard]] Change operator[](std::size_t number) const;

 private:
  struct Mark {
    std::size_t begin;  // in content_: the key, then the value
    std::size_t key_bytes;
    std::size_t value_bytes;
    bool is_put;
  };
  std::vector<Mark> marks_;
  Bytes content_;  // one buffer for all keys and values: a flush has some 100,000 small rows
};

// Keys from `begin` (inclusive) to `end` (exclusive); an empty `end` is no bound.
struct KeyRange {
  Bytes begin;
  Bytes end;

  [[nodiscard]] static KeyRange all() { return {}; }
  [[nodiscard]] static KeyRange prefix(ByteView prefix);
  [[nodiscard]] bool contains(ByteView key) const;
};

enum class Direction : std::uint8_t { kForward, kReverse };

struct Row {
  Bytes key;
  Bytes value;
  bool operator==(const Row&) const = default;
};

// Called for each row; the views live until it returns. False ends the scan. It may read the store, and
// must not write to it.
using RowVisitor = std::function<bool(ByteView key, ByteView value)>;

// What can be read: the store as it is now, or a snapshot of it.
class Reader {
 public:
  virtual ~Reader() = default;

  [[nodiscard]] virtual Result<std::optional<Bytes>> get(ByteView key) const = 0;

  // Visits the rows of the range in the order of their keys, or the reverse. What it sees is one consistent
  // state, also while others write.
  [[nodiscard]] virtual Result<void> scan(const KeyRange& range, Direction direction,
                                          const RowVisitor& visit) const = 0;

  [[nodiscard]] Result<std::optional<Row>> first(const KeyRange& range) const;
  [[nodiscard]] Result<std::optional<Row>> last(const KeyRange& range) const;
  [[nodiscard]] Result<std::optional<Row>> last_before(
      ByteView key) const;  // the last row with a smaller key
};

// A consistent view that later writes do not change. It keeps old files alive: hold it for one request or
// one scan (30 s at most), not for ever. It may outlive the Storage object, which then stays open under it.
class Snapshot : public Reader {};

class Storage : public Reader {
 public:
  [[nodiscard]] virtual Result<void> write(const WriteBatch& batch) = 0;
  [[nodiscard]] virtual Result<std::unique_ptr<Snapshot>> snapshot() const = 0;
  [[nodiscard]] virtual bool failed() const = 0;
};

}  // namespace circula::ledger
