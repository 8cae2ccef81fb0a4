#include "ledger/storage.h"

#include <algorithm>
#include <limits>

namespace circula::ledger {

void WriteBatch::put(ByteView key, ByteView value) {
  marks_.push_back({content_.size(), key.size(), value.size(), true});
  content_.insert(content_.end(), key.begin(), key.end());
  content_.insert(content_.end(), value.begin(), value.end());
}

void WriteBatch::remove(ByteView key) {
  marks_.push_back({content_.size(), key.size(), 0, false});
  content_.insert(content_.end(), key.begin(), key.end());
}

void WriteBatch::append(const WriteBatch& later) {
  const std::size_t shift = content_.size();
  const std::size_t first = marks_.size();
  marks_.insert(marks_.end(), later.marks_.begin(), later.marks_.end());
  for (std::size_t i = first; i < marks_.size(); ++i) marks_[i].begin += shift;
  content_.insert(content_.end(), later.content_.begin(), later.content_.end());
}

void WriteBatch::clear() {
  marks_.clear();
  content_.clear();
}

WriteBatch::Change WriteBatch::operator[](std::size_t number) const {
  const Mark& mark = marks_[number];
  const ByteView content = content_;
  Change change{content.subspan(mark.begin, mark.key_bytes), std::nullopt};
  if (mark.is_put) change.value = content.subspan(mark.begin + mark.key_bytes, mark.value_bytes);
  return change;
}

KeyRange KeyRange::prefix(ByteView prefix) {
  KeyRange range{{prefix.begin(), prefix.end()}, {prefix.begin(), prefix.end()}};
  // The first key behind all that begin with the prefix: drop trailing 0xff, add one to what is left.
  while (!range.end.empty() && range.end.back() == std::numeric_limits<std::uint8_t>::max())
    range.end.pop_back();
  if (!range.end.empty()) ++range.end.back();
  return range;
}

bool KeyRange::contains(ByteView key) const {
  const bool below = std::ranges::lexicographical_compare(key, begin);
  return !below && (end.empty() || std::ranges::lexicographical_compare(key, end));
}

namespace {

Result<std::optional<Row>> outermost(const Reader& reader, const KeyRange& range, Direction direction) {
  std::optional<Row> found;
  auto scanned = reader.scan(range, direction, [&](ByteView key, ByteView value) {
    found = Row{{key.begin(), key.end()}, {value.begin(), value.end()}};
    return false;
  });
  if (!scanned) return scanned.error();
  return found;
}

}  // namespace

Result<std::optional<Row>> Reader::first(const KeyRange& range) const {
  return outermost(*this, range, Direction::kForward);
}

Result<std::optional<Row>> Reader::last(const KeyRange& range) const {
  return outermost(*this, range, Direction::kReverse);
}

Result<std::optional<Row>> Reader::last_before(ByteView key) const {
  if (key.empty()) return std::optional<Row>{};  // nothing is smaller, and an empty end would mean no bound
  return last({{}, {key.begin(), key.end()}});
}

}  // namespace circula::ledger
