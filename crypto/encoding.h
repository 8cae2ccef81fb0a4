// The text forms of bytes, and the fixed big-endian layouts of Circula's binary formats.
//
// Invariants: 1. every decoder is strict: one byte string has exactly one text, so re-encoding what was
// decoded gives the same characters; 2. no decoder reads past its input or allocates more than the input's
// size.
#pragma once

#include <concepts>
#include <string>

#include "crypto/bytes.h"
#include "crypto/result.h"

namespace circula::crypto {

// Lower-case hexadecimal.
[[nodiscard]] std::string to_hex(ByteView bytes);
[[nodiscard]] Result<Bytes> from_hex(std::string_view text);

// RFC 4648 section 4 with padding; section 5 (URL alphabet) without. Non-zero trailing bits are refused.
[[nodiscard]] std::string to_base64(ByteView bytes);
[[nodiscard]] Result<Bytes> from_base64(std::string_view text);
[[nodiscard]] std::string to_base64url(ByteView bytes);
[[nodiscard]] Result<Bytes> from_base64url(std::string_view text);

// Lower-case Crockford base32 of a 16-byte id: 26 characters, most significant bits first, the two spare
// bits at the end zero, so that a prefix of the text is a prefix of the id.
inline constexpr std::size_t kShortIdCharacters = 26;
[[nodiscard]] std::string to_base32(const ShortId& id);
[[nodiscard]] Result<ShortId> short_id_from_base32(std::string_view text);

// Whether `text` can be the beginning of a short id's base32 form: only the alphabet's characters.
[[nodiscard]] bool is_base32_prefix(std::string_view text);

// A fixed-size value out of its hex or base64 text; the error names the length found.
template <class Fixed>
[[nodiscard]] Result<Fixed> to_fixed(Result<Bytes> bytes, std::string_view what) {
  if (!bytes) return std::move(bytes).error();
  if (bytes->size() != Fixed::kSize) {
    return Error{Fault::kMalformed, std::string(what) + ": " + std::to_string(Fixed::kSize) +
                                        " bytes expected, " + std::to_string(bytes->size()) + " found"};
  }
  return Fixed::from(*bytes);
}
template <class Fixed>
[[nodiscard]] Result<Fixed> fixed_from_hex(std::string_view text, std::string_view what = "value") {
  return to_fixed<Fixed>(from_hex(text), what);
}

// An unsigned decimal without sign, spaces or leading zeros.
[[nodiscard]] Result<std::uint64_t> u64_from_decimal(std::string_view text);

// Whether the bytes are well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms, at most U+10FFFF).
[[nodiscard]] bool is_utf8(std::string_view text);

template <std::unsigned_integral T>
void put_be(Bytes& out, T value) {
  for (int shift = 8 * (static_cast<int>(sizeof(T)) - 1); shift >= 0; shift -= 8) {
    out.push_back(static_cast<std::uint8_t>(value >> shift));
  }
}
inline void put_u8(Bytes& out, std::uint8_t value) { out.push_back(value); }
inline void put_u16be(Bytes& out, std::uint16_t value) { put_be(out, value); }
inline void put_u32be(Bytes& out, std::uint32_t value) { put_be(out, value); }
inline void put_u64be(Bytes& out, std::uint64_t value) { put_be(out, value); }
inline void put_bytes(Bytes& out, ByteView bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }
inline void put_bytes(Bytes& out, std::string_view text) { put_bytes(out, as_bytes(text)); }

// Reads a fixed binary layout front to back. A read past the end gives zeros and makes the reader fail for
// good, so a caller reads all fields and asks once: `if (auto done = reader.finish("block entry"); !done)`.
class Reader {
 public:
  explicit Reader(ByteView bytes) : rest_(bytes) {}

  [[nodiscard]] std::uint8_t u8() { return get_be<std::uint8_t>(); }
  [[nodiscard]] std::uint16_t u16be() { return get_be<std::uint16_t>(); }
  [[nodiscard]] std::uint32_t u32be() { return get_be<std::uint32_t>(); }
  [[nodiscard]] std::uint64_t u64be() { return get_be<std::uint64_t>(); }
  [[nodiscard]] ByteView bytes(std::size_t count);
  template <class Fixed>
  [[nodiscard]] Fixed fixed() {
    const ByteView taken = bytes(Fixed::kSize);
    return taken.size() == Fixed::kSize ? Fixed::from(taken) : Fixed{};
  }

  [[nodiscard]] bool ok() const { return !short_; }
  [[nodiscard]] std::size_t remaining() const { return rest_.size(); }
  // Success when every read was inside the input and nothing is left over.
  [[nodiscard]] Result<void> finish(std::string_view what) const;

 private:
  template <std::unsigned_integral T>
  T get_be() {
    T value = 0;
    for (const std::uint8_t byte : bytes(sizeof(T))) value = static_cast<T>((value << 8) | byte);
    return value;
  }

  ByteView rest_;
  bool short_ = false;
};

}  // namespace circula::crypto
