// Numbers of registration certificates (records.md 3.4, 8 CERTIFY), given by the ledger and never reused:
//
//     <registrar code>-<year>-<serial>-<check>          FJ-2023-000042-C
//
//   registrar code  2 to 8 characters of the alphabet of GB 32100, unique among registrars
//   year            four digits, the year of issue at UTC+8
//   serial          from 000001, counted for each registrar and year; six digits, beyond 999999 as many as it
//                   takes, at most nine
//   check           the check character of GB 32100 over registrar code, year and serial, written together
//                   without hyphens; weights 3^i from i = 0 at the first character (organisation_code.h)
//
// Every change of one character and every exchange of two neighbours changes the check character.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ledger/outcome.h"

namespace circula::ledger {

inline constexpr std::uint32_t kCertificateSerialMax = 999'999'999;  // nine digits

struct CertificateNumber {
  std::string registrar_code;
  std::uint32_t year = 0;
  std::uint32_t serial = 0;
  friend bool operator==(const CertificateNumber&, const CertificateNumber&) = default;
};

// E_CERT_NO unless the code is 2 to 8 characters of the alphabet.
[[nodiscard]] Result<void> check_registrar_code(std::string_view code, std::string_view field = {});

// E_CERT_NO when a part is out of its range: a registrar that has used up its year.
[[nodiscard]] Result<std::string> format_certificate_number(const CertificateNumber& number);

// Strict; E_CERT_NO names the part that is wrong.
[[nodiscard]] Result<CertificateNumber> parse_certificate_number(std::string_view text);

}  // namespace circula::ledger
