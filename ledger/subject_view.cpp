#include "ledger/subject_view.h"

#include <google/protobuf/message.h>

#include <boost/json.hpp>
#include <memory>

#include "crypto/encoding.h"
#include "ledger/calendar.h"
#include "ledger/json_view.h"
#include "ledger/registry.h"

namespace circula::ledger {
namespace {

namespace json = boost::json;

json::string hex(ByteView bytes) { return json::string(crypto::to_hex(bytes)); }
json::string decimal(std::uint64_t number) { return json::string(std::to_string(number)); }

// Adds "fields" when the type is known and parses, else "bytes".
void add_fields(json::object& out, const google::protobuf::Descriptor* type, ByteView bytes) {
  if (type != nullptr) {
    const auto* prototype = google::protobuf::MessageFactory::generated_factory()->GetPrototype(type);
    const std::unique_ptr<google::protobuf::Message> message(prototype->New());
    if (message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      out["fields"] = json_view(*message);
      return;
    }
  }
  out["bytes"] = crypto::to_base64(bytes);
}

std::string_view kind_name(SubjectKind kind) {
  for (const SubjectKindName& row : subject_kinds()) {
    if (row.kind == kind) return row.prefix;
  }
  return "unknown";
}

json::object view(const RecordEntry& entry) {
  const auto code = code_from_number(entry.outcome);
  return {{"kind", "record"},
          {"outcome", entry.outcome},
          {"outcome_name", code ? name(*code) : "unknown"},
          {"type", entry.type},
          {"type_version", entry.type_version},
          {"position", entry.position},
          {"envelope_id", hex(entry.envelope_id.view())},
          {"body_hash", hex(entry.body_hash.view())},
          {"record_id", hex(entry.record_id.view())},
          {"effects", entry.effects},
          {"effects_root", hex(entry.effects_root.view())}};
}

json::object view(const BlockEntry& entry) {
  return {{"kind", "block"},
          {"height", decimal(entry.height)},
          {"first", decimal(entry.first)},
          {"entries", entry.entries},
          {"block_hash", hex(entry.block_hash.view())},
          {"state_root", hex(entry.state_root.view())},
          {"state_keys", decimal(entry.state_keys)},
          {"time_ms", decimal(entry.time_ms)},
          {"time", format_time_ms(entry.time_ms)},
          {"term", entry.term},
          {"proposer", entry.proposer}};
}

json::object view(const DueEntry& entry) {
  const DueRule* rule = find_due_rule(entry.rule);
  return {{"kind", "due"},
          {"rule", entry.rule},
          {"name", rule == nullptr ? "unknown" : rule->name},
          {"subject_hash", hex(entry.subject_hash.view())},
          {"effects", entry.effects},
          {"effects_root", hex(entry.effects_root.view())}};
}

json::object view(const GenesisEntry& entry) {
  return {{"kind", "genesis"},
          {"chain_id", hex(entry.chain_id.view())},
          {"effects", entry.effects},
          {"effects_root", hex(entry.effects_root.view())}};
}

}  // namespace

json::object state_view(std::string_view key, const StateValue& value) {
  json::object out{{"kind", kind_name(value.kind)},
                   {"version", decimal(value.count)},
                   {"history_root", hex(value.history_root.view())}};
  const SubjectFields* row = find_subject_fields(key);
  add_fields(out, row == nullptr ? nullptr : row->fields(), crypto::as_bytes(value.fields));
  return out;
}

json::object effect_view(ByteView effect) {
  const auto decoded = decode_effect(effect);
  if (!decoded) return {{"bytes", crypto::to_base64(effect)}};
  const EffectType* row = find_effect_type(decoded->type);
  json::object out{{"type", decoded->type},
                   {"name", row == nullptr ? "unknown" : row->name},
                   {"seq", decimal(decoded->seq)}};
  add_fields(out, row == nullptr ? nullptr : row->fields(), crypto::as_bytes(decoded->fields));
  return out;
}

json::object history_view(const HistoryRow& row) {
  json::object out = effect_view(row.effect);
  out["entry"] = decimal(row.log_index);
  return out;
}

json::object body_view(std::uint32_t type, std::uint32_t version, ByteView body) {
  const RecordType* row = find_record_type(type, version);
  json::object out{{"type", type}, {"version", version}, {"name", row == nullptr ? "unknown" : row->name}};
  add_fields(out, row == nullptr ? nullptr : row->body(), body);
  return out;
}

json::object entry_view(const Entry& entry) {
  return std::visit([](const auto& one) { return view(one); }, entry);
}

}  // namespace circula::ledger
