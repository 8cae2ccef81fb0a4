#include "node/api/access.h"

#include <algorithm>

#include "crypto/encoding.h"
#include "ledger/identity.h"
#include "ledger/organisation_code.h"
#include "ledger/proto/account.pb.h"
#include "ledger/proto/contract.pb.h"
#include "ledger/proto/funds.pb.h"
#include "ledger/proto/order.pb.h"
#include "ledger/proto/rights.pb.h"
#include "ledger/registry.h"
#include "node/api/fields.h"

namespace circula::node::api {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using ledger::SubjectKey;
using ledger::SubjectKind;

template <class Fields>
std::optional<Fields> read(const Backend& backend, const SubjectKey& key) {
  const auto subject = backend.subject(key);
  Fields fields;
  if (!subject || !*subject || !fields.ParseFromString((*subject)->fields)) return std::nullopt;
  return fields;
}

std::string part(std::string_view key, std::size_t number) {
  for (; number > 0; --number) key.remove_prefix(std::min(key.find('/') + 1, key.size()));
  return std::string(key.substr(0, key.find('/')));
}

void add_named(const Message& message, Oids& found) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> present;
  reflection.ListFields(message, &present);
  for (const FieldDescriptor* field : present) {
    const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        add_named(field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i)
                                       : reflection.GetMessage(message, field),
                  found);
      } else if (field->type() == FieldDescriptor::TYPE_STRING) {
        std::string text = field->is_repeated() ? reflection.GetRepeatedString(message, field, i)
                                                : reflection.GetString(message, field);
        if (ledger::check_oid(text)) found.insert(std::move(text));
      }
    }
  }
}

void add_income_of(const ledger::proto::IndexedEntry& entry, Oids& found) {
  for (const ledger::proto::IndexedEffect& effect : entry.effects()) {
    if (ledger::find_kind(effect.subject()) == SubjectKind::kIncome) found.insert(part(effect.subject(), 1));
  }
}

// Everybody who was given income by the entry that made the subject: a distribution is open to every payee
// of the same event.
void add_payees(const Backend& backend, const SubjectKey& key, Oids& found) {
  const auto first = backend.index().history(key, 0, 1);
  if (!first || first->empty()) return;
  const auto entry = backend.index().entry(first->front().log_index);
  if (entry && *entry) add_income_of(**entry, found);
}

// Whoever may answer an order is not named in it before it has done so: those who hold right O.
void add_sellers(const Backend& backend, const SubjectKey& key, Oids& found) {
  const auto order = read<ledger::proto::OrderState>(backend, key);
  if (!order) return;
  const SubjectKey table = ledger::right_key(ledger::ShortId::from(crypto::as_bytes(order->product())), 'O');
  const auto holders = read<ledger::proto::RightState>(backend, table);
  if (!holders) return;
  for (const ledger::proto::Holder& holder : holders->holders()) found.insert(holder.oid());
}

// The sides of a contract and the exchange on which it was made. The arbitrator that it names is no party
// before there is a dispute.
void add_sides(const Backend& backend, const std::string& contract, Oids& found) {
  const auto state = read<ledger::proto::ContractState>(backend, "contract/" + contract);
  if (!state) return;
  for (const std::string* oid : {&state->seller(), &state->buyer(), &state->exchange()}) {
    if (!oid->empty()) found.insert(*oid);
  }
}

// An exchange and the bank that keeps its customers' money: both see every move of it.
void add_venue(const Backend& backend, const std::string& exchange, const std::string& currency,
               Oids& found) {
  found.insert(exchange);
  const auto bank = read<ledger::proto::BankState>(backend, ledger::bank_key(exchange, currency));
  if (bank) found.insert(bank->bank());
}

void add_payout_parties(const Backend& backend, const SubjectKey& key, Oids& found) {
  const auto payout = read<ledger::proto::PayoutState>(backend, key);
  if (!payout) return;
  found.insert(payout->payee());
  add_venue(backend, payout->exchange(), payout->currency(), found);
}

// account/<kind>/<oid>@<exchange>/<currency>: the key tells, whether or not there is such an account.
void add_account_parties(const Backend& backend, const SubjectKey& key, Oids& found) {
  const std::string owner = part(key, 2);
  const std::size_t at = owner.find('@');
  if (at == std::string::npos) return;
  found.insert(owner.substr(0, at));
  add_venue(backend, owner.substr(at + 1), part(key, 3), found);
}

void add_named_in(const Backend& backend, const SubjectKey& key, Oids& found) {
  const auto subject = backend.subject(key);
  if (!subject || !*subject) return;
  const auto fields = subject_message(key, (*subject)->fields);
  if (fields) add_named(*fields, found);
}

// Those named in the terms of any version of an agreement: they reckon with its counters.
void add_agreement_parties(const Backend& backend, const std::string& agreement, Oids& found) {
  constexpr std::size_t kVersionsMax = 1000;  // far more than an agreement is ever revised
  const std::string prefix = "agreement/" + agreement;
  add_named_in(backend, prefix, found);
  const auto versions = backend.index().subjects(prefix + "/", {}, kVersionsMax);
  if (!versions) return;
  for (const SubjectKey& version : *versions) add_named_in(backend, version, found);
}

bool runs_node(const Backend& backend, const std::string& oid) {
  const auto voters = read<ledger::proto::Configuration>(backend, ledger::config_key("voters"));
  return voters && std::any_of(voters->members().begin(), voters->members().end(),
                               [&](const ledger::proto::Member& member) { return member.oid() == oid; });
}

}  // namespace

std::optional<ledger::proto::KeyState> active_key(const Backend& backend, const crypto::PublicKey& key) {
  auto state = read<ledger::proto::KeyState>(backend, ledger::key_key(key));
  if (!state || state->revoked_at_s() != 0) return std::nullopt;
  const auto now_s = static_cast<std::int64_t>(backend.status().ledger_time_ms / 1000);
  const bool late = state->not_after_s() != 0 && state->not_after_s() <= now_s;
  if (late || state->not_before_s() > now_s) return std::nullopt;
  return state;
}

std::string organisation_of(const Backend& backend, const crypto::PublicKey& key) {
  const auto state = read<ledger::proto::KeyState>(backend, ledger::key_key(key));
  return state ? state->oid() : std::string();
}

Visibility visibility_of(SubjectKind kind) {
  switch (kind) {
    case SubjectKind::kOrg:
    case SubjectKind::kKey:
    case SubjectKind::kAsset:
    case SubjectKind::kRight:
    case SubjectKind::kCertificate:
    case SubjectKind::kAgreement:
    case SubjectKind::kConfig:
    case SubjectKind::kProduct:
    case SubjectKind::kListing:
    case SubjectKind::kBank:
    case SubjectKind::kTradeCertificate:
      return Visibility::public_;
    case SubjectKind::kOrder:
    case SubjectKind::kContract:
    case SubjectKind::kLicence:
    case SubjectKind::kHold:
    case SubjectKind::kAccount:
    case SubjectKind::kPayout:
    case SubjectKind::kEvent:
    case SubjectKind::kCounter:
    case SubjectKind::kIncome:
    case SubjectKind::kPeriod:
    case SubjectKind::kOpenItems:
      return Visibility::party;
    case SubjectKind::kReplay:
    case SubjectKind::kUnique:
    case SubjectKind::kSerial:
      return Visibility::regulator;
  }
  return Visibility::regulator;
}

Oids parties_of_record(const Backend& backend, const ledger::proto::Record& record,
                       const ledger::proto::IndexedEntry& entry) {
  Oids found;
  const auto add_key = [&](const std::string& key) {
    std::string oid = organisation_of(backend, crypto::PublicKey::from(crypto::as_bytes(key)));
    if (!oid.empty()) found.insert(std::move(oid));
  };
  add_key(record.author());
  for (const std::string& signer : record.signers()) add_key(signer);
  if (!record.on_behalf().empty()) found.insert(record.on_behalf());
  add_income_of(entry, found);
  return found;
}

Oids parties_of_subject(const Backend& backend, const SubjectKey& key) {
  Oids found;
  switch (ledger::kind_of(key)) {
    case SubjectKind::kIncome:
    case SubjectKind::kOpenItems:
      found.insert(part(key, 1));
      break;
    case SubjectKind::kPeriod:  // period/<agreement>/<oid>/<day>
      found.insert(part(key, 2));
      break;
    case SubjectKind::kCounter:
      add_agreement_parties(backend, part(key, 1), found);
      break;
    case SubjectKind::kOrder:
      add_sellers(backend, key, found);
      add_named_in(backend, key, found);
      break;
    case SubjectKind::kContract:
    case SubjectKind::kLicence:  // of the same id
    case SubjectKind::kHold:     // hold/<contract>/<n>
      add_sides(backend, part(key, 1), found);
      break;
    case SubjectKind::kAccount:
      add_account_parties(backend, key, found);
      break;
    case SubjectKind::kPayout:
      add_payout_parties(backend, key, found);
      break;
    case SubjectKind::kEvent:
      add_payees(backend, key, found);
      [[fallthrough]];
    default:
      add_named_in(backend, key, found);
  }
  return found;
}

Oids organisations_named(const Message& message) {
  Oids found;
  add_named(message, found);
  return found;
}

Caller Caller::of(const Backend& backend, const std::optional<crypto::PublicKey>& key) {
  Caller caller(backend);
  if (!key) return caller;
  auto state = active_key(backend, *key);
  if (!state) return caller;
  auto organisation = read<ledger::proto::OrgState>(backend, ledger::org_key(state->oid()));
  if (!organisation) return caller;
  caller.oid_ = state->oid();
  caller.key_state_ = std::move(*state);
  caller.organisation_ = std::move(*organisation);
  const auto is = [&caller](ledger::proto::OrgKind kind) {
    return ledger::has_kind(caller.organisation_, kind);
  };
  caller.reads_everything_ = is(ledger::proto::ORG_KIND_REGULATOR) || is(ledger::proto::ORG_KIND_AUDITOR);
  caller.is_exchange_ = is(ledger::proto::ORG_KIND_EXCHANGE);
  caller.runs_node_ = node::api::runs_node(backend, caller.oid_);
  return caller;
}

bool Caller::may_read(const Oids& parties) const {
  if (reads_everything_) return true;
  if (oid_.empty()) return false;
  if (parties.contains(oid_)) return true;
  return is_exchange_ && std::any_of(parties.begin(), parties.end(), [this](const std::string& party) {
           const auto organisation = read<ledger::proto::OrgState>(*backend_, ledger::org_key(party));
           return organisation && organisation->admitted_by() == oid_;
         });
}

bool Caller::may_read_subject(const SubjectKey& key) const {
  switch (visibility_of(ledger::kind_of(key))) {
    case Visibility::public_:
      return true;
    case Visibility::party:
      return reads_everything_ || (!oid_.empty() && may_read(parties_of_subject(*backend_, key)));
    case Visibility::regulator:
    case Visibility::operator_:
      return reads_everything_ || runs_node_;
  }
  return false;
}

ledger::Error Caller::not_party() {
  return ledger::error(ledger::Code::E_NOT_PARTY,
                       "there is no such object, or your organisation is not a party to it");
}

}  // namespace circula::node::api
