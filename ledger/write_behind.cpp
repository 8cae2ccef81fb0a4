#include "ledger/write_behind.h"

#include <mutex>

namespace circula::ledger {
namespace {

const std::optional<Bytes>* find(const RowChanges& rows, const Bytes& key) {
  const auto row = rows.find(key);
  return row == rows.end() ? nullptr : &row->second;
}

void copy_range(const RowChanges& from, const KeyRange& range, RowChanges& to) {
  for (auto row = from.lower_bound(range.begin); row != from.end(); ++row) {
    if (!range.end.empty() && !(row->first < range.end)) break;
    to[row->first] = row->second;
  }
}

// Hands out the rows of two ordered sources as one; a changed row hides the stored one of the same key.
class Merge {
 public:
  Merge(const RowChanges& changes, Direction direction, const RowVisitor& visit)
      : changes_(changes), forward_(direction == Direction::kForward), visit_(visit) {
    next_ = forward_ ? changes_.begin() : changes_.end();
  }

  // Everything changed that stands before `key`; false when the visitor has had enough.
  bool before(ByteView key) {
    while (!at_end() && precedes(current().first, key)) {
      if (!emit()) return false;
    }
    return true;
  }
  bool stored(ByteView key, ByteView value) {
    if (!before(key)) return false;
    if (!at_end() && std::equal(key.begin(), key.end(), current().first.begin(), current().first.end()))
      return emit();
    return visit_(key, value);
  }
  bool rest() {
    while (!at_end()) {
      if (!emit()) return false;
    }
    return true;
  }

 private:
  [[nodiscard]] bool at_end() const { return next_ == (forward_ ? changes_.end() : changes_.begin()); }
  [[nodiscard]] const RowChanges::value_type& current() const {
    return forward_ ? *next_ : *std::prev(next_);
  }
  [[nodiscard]] bool precedes(const Bytes& left, ByteView right) const {
    const auto& [a, b] = std::pair(ByteView(left), right);
    return forward_ ? std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end())
                    : std::lexicographical_compare(b.begin(), b.end(), a.begin(), a.end());
  }
  bool emit() {
    const auto& row = current();
    forward_ ? ++next_ : --next_;
    return !row.second.has_value() || visit_(row.first, *row.second);
  }

  const RowChanges& changes_;
  bool forward_;
  const RowVisitor& visit_;
  RowChanges::const_iterator next_;
};

}  // namespace

Result<std::optional<Bytes>> WriteBehind::get(ByteView key) const {
  const Bytes wanted(key.begin(), key.end());
  {
    const std::shared_lock lock(mutex_);
    if (const auto* row = find(pending_, wanted); row != nullptr) return *row;
    if (const auto* row = find(flushing_, wanted); row != nullptr) return *row;
  }
  // A row that a flush moves to the storage meanwhile is found there: it leaves memory after it is durable.
  return storage_.get(key);
}

RowChanges WriteBehind::overlay(const KeyRange& range) const {
  RowChanges rows;
  const std::shared_lock lock(mutex_);
  copy_range(flushing_, range, rows);
  copy_range(pending_, range, rows);
  return rows;
}

Result<void> WriteBehind::scan(const KeyRange& range, Direction direction, const RowVisitor& visit) const {
  // The overlay is copied before the storage is looked at: a row that is flushed in between is then seen
  // in both, with one value.
  const RowChanges changes = overlay(range);
  Merge merge(changes, direction, visit);
  bool more = true;
  auto scanned = storage_.scan(range, direction, [&](ByteView key, ByteView value) {
    more = merge.stored(key, value);
    return more;
  });
  if (!scanned) return scanned;
  if (more) merge.rest();
  return {};
}

void WriteBehind::publish(RowChanges rows) {
  const std::unique_lock lock(mutex_);
  for (auto& [key, value] : rows) {
    pending_bytes_ += key.size() + (value ? value->size() : 0);
    pending_[key] = std::move(value);
  }
}

Result<void> WriteBehind::flush() {
  WriteBatch batch;
  {
    const std::unique_lock lock(mutex_);
    if (pending_.empty()) return {};
    flushing_ = std::move(pending_);
    pending_.clear();
    pending_bytes_ = 0;
  }
  // Only this thread changes flushing_, so it may be read without the lock.
  for (const auto& [key, value] : flushing_) {
    value ? batch.put(key, *value) : batch.remove(key);
  }
  if (auto written = storage_.write(batch); !written) return written;
  const std::unique_lock lock(mutex_);
  flushing_.clear();
  return {};
}

std::size_t WriteBehind::pending_bytes() const {
  const std::shared_lock lock(mutex_);
  return pending_bytes_;
}

}  // namespace circula::ledger
