// Short forms that people compare by telephone.
#pragma once

#include <string>

#include "crypto/bytes.h"

namespace circula::cli {

// The first 16 bytes in groups of four hex characters, as a chain's fingerprint is written.
[[nodiscard]] std::string fingerprint(const crypto::Digest& digest);

}  // namespace circula::cli
