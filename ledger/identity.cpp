#include "ledger/identity.h"

#include <algorithm>

#include "crypto/ed25519.h"
#include "ledger/chain_family.h"
#include "ledger/data_digest.h"
#include "ledger/organisation_code.h"
#include "ledger/text.h"

namespace circula::ledger {
namespace {

constexpr std::size_t kNameBytesMax = 120;
constexpr std::size_t kReasonBytesMax = 200;
constexpr int kOfficersMax = 32;  // keeps the organisation's row small

constexpr std::uint16_t kEffectOrgRegistered = 101;
constexpr std::uint16_t kEffectOrgUpdated = 102;
constexpr std::uint16_t kEffectOrgStatus = 103;
constexpr std::uint16_t kEffectOrgOfficers = 104;
constexpr std::uint16_t kEffectOrgOpenItems = 105;
constexpr std::uint16_t kEffectKeyAdded = 201;
constexpr std::uint16_t kEffectKeyRotated = 202;
constexpr std::uint16_t kEffectKeyRevoked = 203;

// Kinds that only genesis or two thirds of the voters grant (design.md 9, "Power").
bool is_privileged(proto::OrgKind kind) { return kind <= proto::ORG_KIND_AUDITOR; }

Result<void> check_profile(Execution& execution, const proto::OrgProfile& profile, const std::string& field) {
  if (profile.name().empty()) return error(Code::E_FORMAT, "an organisation has a name", field + ".name");
  if (auto good = check_text(profile.name(), kNameBytesMax, field + ".name"); !good) return good;
  const auto is_code = [](const std::string& code, std::size_t most) {
    return code.size() <= most && std::all_of(code.begin(), code.end(), [](char c) {
             return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
           });
  };
  if (!is_code(profile.region(), 12))
    return error(Code::E_FORMAT, "not a GB/T 2260 region code", field + ".region");
  if (!is_code(profile.industry(), 5))
    return error(Code::E_FORMAT, "not a GB/T 4754 industry code", field + ".industry");
  if (profile.level() > 5) return error(Code::E_FORMAT, "levels are 1 to 5", field + ".level");
  for (const proto::DataDigest* digest : {&profile.licence(), &profile.contact()}) {
    if (digest->digest().empty()) continue;
    if (auto good = check_data_digest(*digest, field); !good) return good;
  }
  if (profile.has_contact() && !profile.contact().salted()) {
    return error(Code::E_PI_FIELD, "the digest of a contact is salted", field + ".contact");
  }
  if (!profile.parent().empty() && !execution.exists(org_key(profile.parent()))) {
    return error(Code::E_NOT_FOUND, "no organisation " + profile.parent(), field + ".parent");
  }
  return {};
}

Result<void> check_possession(const Digest& chain_id, std::string_view oid, const std::string& key,
                              const std::string& possession) {
  if (key.size() != PublicKey::kSize) return error(Code::E_FORMAT, "a public key has 32 bytes", "public_key");
  if (possession.size() != Signature::kSize)
    return error(Code::E_FORMAT, "a signature has 64 bytes", "possession");
  const Bytes signed_bytes = possession_statement(chain_id, oid);
  const crypto::VerifyJob job{PublicKey::from(crypto::as_bytes(key)), signed_bytes,
                              Signature::from(crypto::as_bytes(possession))};
  if (crypto::verify_batch({&job, 1})[0]) return {};
  return error(Code::E_POP, "the new key has not signed for " + std::string(oid) + " on this chain",
               "possession");
}

SubjectKey key_subject(const std::string& public_key) {
  return key_key(PublicKey::from(crypto::as_bytes(public_key)));
}

Result<void> check_new_key(Execution& execution, const std::string& public_key) {
  if (!execution.exists(key_subject(public_key))) return {};
  return error(Code::E_KEY_REUSED, "the key is registered", "public_key");
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
  execution.change(key_subject(public_key), kEffectKeyAdded, effect, state);
}

void add_officer(proto::OrgState& organisation, const std::string& public_key, std::int64_t not_after_s) {
  proto::OfficerKey& officer = *organisation.add_officers();
  officer.set_public_key(public_key);
  officer.set_not_after_s(not_after_s);
}

// Takes the officer key out, or ends it, and checks that one without an end remains.
Result<void> keep_an_officer(proto::OrgState& organisation, const std::string& public_key,
                             std::int64_t not_after_s) {
  auto& officers = *organisation.mutable_officers();
  for (int item = 0; item < officers.size(); ++item) {
    if (officers[item].public_key() != public_key) continue;
    not_after_s == 0 ? (void)officers.erase(officers.begin() + item)
                     : officers[item].set_not_after_s(not_after_s);
    break;
  }
  const bool remains = std::any_of(officers.begin(), officers.end(), [](const proto::OfficerKey& officer) {
    return officer.not_after_s() == 0;
  });
  if (remains) return {};
  return error(Code::E_LAST_KEY, "no officer key without an end would be left", "public_key");
}

void write_officers(Execution& execution, std::string_view oid, const proto::OrgState& organisation) {
  proto::OrgOfficersChanged effect;
  *effect.mutable_officers() = organisation.officers();
  execution.change(org_key(oid), kEffectOrgOfficers, effect, organisation);
}

Result<void> register_org(Execution& execution, const proto::OrgRegister& body) {
  if (auto good = check_oid(body.oid()); !good)
    return error(Code::E_USCC, good.error().detail, "register.oid");
  const auto exchange = active_organisation(execution, execution.author_oid(), "author");
  if (!exchange) return exchange.error();
  if (!has_kind(*exchange, proto::ORG_KIND_EXCHANGE)) {
    return error(Code::E_ROLE, "an exchange admits organisations", "author");
  }
  if (auto signed_by = execution.require(execution.author_oid(), kExecutive, "author"); !signed_by)
    return signed_by;
  if (body.kinds().empty() || std::adjacent_find(body.kinds().begin(), body.kinds().end(),
                                                 std::greater_equal<>()) != body.kinds().end()) {
    return error(Code::E_FORMAT, "kinds are ascending, each once, at least one", "register.kinds");
  }
  for (const int kind : body.kinds()) {
    if (is_privileged(static_cast<proto::OrgKind>(kind))) {
      return error(Code::E_ROLE, "this kind comes from genesis or from two thirds of the voters",
                   "register.kinds");
    }
  }
  if (auto good = check_profile(execution, body.profile(), "register.profile"); !good) return good;
  if (execution.exists(org_key(body.oid())))
    return error(Code::E_ORG_EXISTS, body.oid() + " is registered", "register.oid");
  if (auto good =
          check_possession(execution.chain().chain_id, body.oid(), body.first_key(), body.possession());
      !good) {
    return good;
  }
  if (auto good = check_new_key(execution, body.first_key()); !good) return good;

  proto::OrgRegistered effect;
  *effect.mutable_kinds() = body.kinds();
  *effect.mutable_profile() = body.profile();
  effect.set_admitted_by(execution.author_oid());
  effect.set_first_key(body.first_key());
  proto::OrgState state;
  *state.mutable_kinds() = body.kinds();
  *state.mutable_profile() = body.profile();
  state.set_status(proto::ORG_STATUS_ACTIVE);
  state.set_admitted_by(execution.author_oid());
  add_officer(state, body.first_key(), 0);
  execution.change(org_key(body.oid()), kEffectOrgRegistered, effect, state);
  add_key(execution, body.oid(), body.first_key(), proto::KEY_USAGE_OFFICER, 0, 0);
  return {};
}

Result<void> update_org(Execution& execution, const proto::OrgUpdate& body) {
  auto organisation = active_organisation(execution, body.oid(), "update.oid");
  if (!organisation) return organisation.error();
  if (auto signed_by = execution.require(body.oid(), kOfficer, "update.oid"); !signed_by) return signed_by;
  if (body.profile().parent() == body.oid())
    return error(Code::E_REF, "its own parent", "update.profile.parent");
  if (auto good = check_profile(execution, body.profile(), "update.profile"); !good) return good;
  *organisation->mutable_profile() = body.profile();
  proto::OrgUpdated effect;
  *effect.mutable_profile() = body.profile();
  execution.change(org_key(body.oid()), kEffectOrgUpdated, effect, *organisation);
  return {};
}

// An exchange acts on the members that it admitted, a regulator on those of its region; one without a region
// is national (records.md 2.1).
Result<void> check_authority(Execution& execution, const proto::OrgState& target) {
  const auto authority = active_organisation(execution, execution.author_oid(), "author");
  if (!authority) return authority.error();
  if (auto signed_by = execution.require(execution.author_oid(), kExecutive, "author"); !signed_by)
    return signed_by;
  if (has_kind(*authority, proto::ORG_KIND_REGULATOR)) {
    const std::string& region = authority->profile().region();
    if (target.profile().region().starts_with(region)) return {};
    return error(Code::E_SCOPE, "the organisation is outside the regulator's region " + region, "author");
  }
  if (!has_kind(*authority, proto::ORG_KIND_EXCHANGE))
    return error(Code::E_ROLE, "an exchange or a regulator does this", "author");
  if (target.admitted_by() != execution.author_oid())
    return error(Code::E_SCOPE, "another exchange's member", "author");
  return {};
}

Result<void> set_status(Execution& execution, const std::string& oid, proto::OrgStatus from,
                        proto::OrgStatus to, const std::string& reason, const std::string& field) {
  auto organisation = execution.read<proto::OrgState>(org_key(oid));
  if (!organisation) return error(Code::E_NOT_FOUND, "no organisation " + oid, field);
  if (organisation->status() != from)
    return error(Code::E_STATE, oid + " is not in the state that this changes", field);
  organisation->set_status(to);
  proto::OrgStatusChanged effect;
  effect.set_status(to);
  effect.set_by(execution.author_oid());
  effect.set_reason(reason);
  execution.change(org_key(oid), kEffectOrgStatus, effect, *organisation);
  return {};
}

Result<void> change_standing(Execution& execution, const std::string& oid, bool suspend,
                             const std::string& reason, const std::string& field) {
  if (auto good = check_text(reason, kReasonBytesMax, field); !good) return good;
  const auto target = execution.read<proto::OrgState>(org_key(oid));
  if (!target) return error(Code::E_NOT_FOUND, "no organisation " + oid, field);
  if (auto allowed = check_authority(execution, *target); !allowed) return allowed;
  return suspend ? set_status(execution, oid, proto::ORG_STATUS_ACTIVE, proto::ORG_STATUS_SUSPENDED, reason,
                              field)
                 : set_status(execution, oid, proto::ORG_STATUS_SUSPENDED, proto::ORG_STATUS_ACTIVE, reason,
                              field);
}

// A member leaves with its officer's and its exchange's signature, when nothing of it is open. What would be
// open here are rights it holds; the row counts them.
Result<void> exit_org(Execution& execution, const proto::OrgExit& body) {
  const auto organisation = active_organisation(execution, body.oid(), "exit.oid");
  if (!organisation) return organisation.error();
  if (organisation->admitted_by().empty()) {
    return error(Code::E_STATE, "an organisation of genesis leaves by a decision of the voters", "exit.oid");
  }
  if (auto signed_by = execution.require(body.oid(), kOfficer, "exit.oid"); !signed_by) return signed_by;
  if (auto signed_by = execution.require(organisation->admitted_by(), kExecutive, "exit.oid"); !signed_by)
    return signed_by;
  if (organisation->open_items() != 0) {
    return error(Code::E_OPEN_ITEMS, std::to_string(organisation->open_items()) + " rights or deals are open",
                 "exit.oid");
  }
  return set_status(execution, body.oid(), proto::ORG_STATUS_ACTIVE, proto::ORG_STATUS_EXITED, "",
                    "exit.oid");
}

Result<void> apply_org(Execution& execution, const proto::Org& body) {
  switch (body.op_case()) {
    case proto::Org::kRegister:
      return register_org(execution, body.register_());
    case proto::Org::kUpdate:
      return update_org(execution, body.update());
    case proto::Org::kSuspend:
      return change_standing(execution, body.suspend().oid(), true, body.suspend().reason(), "suspend.oid");
    case proto::Org::kReinstate:
      return change_standing(execution, body.reinstate().oid(), false, "", "reinstate.oid");
    case proto::Org::kExit:
      return exit_org(execution, body.exit());
    case proto::Org::OP_NOT_SET:
      break;
  }
  return error(Code::E_FORMAT, "no operation", "op");
}

Result<void> add(Execution& execution, const proto::KeyAdd& body) {
  const std::string& oid = execution.author_oid();
  auto organisation = active_organisation(execution, oid, "author");
  if (!organisation) return organisation.error();
  if (auto signed_by = execution.require(oid, kOfficer, "author"); !signed_by) return signed_by;
  if (body.usage() == proto::KEY_USAGE_UNSPECIFIED)
    return error(Code::E_FORMAT, "a key has a usage", "add.usage");
  if (body.not_before_s() < 0 || body.not_after_s() < 0 ||
      (body.not_after_s() != 0 && body.not_after_s() <= std::max(body.not_before_s(), execution.time_s()))) {
    return error(Code::E_TIME, "the key's period is empty or over", "add.not_after_s");
  }
  if (auto good = check_possession(execution.chain().chain_id, oid, body.public_key(), body.possession());
      !good)
    return good;
  if (auto good = check_new_key(execution, body.public_key()); !good) return good;
  if (body.usage() == proto::KEY_USAGE_OFFICER) {
    if (organisation->officers_size() >= kOfficersMax)
      return error(Code::E_LIMIT, "at most 32 officer keys", "add.usage");
    // A key that is not valid yet does not count as an officer that remains.
    const std::int64_t end_s =
        body.not_before_s() > execution.time_s() ? body.not_before_s() : body.not_after_s();
    add_officer(*organisation, body.public_key(), end_s);
    write_officers(execution, oid, *organisation);
  }
  add_key(execution, oid, body.public_key(), body.usage(), body.not_before_s(), body.not_after_s());
  return {};
}

Result<void> rotate(Execution& execution, const proto::KeyRotate& body) {
  const std::string& oid = execution.author_oid();
  auto organisation = active_organisation(execution, oid, "author");
  if (!organisation) return organisation.error();
  if (auto signed_by = execution.require(oid, kOfficer, "author"); !signed_by) return signed_by;
  if (body.replaces().size() != PublicKey::kSize)
    return error(Code::E_FORMAT, "a public key has 32 bytes", "rotate.replaces");
  auto old = execution.read<proto::KeyState>(key_subject(body.replaces()));
  if (!old || old->oid() != oid) return error(Code::E_NOT_FOUND, "no key of " + oid, "rotate.replaces");
  if (old->revoked_at_s() != 0) return error(Code::E_KEY_REVOKED, "the key was revoked", "rotate.replaces");
  if (old->not_after_s() != 0 && old->not_after_s() <= execution.time_s()) {
    return error(Code::E_KEY_EXPIRED, "the key has expired", "rotate.replaces");
  }
  if (body.overlap_until_s() <= execution.time_s())
    return error(Code::E_TIME, "the overlap ends later than now", "rotate.overlap_until_s");
  if (old->not_after_s() != 0 && body.overlap_until_s() > old->not_after_s()) {
    return error(Code::E_TIME, "an overlap does not lengthen the old key's period", "rotate.overlap_until_s");
  }
  if (auto good = check_possession(execution.chain().chain_id, oid, body.public_key(), body.possession());
      !good)
    return good;
  if (auto good = check_new_key(execution, body.public_key()); !good) return good;

  if (old->usage() == proto::KEY_USAGE_OFFICER) {
    if (organisation->officers_size() >= kOfficersMax)
      return error(Code::E_LIMIT, "at most 32 officer keys", "rotate");
    add_officer(*organisation, body.public_key(), 0);
    if (auto kept = keep_an_officer(*organisation, body.replaces(), body.overlap_until_s()); !kept)
      return kept;
    write_officers(execution, oid, *organisation);
  }
  proto::KeyRotated effect;
  effect.set_replaced_by(body.public_key());
  effect.set_not_after_s(body.overlap_until_s());
  old->set_replaced_by(body.public_key());
  old->set_not_after_s(body.overlap_until_s());
  execution.change(key_subject(body.replaces()), kEffectKeyRotated, effect, *old);
  add_key(execution, oid, body.public_key(), old->usage(), 0, 0);
  return {};
}

Result<void> revoke(Execution& execution, const proto::KeyRevoke& body) {
  if (auto good = check_text(body.reason(), kReasonBytesMax, "revoke.reason"); !good) return good;
  if (body.compromised_since_s() < 0 || body.compromised_since_s() > execution.time_s()) {
    return error(Code::E_TIME, "compromised in the future", "revoke.compromised_since_s");
  }
  if (body.public_key().size() != PublicKey::kSize)
    return error(Code::E_FORMAT, "a public key has 32 bytes", "revoke.public_key");
  auto key = execution.read<proto::KeyState>(key_subject(body.public_key()));
  if (!key) return error(Code::E_NOT_FOUND, "no such key", "revoke.public_key");
  auto organisation = execution.read<proto::OrgState>(org_key(key->oid()));
  if (!organisation) return error(Code::E_NOT_FOUND, "no organisation " + key->oid(), "revoke.public_key");
  if (key->oid() == execution.author_oid()) {
    if (auto signed_by = execution.require(key->oid(), kOfficer, "author"); !signed_by) return signed_by;
  } else if (auto allowed = check_authority(execution, *organisation); !allowed) {
    return allowed;
  }
  if (key->revoked_at_s() != 0) return error(Code::E_KEY_REVOKED, "the key was revoked", "revoke.public_key");
  if (key->usage() == proto::KEY_USAGE_OFFICER) {
    if (auto kept = keep_an_officer(*organisation, body.public_key(), 0); !kept) return kept;
    write_officers(execution, key->oid(), *organisation);
  }
  proto::KeyRevoked effect;
  effect.set_by(execution.author_oid());
  effect.set_reason(body.reason());
  effect.set_compromised_since_s(body.compromised_since_s());
  key->set_revoked_at_s(execution.time_s());
  key->set_reason(body.reason());
  key->set_compromised_since_s(body.compromised_since_s());
  execution.change(key_subject(body.public_key()), kEffectKeyRevoked, effect, *key);
  return {};
}

Result<void> apply_key(Execution& execution, const proto::Key& body) {
  switch (body.op_case()) {
    case proto::Key::kAdd:
      return add(execution, body.add());
    case proto::Key::kRotate:
      return rotate(execution, body.rotate());
    case proto::Key::kRevoke:
      return revoke(execution, body.revoke());
    case proto::Key::OP_NOT_SET:
      break;
  }
  return error(Code::E_FORMAT, "no operation", "op");
}

constexpr RecordType kRecords[] = {
    record_type<proto::Org, apply_org>(1, 1, "ORG"),
    record_type<proto::Key, apply_key>(2, 1, "KEY"),
};
constexpr EffectType kEffects[] = {
    effect_type<proto::OrgRegistered>(kEffectOrgRegistered, "registered"),
    effect_type<proto::OrgUpdated>(kEffectOrgUpdated, "updated"),
    effect_type<proto::OrgStatusChanged>(kEffectOrgStatus, "status changed"),
    effect_type<proto::OrgOfficersChanged>(kEffectOrgOfficers, "officers changed"),
    effect_type<proto::OrgOpenItems>(kEffectOrgOpenItems, "open items changed"),
    effect_type<proto::KeyAdded>(kEffectKeyAdded, "key added"),
    effect_type<proto::KeyRotated>(kEffectKeyRotated, "key rotated"),
    effect_type<proto::KeyRevoked>(kEffectKeyRevoked, "key revoked"),
};
constexpr SubjectFields kSubjects[] = {
    subject_fields<proto::OrgState>(SubjectKind::kOrg, "org/"),
    subject_fields<proto::KeyState>(SubjectKind::kKey, "key/"),
};

}  // namespace

const Family kIdentityFamily = {"identity", kRecords, kEffects, kSubjects, {}};

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

Result<Signer> active_signer(Execution& execution, const PublicKey& key) {
  const auto state = execution.read<proto::KeyState>(key_key(key));
  const std::string name = key_key(key);
  if (!state) return error(Code::E_KEY_UNKNOWN, name + " is not registered", "signers");
  if (state->revoked_at_s() != 0) return error(Code::E_KEY_REVOKED, name + " was revoked", "signers");
  const bool early = state->not_before_s() > execution.time_s();
  const bool late = state->not_after_s() != 0 && state->not_after_s() <= execution.time_s();
  if (early || late) return error(Code::E_KEY_EXPIRED, name + " is outside its period", "signers");
  return Signer{key, state->oid(), state->usage()};
}

void adjust_open_items(Execution& execution, const std::map<std::string, int>& by_oid) {
  for (const auto& [oid, change] : by_oid) {
    auto organisation = execution.read<proto::OrgState>(org_key(oid));
    if (change == 0 || !organisation) continue;
    const std::uint64_t before = organisation->open_items();
    const auto magnitude = static_cast<std::uint64_t>(change < 0 ? -change : change);
    assert(change > 0 || before >= magnitude);
    organisation->set_open_items(change > 0 ? before + magnitude : before - magnitude);
    proto::OrgOpenItems effect;
    effect.set_open_items(organisation->open_items());
    execution.change(org_key(oid), kEffectOrgOpenItems, effect, *organisation);
  }
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
    if (key.usage() == proto::KEY_USAGE_OFFICER) add_officer(state, key.public_key(), 0);
  }
  execution.change(org_key(organisation.oid()), kEffectOrgRegistered, effect, state);
  for (const proto::GenesisKey& key : organisation.keys()) {
    add_key(execution, organisation.oid(), key.public_key(), key.usage(), 0, 0);
  }
}

}  // namespace circula::ledger
