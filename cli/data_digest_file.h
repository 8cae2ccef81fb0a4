// Digests of files that stay off the ledger.
#pragma once

#include <string>

#include "crypto/bytes.h"
#include "ledger/outcome.h"

namespace circula::cli {

[[nodiscard]] ledger::Result<crypto::Digest> plain_digest(const std::string& path);
// HMAC-SHA-256 of the file under the 32 bytes that stand in `salt_path` in hex.
[[nodiscard]] ledger::Result<crypto::Digest> salted_digest(const std::string& path,
                                                           const std::string& salt_path);
// Makes the salt's file, for its owner only.
[[nodiscard]] ledger::Result<crypto::Digest> make_salted_digest(const std::string& path,
                                                                const std::string& salt_path);

}  // namespace circula::cli
