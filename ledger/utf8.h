// UTF-8 as the Unicode Standard defines it (table 3-7): no overlong form, no surrogate, nothing above
// U+10FFFF. Pure functions; they read only the bytes given.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace circula::ledger {

struct CodePoint {
  char32_t value;
  std::size_t length;  // bytes, 1 to 4
};

// The code point that begins at text[offset], or nothing if those bytes are not well-formed.
// Requires offset < text.size().
[[nodiscard]] std::optional<CodePoint> decode_code_point(std::string_view text, std::size_t offset);

// The offset of the first byte that belongs to no well-formed code point.
[[nodiscard]] std::optional<std::size_t> first_invalid_utf8(std::string_view text);

}  // namespace circula::ledger
