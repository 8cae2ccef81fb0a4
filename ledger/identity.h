// Records 1 ORG and 2 KEY: organisations, and the keys through which alone they act (records.md 2.2).
//
// Invariants: 1. an oid is never used again; 2. a public key belongs to one organisation for ever; 3. every
// organisation that has not left keeps an officer key without an end; 4. a key acts on every later log index
// only, and revocation undoes nothing.
#pragma once

#include "ledger/proto/identity.pb.h"
#include "ledger/registry.h"

namespace circula::ledger {

extern const Family kIdentityFamily;

[[nodiscard]] bool has_kind(const proto::OrgState& organisation, proto::OrgKind kind);

// The organisation, if it is there and may originate records: E_NOT_FOUND, E_ORG_SUSPENDED, E_STATE.
[[nodiscard]] Result<proto::OrgState> active_organisation(Execution& execution, std::string_view oid,
                                                          std::string_view field);

// Whose key it is and what it may do at this log index: E_KEY_UNKNOWN, E_KEY_REVOKED, E_KEY_EXPIRED.
[[nodiscard]] Result<Signer> active_signer(Execution& execution, const PublicKey& key);

// Rights that organisations hold and deals that they have open keep them from leaving (E_OPEN_ITEMS). One
// call a record, with the sums for all of them.
void adjust_open_items(Execution& execution, const std::map<std::string, int>& by_oid);

void found_organisation(Execution& execution, const proto::GenesisOrganisation& organisation);

}  // namespace circula::ledger
