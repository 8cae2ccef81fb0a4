// What a contract permits its buyer to do: subject licence/<id of the contract> (records.md 3.4, records 12
// and 17). Conditional until the first delivery starts, then active until its time is over.
//
// Record 12 LICENCE brings exclusive licences, sublicences and licences without a sale; until then those
// terms are refused, so that none of today's stands in their way.
#pragma once

#include "ledger/proto/contract.pb.h"
#include "ledger/registry.h"

namespace circula::ledger {

extern const Family kLicenceFamily;

// Due work: the time of a licence is over.
inline constexpr std::uint16_t kDueLicenceEnds = 1701;

// E_FORMAT, E_LIMIT, E_PI_FIELD, E_TERMS, E_EXCLUSIVE, E_NO_SUBLICENCE.
[[nodiscard]] Result<void> check_licence_terms(Execution& execution, const proto::LicenceTerms& terms,
                                               const std::string& field);
// Whether it covers the purpose and the region of an order: E_PURPOSE, E_SCOPE_EXCEEDS.
[[nodiscard]] Result<void> check_covers(const proto::LicenceTerms& terms, const std::string& purpose,
                                        const std::string& territory, const std::string& field);

void grant_licence(Execution& execution, const ShortId& licence, const proto::LicenceState& granted);
// A delivery in this mode at ledger time is within it: E_LICENCE_INACTIVE, E_SCOPE_EXCEEDS.
[[nodiscard]] Result<void> check_delivery(Execution& execution, const ShortId& licence,
                                          proto::DeliveryMode mode, const std::string& field);
// A delivery may still come: E_LICENCE_INACTIVE when it is terminated or its time is over.
[[nodiscard]] Result<void> check_not_over(Execution& execution, const ShortId& licence,
                                          const std::string& field);
// The first delivery starts.
void activate_licence(Execution& execution, const ShortId& licence);
// Nothing will be delivered. A licence that was active runs on until its end.
void terminate_licence(Execution& execution, const ShortId& licence);

}  // namespace circula::ledger
