// Record 8 CERTIFY: a registrar publishes the application of an asset or a product, and issues or refuses the
// registration certificate, or revokes it (records.md 3.4, 3.5).
//
// All three rights get a table, whatever the applicant claimed: each right of what is certified has holders.
// The registrar that opened the notice decides on it, and the one that issued a certificate revokes it.
//
// Invariants (I28): 1. a certificate is issued only when the notice period is over; 2. an asset or a product
// has at most one certificate; 3. a number is given once, in rising order per registrar and year at UTC+8; 4.
// what was revoked stays revoked, its tables unchanged.
#pragma once

#include <string>

#include "ledger/proto/certificate.pb.h"
#include "ledger/registry.h"

namespace circula::ledger {

extern const Family kCertificateFamily;

// Due work: the notice of an application ends.
inline constexpr std::uint16_t kDueNoticeOver = 801;

// The next number of the registrar's code in this year, taken: E_CERT_NO when there is no code, or none left.
[[nodiscard]] Result<std::string> next_certificate_number(Execution& execution, const std::string& code);

}  // namespace circula::ledger
