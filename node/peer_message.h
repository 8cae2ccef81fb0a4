// Reads what peers say (node/proto/peer.proto), with a bound for what reading it costs.
//
// Protobuf takes up to twenty times as much memory as an empty element has bytes on the wire, so a frame of
// 4 MiB could cost 80 MiB and hold up the replica while it is parsed. Elements are counted before anything
// is allocated.
#pragma once

#include <cstddef>
#include <optional>

#include "crypto/bytes.h"
#include "node/frame.h"
#include "node/proto/peer.pb.h"

namespace circula::node {

// Fields, of all messages at every depth together. The smallest that an honest node sends in numbers is a
// body's hash.
constexpr std::size_t kPeerElementsMax = kFrameLengthMax / crypto::Digest::kSize;

// Nothing when it is no message, or one with too many elements.
[[nodiscard]] std::optional<proto::PeerMessage> read_peer_message(crypto::ByteView payload);

}  // namespace circula::node
