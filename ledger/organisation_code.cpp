#include "ledger/organisation_code.h"

namespace circula::ledger {
namespace {

constexpr unsigned kGb32100Modulus = 31;

// The number of `text` modulo 97, its letters written out as two digits; nothing for other characters.
std::optional<unsigned> modulo_97(std::string_view text) {
  unsigned remainder = 0;
  for (const char c : text) {
    if (c >= '0' && c <= '9') {
      remainder = (remainder * 10 + static_cast<unsigned>(c - '0')) % 97;
    } else if (c >= 'A' && c <= 'Z') {
      remainder = (remainder * 100 + static_cast<unsigned>(c - 'A') + 10) % 97;
    } else {
      return std::nullopt;
    }
  }
  return remainder;
}

}  // namespace

std::optional<char> gb32100_check_character(std::string_view text) {
  unsigned sum = 0;
  unsigned weight = 1;
  for (const char c : text) {
    const std::size_t value = kGb32100Alphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    sum = (sum + static_cast<unsigned>(value) * weight) % kGb32100Modulus;
    weight = weight * 3 % kGb32100Modulus;
  }
  return kGb32100Alphabet[(kGb32100Modulus - sum) % kGb32100Modulus];
}

std::optional<std::string> lei_check_digits(std::string_view first18) {
  if (first18.size() != kLeiCharacters - 2) return std::nullopt;
  const std::optional<unsigned> remainder = modulo_97(std::string(first18) + "00");
  if (!remainder) return std::nullopt;
  const unsigned check = 98 - *remainder;
  return std::string{static_cast<char>('0' + check / 10), static_cast<char>('0' + check % 10)};
}

bool is_uscc(std::string_view text) {
  return text.size() == kUsccCharacters &&
         gb32100_check_character(text.substr(0, kUsccCharacters - 1)) == text.back();
}

bool is_lei(std::string_view text) {
  return text.size() == kLeiCharacters &&
         lei_check_digits(text.substr(0, kLeiCharacters - 2)) == std::string(text.substr(kLeiCharacters - 2));
}

Result<void> check_oid(std::string_view oid, std::string_view field) {
  const bool lei = oid.starts_with(kLeiPrefix);
  if (lei ? is_lei(oid.substr(kLeiPrefix.size())) : is_uscc(oid)) return {};
  if (!lei && oid.size() == kUsccCharacters) {
    if (const auto expected = gb32100_check_character(oid.substr(0, kUsccCharacters - 1))) {
      return error(Code::E_USCC, std::string("check character ") + *expected + " expected",
                   std::string(field));
    }
  }
  return error(Code::E_USCC, "a code of 18 characters by GB 32100, or lei: and 20 characters, expected",
               std::string(field));
}

}  // namespace circula::ledger
