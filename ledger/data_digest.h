// Digests of what stays off the ledger (type `dg` of records.md 3.1).
#pragma once

#include <string>

#include "ledger/outcome.h"
#include "ledger/proto/common.pb.h"

namespace circula::ledger {

// Suite 1 and 32 bytes: E_FORMAT.
[[nodiscard]] Result<void> check_data_digest(const proto::DataDigest& digest, const std::string& field);

}  // namespace circula::ledger
