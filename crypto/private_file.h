// Files that only their owner may read: keys, tokens.
//
// Invariants: 1. a file is there whole or not at all, mode 0600 from its first byte; 2. an existing file is
// never replaced: it may be the only copy of a key; 3. a file that others can read is refused, not read.
// Crash rule: after write_private_file() has returned success the file survives a power failure.
#pragma once

#include <filesystem>

#include "crypto/bytes.h"
#include "crypto/result.h"

namespace circula::crypto {

[[nodiscard]] Result<void> write_private_file(const std::filesystem::path& path, std::string_view content);

// At most `max_bytes`.
[[nodiscard]] Result<std::string> read_private_file(const std::filesystem::path& path, std::size_t max_bytes);

}  // namespace circula::crypto
