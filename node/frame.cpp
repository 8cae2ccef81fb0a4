#include "node/frame.h"

#include <algorithm>
#include <utility>

namespace circula::node {
namespace {

constexpr std::size_t kLengthBytes = 4;
// What a frame under way may reserve ahead of its bytes: most messages fit, and a peer that announces
// 4 MiB and sends nothing costs no more.
constexpr std::size_t kReserveBytes = std::size_t{16} * 1024;

std::uint32_t read_length(const std::array<std::uint8_t, kFrameHeaderBytes>& header) {
  return static_cast<std::uint32_t>(header[0]) << 24 | static_cast<std::uint32_t>(header[1]) << 16 |
         static_cast<std::uint32_t>(header[2]) << 8 | static_cast<std::uint32_t>(header[3]);
}

}  // namespace

crypto::Result<EncodedFrame> encode_frame(std::uint8_t kind, crypto::ByteView payload) {
  if (payload.size() > kFramePayloadMax) {
    return crypto::Error{crypto::Fault::kOutOfRange, "a frame payload of " + std::to_string(payload.size()) +
                                                         " bytes; at most " +
                                                         std::to_string(kFramePayloadMax)};
  }
  const auto length = static_cast<std::uint32_t>(payload.size() + 1);
  crypto::Bytes bytes;
  bytes.reserve(kFrameHeaderBytes + payload.size());
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<std::uint8_t>(length >> shift));
  bytes.push_back(kind);
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  return EncodedFrame(std::make_shared<const crypto::Bytes>(std::move(bytes)));
}

crypto::Result<std::vector<Frame>> FrameDecoder::feed(crypto::ByteView chunk) {
  std::vector<Frame> frames;
  if (failed_) return crypto::Error{crypto::Fault::kMalformed, "the stream was refused before"};
  while (!chunk.empty()) {
    if (header_bytes_ < kFrameHeaderBytes) {
      header_[header_bytes_++] = chunk.front();
      chunk = chunk.subspan(1);
      if (header_bytes_ == kLengthBytes) {
        const std::uint32_t length = read_length(header_);
        if (length == 0 || length > kFrameLengthMax) {
          failed_ = true;
          return crypto::Error{crypto::Fault::kOutOfRange, "a frame length of " + std::to_string(length) +
                                                               "; 1 to " + std::to_string(kFrameLengthMax) +
                                                               " are allowed"};
        }
        payload_bytes_ = length - 1;
      }
      if (header_bytes_ < kFrameHeaderBytes) continue;
      payload_.reserve(std::min(payload_bytes_, std::max(kReserveBytes, chunk.size())));
    }
    const std::size_t taken = std::min(chunk.size(), payload_bytes_ - payload_.size());
    payload_.insert(payload_.end(), chunk.begin(), chunk.begin() + static_cast<std::ptrdiff_t>(taken));
    chunk = chunk.subspan(taken);
    if (payload_.size() == payload_bytes_) {
      frames.push_back({header_[kLengthBytes], std::exchange(payload_, {})});
      header_bytes_ = 0;
    }
  }
  return frames;
}

}  // namespace circula::node
