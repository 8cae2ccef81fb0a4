// Checkpoints: c2sp.org/tlog-checkpoint v1.0.0, the signed statement that a log of this origin has this size
// and root.
//
//   <origin> LF <size, decimal> LF base64(<root>) LF { <extension line, not empty> LF }
//
// Ours have no extension lines: the state root stands in a leaf, where monitors see it (formats.md 2).
// Thread rule: values.
#pragma once

#include <string>

#include "crypto/note.h"

namespace circula::crypto {

struct Checkpoint {
  std::string origin;  // a schema-less URL
  std::uint64_t size = 0;
  Digest root{};
  std::vector<std::string> extensions;

  // The text of the note. REQUIRES an origin and extension lines without LF and not empty.
  [[nodiscard]] std::string format() const;
  [[nodiscard]] static Result<Checkpoint> parse(std::string_view text);

  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

}  // namespace circula::crypto
