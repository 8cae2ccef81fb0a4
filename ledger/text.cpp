#include "ledger/text.h"

#include <array>
#include <string>

#include "ledger/pi_scan.h"
#include "ledger/utf8.h"

namespace circula::ledger {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};
constexpr std::array<Range, 6> kForbidden{{{0x0000, 0x001f},
                                           {0x007f, 0x009f},
                                           {0x061c, 0x061c},
                                           {0x200e, 0x200f},
                                           {0x2028, 0x202e},
                                           {0x2066, 0x2069}}};

std::string code_point_name(char32_t code_point) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string name = "U+";
  for (int shift = code_point > 0xffff ? 20 : 12; shift >= 0; shift -= 4) {
    name += kDigits[code_point >> shift & 0xf];
  }
  return name;
}

}  // namespace

bool is_forbidden_in_text(char32_t code_point) {
  for (const Range& range : kForbidden) {
    if (code_point >= range.first && code_point <= range.last) return true;
  }
  return false;
}

Result<void> check_plain_text(std::string_view text, std::size_t bytes_max, std::string_view field) {
  if (text.size() > bytes_max) {
    return error(
        Code::E_FORMAT,
        std::to_string(text.size()) + " bytes, at most " + std::to_string(bytes_max) + " are allowed",
        std::string(field));
  }
  for (std::size_t offset = 0; offset < text.size();) {
    const std::optional<CodePoint> point = decode_code_point(text, offset);
    if (!point) {
      return error(Code::E_FORMAT, "no UTF-8 at byte " + std::to_string(offset), std::string(field));
    }
    if (is_forbidden_in_text(point->value)) {
      return error(Code::E_FORMAT,
                   code_point_name(point->value) + " at byte " + std::to_string(offset) +
                       ": control, bidirectional and line-separator characters are not allowed",
                   std::string(field));
    }
    offset += point->length;
  }
  return {};
}

Result<void> check_text(std::string_view text, std::size_t bytes_max, std::string_view field) {
  if (auto plain = check_plain_text(text, bytes_max, field); !plain) return plain;
  if (const auto found = find_personal_data(text)) {
    return error(Code::E_PI_FIELD,
                 "looks like a clear-text " + std::string(to_string(found->pattern)) + " at byte " +
                     std::to_string(found->offset),
                 std::string(field));
  }
  return {};
}

std::string shown_text(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  for (std::size_t offset = 0; offset < text.size();) {
    const std::optional<CodePoint> point = decode_code_point(text, offset);
    const std::size_t length = point ? point->length : 1;
    const bool good = point && !is_forbidden_in_text(point->value);
    shown += good ? text.substr(offset, length) : std::string_view("?");
    offset += length;
  }
  return shown;
}

}  // namespace circula::ledger
