#include "ledger/json_view.h"

#include <google/protobuf/message.h>

#include <algorithm>
#include <boost/json.hpp>

#include "crypto/encoding.h"
#include "ledger/json_field.h"

namespace circula::ledger {
namespace {

namespace json = boost::json;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

bool is_printable_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
}

json::string bytes_text(const std::string& bytes, const BytesForm& form, const ObjectKindOf* kind_of) {
  if (form.object && bytes.size() == ObjectId::kSize) {
    const ObjectId id = ObjectId::from(crypto::as_bytes(bytes));
    const bool asks = form.either && kind_of != nullptr;
    return json::string(object_text(asks ? (*kind_of)(id) : *form.object, id));
  }
  // A text that reads as hexadecimal would not come back.
  if (form.text && is_printable_ascii(bytes) && !crypto::from_hex(bytes)) return json::string(bytes);
  return json::string(crypto::to_hex(crypto::as_bytes(bytes)));
}

class View {
 public:
  explicit View(const JsonViewOptions& options) : options_(options) {}

  [[nodiscard]] json::object message(const Message& message) const {
    json::object object;
    const google::protobuf::Descriptor& type = *message.GetDescriptor();
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      if (field.is_repeated()) {
        add_repeated(object, message, field);
      } else if (is_shown(message, field)) {
        add_singular(object, message, field);
      }
    }
    return object;
  }

 private:
  [[nodiscard]] bool is_shown(const Message& message, const FieldDescriptor& field) const {
    return message.GetReflection()->HasField(message, &field) ||
           (options_.with_defaults && !field.has_presence());
  }

  void add_singular(json::object& object, const Message& message, const FieldDescriptor& field) const {
    object[field.name()] = value(message, field, -1);
    if (const std::optional<std::string> name = time_name(field)) {
      const Reflection& reflection = *message.GetReflection();
      const std::uint64_t number = field.cpp_type() == FieldDescriptor::CPPTYPE_UINT64
                                       ? reflection.GetUInt64(message, &field)
                                       : static_cast<std::uint64_t>(reflection.GetInt64(message, &field));
      if (const std::optional<std::string> text = time_text(field, number)) object[*name] = *text;
    }
  }

  void add_repeated(json::object& object, const Message& message, const FieldDescriptor& field) const {
    const int size = message.GetReflection()->FieldSize(message, &field);
    if (size == 0 && !options_.with_defaults) return;
    json::array elements;
    for (int i = 0; i < size; ++i) elements.push_back(value(message, field, i));
    object[field.name()] = std::move(elements);
  }

  // The field's value, or that of its element `index` when it is repeated.
  [[nodiscard]] json::value value(const Message& message, const FieldDescriptor& field, int index) const {
    const Reflection& reflection = *message.GetReflection();
    const bool one = index < 0;
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        return one ? reflection.GetInt32(message, &field)
                   : reflection.GetRepeatedInt32(message, &field, index);
      case FieldDescriptor::CPPTYPE_UINT32:
        return one ? reflection.GetUInt32(message, &field)
                   : reflection.GetRepeatedUInt32(message, &field, index);
      case FieldDescriptor::CPPTYPE_INT64:
        return decimal(one ? reflection.GetInt64(message, &field)
                           : reflection.GetRepeatedInt64(message, &field, index));
      case FieldDescriptor::CPPTYPE_UINT64:
        return decimal(one ? reflection.GetUInt64(message, &field)
                           : reflection.GetRepeatedUInt64(message, &field, index));
      case FieldDescriptor::CPPTYPE_BOOL:
        return one ? reflection.GetBool(message, &field) : reflection.GetRepeatedBool(message, &field, index);
      case FieldDescriptor::CPPTYPE_ENUM: {
        const EnumValueDescriptor* chosen =
            one ? reflection.GetEnum(message, &field) : reflection.GetRepeatedEnum(message, &field, index);
        return json::string(enum_text(*chosen));
      }
      case FieldDescriptor::CPPTYPE_STRING: {
        const std::string text = one ? reflection.GetString(message, &field)
                                     : reflection.GetRepeatedString(message, &field, index);
        return field.type() == FieldDescriptor::TYPE_BYTES
                   ? bytes_text(text, bytes_form(field, options_), options_.kind_of)
                   : json::string(text);
      }
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return this->message(one ? reflection.GetMessage(message, &field)
                                 : reflection.GetRepeatedMessage(message, &field, index));
      case FieldDescriptor::CPPTYPE_FLOAT:
      case FieldDescriptor::CPPTYPE_DOUBLE:
        break;  // no canonical message has one
    }
    return nullptr;
  }

  template <class Number>
  [[nodiscard]] static json::value decimal(Number number) {
    return json::string(std::to_string(number));
  }

  const JsonViewOptions& options_;
};

}  // namespace

json::object json_view(const Message& message, const JsonViewOptions& options) {
  return View(options).message(message);
}

}  // namespace circula::ledger
