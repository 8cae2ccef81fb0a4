#include "ledger/certificate_number.h"

#include <algorithm>

#include "ledger/organisation_code.h"

namespace circula::ledger {
namespace {

constexpr std::size_t kCodeCharactersMin = 2;
constexpr std::size_t kCodeCharactersMax = 8;
constexpr std::size_t kYearDigits = 4;
constexpr std::size_t kSerialDigits = 6;  // at least
constexpr std::size_t kSerialDigitsMax = 9;
constexpr std::uint32_t kYearMin = 1000;  // four digits
constexpr std::uint32_t kYearMax = 9999;

std::string padded(std::uint32_t number, std::size_t digits) {
  std::string text = std::to_string(number);
  return std::string(digits - std::min(digits, text.size()), '0') + text;
}

// Up to the next hyphen, which is taken, too.
std::string_view take_part(std::string_view& text) {
  const std::string_view part = text.substr(0, text.find('-'));
  text.remove_prefix(std::min(text.size(), part.size() + 1));
  return part;
}

Result<std::uint32_t> parse_digits(std::string_view text, std::string_view what, std::size_t digits_max) {
  if (text.size() > digits_max) return error(Code::E_CERT_NO, std::string(what) + " has too many digits");
  std::uint32_t number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return error(Code::E_CERT_NO, std::string(what) + " must be digits");
    number = number * 10 + static_cast<std::uint32_t>(c - '0');
  }
  return number;
}

}  // namespace

Result<void> check_registrar_code(std::string_view code, std::string_view field) {
  const bool known =
      std::ranges::all_of(code, [](char c) { return kGb32100Alphabet.find(c) != std::string_view::npos; });
  if (known && code.size() >= kCodeCharactersMin && code.size() <= kCodeCharactersMax) return {};
  return error(Code::E_CERT_NO,
               "a registrar code has 2 to 8 of the characters " + std::string(kGb32100Alphabet),
               std::string(field));
}

Result<std::string> format_certificate_number(const CertificateNumber& number) {
  if (auto checked = check_registrar_code(number.registrar_code); !checked) return checked.error();
  if (number.year < kYearMin || number.year > kYearMax) {
    return error(Code::E_CERT_NO, "the year must have four digits");
  }
  if (number.serial < 1 || number.serial > kCertificateSerialMax) {
    return error(Code::E_CERT_NO, "the serial must be 1 to 999999999");
  }
  const std::string year = padded(number.year, kYearDigits);
  const std::string serial = padded(number.serial, kSerialDigits);
  const std::optional<char> check = gb32100_check_character(number.registrar_code + year + serial);
  return number.registrar_code + "-" + year + "-" + serial + "-" + *check;
}

Result<CertificateNumber> parse_certificate_number(std::string_view text) {
  constexpr std::ptrdiff_t kHyphens = 3;
  if (std::ranges::count(text, '-') != kHyphens)
    return error(Code::E_CERT_NO, "a certificate number looks like FJ-2023-000042-C");
  std::string_view rest = text;
  CertificateNumber number{.registrar_code = std::string(take_part(rest))};
  const Result<std::uint32_t> year = parse_digits(take_part(rest), "the year", kYearDigits);
  if (!year) return year.error();
  const Result<std::uint32_t> serial = parse_digits(take_part(rest), "the serial", kSerialDigitsMax);
  if (!serial) return serial.error();
  number.year = *year;
  number.serial = *serial;
  const Result<std::string> expected = format_certificate_number(number);
  if (!expected) return expected.error();
  if (*expected != text) {
    return error(Code::E_CERT_NO, *expected + " expected: the check character or a digit is wrong");
  }
  return number;
}

}  // namespace circula::ledger
