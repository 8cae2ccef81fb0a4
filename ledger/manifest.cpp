#include "ledger/manifest.h"

namespace circula::ledger {

namespace {

using crypto::ByteView;

// LevelDB, db/version_edit.cc. 8 was used for large values and is not any more.
enum Tag : std::uint64_t {
  kComparator = 1,
  kLogNumber = 2,
  kNextFileNumber = 3,
  kLastSequence = 4,
  kCompactPointer = 5,
  kDeletedFile = 6,
  kNewFile = 7,
  kPreviousLogNumber = 9,
};

class EditReader {
 public:
  explicit EditReader(ByteView rest) : rest_(rest) {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }

  std::optional<std::uint64_t> number() {
    constexpr unsigned kVarintBitsMax = 63;
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift <= kVarintBitsMax && !rest_.empty(); shift += 7) {
      const std::uint8_t byte = rest_.front();
      rest_ = rest_.subspan(1);
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return value;
    }
    return std::nullopt;
  }

  bool skip_numbers(int count) {
    for (; count > 0; --count) {
      if (!number()) return false;
    }
    return true;
  }

  bool skip_string() {
    const auto length = number();
    if (!length || *length > rest_.size()) return false;
    rest_ = rest_.subspan(*length);
    return true;
  }

 private:
  ByteView rest_;
};

bool read_number(EditReader& edit, std::optional<std::uint64_t>& into) {
  const auto value = edit.number();
  if (value) into = value;
  return value.has_value();
}

bool read_field(EditReader& edit, std::uint64_t tag, ManifestNumbers& numbers) {
  switch (tag) {
    case kComparator:
      return edit.skip_string();
    case kLogNumber:
      return read_number(edit, numbers.log);
    case kNextFileNumber:
      return read_number(edit, numbers.next_file);
    case kLastSequence:
      return read_number(edit, numbers.last_sequence);
    case kCompactPointer:
      return edit.skip_numbers(1) && edit.skip_string();  // level, key
    case kDeletedFile:
      return edit.skip_numbers(2);  // level, file
    case kNewFile:
      return edit.skip_numbers(3) && edit.skip_string() && edit.skip_string();  // level, file, size, keys
    case kPreviousLogNumber:
      return edit.skip_numbers(1);  // always 0 since 2011
    default:
      return false;
  }
}

}  // namespace

bool apply_version_edit(ByteView record, ManifestNumbers& numbers) {
  EditReader edit(record);
  while (!edit.at_end()) {
    const auto tag = edit.number();
    if (!tag || !read_field(edit, *tag, numbers)) return false;
  }
  return true;
}

}  // namespace circula::ledger
