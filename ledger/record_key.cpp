#include "ledger/record_key.h"

#include <algorithm>

#include "ledger/identity.h"
#include "ledger/text.h"

namespace circula::ledger {
namespace {

constexpr std::size_t kReasonBytesMax = 200;
constexpr int kOfficersMax = 32;      // keeps the organisation's row small
constexpr int kRecoveryOfficers = 2;  // of the exchange (records.md 2.2)

constexpr std::uint16_t kEffectOrgOfficers = 104;
constexpr std::uint16_t kEffectKeyRotated = 202;
constexpr std::uint16_t kEffectKeyRevoked = 203;

SubjectKey key_subject(const std::string& public_key) {
  return key_key(PublicKey::from(crypto::as_bytes(public_key)));
}

// Room for another officer key; those whose time is over are not listed any longer.
Result<void> make_room(proto::OrgState& organisation, std::int64_t time_s, const std::string& field) {
  auto& officers = *organisation.mutable_officers();
  const auto ended = std::remove_if(officers.begin(), officers.end(), [&](const proto::OfficerKey& officer) {
    return officer.not_after_s() != 0 && officer.not_after_s() <= time_s;
  });
  officers.erase(ended, officers.end());
  if (officers.size() < kOfficersMax) return {};
  return error(Code::E_LIMIT, "at most 32 officer keys", field);
}

// Takes the officer key out, or ends it, and checks that one remains that has begun and has no end.
Result<void> keep_an_officer(proto::OrgState& organisation, const std::string& public_key,
                             std::int64_t not_after_s, std::int64_t time_s, const std::string& field) {
  auto& officers = *organisation.mutable_officers();
  for (int item = 0; item < officers.size(); ++item) {
    if (officers[item].public_key() != public_key) continue;
    not_after_s == 0 ? (void)officers.erase(officers.begin() + item)
                     : officers[item].set_not_after_s(not_after_s);
    break;
  }
  const bool remains = std::any_of(officers.begin(), officers.end(), [&](const proto::OfficerKey& officer) {
    return officer.not_after_s() == 0 && officer.not_before_s() <= time_s;
  });
  if (remains) return {};
  return error(Code::E_LAST_KEY, "no officer key without an end would be left", field);
}

void write_officers(Execution& execution, std::string_view oid, const proto::OrgState& organisation) {
  proto::OrgOfficersChanged effect;
  *effect.mutable_officers() = organisation.officers();
  execution.change(org_key(oid), kEffectOrgOfficers, effect, organisation);
}

// The author's organisation, whose officer signs.
Result<proto::OrgState> officers_organisation(Execution& execution) {
  auto organisation = active_organisation(execution, execution.author_oid(), "author");
  if (!organisation) return organisation;
  if (auto signed_by = execution.require(execution.author_oid(), kOfficer, "author"); !signed_by)
    return signed_by.error();
  return organisation;
}

Result<void> add(Execution& execution, const proto::KeyAdd& body) {
  const std::string& oid = execution.author_oid();
  auto organisation = officers_organisation(execution);
  if (!organisation) return organisation.error();
  if (body.usage() == proto::KEY_USAGE_UNSPECIFIED)
    return error(Code::E_FORMAT, "a key has a usage", "add.usage");
  if (body.not_before_s() < 0 || body.not_after_s() < 0 ||
      (body.not_after_s() != 0 && body.not_after_s() <= std::max(body.not_before_s(), execution.time_s()))) {
    return error(Code::E_TIME, "the key's period is empty or over", "add.not_after_s");
  }
  if (auto good = check_new_key(execution, oid, body.public_key(), body.possession(), "add.public_key");
      !good)
    return good;
  if (body.usage() == proto::KEY_USAGE_OFFICER) {
    if (auto room = make_room(*organisation, execution.time_s(), "add.usage"); !room) return room;
    add_officer(*organisation, body.public_key(), body.not_before_s(), body.not_after_s());
    write_officers(execution, oid, *organisation);
  }
  add_key(execution, oid, body.public_key(), body.usage(), body.not_before_s(), body.not_after_s());
  return {};
}

// The key that a rotation replaces, of this organisation and valid.
Result<proto::KeyState> find_replaced(Execution& execution, const proto::KeyRotate& body,
                                      const std::string& oid) {
  const std::string field = "rotate.replaces";
  if (body.replaces().size() != PublicKey::kSize)
    return error(Code::E_FORMAT, "a public key has 32 bytes", field);
  auto old = execution.read<proto::KeyState>(key_subject(body.replaces()));
  if (!old || old->oid() != oid) return error(Code::E_NOT_FOUND, "no key of " + oid, field);
  if (old->revoked_at_s() != 0) return error(Code::E_KEY_REVOKED, "the key was revoked", field);
  if (old->not_after_s() != 0 && old->not_after_s() <= execution.time_s())
    return error(Code::E_KEY_EXPIRED, "the key has expired", field);
  return *old;
}

Result<void> rotate(Execution& execution, const proto::KeyRotate& body) {
  const std::string& oid = execution.author_oid();
  auto organisation = officers_organisation(execution);
  if (!organisation) return organisation.error();
  auto old = find_replaced(execution, body, oid);
  if (!old) return old.error();
  if (body.overlap_until_s() <= execution.time_s())
    return error(Code::E_TIME, "the overlap ends later than now", "rotate.overlap_until_s");
  if (old->not_after_s() != 0 && body.overlap_until_s() > old->not_after_s()) {
    return error(Code::E_TIME, "an overlap does not lengthen the old key's period", "rotate.overlap_until_s");
  }
  if (auto good = check_new_key(execution, oid, body.public_key(), body.possession(), "rotate.public_key");
      !good)
    return good;

  if (old->usage() == proto::KEY_USAGE_OFFICER) {
    if (auto room = make_room(*organisation, execution.time_s(), "rotate"); !room) return room;
    add_officer(*organisation, body.public_key(), 0, 0);
    if (auto kept = keep_an_officer(*organisation, body.replaces(), body.overlap_until_s(),
                                    execution.time_s(), "rotate.replaces");
        !kept)
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

// By an officer of its own organisation, or by an authority over it.
Result<void> check_may_revoke(Execution& execution, const std::string& oid,
                              const proto::OrgState& organisation) {
  if (oid == execution.author_oid()) return execution.require(oid, kOfficer, "author");
  return check_authority(execution, organisation);
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
  if (auto allowed = check_may_revoke(execution, key->oid(), *organisation); !allowed) return allowed;
  if (key->revoked_at_s() != 0) return error(Code::E_KEY_REVOKED, "the key was revoked", "revoke.public_key");
  if (key->usage() == proto::KEY_USAGE_OFFICER) {
    if (auto kept =
            keep_an_officer(*organisation, body.public_key(), 0, execution.time_s(), "revoke.public_key");
        !kept)
      return kept;
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

// The author is an exchange, by two of its officers, and the organisation another one, of no other exchange.
Result<proto::OrgState> check_recovery(Execution& execution, const proto::KeyRecover& body) {
  const std::string& author = execution.author_oid();
  const auto exchange = active_organisation(execution, author, "author");
  if (!exchange) return exchange.error();
  if (!has_kind(*exchange, proto::ORG_KIND_EXCHANGE))
    return error(Code::E_ROLE, "an exchange vouches for an organisation", "author");
  if (auto signed_by = execution.require(author, kOfficer, "author"); !signed_by) return signed_by.error();
  const auto officers = std::ranges::count_if(execution.signers(), [&](const Signer& signer) {
    return signer.oid == author && signer.usage == proto::KEY_USAGE_OFFICER;
  });
  if (officers < kRecoveryOfficers)
    return error(Code::E_POLICY, "two officers of the exchange sign", "signers");
  auto organisation = execution.read<proto::OrgState>(org_key(body.oid()));
  if (!organisation) return error(Code::E_NOT_FOUND, "no organisation " + body.oid(), "recover.oid");
  if (body.oid() == author) return error(Code::E_REF, "another one vouches for an exchange", "recover.oid");
  if (!organisation->admitted_by().empty() && organisation->admitted_by() != author)
    return error(Code::E_SCOPE, "another exchange's member", "recover.oid");
  if (organisation->status() == proto::ORG_STATUS_EXITED)
    return error(Code::E_STATE, body.oid() + " has left", "recover.oid");
  return *organisation;
}

// The delay leaves whoever still has an officer key the time to revoke the new one.
Result<void> recover(Execution& execution, const proto::KeyRecover& body) {
  auto organisation = check_recovery(execution, body);
  if (!organisation) return organisation.error();
  if (auto good =
          check_new_key(execution, body.oid(), body.public_key(), body.possession(), "recover.public_key");
      !good)
    return good;
  if (auto room = make_room(*organisation, execution.time_s(), "recover.oid"); !room) return room;
  const std::uint64_t begins_ms = execution.time_ms() + execution.parameters().key_recovery_delay_ms();
  const auto not_before_s = static_cast<std::int64_t>((begins_ms + 999) / 1000);
  const std::int64_t from_s = not_before_s > execution.time_s() ? not_before_s : 0;
  add_officer(*organisation, body.public_key(), from_s, 0);
  write_officers(execution, body.oid(), *organisation);
  add_key(execution, body.oid(), body.public_key(), proto::KEY_USAGE_OFFICER, from_s, 0);
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
    case proto::Key::kRecover:
      return recover(execution, body.recover());
    case proto::Key::OP_NOT_SET:
      break;
  }
  return error(Code::E_FORMAT, "no operation", "op");
}

constexpr RecordType kRecords[] = {record_type<proto::Key, apply_key>(2, 1, "KEY")};
constexpr EffectType kEffects[] = {
    effect_type<proto::OrgOfficersChanged>(kEffectOrgOfficers, "officers changed"),
    effect_type<proto::KeyAdded>(kEffectKeyAdded, "key added"),
    effect_type<proto::KeyRotated>(kEffectKeyRotated, "key rotated"),
    effect_type<proto::KeyRevoked>(kEffectKeyRevoked, "key revoked"),
};
constexpr SubjectFields kSubjects[] = {subject_fields<proto::KeyState>(SubjectKind::kKey, "key/")};

}  // namespace

const Family kRecordKeyFamily = {"key", kRecords, kEffects, kSubjects, {}};

}  // namespace circula::ledger
