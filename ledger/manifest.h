// What the MANIFEST says about a LevelDB database, as far as it must be known before LevelDB opens it: which
// .log files hold acknowledged writes. A MANIFEST is a log whose records are version edits; the last value of
// each number counts.
//
// Pure functions of the bytes.
#pragma once

#include <cstdint>
#include <optional>

#include "crypto/bytes.h"

namespace circula::ledger {

struct ManifestNumbers {
  std::optional<std::uint64_t> log;            // .log files below it are obsolete
  std::optional<std::uint64_t> next_file;      // no file of this number has been named yet
  std::optional<std::uint64_t> last_sequence;  // of the writes that stand in tables

  // LevelDB does not open a MANIFEST that lacks one of them.
  [[nodiscard]] bool complete() const { return log && next_file && last_sequence; }
};

// Takes the numbers of one version edit; false when the record is not one.
[[nodiscard]] bool apply_version_edit(crypto::ByteView record, ManifestNumbers& numbers);

}  // namespace circula::ledger
