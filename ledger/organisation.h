// Record 1 ORG: organisations are admitted, describe themselves, are suspended and reinstated, and leave
// (records.md 2.1, 3.4).
//
// Invariants: 1. an oid is never used again; 2. a suspended organisation receives and does not originate: no
// signature of its keys counts, on whatever record; 3. a regulator's scope is what genesis says; 4. one that
// holds rights or has deals open does not leave.
#pragma once

#include <string>

#include "ledger/proto/identity.pb.h"
#include "ledger/registry.h"

namespace circula::ledger {

extern const Family kOrganisationFamily;

// What a profile's fields alone decide: E_FORMAT, E_PI_FIELD.
[[nodiscard]] Result<void> check_profile(const proto::OrgProfile& profile, const std::string& field);

}  // namespace circula::ledger
