// The core's messages as peers send them. An append carries its blocks' frames in place of its entries; the
// receiver makes the entries from the frames that it has checked.
#pragma once

#include <vector>

#include "consensus/message.h"
#include "ledger/block.h"
#include "node/proto/peer.pb.h"

namespace circula::node {

// `frames` and `sizes` are those of the entries of an append, in order, and empty for other messages.
[[nodiscard]] proto::Consensus encode_consensus(const consensus::Message& message,
                                                const std::vector<ledger::BlockFrame>& frames);

// An append comes without entries. Nothing when no body is set.
[[nodiscard]] std::optional<consensus::Message> decode_consensus(const proto::Consensus& message);

}  // namespace circula::node
