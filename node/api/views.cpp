#include "node/api/views.h"

#include <boost/json/serialize.hpp>

#include "crypto/encoding.h"
#include "ledger/calendar.h"
#include "ledger/registry.h"
#include "node/api/fields.h"
#include "node/api/parameters.h"

namespace circula::node::api {
namespace {

namespace json = boost::json;
using ledger::Code;

// An outcome stands in the log as a number; one of a later program has no name here.
void put_outcome_number(json::object& object, std::uint16_t number) {
  if (const auto code = ledger::code_from_number(number)) return put_outcome(object, *code);
  object["outcome"] = number;
}

void put_type(json::object& object, std::uint32_t type, std::uint32_t version) {
  object["type"] = type;
  object["type_version"] = version;
  const ledger::RecordType* row = ledger::find_record_type(type, version);
  if (row != nullptr) object["type_name"] = row->name;
}

struct EntryView {
  json::object& object;

  void effects(std::uint16_t count, const Digest& root) const {
    object["effects"] = count;
    object["effects_root"] = hex_text(root.view());
  }
  void operator()(const ledger::RecordEntry& entry) const {
    object["kind"] = "record";
    put_outcome_number(object, entry.outcome);
    put_type(object, entry.type, entry.type_version);
    object["position"] = entry.position;
    object["record"] = hex_text(entry.record_id.view());
    object["envelope"] = hex_text(entry.envelope_id.view());
    object["body_hash"] = hex_text(entry.body_hash.view());
    effects(entry.effects, entry.effects_root);
  }
  void operator()(const ledger::BlockEntry& entry) const {
    object["kind"] = "block";
    object["height"] = number_text(entry.height);
    object["first"] = number_text(entry.first);
    object["entries"] = number_text(entry.entries);
    object["block_hash"] = hex_text(entry.block_hash.view());
    object["state_root"] = hex_text(entry.state_root.view());
    object["state_keys"] = number_text(entry.state_keys);
    put_time(object, "time", entry.time_ms);
    object["term"] = number_text(entry.term);
    object["proposer"] = entry.proposer;
  }
  void operator()(const ledger::DueEntry& entry) const {
    object["kind"] = "due";
    object["rule"] = entry.rule;
    const ledger::DueRule* rule = ledger::find_due_rule(entry.rule);
    if (rule != nullptr) object["rule_name"] = rule->name;
    object["subject_hash"] = hex_text(entry.subject_hash.view());
    effects(entry.effects, entry.effects_root);
  }
  void operator()(const ledger::GenesisEntry& entry) const {
    object["kind"] = "genesis";
    object["chain_id"] = hex_text(entry.chain_id.view());
    effects(entry.effects, entry.effects_root);
  }
};

json::object key_view(const Backend& backend, const std::string& key) {
  json::object object{{"key", hex_text(crypto::as_bytes(key))}};
  const std::string oid = organisation_of(backend, crypto::PublicKey::from(crypto::as_bytes(key)));
  if (!oid.empty()) object["oid"] = oid;
  return object;
}

// An effect on a subject that does not stand in the state, as a dry run has it, is for those that it names.
bool may_see(const Caller& caller, const ledger::SubjectKey& subject, crypto::ByteView effect) {
  if (caller.may_read_subject(subject)) return true;
  if (visibility_of(ledger::kind_of(subject)) != Visibility::party || subject.starts_with("income/"))
    return false;
  const auto decoded = ledger::decode_effect(effect);
  const auto fields = decoded ? effect_message(decoded->type, decoded->fields) : nullptr;
  return fields && caller.may_read(organisations_named(*fields));
}

}  // namespace

json::string number_text(std::uint64_t number) { return json::string(std::to_string(number)); }
json::string hex_text(crypto::ByteView bytes) { return json::string(crypto::to_hex(bytes)); }
json::string base64url_text(crypto::ByteView bytes) { return json::string(crypto::to_base64url(bytes)); }

void put_time(json::object& object, std::string_view name, std::uint64_t time_ms) {
  object[std::string(name) + "_ms"] = number_text(time_ms);
  object[name] = ledger::format_time_ms(time_ms);
}

Response json_answer(const json::object& object, std::uint16_t status) {
  return Response::json(status, json::serialize(object));
}

void keep_for_ever(Response& response, std::string_view tag, Keep keep) {
  const std::string who = keep == Keep::kPublic ? "public" : "private";
  response.headers.emplace_back("ETag", "\"" + std::string(tag) + "\"");
  response.headers.emplace_back("Cache-Control", who + ", max-age=31536000, immutable");
}

void put_outcome(json::object& object, Code code) {
  const ledger::OutcomeRow& row = ledger::outcome_row(code);
  object["outcome"] = static_cast<std::uint16_t>(code);
  object["code"] = row.name;
  object["retryable"] = row.retryable;
}

void put_details(json::object& object, const std::string& detail, const std::string& field) {
  if (!detail.empty()) object["detail"] = detail;
  if (!field.empty()) object["field"] = field;
}

json::object entry_view(std::uint64_t index, const ledger::proto::IndexedEntry& row) {
  json::object object{{"index", number_text(index)}, {"height", number_text(row.height())}};
  if (const auto entry = ledger::decode_entry(crypto::as_bytes(row.entry())))
    std::visit(EntryView{object}, *entry);
  return object;
}

void put_effect(json::object& object, const Backend& backend, crypto::ByteView effect) {
  const auto decoded = ledger::decode_effect(effect);
  if (!decoded) return;
  object["type"] = decoded->type;
  if (const ledger::EffectType* type = ledger::find_effect_type(decoded->type)) object["name"] = type->name;
  object["seq"] = number_text(decoded->seq);
  if (const auto fields = effect_message(decoded->type, decoded->fields))
    object["fields"] = message_view(backend, *fields);
  object["bytes"] = base64url_text(effect);
}

json::object effect_view(const Backend& backend, const Caller& caller, const ledger::SubjectKey& subject,
                         crypto::ByteView effect) {
  json::object object{{"subject", subject}, {"id", display_id(subject)}};
  put_effect(object, backend, effect);
  if (!may_see(caller, subject, effect)) {
    object.erase("fields");
    object.erase("bytes");
    object["withheld"] = true;
  }
  return object;
}

void put_record(json::object& object, const Backend& backend, const ledger::proto::Record& record) {
  put_type(object, record.type(), record.version());
  object["author"] = key_view(backend, record.author());
  json::array signers;
  for (const std::string& signer : record.signers()) signers.push_back(key_view(backend, signer));
  object["signers"] = std::move(signers);
  put_time(object, "created_at", record.created_at_ms());
  put_time(object, "expires_at", record.expires_at_ms());
  object["nonce"] = hex_text(crypto::as_bytes(record.nonce()));
  if (!record.on_behalf().empty()) object["on_behalf"] = record.on_behalf();
  json::array expects;
  for (const ledger::proto::Expectation& one : record.expects()) {
    expects.push_back(json::object{{"subject", one.subject()}, {"version", number_text(one.version())}});
  }
  object["expects"] = std::move(expects);
  if (const auto body = body_message(record.type(), record.version(), record.body())) {
    object["body"] = message_view(backend, *body);
  }
}

std::optional<ledger::RecordEntry> record_entry(const ledger::proto::IndexedEntry& row) {
  const auto entry = ledger::decode_entry(crypto::as_bytes(row.entry()));
  if (!entry) return std::nullopt;
  const auto* record = std::get_if<ledger::RecordEntry>(&*entry);
  return record == nullptr ? std::nullopt : std::optional(*record);
}

std::uint64_t block_time(const Backend& backend, std::uint64_t height) {
  const auto row = backend.index().block(height);
  return row && *row ? (*row)->time_ms() : 0;
}

}  // namespace circula::node::api
