#include "node/api/fields.h"

#include <boost/json/object.hpp>

#include "ledger/registry.h"

namespace circula::node::api {
namespace {

MessagePtr parse(const google::protobuf::Descriptor& type, const std::string& bytes) {
  MessagePtr message(google::protobuf::MessageFactory::generated_factory()->GetPrototype(&type)->New());
  if (!message->ParseFromString(bytes)) return nullptr;
  return message;
}

}  // namespace

MessagePtr subject_message(std::string_view key, const std::string& fields) {
  const ledger::SubjectFields* row = ledger::find_subject_fields(key);
  return row == nullptr ? nullptr : parse(*row->fields(), fields);
}

MessagePtr effect_message(std::uint16_t type, const std::string& fields) {
  const ledger::EffectType* row = ledger::find_effect_type(type);
  return row == nullptr ? nullptr : parse(*row->fields(), fields);
}

MessagePtr body_message(std::uint32_t type, std::uint32_t version, const std::string& body) {
  const ledger::RecordType* row = ledger::find_record_type(type, version);
  return row == nullptr ? nullptr : parse(*row->body(), body);
}

boost::json::object message_view(const Backend& backend, const google::protobuf::Message& message,
                                 bool with_defaults) {
  const ledger::ObjectKindOf kind_of = [&backend](const ledger::ObjectId& id) {
    const auto product = backend.subject(ledger::product_key(id));
    return product && *product ? ledger::ObjectKind::kProduct : ledger::ObjectKind::kAsset;
  };
  return ledger::json_view(message, {.with_defaults = with_defaults, .kinds = {}, .kind_of = &kind_of});
}

}  // namespace circula::node::api
