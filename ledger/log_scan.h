// Reads the bytes of a LevelDB log file (a .log or a MANIFEST; both have one format) and says whether they
// are whole, end in a torn write, or are corrupt.
//
// The format (LevelDB, doc/log_format.md): blocks of 32 KiB; in a block, fragments of
//   masked CRC-32C u32le (over type and payload) || length u16le || type u8 || payload
// with type 1 FULL, 2 FIRST, 3 MIDDLE, 4 LAST; a record is one FULL, or FIRST MIDDLE* LAST. Less than seven
// bytes at the end of a block are filled with zeros. A fragment never crosses a block.
//
// The rule (design.md 7). Writes are synced one by one, so at the end of the newest file stands at most one
// that was never acknowledged, and anything may have become of its pages: missing, zeroed, garbled, in any
// combination. Nothing was begun after it. So
//   a bad fragment, and no FULL or FIRST fragment with a good checksum behind it   = a torn tail
//   a bad fragment, and one behind it                                               = corruption
// "Behind" is sought at the start of each later block and, because the length of a bad fragment says nothing,
// at every byte of the rest of its block. Bad is also what LevelDB's reader passes over in silence: a zeroed
// header (it skips the rest of the block), and a record without its end.
//
// What the rule cannot see: damage to the very last acknowledged record looks like a torn write. Callers
// learn of every cut, and the chain of blocks and the peers tell the rest.
//
// Pure functions of the bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "crypto/bytes.h"

namespace circula::ledger {

constexpr std::size_t kLogBlockBytes = 32768;
constexpr std::size_t kLogHeaderBytes = 7;

enum class LogState : std::uint8_t { kWhole, kTornTail, kCorrupt };

struct LogVerdict {
  LogState state = LogState::kWhole;
  std::uint64_t intact_bytes =
      0;               // all of the file, or up to the start of the first record that is not whole
  std::string reason;  // of the first bad fragment: what and where
};

// Called for each whole record before the first bad fragment, in order.
using LogRecordVisitor = std::function<void(crypto::ByteView record)>;

[[nodiscard]] LogVerdict scan_log(crypto::ByteView file, const LogRecordVisitor& visit = {});

}  // namespace circula::ledger
