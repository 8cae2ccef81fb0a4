#include "node/peer_message.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>

namespace circula::node {
namespace {

using crypto::ByteView;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

enum WireType : unsigned { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

// Walks the wire form of a message and of those in it.
class ElementCounter {
 public:
  // False: malformed, or more elements than there may be.
  [[nodiscard]] bool count(ByteView rest, const Descriptor& message) {
    while (!rest.empty()) {
      std::uint64_t tag = 0;
      if (++elements_ > kPeerElementsMax || !take_varint(rest, tag)) return false;
      const auto number = static_cast<std::int64_t>(tag >> 3U);
      const FieldDescriptor* field = number > FieldDescriptor::kMaxNumber
                                         ? nullptr
                                         : message.FindFieldByNumber(static_cast<int>(number));
      if (!count_value(rest, tag & 7U, field)) return false;
    }
    return true;
  }

 private:
  static bool take_varint(ByteView& rest, std::uint64_t& value) {
    constexpr unsigned kBytesMax = 10;
    value = 0;
    for (unsigned n = 0; n < kBytesMax && n < rest.size(); ++n) {
      value |= static_cast<std::uint64_t>(rest[n] & 0x7FU) << (7 * n);
      if (rest[n] >= 0x80U) continue;
      rest = rest.subspan(n + 1);
      return true;
    }
    return false;
  }

  bool count_value(ByteView& rest, std::uint64_t wire_type, const FieldDescriptor* field) {
    std::uint64_t value = 0;
    switch (wire_type) {
      case kVarint:
        return take_varint(rest, value);
      case kFixed64:
      case kFixed32: {
        const std::size_t size = wire_type == kFixed64 ? 8 : 4;
        if (rest.size() < size) return false;
        rest = rest.subspan(size);
        return true;
      }
      case kBytes: {
        if (!take_varint(rest, value) || value > rest.size()) return false;
        const ByteView content = rest.first(value);
        rest = rest.subspan(value);
        if (field != nullptr && field->message_type() != nullptr)
          return count(content, *field->message_type());
        if (field != nullptr && field->is_packable()) elements_ += content.size();
        return elements_ <= kPeerElementsMax;
      }
      default:
        return false;  // a group: proto3 has none
    }
  }

  std::size_t elements_ = 0;
};

}  // namespace

std::optional<proto::PeerMessage> read_peer_message(ByteView payload) {
  if (!ElementCounter().count(payload, *proto::PeerMessage::descriptor())) return std::nullopt;
  std::optional<proto::PeerMessage> message(std::in_place);
  if (!message->ParseFromArray(payload.data(), static_cast<int>(payload.size()))) return std::nullopt;
  return message;
}

}  // namespace circula::node
