#include "ledger/value_seal.h"

#include <algorithm>
#include <array>

#include "crypto/hash.h"

namespace circula::ledger {

namespace {

using crypto::ByteView;
using Tag = std::array<std::uint8_t, kSealBytes>;

Tag tag_of(ByteView key, ByteView value) {
  const auto length = static_cast<std::uint32_t>(key.size());
  const std::array<std::uint8_t, 4> length_be{
      static_cast<std::uint8_t>(length >> 24), static_cast<std::uint8_t>(length >> 16),
      static_cast<std::uint8_t>(length >> 8), static_cast<std::uint8_t>(length)};
  const crypto::Digest digest = crypto::Sha256().update(length_be).update(key).update(value).finish();
  Tag tag;
  std::copy_n(digest.begin(), kSealBytes, tag.begin());
  return tag;
}

}  // namespace

void seal_value(ByteView key, ByteView value, std::string& stored) {
  const Tag tag = tag_of(key, value);
  stored.resize(kSealBytes + value.size());
  std::ranges::copy(tag, stored.begin());
  for (std::size_t i = 0; i < value.size(); ++i) {
    stored[kSealBytes + i] = static_cast<char>(value[i] ^ tag[i % kSealBytes]);
  }
}

std::optional<crypto::Bytes> open_value(ByteView key, ByteView stored) {
  if (stored.size() < kSealBytes) return std::nullopt;
  Tag tag;
  std::copy_n(stored.begin(), kSealBytes, tag.begin());
  crypto::Bytes value(stored.begin() + kSealBytes, stored.end());
  for (std::size_t i = 0; i < value.size(); ++i) value[i] ^= tag[i % kSealBytes];
  if (tag_of(key, value) != tag) return std::nullopt;
  return value;
}

}  // namespace circula::ledger
