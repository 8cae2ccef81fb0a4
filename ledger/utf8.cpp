#include "ledger/utf8.h"

#include <cstdint>

namespace circula::ledger {
namespace {

struct LeadByte {
  std::size_t length;
  std::uint8_t second_min;  // the second byte's range rules out overlong forms, surrogates, > U+10FFFF
  std::uint8_t second_max;
};

std::optional<LeadByte> classify(std::uint8_t lead) {
  if (lead >= 0xc2 && lead <= 0xdf) return LeadByte{2, 0x80, 0xbf};
  if (lead == 0xe0) return LeadByte{3, 0xa0, 0xbf};
  if (lead == 0xed) return LeadByte{3, 0x80, 0x9f};
  if (lead >= 0xe1 && lead <= 0xef) return LeadByte{3, 0x80, 0xbf};
  if (lead == 0xf0) return LeadByte{4, 0x90, 0xbf};
  if (lead >= 0xf1 && lead <= 0xf3) return LeadByte{4, 0x80, 0xbf};
  if (lead == 0xf4) return LeadByte{4, 0x80, 0x8f};
  return std::nullopt;
}

}  // namespace

std::optional<CodePoint> decode_code_point(std::string_view text, std::size_t offset) {
  const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(text[at]); };
  const std::uint8_t lead = byte(offset);
  if (lead < 0x80) return CodePoint{lead, 1};
  const std::optional<LeadByte> shape = classify(lead);
  if (!shape || text.size() - offset < shape->length) return std::nullopt;
  const std::uint8_t second = byte(offset + 1);
  if (second < shape->second_min || second > shape->second_max) return std::nullopt;
  char32_t value = lead & (0x7fU >> shape->length);
  for (std::size_t i = 1; i < shape->length; ++i) {
    const std::uint8_t continuation = byte(offset + i);
    if ((continuation & 0xc0U) != 0x80) return std::nullopt;
    value = value << 6 | (continuation & 0x3fU);
  }
  return CodePoint{value, shape->length};
}

std::optional<std::size_t> first_invalid_utf8(std::string_view text) {
  for (std::size_t offset = 0; offset < text.size();) {
    const std::optional<CodePoint> point = decode_code_point(text, offset);
    if (!point) return offset;
    offset += point->length;
  }
  return std::nullopt;
}

}  // namespace circula::ledger
