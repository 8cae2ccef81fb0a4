// Who acts: organisations, and the keys through which alone they act (records.md 2.2). What records of every
// family ask about them; the records that change them are in organisation.h and record_key.h.
#pragma once

#include <map>
#include <string>

#include "ledger/proto/identity.pb.h"
#include "ledger/registry.h"

namespace circula::ledger {

// Effects that more than one record has.
inline constexpr std::uint16_t kEffectOrgRegistered = 101;
inline constexpr std::uint16_t kEffectOrgOpenItems = 105;
inline constexpr std::uint16_t kEffectKeyAdded = 201;

[[nodiscard]] bool has_kind(const proto::OrgState& organisation, proto::OrgKind kind);

// The organisation, if it is there and may originate records: E_NOT_FOUND, E_ORG_SUSPENDED, E_STATE.
[[nodiscard]] Result<proto::OrgState> active_organisation(Execution& execution, std::string_view oid,
                                                          std::string_view field);

// Whose key it is and what it may do at this log index: E_KEY_UNKNOWN, E_KEY_REVOKED, E_KEY_EXPIRED.
[[nodiscard]] Result<Signer> active_signer(Execution& execution, const PublicKey& key,
                                           const std::string& field);

// A regulator's scope is the region and the industry of its profile; one without is national
// (records.md 2.1).
[[nodiscard]] bool supervises(const proto::OrgState& regulator, std::string_view region,
                              std::string_view industry);

// Whether the author may act upon this organisation: an exchange upon the members that it admitted, a
// regulator within its scope. E_POLICY, E_ROLE, E_SCOPE.
[[nodiscard]] Result<void> check_authority(Execution& execution, const proto::OrgState& target);

// Rights that organisations hold and deals that they have open keep them from leaving (E_OPEN_ITEMS). One
// call a record, with the sums for all of them.
void adjust_open_items(Execution& execution, const std::map<std::string, int>& by_oid);
[[nodiscard]] std::uint64_t open_items_of(Execution& execution, std::string_view oid);

// A key's holder has signed for this organisation on this chain: E_FORMAT, E_POP. Then, that it is nobody's:
// E_KEY_REUSED. `key_field` is the path of the key, such as "add.public_key"; its possession stands beside
// it.
[[nodiscard]] Result<void> check_new_key(Execution& execution, std::string_view oid,
                                         const std::string& public_key, const std::string& possession,
                                         const std::string& key_field);
// REQUIRES: check_new_key(). 0: no bound.
void add_key(Execution& execution, std::string_view oid, const std::string& public_key, proto::KeyUsage usage,
             std::int64_t not_before_s, std::int64_t not_after_s);
void add_officer(proto::OrgState& organisation, const std::string& public_key, std::int64_t not_before_s,
                 std::int64_t not_after_s);

void found_organisation(Execution& execution, const proto::GenesisOrganisation& organisation);

}  // namespace circula::ledger
