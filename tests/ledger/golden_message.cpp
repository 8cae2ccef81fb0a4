#include "tests/ledger/golden_message.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "ledger/canonical.h"

namespace circula::ledger::testing {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

std::vector<const FieldDescriptor*> fields_of(const Descriptor& type) {
  std::vector<const FieldDescriptor*> fields;
  for (int number = 0; number < type.field_count(); ++number) fields.push_back(type.field(number));
  std::ranges::sort(fields, {}, [](const FieldDescriptor* field) { return field->number(); });
  return fields;
}

std::string described(const FieldDescriptor& field) {
  const std::string type = field.message_type() != nullptr ? field.message_type()->name()
                           : field.enum_type() != nullptr  ? field.enum_type()->name()
                                                           : field.type_name();
  const auto* choice = field.real_containing_oneof();
  return std::to_string(field.number()) + " " + field.name() + (field.is_repeated() ? " repeated " : " ") +
         type + (choice == nullptr ? "" : " of " + choice->name());
}

// What a field holds, or the second element of a repeated one; see schema.py.
struct Value {
  std::uint64_t plain;    // uint
  std::int64_t negative;  // int
  std::int64_t zigzag;    // sint
  int choice;             // enum
  std::string text;
  std::string bytes;
};
Value value_of(const FieldDescriptor& field, bool second) {
  const auto number = static_cast<std::uint64_t>(field.number());
  const auto minus = -static_cast<std::int64_t>(number);
  Value value{second ? 0 : 300 + number, second ? 1 : minus, second ? 1 : minus - 300, 0, "", ""};
  if (const EnumDescriptor* type = field.enum_type(); type != nullptr) {
    for (int at = 0; at < type->value_count(); ++at) {
      const int one = type->value(at)->number();
      if (one == 0) continue;
      if (value.choice == 0 || (second ? one < value.choice : one > value.choice)) value.choice = one;
    }
  }
  if (second) return value;
  value.text = field.name();
  value.bytes = field.name() + std::string("\x00\xff", 2);
  return value;
}

void fill(Message& message, int variant);

int variants(const Descriptor& type) {
  return type.real_oneof_decl_count() == 0 ? 1 : type.oneof_decl(0)->field_count();
}

void fill_field(Message& message, const FieldDescriptor& field, bool second) {
  const Reflection& reflection = *message.GetReflection();
  const Value value = value_of(field, second);
  const bool repeated = field.is_repeated();
  switch (field.type()) {
    case FieldDescriptor::TYPE_UINT32:
      repeated ? reflection.AddUInt32(&message, &field, static_cast<std::uint32_t>(value.plain))
               : reflection.SetUInt32(&message, &field, static_cast<std::uint32_t>(value.plain));
      break;
    case FieldDescriptor::TYPE_UINT64:
      repeated ? reflection.AddUInt64(&message, &field, value.plain)
               : reflection.SetUInt64(&message, &field, value.plain);
      break;
    case FieldDescriptor::TYPE_INT64:
      repeated ? reflection.AddInt64(&message, &field, value.negative)
               : reflection.SetInt64(&message, &field, value.negative);
      break;
    case FieldDescriptor::TYPE_SINT64:
      repeated ? reflection.AddInt64(&message, &field, value.zigzag)
               : reflection.SetInt64(&message, &field, value.zigzag);
      break;
    case FieldDescriptor::TYPE_BOOL:
      reflection.SetBool(&message, &field, true);
      break;
    case FieldDescriptor::TYPE_ENUM:
      repeated ? reflection.AddEnumValue(&message, &field, value.choice)
               : reflection.SetEnumValue(&message, &field, value.choice);
      break;
    case FieldDescriptor::TYPE_STRING:
      repeated ? reflection.AddString(&message, &field, value.text)
               : reflection.SetString(&message, &field, value.text);
      break;
    case FieldDescriptor::TYPE_BYTES:
      repeated ? reflection.AddString(&message, &field, value.bytes)
               : reflection.SetString(&message, &field, value.bytes);
      break;
    case FieldDescriptor::TYPE_MESSAGE: {
      std::unique_ptr<Message> inner(
          google::protobuf::MessageFactory::generated_factory()->GetPrototype(field.message_type())->New());
      const int last = variants(*field.message_type()) - 1;
      if (!second) fill(*inner, 0);
      if (second && last > 0) fill(*inner, last);
      // A message without bytes is left out, but as an element or a member of a oneof.
      if (repeated) {
        reflection.AddMessage(&message, &field)->CopyFrom(*inner);
      } else if (field.real_containing_oneof() != nullptr || inner->ByteSizeLong() > 0) {
        reflection.MutableMessage(&message, &field)->CopyFrom(*inner);
      }
      break;
    }
    default:
      ADD_FAILURE() << field.full_name() << " has a type without a sample";
  }
}

void fill(Message& message, int variant) {
  const Descriptor& type = *message.GetDescriptor();
  const FieldDescriptor* member = nullptr;
  if (type.real_oneof_decl_count() > 0) {
    std::vector<const FieldDescriptor*> members;
    for (const FieldDescriptor* field : fields_of(type)) {
      if (field->real_containing_oneof() != nullptr) members.push_back(field);
    }
    member = members.at(static_cast<std::size_t>(variant));
  }
  for (const FieldDescriptor* field : fields_of(type)) {
    if (field->real_containing_oneof() != nullptr && field != member) continue;
    fill_field(message, *field, false);
    if (field->is_repeated()) fill_field(message, *field, true);
  }
}

void expect_enum(const EnumDescriptor& type) {
  for (const Golden& expected : golden("messages")["enums"].list()) {
    if (expected["name"].text() != type.name()) continue;
    // The values bear the enum's name in capitals: CONTRACT_STATUS_SIGNED is SIGNED of ContractStatus.
    std::string prefix;
    for (const char c : type.name()) {
      if (c >= 'A' && c <= 'Z' && !prefix.empty()) prefix += '_';
      prefix += static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    }
    std::vector<std::string> values;
    for (int at = 0; at < type.value_count(); ++at) {
      if (type.value(at)->number() == 0) continue;
      EXPECT_TRUE(type.value(at)->name().starts_with(prefix + "_")) << type.value(at)->name();
      values.push_back(std::to_string(type.value(at)->number()) + " " +
                       type.value(at)->name().substr(prefix.size() + 1));
    }
    std::vector<std::string> listed;
    for (const Golden& value : expected["values"].list()) listed.push_back(value.text());
    EXPECT_EQ(values, listed) << type.name();
    return;
  }
  ADD_FAILURE() << "the page has no enum " << type.name();
}

}  // namespace

std::set<std::string> expect_golden_messages(const Golden& list, const std::string& package) {
  const auto* pool = google::protobuf::DescriptorPool::generated_pool();
  auto* factory = google::protobuf::MessageFactory::generated_factory();
  std::set<std::string> names;
  for (const Golden& expected : list.list()) {
    const std::string name = expected["name"].text();
    names.insert(name);
    const Descriptor* type = pool->FindMessageTypeByName(package + name);
    if (type == nullptr) {
      ADD_FAILURE() << "there is no message " << package << name;
      continue;
    }
    std::vector<std::string> fields;
    for (const FieldDescriptor* field : fields_of(*type)) {
      fields.push_back(described(*field));
      if (field->enum_type() != nullptr) expect_enum(*field->enum_type());
    }
    std::vector<std::string> listed;
    for (const Golden& field : expected["fields"].list()) listed.push_back(field.text());
    EXPECT_EQ(fields, listed) << name;

    const std::vector<Golden> samples = expected["samples"].list();
    EXPECT_EQ(samples.size(), static_cast<std::size_t>(variants(*type))) << name;
    for (std::size_t variant = 0; variant < samples.size(); ++variant) {
      std::unique_ptr<Message> made(factory->GetPrototype(type)->New());
      fill(*made, static_cast<int>(variant));
      EXPECT_EQ(hex(serialise_canonical(*made)), samples[variant].text()) << name << " " << variant;
      std::unique_ptr<Message> read(factory->GetPrototype(type)->New());
      const auto good = parse_canonical_into(samples[variant].bytes(), *read);
      EXPECT_TRUE(good) << name << " " << variant << ": " << (good ? "" : good.error().detail);
      EXPECT_EQ(hex(serialise_canonical(*read)), samples[variant].text()) << name << " " << variant;
    }
  }
  return names;
}

void expect_all_listed(const google::protobuf::FileDescriptor& file, const std::set<std::string>& names) {
  for (int at = 0; at < file.message_type_count(); ++at) {
    EXPECT_TRUE(names.contains(file.message_type(at)->name()))
        << file.message_type(at)->full_name() << " is not in docs/formats.md";
  }
}

}  // namespace circula::ledger::testing
