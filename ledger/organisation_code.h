// Organisation codes (`oid`): the 18-character unified social credit code of GB 32100-2015, or `lei:` and
// the 20 characters of a Legal Entity Identifier (ISO 17442). Only the form and the check characters are
// judged: whether an organisation of that code exists is for those who admit it.
//
// GB 32100: alphabet 0-9 A-Z without I, O, S, V, Z; value of a character is its place in it (0 to 30). The
// check character makes the sum of value(c_i) * 3^i, i from 0, plus its own value, divisible by 31.
// ISO 17442: with A = 10 ... Z = 35 written out as digits, the whole number is 1 modulo 97.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ledger/outcome.h"

namespace circula::ledger {

inline constexpr std::string_view kGb32100Alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";
inline constexpr std::size_t kUsccCharacters = 18;
inline constexpr std::size_t kLeiCharacters = 20;
inline constexpr std::string_view kLeiPrefix = "lei:";

// The check character of GB 32100 over all of `text`, or nothing if a character is not in the alphabet.
[[nodiscard]] std::optional<char> gb32100_check_character(std::string_view text);

// The two check digits of an LEI whose first 18 characters (0-9 A-Z) are given.
[[nodiscard]] std::optional<std::string> lei_check_digits(std::string_view first18);

[[nodiscard]] bool is_uscc(std::string_view text);
[[nodiscard]] bool is_lei(std::string_view text);  // without the prefix

// E_USCC unless `oid` is a code of one of the two kinds.
[[nodiscard]] Result<void> check_oid(std::string_view oid, std::string_view field = "oid");

}  // namespace circula::ledger
