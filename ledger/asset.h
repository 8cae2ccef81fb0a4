// Record 6 ASSET_REGISTER: an organisation applies for the registration of data (records.md 3.4).
//
// applied -> notice -> certified -> revoked, or refused before it is certified; record 8 makes these steps
// (certificate.h). Each right that an organisation holds is an open item, until the certificate is revoked.
//
// Invariants: 1. no core data, and no personal data without a lawful basis; 2. an unsalted content digest
// belongs to one asset that is neither refused nor revoked, but for derived assets; 3. each source that is
// an asset was certified and in force, and open to the applicant, when it was named.
#pragma once

#include <string>

#include "ledger/proto/asset.pb.h"
#include "ledger/registry.h"

namespace circula::ledger {

extern const Family kAssetFamily;

inline constexpr std::uint32_t kGradeImportant = 5;
inline constexpr std::uint32_t kGradeCore = 6;

// Anonymised data is no personal information any longer; de-identified data still is (records.md 1).
[[nodiscard]] bool is_impersonal(proto::PersonalInformation held);

// What an organisation must sign with to deal with data of this grade: its cdo, for important data also an
// officer (records.md 2.3, default policy). E_POLICY.
[[nodiscard]] Result<void> require_for_grade(Execution& execution, std::string_view oid, std::uint32_t grade,
                                             std::string_view field);

}  // namespace circula::ledger
