// The reading half of json_view.h.
#include <google/protobuf/message.h>

#include <boost/json.hpp>
#include <charconv>
#include <limits>
#include <utility>
#include <vector>

#include "crypto/encoding.h"
#include "ledger/calendar.h"
#include "ledger/canonical.h"
#include "ledger/json_field.h"
#include "ledger/json_view.h"
#include "ledger/nearest_name.h"

namespace circula::ledger {
namespace {

namespace json = boost::json;
using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::OneofDescriptor;
using google::protobuf::Reflection;

std::string below(const std::string& path, std::string_view name) {
  return path.empty() ? std::string(name) : path + "." + std::string(name);
}

template <class Number>
std::optional<Number> to_integer(const json::value& value) {
  if (const std::int64_t* number = value.if_int64()) {
    return std::in_range<Number>(*number) ? std::optional<Number>(static_cast<Number>(*number))
                                          : std::nullopt;
  }
  if (const std::uint64_t* number = value.if_uint64()) {
    return std::in_range<Number>(*number) ? std::optional<Number>(static_cast<Number>(*number))
                                          : std::nullopt;
  }
  const json::string* text = value.if_string();
  if (text == nullptr) return std::nullopt;
  Number number{};
  const char* end = text->data() + text->size();
  const auto [stop, fault] = std::from_chars(text->data(), end, number);
  // Only the shortest spelling: no sign +, no leading zeros, not -0.
  if (fault != std::errc{} || stop != end || std::to_string(number) != std::string_view(*text))
    return std::nullopt;
  return number;
}

class Input {
 public:
  Input(const JsonViewOptions& options, Code code) : options_(options), code_(code) {}

  [[nodiscard]] Result<void> message(const json::value& value, Message& message,
                                     const std::string& path) const {
    const json::object* object = value.if_object();
    if (object == nullptr) return wrong(path, "an object {...} expected");
    for (const auto& [key, member] : *object) {
      if (auto read = this->member(*object, std::string(key), member, message, path); !read) return read;
    }
    return {};
  }

 private:
  // One key of the object: a field, or the time that stands beside one.
  [[nodiscard]] Result<void> member(const json::object& object, const std::string& key,
                                    const json::value& value, Message& message,
                                    const std::string& path) const {
    const Descriptor& type = *message.GetDescriptor();
    if (const FieldDescriptor* field = type.FindFieldByName(key)) {
      if (auto free = choice_is_free(message, *field, below(path, key)); !free) return free;
      if (field->is_repeated()) return repeated(value, message, *field, below(path, key));
      return this->value(value, message, *field, below(path, key));
    }
    for (const char* unit : {"_ms", "_s"}) {
      const FieldDescriptor* field = type.FindFieldByName(key + unit);
      if (field == nullptr || time_name(*field) != key) continue;
      return time(value, object.if_contains(field->name()), message, *field, below(path, key));
    }
    return wrong(below(path, key),
                 "\"" + key + "\" is unknown in " + type.name() + unknown_key_hint(type, key));
  }

  [[nodiscard]] static std::string unknown_key_hint(const Descriptor& type, const std::string& key) {
    std::vector<std::string> names;
    for (int i = 0; i < type.field_count(); ++i) names.push_back(type.field(i)->name());
    return nearest_name_hint(key, names);
  }

  [[nodiscard]] Result<void> choice_is_free(const Message& message, const FieldDescriptor& field,
                                            const std::string& path) const {
    const OneofDescriptor* choice = field.real_containing_oneof();
    if (choice == nullptr || !message.GetReflection()->HasOneof(message, choice)) return {};
    return wrong(path, "only one member of " + choice->name() + " may be given");
  }

  [[nodiscard]] Result<void> time(const json::value& value, const json::value* number, Message& message,
                                  const FieldDescriptor& field, const std::string& path) const {
    const json::string* text = value.if_string();
    if (text == nullptr) return wrong(path, "a time such as \"2023-05-01T08:00:00+08:00\" expected");
    if (number != nullptr) {
      const std::optional<std::uint64_t> given = to_integer<std::uint64_t>(*number);
      if (given && time_text(field, *given) == std::string_view(*text)) return {};
      return wrong(path, "not the time of " + field.name() + "; leave one of them out");
    }
    const Result<Seconds> seconds = parse_time(std::string_view(*text), path);
    if (!seconds) return wrong(path, seconds.error().detail);
    if (*seconds < 0) return wrong(path, "a time from 1970 on expected");
    const auto units = static_cast<std::uint64_t>(*seconds) * 1000 / time_unit_ms(field);
    return this->value(json::value(units), message, field, path);
  }

  [[nodiscard]] Result<void> repeated(const json::value& value, Message& message,
                                      const FieldDescriptor& field, const std::string& path) const {
    const json::array* elements = value.if_array();
    if (elements == nullptr) return wrong(path, "a list [...] expected");
    for (std::size_t i = 0; i < elements->size(); ++i) {
      const std::string element_path = path + "[" + std::to_string(i) + "]";
      if (auto read = this->value((*elements)[i], message, field, element_path); !read) return read;
    }
    return {};
  }

  // Sets the field, or adds an element when it is repeated.
  [[nodiscard]] Result<void> value(const json::value& value, Message& message, const FieldDescriptor& field,
                                   const std::string& path) const {
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        return integer(value, message, field, path, &Reflection::SetInt32, &Reflection::AddInt32);
      case FieldDescriptor::CPPTYPE_UINT32:
        return integer(value, message, field, path, &Reflection::SetUInt32, &Reflection::AddUInt32);
      case FieldDescriptor::CPPTYPE_INT64:
        return integer(value, message, field, path, &Reflection::SetInt64, &Reflection::AddInt64);
      case FieldDescriptor::CPPTYPE_UINT64:
        return integer(value, message, field, path, &Reflection::SetUInt64, &Reflection::AddUInt64);
      case FieldDescriptor::CPPTYPE_BOOL: {
        const bool* flag = value.if_bool();
        if (flag == nullptr) return wrong(path, "true or false expected");
        store(message, field, *flag, &Reflection::SetBool, &Reflection::AddBool);
        return {};
      }
      case FieldDescriptor::CPPTYPE_ENUM:
        return enumeration(value, message, field, path);
      case FieldDescriptor::CPPTYPE_STRING:
        return text(value, message, field, path);
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return nested(value, message, field, path);
      case FieldDescriptor::CPPTYPE_FLOAT:
      case FieldDescriptor::CPPTYPE_DOUBLE:
        break;
    }
    return wrong(path, "floating point has no canonical form");
  }

  template <class Value, class Argument>
  static void store(Message& message, const FieldDescriptor& field, const Value& value,
                    void (Reflection::*set)(Message*, const FieldDescriptor*, Argument) const,
                    void (Reflection::*add)(Message*, const FieldDescriptor*, Argument) const) {
    (message.GetReflection()->*(field.is_repeated() ? add : set))(&message, &field, value);
  }

  template <class Number>
  [[nodiscard]] Result<void> integer(const json::value& value, Message& message, const FieldDescriptor& field,
                                     const std::string& path,
                                     void (Reflection::*set)(Message*, const FieldDescriptor*, Number) const,
                                     void (Reflection::*add)(Message*, const FieldDescriptor*, Number)
                                         const) const {
    const std::optional<Number> number = to_integer<Number>(value);
    if (!number) {
      return wrong(path, "a whole number from " + std::to_string(std::numeric_limits<Number>::min()) +
                             " to " + std::to_string(std::numeric_limits<Number>::max()) + " expected");
    }
    store(message, field, *number, set, add);
    return {};
  }

  [[nodiscard]] Result<void> enumeration(const json::value& value, Message& message,
                                         const FieldDescriptor& field, const std::string& path) const {
    const json::string* text = value.if_string();
    const EnumDescriptor& type = *field.enum_type();
    std::string names;
    for (int i = 0; i < type.value_count(); ++i) {
      const EnumValueDescriptor& candidate = *type.value(i);
      const std::string name = enum_text(candidate);
      if (text != nullptr && name == std::string_view(*text)) {
        store(message, field, &candidate, &Reflection::SetEnum, &Reflection::AddEnum);
        return {};
      }
      if (candidate.number() != 0) names += (names.empty() ? "" : ", ") + name;
    }
    return wrong(path, "one of " + names + " expected");
  }

  [[nodiscard]] Result<void> text(const json::value& value, Message& message, const FieldDescriptor& field,
                                  const std::string& path) const {
    const json::string* text = value.if_string();
    if (text == nullptr) return wrong(path, "a text \"...\" expected");
    std::string content(text->data(), text->size());
    if (field.type() == FieldDescriptor::TYPE_BYTES) {
      Result<std::string> bytes = bytes_of(content, field, path);
      if (!bytes) return bytes.error();
      content = *std::move(bytes);
    }
    const Reflection& reflection = *message.GetReflection();
    if (field.is_repeated()) {
      reflection.AddString(&message, &field, std::move(content));
    } else {
      reflection.SetString(&message, &field, std::move(content));
    }
    return {};
  }

  [[nodiscard]] Result<std::string> bytes_of(const std::string& text, const FieldDescriptor& field,
                                             const std::string& path) const {
    const BytesForm form = bytes_form(field, options_);
    if (const auto bytes = crypto::from_hex(text)) return std::string(crypto::as_text(*bytes));
    if (form.text) return text;
    if (!form.object) return wrong(path, "lower-case hexadecimal expected");
    const Result<ObjectName> name = parse_object_name(text, path);
    if (!name) return wrong(path, name.error().detail);
    const bool registered = name->kind == ObjectKind::kAsset || name->kind == ObjectKind::kProduct;
    if (name->kind != *form.object && !(form.either && registered)) {
      return wrong(path, form.either
                             ? "an id that begins with as- or pd- expected"
                             : "an id that begins with " + std::string(prefix(*form.object)) + "- expected");
    }
    return std::string(name->id.text());
  }

  [[nodiscard]] Result<void> nested(const json::value& value, Message& message, const FieldDescriptor& field,
                                    const std::string& path) const {
    const Reflection& reflection = *message.GetReflection();
    if (field.is_repeated()) return this->message(value, *reflection.AddMessage(&message, &field), path);
    Message& inner = *reflection.MutableMessage(&message, &field);
    if (auto read = this->message(value, inner, path); !read) return read;
    if (inner.ByteSizeLong() == 0 && field.real_containing_oneof() == nullptr) {
      reflection.ClearField(&message, &field);
    }
    return {};
  }

  [[nodiscard]] Error wrong(const std::string& path, std::string detail) const {
    return error(code_, std::move(detail), path);
  }

  const JsonViewOptions& options_;
  Code code_;
};

}  // namespace

Result<void> message_from_json(const json::value& value, Message& message, const JsonViewOptions& options,
                               Code code) {
  if (auto read = Input(options, code).message(value, message, ""); !read) return read;
  return check_canonical(serialise_canonical(message), *message.GetDescriptor(), {}, code);
}

}  // namespace circula::ledger
