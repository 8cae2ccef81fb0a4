// Byte strings of fixed meaning. Their text forms are in crypto/encoding.h.
#pragma once

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace circula::crypto {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

// A byte array of N bytes with a meaning: tags keep a digest from being passed for a key.
template <std::size_t N, class Tag>
struct FixedBytes : std::array<std::uint8_t, N> {
  static constexpr std::size_t kSize = N;
  [[nodiscard]] ByteView view() const { return {this->data(), N}; }
  [[nodiscard]] std::string_view text() const { return {reinterpret_cast<const char*>(this->data()), N}; }

  // REQUIRES: bytes.size() == N; the caller has checked the length.
  [[nodiscard]] static FixedBytes from(ByteView bytes) {
    assert(bytes.size() == N);
    FixedBytes out{};
    std::copy_n(bytes.data(), std::min(N, bytes.size()), out.data());
    return out;
  }
};

using Digest = FixedBytes<32, struct DigestTag>;        // SHA-256
using PublicKey = FixedBytes<32, struct PublicKeyTag>;  // Ed25519, RFC 8032
using Signature = FixedBytes<64, struct SignatureTag>;  // Ed25519, RFC 8032
using ShortId = FixedBytes<16, struct ShortIdTag>;      // first 16 bytes of a record id, a nonce

[[nodiscard]] inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
[[nodiscard]] inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace circula::crypto
