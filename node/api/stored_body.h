// An envelope as it stands in a committed block: found by the place that the index gives.
#pragma once

#include <optional>

#include "ledger/envelope.h"
#include "ledger/proto/block.pb.h"
#include "node/backend.h"

namespace circula::node::api {

// E_NOT_FOUND when this node does not hold the block.
[[nodiscard]] ledger::Result<ledger::proto::StoredBlock> stored_block(const Backend& backend,
                                                                      std::uint64_t height);
[[nodiscard]] ledger::Result<ledger::EnvelopePtr> stored_body(const Backend& backend, std::uint64_t height,
                                                              std::uint32_t number);

}  // namespace circula::node::api
