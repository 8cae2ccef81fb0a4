#include "ledger/log_scan.h"

#include <algorithm>
#include <optional>

#include "ledger/crc32c.h"

namespace circula::ledger {

namespace {

using crypto::Bytes;
using crypto::ByteView;

enum Type : std::uint8_t { kFull = 1, kFirst = 2, kMiddle = 3, kLast = 4 };

struct Fragment {
  Type type;
  ByteView payload;
  [[nodiscard]] bool begins_record() const { return type == kFull || type == kFirst; }
  [[nodiscard]] std::size_t size() const { return kLogHeaderBytes + payload.size(); }
};

// The fragment at the front of what is left of a block, or nothing when there is no good one.
std::optional<Fragment> fragment_at(ByteView rest) {
  if (rest.size() < kLogHeaderBytes) return std::nullopt;
  const std::size_t length = rest[4] | static_cast<std::size_t>(rest[5]) << 8;
  const std::uint8_t type = rest[6];
  if (type < kFull || type > kLast || length > rest.size() - kLogHeaderBytes) return std::nullopt;
  const std::uint32_t stored = rest[0] | static_cast<std::uint32_t>(rest[1]) << 8 |
                               static_cast<std::uint32_t>(rest[2]) << 16 |
                               static_cast<std::uint32_t>(rest[3]) << 24;
  if (masked_crc32c(crc32c(rest.subspan(6, 1 + length))) != stored) return std::nullopt;
  return Fragment{static_cast<Type>(type), rest.subspan(kLogHeaderBytes, length)};
}

std::string describe_bad(ByteView rest) {
  if (rest.size() < kLogHeaderBytes) return "the file ends within a fragment's header";
  const auto is_zero = [](std::uint8_t byte) { return byte == 0; };
  if (std::ranges::all_of(rest.first(kLogHeaderBytes), is_zero)) return "zeros where a fragment should be";
  const std::size_t length = rest[4] | static_cast<std::size_t>(rest[5]) << 8;
  if (length > rest.size() - kLogHeaderBytes) return "a fragment longer than what is there";
  return "a fragment with a wrong checksum";
}

class LogScan {
 public:
  LogScan(ByteView file, const LogRecordVisitor& visit) : file_(file), visit_(visit) {}

  LogVerdict run() {
    for (std::uint64_t begin = 0; begin < file_.size() && verdict_.state != LogState::kCorrupt;
         begin += kLogBlockBytes) {
      scan_block(begin, file_.subspan(begin, std::min<std::size_t>(kLogBlockBytes, file_.size() - begin)));
    }
    if (verdict_.state == LogState::kWhole) {
      if (record_begin_) {
        mark_bad(file_.size(), "the file ends within a record");
      } else {
        verdict_.intact_bytes = file_.size();
      }
    }
    return verdict_;
  }

 private:
  void scan_block(std::uint64_t begin, ByteView block) {
    std::size_t at = 0;
    while (at < block.size() && kLogBlockBytes - at >= kLogHeaderBytes) {
      const auto fragment = fragment_at(block.subspan(at));
      if (!fragment) {
        mark_bad(begin + at, describe_bad(block.subspan(at)));
        seek_beginning(begin, block, at + 1);
        return;
      }
      take(begin + at, *fragment);
      if (verdict_.state == LogState::kCorrupt) return;
      at += fragment->size();
    }
  }

  // After a bad fragment: any good beginning of a record in the rest of the block?
  void seek_beginning(std::uint64_t begin, ByteView block, std::size_t from) {
    for (std::size_t at = from; at + kLogHeaderBytes <= block.size(); ++at) {
      const auto fragment = fragment_at(block.subspan(at));
      if (fragment && fragment->begins_record()) return found_beginning_behind(begin + at);
    }
  }

  void take(std::uint64_t offset, const Fragment& fragment) {
    if (verdict_.state == LogState::kTornTail) {
      if (fragment.begins_record()) found_beginning_behind(offset);
      return;
    }
    if (fragment.begins_record()) {
      if (record_begin_) {
        mark_bad(offset, "a record without its end");
        return found_beginning_behind(offset);
      }
      record_.clear();
      record_begin_ = offset;
    } else if (!record_begin_) {
      return mark_bad(offset, "the rest of a record without its beginning");
    }
    if (visit_) record_.insert(record_.end(), fragment.payload.begin(), fragment.payload.end());
    if (fragment.type == kFull || fragment.type == kLast) {
      if (visit_) visit_(record_);
      record_begin_.reset();
    }
  }

  void mark_bad(std::uint64_t offset, std::string_view what) {
    if (verdict_.state != LogState::kWhole) return;
    verdict_.state = LogState::kTornTail;
    verdict_.intact_bytes = record_begin_.value_or(offset);
    verdict_.reason = std::string(what) + " at byte " + std::to_string(offset);
  }

  void found_beginning_behind(std::uint64_t offset) {
    verdict_.state = LogState::kCorrupt;
    verdict_.reason += ", and a later record begins at byte " + std::to_string(offset);
  }

  const ByteView file_;
  const LogRecordVisitor& visit_;
  LogVerdict verdict_;
  std::optional<std::uint64_t> record_begin_;  // of the record whose LAST has not come yet
  Bytes record_;
};

}  // namespace

LogVerdict scan_log(ByteView file, const LogRecordVisitor& visit) { return LogScan(file, visit).run(); }

}  // namespace circula::ledger
