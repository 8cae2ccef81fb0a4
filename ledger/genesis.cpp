#include "ledger/genesis.h"

#include <algorithm>
#include <set>

#include "crypto/ed25519.h"
#include "crypto/encoding.h"
#include "crypto/hash.h"
#include "crypto/note.h"
#include "ledger/canonical.h"
#include "ledger/certificate_number.h"
#include "ledger/currency.h"
#include "ledger/organisation.h"
#include "ledger/organisation_code.h"
#include "ledger/text.h"

namespace circula::ledger {
namespace {

constexpr std::size_t kOriginBytesMax = 128;
constexpr std::uint64_t kDayMs = 24ULL * 3600 * 1000;

template <class List, class Key>
bool strictly_ascending(const List& list, Key key) {
  for (int item = 1; item < list.size(); ++item) {
    if (!(key(list[item - 1]) < key(list[item]))) return false;
  }
  return true;
}

Result<void> check_key(const std::string& bytes, const std::string& field) {
  if (bytes.size() != PublicKey::kSize || !crypto::is_valid_key(PublicKey::from(crypto::as_bytes(bytes)))) {
    return error(Code::E_FORMAT, "not a valid Ed25519 public key", field);
  }
  return {};
}

Result<void> check_organisation(const proto::GenesisOrganisation& organisation, const std::string& field,
                                std::set<std::string>& keys) {
  if (auto good = check_oid(organisation.oid()); !good)
    return error(good.error().code, good.error().detail, field);
  if (organisation.kinds().empty() ||
      std::adjacent_find(organisation.kinds().begin(), organisation.kinds().end(), std::greater_equal<>()) !=
          organisation.kinds().end()) {
    return error(Code::E_FORMAT, "kinds are ascending, each once, at least one", field + ".kinds");
  }
  if (auto good = check_profile(organisation.profile(), field + ".profile"); !good) return good;
  if (!strictly_ascending(organisation.keys(), [](const auto& key) { return key.public_key(); })) {
    return error(Code::E_FORMAT, "keys are ascending, each once", field + ".keys");
  }
  if (!organisation.registrar_code().empty()) {
    if (auto good = check_registrar_code(organisation.registrar_code(), field + ".registrar_code"); !good)
      return good;
    if (std::find(organisation.kinds().begin(), organisation.kinds().end(), proto::ORG_KIND_REGISTRAR) ==
        organisation.kinds().end())
      return error(Code::E_ROLE, "only a registrar has a registrar code", field + ".registrar_code");
  }
  bool has_officer = false;
  const Bytes possession = possession_statement(Digest{}, organisation.oid());
  for (const proto::GenesisKey& key : organisation.keys()) {
    if (auto good = check_key(key.public_key(), field + ".keys"); !good) return good;
    if (!keys.insert(key.public_key()).second)
      return error(Code::E_KEY_REUSED, "a key stands twice", field + ".keys");
    if (key.usage() == proto::KEY_USAGE_UNSPECIFIED)
      return error(Code::E_FORMAT, "a key has a usage", field + ".keys");
    has_officer = has_officer || key.usage() == proto::KEY_USAGE_OFFICER;
    if (key.possession().size() != Signature::kSize)
      return error(Code::E_POP, "a proof of possession has 64 bytes", field);
    const crypto::VerifyJob job{PublicKey::from(crypto::as_bytes(key.public_key())), possession,
                                Signature::from(crypto::as_bytes(key.possession()))};
    if (!crypto::verify_batch({&job, 1})[0]) {
      return error(Code::E_POP, "a key's proof of possession does not verify", field + ".keys");
    }
  }
  if (!has_officer) return error(Code::E_LAST_KEY, "an organisation needs an officer key", field + ".keys");
  return {};
}

Result<void> check_member(const proto::Member& member, const std::string& field,
                          std::set<std::string>& keys) {
  if (member.node_id() == 0 || member.node_id() > UINT16_MAX) {
    return error(Code::E_FORMAT, "node ids are 1 to 65,535", field + ".node_id");
  }
  if (member.role() == proto::MEMBER_ROLE_UNSPECIFIED)
    return error(Code::E_FORMAT, "a member has a role", field);
  for (const std::string* key :
       {&member.node_key(), &member.cosign_key(), &member.log_key(), &member.transport_key()}) {
    if (auto good = check_key(*key, field); !good) return good;
    if (!keys.insert(*key).second) return error(Code::E_KEY_REUSED, "a key stands twice", field);
  }
  return {};
}

// Each exchange has at most one bank a currency; both are organisations of their kinds.
Result<void> check_settlement_banks(const proto::Genesis& genesis) {
  const std::string list = "settlement_banks";
  if (!strictly_ascending(genesis.settlement_banks(),
                          [](const auto& item) { return std::pair(item.exchange(), item.currency()); })) {
    return error(Code::E_FORMAT, "settlement banks are ascending by exchange and currency, each once", list);
  }
  const auto has_kind = [&](const std::string& oid, proto::OrgKind kind) {
    return std::ranges::any_of(genesis.organisations(), [&](const proto::GenesisOrganisation& each) {
      return each.oid() == oid && std::ranges::find(each.kinds(), kind) != each.kinds().end();
    });
  };
  for (const proto::SettlementBank& each : genesis.settlement_banks()) {
    if (auto good = check_currency(each.currency(), list); !good) return good;
    if (!has_kind(each.exchange(), proto::ORG_KIND_EXCHANGE))
      return error(Code::E_ROLE, each.exchange() + " is no exchange of this genesis", list);
    if (!has_kind(each.bank(), proto::ORG_KIND_BANK))
      return error(Code::E_ROLE, each.bank() + " is no bank of this genesis", list);
  }
  return {};
}

}  // namespace

Result<Genesis> Genesis::decode(Bytes canonical) {
  auto message = parse_canonical<proto::Genesis>(canonical, Code::E_FORMAT);
  if (!message) return message.error();
  Genesis genesis;
  genesis.chain_id_ = crypto::sha256(canonical);
  genesis.bytes_ = std::move(canonical);
  genesis.message_ = std::move(*message);
  if (auto good = genesis.check(); !good) return good.error();
  return genesis;
}

Result<void> Genesis::check() const {
  if (message_.format() != kFormatVersion || message_.rules() != kRulesVersion) {
    return error(Code::E_FORMAT_VERSION, "genesis has format " + std::to_string(message_.format()) +
                                             " and rules " + std::to_string(message_.rules()) +
                                             ", this program 1 and 1");
  }
  // It is the log's name in every checkpoint: what no signed note can hold would never become final.
  if (message_.origin().size() > kOriginBytesMax || !crypto::is_key_name(message_.origin()) ||
      !check_plain_text(message_.origin(), kOriginBytesMax, "origin")) {
    return error(Code::E_FORMAT, "an origin has 1 to 128 bytes without space, plus or control character",
                 "origin");
  }
  if (message_.clock() == proto::CLOCK_UNSPECIFIED || message_.profile() == proto::PROFILE_UNSPECIFIED) {
    return error(Code::E_FORMAT, "clock and profile are given", "clock");
  }
  if (message_.generated_keys() && message_.clock() == proto::CLOCK_WALL &&
      message_.profile() == proto::PROFILE_PRODUCTION) {
    return error(Code::E_FORMAT, "keys that come from a seed are for rehearsal and scripted chains",
                 "generated_keys");
  }
  if (message_.parameters().record_lifetime_max_ms() == 0) {
    return error(Code::E_FORMAT, "records live longer than 0 ms", "parameters.record_lifetime_max_ms");
  }
  if (!strictly_ascending(message_.addresses(), [](const auto& item) { return item.node_id(); })) {
    return error(Code::E_FORMAT, "addresses are ascending by node id, each once", "addresses");
  }
  if (!strictly_ascending(message_.organisations(), [](const auto& item) { return item.oid(); })) {
    return error(Code::E_FORMAT, "organisations are ascending, each once", "organisations");
  }
  std::set<std::string> keys;  // of records and of nodes: each has one use (design.md 9)
  std::set<std::string> oids;
  std::set<std::string> registrar_codes;
  for (int item = 0; item < message_.organisations_size(); ++item) {
    const std::string field = "organisations[" + std::to_string(item) + "]";
    const proto::GenesisOrganisation& organisation = message_.organisations(item);
    if (auto good = check_organisation(organisation, field, keys); !good) return good;
    oids.insert(organisation.oid());
    const std::string& code = organisation.registrar_code();
    if (!code.empty() && !registrar_codes.insert(code).second)
      return error(Code::E_DUPLICATE, "a registrar code stands twice", field + ".registrar_code");
  }
  for (const proto::GenesisOrganisation& organisation : message_.organisations()) {
    const std::string& parent = organisation.profile().parent();
    if (!parent.empty() && (parent == organisation.oid() || !oids.contains(parent)))
      return error(Code::E_NOT_FOUND, "no parent " + parent, "organisations");
  }
  if (auto good = check_settlement_banks(message_); !good) return good;
  if (message_.parameters().two_finance_above_minor() < 0)
    return error(Code::E_AMOUNT, "an amount is not negative", "parameters.two_finance_above_minor");
  const auto& members = configuration().members();
  if (!strictly_ascending(members, [](const auto& item) { return item.node_id(); })) {
    return error(Code::E_FORMAT, "members are ascending by node id, each once", "configuration");
  }
  for (int item = 0; item < members.size(); ++item) {
    const std::string field = "configuration.members[" + std::to_string(item) + "]";
    if (auto good = check_member(members[item], field, keys); !good) return good;
    if (!oids.contains(members[item].oid())) {
      return error(Code::E_NOT_FOUND, "a node of an organisation that genesis does not have", field + ".oid");
    }
  }
  const std::uint32_t voters = voter_count(configuration());
  if (voters == 0 || voters > kVotersMax)
    return error(Code::E_LIMIT, "a chain has 1 to 9 voters", "configuration");
  const std::uint32_t extra = message_.parameters().finality_extra();  // up to 2^32 - 1: no sum of it first
  if (extra > voters || finality_quorum(voters, extra) > voters) {
    return error(Code::E_LIMIT, "finality needs more cosignatures than there are voters",
                 "parameters.finality_extra");
  }
  if (!strictly_ascending(message_.active(),
                          [](const auto& item) { return std::pair(item.type(), item.version()); })) {
    return error(Code::E_FORMAT, "active types are ascending, each once", "active");
  }
  return {};
}

std::vector<std::string> Genesis::founders() const {
  std::set<std::string> oids;
  for (const proto::Member& member : configuration().members()) {
    if (member.role() == proto::MEMBER_ROLE_VOTER) oids.insert(member.oid());
  }
  return {oids.begin(), oids.end()};
}

Bytes genesis_statement(const Digest& chain_id) { return statement(kGenesisContext, chain_id, {}); }

Result<void> Genesis::check_signatures(const std::map<PublicKey, Signature>& signatures) const {
  std::map<PublicKey, std::string> owners;
  for (const proto::GenesisOrganisation& organisation : message_.organisations()) {
    for (const proto::GenesisKey& key : organisation.keys()) {
      owners[PublicKey::from(crypto::as_bytes(key.public_key()))] = organisation.oid();
    }
  }
  const Bytes signed_bytes = genesis_statement(chain_id_);
  std::set<std::string> signed_by;
  for (const auto& [key, signature] : signatures) {
    const crypto::VerifyJob job{key, signed_bytes, signature};
    if (!crypto::verify_batch({&job, 1})[0]) {
      return error(Code::E_SIG,
                   "the genesis signature of " + crypto::to_hex(key.view()) + " does not verify");
    }
    if (const auto owner = owners.find(key); owner != owners.end()) signed_by.insert(owner->second);
  }
  for (const std::string& founder : founders()) {
    if (!signed_by.contains(founder))
      return error(Code::E_SIGNERS, "founder " + founder + " has not signed genesis");
  }
  return {};
}

std::string Genesis::fingerprint() const {
  const std::string hex = crypto::to_hex(chain_id_.view());
  std::string out;
  for (std::size_t at = 0; at < 32; at += 4) out += (at == 0 ? "" : "-") + hex.substr(at, 4);
  return out;
}

proto::Parameters default_parameters(proto::Profile profile) {
  constexpr std::uint64_t kHourMs = 3600ULL * 1000;
  proto::Parameters parameters;
  parameters.set_record_lifetime_max_ms(30 * kDayMs);
  parameters.set_stop_max_ms(24 * kHourMs);
  parameters.set_dispute_window_days(30);
  parameters.set_two_finance_above_minor(100'000'000);  // 1,000,000 yuan (records.md 2.3)
  if (profile == proto::PROFILE_PRODUCTION) {
    parameters.set_notice_working_days(5);
    parameters.set_objection_working_days(30);
    parameters.set_policy_cooling_ms(24 * kHourMs);
    parameters.set_key_recovery_delay_ms(72 * kHourMs);
    parameters.set_veto_window_ms(48 * kHourMs);
    parameters.set_activation_lead_ms(7 * kDayMs);
    parameters.set_usage_other_side_days(5);
  } else {
    parameters.set_objection_working_days(1);
  }
  return parameters;
}

std::uint32_t finality_quorum(std::uint32_t voters, std::uint32_t extra) {
  const std::uint32_t base = voters >= 4 ? 2 * voters / 3 + 1 : voters / 2 + 1;
  return base + extra;
}

std::uint32_t voter_count(const proto::Configuration& configuration) {
  return static_cast<std::uint32_t>(
      std::count_if(configuration.members().begin(), configuration.members().end(),
                    [](const proto::Member& member) { return member.role() == proto::MEMBER_ROLE_VOTER; }));
}

}  // namespace circula::ledger
