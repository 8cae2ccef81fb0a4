#include "ledger/organisation.h"

#include <algorithm>

#include "ledger/classification_code.h"
#include "ledger/data_digest.h"
#include "ledger/identity.h"
#include "ledger/organisation_code.h"
#include "ledger/text.h"

namespace circula::ledger {
namespace {

constexpr std::size_t kNameBytesMax = 120;
constexpr std::size_t kReasonBytesMax = 200;
constexpr std::uint32_t kLevelMax = 5;  // of government departments: the township

constexpr std::uint16_t kEffectOrgUpdated = 102;
constexpr std::uint16_t kEffectOrgStatus = 103;

// Kinds that only genesis or two thirds of the voters grant (design.md 9, "Power").
bool is_privileged(proto::OrgKind kind) { return kind <= proto::ORG_KIND_AUDITOR; }

Result<void> check_parent(Execution& execution, std::string_view oid, const proto::OrgProfile& profile,
                          const std::string& field) {
  if (profile.parent().empty()) return {};
  if (profile.parent() == oid) return error(Code::E_REF, "its own parent", field);
  if (execution.exists(org_key(profile.parent()))) return {};
  return error(Code::E_NOT_FOUND, "no organisation " + profile.parent(), field);
}

Result<void> check_kinds(const proto::OrgRegister& body) {
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
  return {};
}

Result<void> check_exchange(Execution& execution) {
  const auto exchange = active_organisation(execution, execution.author_oid(), "author");
  if (!exchange) return exchange.error();
  if (!has_kind(*exchange, proto::ORG_KIND_EXCHANGE))
    return error(Code::E_ROLE, "an exchange admits organisations", "author");
  return execution.require(execution.author_oid(), kExecutive, "author");
}

Result<void> register_org(Execution& execution, const proto::OrgRegister& body) {
  if (auto good = check_oid(body.oid(), "register.oid"); !good) return good;
  if (auto allowed = check_exchange(execution); !allowed) return allowed;
  if (auto good = check_kinds(body); !good) return good;
  if (auto good = check_profile(body.profile(), "register.profile"); !good) return good;
  if (auto good = check_parent(execution, body.oid(), body.profile(), "register.profile.parent"); !good)
    return good;
  if (execution.exists(org_key(body.oid())))
    return error(Code::E_ORG_EXISTS, body.oid() + " is registered", "register.oid");
  if (auto good =
          check_new_key(execution, body.oid(), body.first_key(), body.possession(), "register.first_key");
      !good)
    return good;

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
  add_officer(state, body.first_key(), 0, 0);
  execution.change(org_key(body.oid()), kEffectOrgRegistered, effect, state);
  add_key(execution, body.oid(), body.first_key(), proto::KEY_USAGE_OFFICER, 0, 0);
  return {};
}

// What an organisation says of itself decides who supervises it and whom it is related to, so the exchange
// that admitted it signs too. A regulator does not widen its own scope.
Result<void> update_org(Execution& execution, const proto::OrgUpdate& body) {
  auto organisation = active_organisation(execution, body.oid(), "update.oid");
  if (!organisation) return organisation.error();
  if (auto signed_by = execution.require(body.oid(), kOfficer, "update.oid"); !signed_by) return signed_by;
  const std::string& exchange = organisation->admitted_by();
  if (!exchange.empty()) {
    if (auto signed_by = execution.require(exchange, kExecutive, "update.oid"); !signed_by) return signed_by;
  }
  if (auto good = check_profile(body.profile(), "update.profile"); !good) return good;
  if (auto good = check_parent(execution, body.oid(), body.profile(), "update.profile.parent"); !good)
    return good;
  const bool same_scope = body.profile().region() == organisation->profile().region() &&
                          body.profile().industry() == organisation->profile().industry();
  if (has_kind(*organisation, proto::ORG_KIND_REGULATOR) && !same_scope) {
    return error(Code::E_ROLE, "a regulator's region and industry come from genesis or from the voters",
                 "update.profile.region");
  }
  *organisation->mutable_profile() = body.profile();
  proto::OrgUpdated effect;
  *effect.mutable_profile() = body.profile();
  execution.change(org_key(body.oid()), kEffectOrgUpdated, effect, *organisation);
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

// A member leaves with its officer's and its exchange's signature, when nothing of it is open: the row counts
// rights that it holds, agreements that bind it and deals.
Result<void> exit_org(Execution& execution, const proto::OrgExit& body) {
  const auto organisation = active_organisation(execution, body.oid(), "exit.oid");
  if (!organisation) return organisation.error();
  if (organisation->admitted_by().empty()) {
    return error(Code::E_STATE, "an organisation of genesis leaves by a decision of the voters", "exit.oid");
  }
  if (auto signed_by = execution.require(body.oid(), kOfficer, "exit.oid"); !signed_by) return signed_by;
  if (auto signed_by = execution.require(organisation->admitted_by(), kExecutive, "exit.oid"); !signed_by)
    return signed_by;
  if (const std::uint64_t open = open_items_of(execution, body.oid()); open != 0)
    return error(Code::E_OPEN_ITEMS, std::to_string(open) + " rights or deals are open", "exit.oid");
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

constexpr RecordType kRecords[] = {record_type<proto::Org, apply_org>(1, 1, "ORG")};
constexpr EffectType kEffects[] = {
    effect_type<proto::OrgRegistered>(kEffectOrgRegistered, "registered"),
    effect_type<proto::OrgUpdated>(kEffectOrgUpdated, "updated"),
    effect_type<proto::OrgStatusChanged>(kEffectOrgStatus, "status changed"),
    effect_type<proto::OrgOpenItems>(kEffectOrgOpenItems, "open items changed"),
};
constexpr SubjectFields kSubjects[] = {
    subject_fields<proto::OrgState>(SubjectKind::kOrg, "org/"),
    subject_fields<proto::OpenItemsState>(SubjectKind::kOpenItems, "open_items/"),
};

}  // namespace

const Family kOrganisationFamily = {"organisation", kRecords, kEffects, kSubjects, {}};

Result<void> check_profile(const proto::OrgProfile& profile, const std::string& field) {
  if (profile.name().empty()) return error(Code::E_FORMAT, "an organisation has a name", field + ".name");
  if (auto good = check_text(profile.name(), kNameBytesMax, field + ".name"); !good) return good;
  if (auto good = check_region(profile.region(), field + ".region"); !good) return good;
  if (auto good = check_industry(profile.industry(), field + ".industry"); !good) return good;
  if (profile.level() > kLevelMax) return error(Code::E_FORMAT, "levels are 1 to 5", field + ".level");
  if (profile.has_licence()) {
    if (auto good = check_data_digest(profile.licence(), field + ".licence"); !good) return good;
  }
  if (!profile.has_contact()) return {};
  if (!profile.contact().salted())
    return error(Code::E_PI_FIELD, "the digest of a contact is salted", field + ".contact");
  return check_data_digest(profile.contact(), field + ".contact");
}

}  // namespace circula::ledger
