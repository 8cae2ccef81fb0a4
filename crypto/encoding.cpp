#include "crypto/encoding.h"

#include <charconv>

namespace circula::crypto {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kBase64Url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view kBase32 = "0123456789abcdefghjkmnpqrstvwxyz";  // Crockford: no i, l, o, u

using DecodeTable = std::array<std::int8_t, 256>;

constexpr DecodeTable decode_table(std::string_view alphabet) {
  DecodeTable table{};
  for (auto& value : table) value = -1;
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    table[static_cast<std::uint8_t>(alphabet[i])] = static_cast<std::int8_t>(i);
  }
  return table;
}

constexpr DecodeTable kFromHex = decode_table(kHexDigits);
constexpr DecodeTable kFromBase64 = decode_table(kBase64);
constexpr DecodeTable kFromBase64Url = decode_table(kBase64Url);
constexpr DecodeTable kFromBase32 = decode_table(kBase32);

Error malformed(std::string detail) { return {Fault::kMalformed, std::move(detail)}; }

Error bad_character(std::string_view encoding, std::size_t position) {
  return malformed(std::string(encoding) + ": unexpected character at position " + std::to_string(position));
}

// Regroups bytes into characters of `bits` bits, most significant first, the last one filled with zeros.
std::string encode_bits(ByteView bytes, std::string_view alphabet, unsigned bits) {
  std::string text;
  text.reserve((bytes.size() * 8 + bits - 1) / bits);
  std::uint32_t held = 0;
  unsigned held_bits = 0;
  for (const std::uint8_t byte : bytes) {
    held = (held << 8) | byte;
    held_bits += 8;
    while (held_bits >= bits) {
      held_bits -= bits;
      text.push_back(alphabet[(held >> held_bits) & ((1U << bits) - 1)]);
    }
  }
  if (held_bits > 0) text.push_back(alphabet[(held << (bits - held_bits)) & ((1U << bits) - 1)]);
  return text;
}

Result<Bytes> decode_bits(std::string_view text, const DecodeTable& table, unsigned bits,
                          std::string_view encoding) {
  Bytes bytes;
  bytes.reserve(text.size() * bits / 8);
  std::uint32_t held = 0;
  unsigned held_bits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int value = table[static_cast<std::uint8_t>(text[i])];
    if (value < 0) return bad_character(encoding, i);
    held = (held << bits) | static_cast<std::uint32_t>(value);
    held_bits += bits;
    if (held_bits >= 8) {
      held_bits -= 8;
      bytes.push_back(static_cast<std::uint8_t>(held >> held_bits));
    }
  }
  if (held_bits >= bits)
    return malformed(std::string(encoding) + ": " + std::to_string(text.size()) + " is no length");
  if ((held & ((1U << held_bits) - 1)) != 0)
    return malformed(std::string(encoding) + ": spare bits are not zero");
  return bytes;
}

}  // namespace

std::string to_hex(ByteView bytes) { return encode_bits(bytes, kHexDigits, 4); }
Result<Bytes> from_hex(std::string_view text) { return decode_bits(text, kFromHex, 4, "hex"); }

std::string to_base64(ByteView bytes) {
  std::string text = encode_bits(bytes, kBase64, 6);
  while (text.size() % 4 != 0) text.push_back('=');
  return text;
}

Result<Bytes> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) {
    return malformed("base64: the length is a multiple of 4, " + std::to_string(text.size()) + " found");
  }
  for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
  return decode_bits(text, kFromBase64, 6, "base64");
}

std::string to_base64url(ByteView bytes) { return encode_bits(bytes, kBase64Url, 6); }
Result<Bytes> from_base64url(std::string_view text) {
  return decode_bits(text, kFromBase64Url, 6, "base64url");
}

std::string to_base32(const ShortId& id) { return encode_bits(id, kBase32, 5); }

Result<ShortId> short_id_from_base32(std::string_view text) {
  if (text.size() != kShortIdCharacters) {
    return malformed("id: 26 characters expected, " + std::to_string(text.size()) + " found");
  }
  return to_fixed<ShortId>(decode_bits(text, kFromBase32, 5, "base32"), "id");
}

bool is_base32_prefix(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return kFromBase32[static_cast<std::uint8_t>(c)] >= 0; });
}

Result<std::uint64_t> u64_from_decimal(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool canonical = !text.empty() && (text.size() == 1 || text[0] != '0');
  if (code != std::errc{} || end != text.data() + text.size() || !canonical) {
    return malformed("a decimal number of 64 bits without leading zeros expected");
  }
  return value;
}

bool is_utf8(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  for (std::size_t i = 0; i < text.size();) {
    const std::uint8_t lead = byte(i);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    const std::size_t tail = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
    if (lead < 0xC2 || lead > 0xF4 || text.size() - i <= tail) return false;
    for (std::size_t k = 1; k <= tail; ++k) {
      if ((byte(i + k) & 0xC0) != 0x80) return false;
    }
    const std::uint8_t second = byte(i + 1);
    if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F))
      return false;  // overlong; surrogates
    if ((lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F))
      return false;  // overlong; > U+10FFFF
    i += tail + 1;
  }
  return true;
}

ByteView Reader::bytes(std::size_t count) {
  if (short_ || count > rest_.size()) {
    short_ = true;
    return {};
  }
  const ByteView taken = rest_.first(count);
  rest_ = rest_.subspan(count);
  return taken;
}

Result<void> Reader::finish(std::string_view what) const {
  if (short_) return malformed(std::string(what) + ": cut short");
  if (!rest_.empty())
    return malformed(std::string(what) + ": " + std::to_string(rest_.size()) + " bytes too many");
  return {};
}

}  // namespace circula::crypto
