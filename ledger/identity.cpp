#include "ledger/identity.h"

#include <algorithm>

#include "crypto/ed25519.h"
#include "ledger/classification_code.h"
#include "ledger/signing.h"

namespace circula::ledger {

bool has_kind(const proto::OrgState& organisation, proto::OrgKind kind) {
  return std::find(organisation.kinds().begin(), organisation.kinds().end(), kind) !=
         organisation.kinds().end();
}

Result<proto::OrgState> active_organisation(Execution& execution, std::string_view oid,
                                            std::string_view field) {
  auto organisation = execution.read<proto::OrgState>(org_key(oid));
  if (!organisation)
    return error(Code::E_NOT_FOUND, "no organisation " + std::string(oid), std::string(field));
  if (organisation->status() == proto::ORG_STATUS_SUSPENDED) {
    return error(Code::E_ORG_SUSPENDED, std::string(oid) + " is suspended", std::string(field));
  }
  if (organisation->status() != proto::ORG_STATUS_ACTIVE) {
    return error(Code::E_STATE, std::string(oid) + " has left", std::string(field));
  }
  return *organisation;
}

Result<Signer> active_signer(Execution& execution, const PublicKey& key, const std::string& field) {
  const auto state = execution.read<proto::KeyState>(key_key(key));
  const std::string name = key_key(key);
  if (!state) return error(Code::E_KEY_UNKNOWN, name + " is not registered", field);
  if (state->revoked_at_s() != 0) return error(Code::E_KEY_REVOKED, name + " was revoked", field);
  const bool early = state->not_before_s() > execution.time_s();
  const bool late = state->not_after_s() != 0 && state->not_after_s() <= execution.time_s();
  if (early || late) return error(Code::E_KEY_EXPIRED, name + " is outside its period", field);
  return Signer{key, state->oid(), state->usage()};
}

bool supervises(const proto::OrgState& regulator, std::string_view region, std::string_view industry) {
  return has_kind(regulator, proto::ORG_KIND_REGULATOR) &&
         lies_within(region, regulator.profile().region()) &&
         lies_within(industry, regulator.profile().industry());
}

Result<void> check_authority(Execution& execution, const proto::OrgState& target) {
  const auto authority = active_organisation(execution, execution.author_oid(), "author");
  if (!authority) return authority.error();
  if (auto signed_by = execution.require(execution.author_oid(), kExecutive, "author"); !signed_by)
    return signed_by;
  if (has_kind(*authority, proto::ORG_KIND_REGULATOR)) {
    if (supervises(*authority, target.profile().region(), target.profile().industry())) return {};
    return error(Code::E_SCOPE, "the organisation is outside the regulator's region or industry", "author");
  }
  if (!has_kind(*authority, proto::ORG_KIND_EXCHANGE))
    return error(Code::E_ROLE, "an exchange or a regulator does this", "author");
  if (target.admitted_by() != execution.author_oid())
    return error(Code::E_SCOPE, "another exchange's member", "author");
  return {};
}

void adjust_open_items(Execution& execution, const std::map<std::string, int>& by_oid) {
  for (const auto& [oid, change] : by_oid) {
    if (change == 0 || !execution.exists(org_key(oid))) continue;
    proto::OpenItemsState state;
    const std::uint64_t before = open_items_of(execution, oid);
    const auto magnitude = static_cast<std::uint64_t>(change < 0 ? -change : change);
    assert(change > 0 || before >= magnitude);
    state.set_open_items(change > 0 ? before + magnitude : before - magnitude);
    proto::OrgOpenItems effect;
    effect.set_open_items(state.open_items());
    execution.change(open_items_key(oid), kEffectOrgOpenItems, effect, state);
  }
}

std::uint64_t open_items_of(Execution& execution, std::string_view oid) {
  const auto state = execution.read<proto::OpenItemsState>(open_items_key(oid));
  return state ? state->open_items() : 0;
}

Result<void> check_new_key(Execution& execution, std::string_view oid, const std::string& public_key,
                           const std::string& possession, const std::string& key_field) {
  const std::string possession_field = key_field.substr(0, key_field.find('.')) + ".possession";
  if (public_key.size() != PublicKey::kSize)
    return error(Code::E_FORMAT, "a public key has 32 bytes", key_field);
  if (possession.size() != Signature::kSize)
    return error(Code::E_FORMAT, "a signature has 64 bytes", possession_field);
  const PublicKey key = PublicKey::from(crypto::as_bytes(public_key));
  const Bytes signed_bytes = possession_statement(execution.chain().chain_id, oid);
  const crypto::VerifyJob job{key, signed_bytes, Signature::from(crypto::as_bytes(possession))};
  if (!crypto::verify_batch({&job, 1})[0]) {
    return error(Code::E_POP, "the new key has not signed for " + std::string(oid) + " on this chain",
                 possession_field);
  }
  if (!execution.exists(key_key(key))) return {};
  return error(Code::E_KEY_REUSED, "the key is registered", key_field);
}

void add_key(Execution& execution, std::string_view oid, const std::string& public_key, proto::KeyUsage usage,
             std::int64_t not_before_s, std::int64_t not_after_s) {
  proto::KeyAdded effect;
  effect.set_oid(std::string(oid));
  effect.set_usage(usage);
  effect.set_not_before_s(not_before_s);
  effect.set_not_after_s(not_after_s);
  proto::KeyState state;
  state.set_oid(std::string(oid));
  state.set_usage(usage);
  state.set_not_before_s(not_before_s);
  state.set_not_after_s(not_after_s);
  execution.change(key_key(PublicKey::from(crypto::as_bytes(public_key))), kEffectKeyAdded, effect, state);
}

void add_officer(proto::OrgState& organisation, const std::string& public_key, std::int64_t not_before_s,
                 std::int64_t not_after_s) {
  proto::OfficerKey& officer = *organisation.add_officers();
  officer.set_public_key(public_key);
  officer.set_not_after_s(not_after_s);
  officer.set_not_before_s(not_before_s);
}

void found_organisation(Execution& execution, const proto::GenesisOrganisation& organisation) {
  proto::OrgRegistered effect;
  *effect.mutable_kinds() = organisation.kinds();
  *effect.mutable_profile() = organisation.profile();
  effect.set_registrar_code(organisation.registrar_code());
  proto::OrgState state;
  *state.mutable_kinds() = organisation.kinds();
  *state.mutable_profile() = organisation.profile();
  state.set_status(proto::ORG_STATUS_ACTIVE);
  state.set_registrar_code(organisation.registrar_code());
  for (const proto::GenesisKey& key : organisation.keys()) {
    if (key.usage() == proto::KEY_USAGE_OFFICER) add_officer(state, key.public_key(), 0, 0);
  }
  execution.change(org_key(organisation.oid()), kEffectOrgRegistered, effect, state);
  for (const proto::GenesisKey& key : organisation.keys()) {
    add_key(execution, organisation.oid(), key.public_key(), key.usage(), 0, 0);
  }
}

}  // namespace circula::ledger
