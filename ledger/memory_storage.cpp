#include "ledger/memory_storage.h"

#include <utility>

namespace circula::ledger {

namespace {

using Rows = MemoryStorage::Rows;

Bytes owned(ByteView view) { return {view.begin(), view.end()}; }

std::optional<Bytes> find(const Rows& rows, ByteView key) {
  const auto row = rows.find(owned(key));
  if (row == rows.end()) return std::nullopt;
  return row->second;
}

void visit_rows(const Rows& rows, const KeyRange& range, Direction direction, const RowVisitor& visit) {
  auto low = rows.lower_bound(range.begin);
  auto high = range.end.empty() ? rows.end() : rows.lower_bound(range.end);
  if (!range.end.empty() && range.end <= range.begin) return;
  if (direction == Direction::kForward) {
    for (; low != high; ++low) {
      if (!visit(low->first, low->second)) return;
    }
    return;
  }
  while (high != low) {
    --high;
    if (!visit(high->first, high->second)) return;
  }
}

class MemorySnapshot final : public Snapshot {
 public:
  explicit MemorySnapshot(std::shared_ptr<const Rows> rows) : rows_(std::move(rows)) {}

  Result<std::optional<Bytes>> get(ByteView key) const override { return find(*rows_, key); }
  Result<void> scan(const KeyRange& range, Direction direction, const RowVisitor& visit) const override {
    visit_rows(*rows_, range, direction, visit);
    return {};
  }

 private:
  std::shared_ptr<const Rows> rows_;
};

}  // namespace

MemoryStorage::MemoryStorage() : rows_(std::make_shared<Rows>()) {}

Result<std::optional<Bytes>> MemoryStorage::get(ByteView key) const {
  const std::lock_guard lock(mutex_);
  if (failure_) return *failure_;
  return find(*rows_, key);
}

Result<void> MemoryStorage::scan(const KeyRange& range, Direction direction, const RowVisitor& visit) const {
  const std::lock_guard lock(mutex_);
  if (failure_) return *failure_;
  visit_rows(*rows_, range, direction, visit);
  return {};
}

Result<void> MemoryStorage::write(const WriteBatch& batch) {
  const std::lock_guard lock(mutex_);
  if (failure_) return *failure_;
  if (shared_) rows_ = std::make_shared<Rows>(*rows_);
  shared_ = false;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const auto change = batch[i];
    if (change.value) {
      rows_->insert_or_assign(owned(change.key), owned(*change.value));
    } else {
      rows_->erase(owned(change.key));
    }
  }
  return {};
}

Result<std::unique_ptr<Snapshot>> MemoryStorage::snapshot() const {
  const std::lock_guard lock(mutex_);
  if (failure_) return *failure_;
  shared_ = true;
  return std::unique_ptr<Snapshot>(std::make_unique<MemorySnapshot>(rows_));
}

bool MemoryStorage::failed() const {
  const std::lock_guard lock(mutex_);
  return failure_.has_value();
}

void MemoryStorage::fail(Error cause) {
  const std::lock_guard lock(mutex_);
  if (!failure_) failure_ = std::move(cause);
}

void MemoryStorage::repair() {
  const std::lock_guard lock(mutex_);
  failure_.reset();
}

}  // namespace circula::ledger
