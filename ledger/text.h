// Text fields, txt(n) in records.md 3.1: well-formed UTF-8 of at most n bytes, without code points that hide
// or reorder what a person sees, and without clear-text personal data (pi_scan.h).
//
// Refused code points: C0 controls (U+0000 to U+001F, also tab and line feed), U+007F, C1 controls (U+0080 to
// U+009F), bidirectional controls (U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069) and the line
// and paragraph separators U+2028 and U+2029. Nothing else: no tables of Unicode stand in the rules, and
// clients normalise to NFC before they sign.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "ledger/outcome.h"

namespace circula::ledger {

[[nodiscard]] bool is_forbidden_in_text(char32_t code_point);

// Length and code points: E_FORMAT. For text that is no txt(n), such as codes.
[[nodiscard]] Result<void> check_plain_text(std::string_view text, std::size_t bytes_max,
                                            std::string_view field);

// The whole rule of txt(n): E_FORMAT as above, then E_PI_FIELD. The empty text passes.
[[nodiscard]] Result<void> check_text(std::string_view text, std::size_t bytes_max, std::string_view field);

// The text with a question mark for every refused code point and every byte that is no UTF-8: for messages
// that repeat what somebody else wrote, which must not move the cursor of a terminal nor begin a line of its
// own.
[[nodiscard]] std::string shown_text(std::string_view text);

}  // namespace circula::ledger
