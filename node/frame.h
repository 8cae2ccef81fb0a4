// The wire codec of the node-to-node protocol: bytes in, frames out, no socket.
//
//   frame = u32be length || u8 kind || payload,  length = 1 + payload bytes, 1 <= length <= 4 MiB
//
// What a kind means is the business of whoever sends it. Kind 0 belongs to the transport itself.
//
// Invariants
//   1. A length outside its limits is refused when its fourth byte arrives, before anything is allocated.
//   2. The decoder allocates in proportion to bytes that have arrived, never to a length that was announced.
//   3. How the stream is cut into chunks does not change what comes out.
//   4. A decoder that refused once refuses for ever: there is no way to find the next frame.
//
// Thread rule: a decoder belongs to one connection and is used by one thread at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "crypto/bytes.h"
#include "crypto/result.h"

namespace circula::node {

constexpr std::size_t kFrameHeaderBytes = 5;  // length and kind
constexpr std::size_t kFrameLengthMax =
    std::size_t{4} * 1024 * 1024;  // design.md 12; a block is at most 2 MiB
constexpr std::size_t kFramePayloadMax = kFrameLengthMax - 1;

struct Frame {
  std::uint8_t kind = 0;
  crypto::Bytes payload;

  friend bool operator==(const Frame&, const Frame&) = default;
};

// The bytes of a frame as they go over the wire. Shared by the queues of all peers that a message goes
// to, so that a broadcast block is held once.
using EncodedFrame = std::shared_ptr<const crypto::Bytes>;

// Refuses (kOutOfRange) a payload above kFramePayloadMax.
[[nodiscard]] crypto::Result<EncodedFrame> encode_frame(std::uint8_t kind, crypto::ByteView payload);

class FrameDecoder {
 public:
  // The frames that `chunk` completes, in order. kOutOfRange when a length is outside its limits.
  [[nodiscard]] crypto::Result<std::vector<Frame>> feed(crypto::ByteView chunk);

  // Whether the stream stands between two frames: an end of stream here cuts nothing off.
  [[nodiscard]] bool at_boundary() const { return header_bytes_ == 0 && !failed_; }

 private:
  std::array<std::uint8_t, kFrameHeaderBytes> header_{};
  std::size_t header_bytes_ = 0;   // of header_ that have arrived
  std::size_t payload_bytes_ = 0;  // of the frame under way; known once its length has arrived
  crypto::Bytes payload_;
  bool failed_ = false;
};

}  // namespace circula::node
