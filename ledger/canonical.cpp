#include "ledger/canonical.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/message.h>

#include <limits>
#include <optional>
#include <set>

#include "ledger/utf8.h"

namespace circula::ledger {
namespace {

using crypto::Bytes;
using crypto::ByteView;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::OneofDescriptor;

enum class WireType : std::uint8_t { kVarint = 0, kFixed64 = 1, kLengthDelimited = 2, kFixed32 = 5 };

// Fields of one message that its oneofs can have; more would be a programmer's mistake (check_schema).
constexpr int kOneofsMax = 64;

// What is wrong, and where; the path grows from the inside out while the walk unwinds.
struct Fault {
  std::string detail;
  std::string path;
};
using Verdict = std::optional<Fault>;

Fault fault(std::string detail) { return {std::move(detail), {}}; }

Fault below(std::string name, Fault inner) {
  if (!inner.path.empty() && inner.path.front() != '[') name += '.';
  inner.path.insert(0, name);
  return inner;
}

std::string indexed(const std::string& name, std::size_t index) {
  return name + "[" + std::to_string(index) + "]";
}

std::optional<WireType> wire_type_of(const FieldDescriptor& field) {
  switch (field.type()) {
    case FieldDescriptor::TYPE_INT32:
    case FieldDescriptor::TYPE_INT64:
    case FieldDescriptor::TYPE_UINT32:
    case FieldDescriptor::TYPE_UINT64:
    case FieldDescriptor::TYPE_SINT32:
    case FieldDescriptor::TYPE_SINT64:
    case FieldDescriptor::TYPE_BOOL:
    case FieldDescriptor::TYPE_ENUM:
      return WireType::kVarint;
    case FieldDescriptor::TYPE_FIXED64:
    case FieldDescriptor::TYPE_SFIXED64:
      return WireType::kFixed64;
    case FieldDescriptor::TYPE_FIXED32:
    case FieldDescriptor::TYPE_SFIXED32:
      return WireType::kFixed32;
    case FieldDescriptor::TYPE_STRING:
    case FieldDescriptor::TYPE_BYTES:
    case FieldDescriptor::TYPE_MESSAGE:
      return WireType::kLengthDelimited;
    case FieldDescriptor::TYPE_FLOAT:
    case FieldDescriptor::TYPE_DOUBLE:
    case FieldDescriptor::TYPE_GROUP:
      return std::nullopt;
  }
  return std::nullopt;
}

// Reads wire primitives from the front of what is left.
class WireReader {
 public:
  explicit WireReader(ByteView bytes) : rest_(bytes) {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] ByteView rest() const { return rest_; }

  // A minimal varint of at most 64 bits.
  [[nodiscard]] Verdict read_varint(std::uint64_t& value) {
    constexpr std::size_t kVarintBytesMax = 10;  // 64 bits in groups of 7
    value = 0;
    for (std::size_t i = 0; i < kVarintBytesMax; ++i) {
      if (i == rest_.size()) return fault("the bytes end within a number");
      const std::uint64_t group = rest_[i] & 0x7fU;
      if (i + 1 == kVarintBytesMax && rest_[i] > 1) return fault("a number is wider than 64 bits");
      value |= group << (7 * i);
      if ((rest_[i] & 0x80U) != 0) continue;
      if (group == 0 && i > 0) return fault("a number is not in its shortest form");
      rest_ = rest_.subspan(i + 1);
      return std::nullopt;
    }
    return fault("a number is wider than 64 bits");
  }

  [[nodiscard]] Verdict read_fixed(std::size_t width, std::uint64_t& value) {
    if (rest_.size() < width) return fault("the bytes end within a number");
    value = 0;
    for (std::size_t i = 0; i < width; ++i) value |= std::uint64_t{rest_[i]} << (8 * i);
    rest_ = rest_.subspan(width);
    return std::nullopt;
  }

  [[nodiscard]] Verdict read_delimited(ByteView& content) {
    std::uint64_t length = 0;
    if (auto bad = read_varint(length)) return bad;
    if (length > rest_.size()) {
      return fault("length " + std::to_string(length) + ", but " + std::to_string(rest_.size()) +
                   " bytes are left");
    }
    content = rest_.first(static_cast<std::size_t>(length));
    rest_ = rest_.subspan(static_cast<std::size_t>(length));
    return std::nullopt;
  }

 private:
  ByteView rest_;
};

// Whether a varint's value fits the type of its field (rule 2), is a known enum value (rule 7).
Verdict check_varint_width(const FieldDescriptor& field, std::uint64_t value) {
  constexpr std::uint64_t kUint32Max = std::numeric_limits<std::uint32_t>::max();
  const auto fits_int32 = [&] {
    const auto number = static_cast<std::int64_t>(value);
    return number >= std::numeric_limits<std::int32_t>::min() &&
           number <= std::numeric_limits<std::int32_t>::max();
  };
  switch (field.type()) {
    case FieldDescriptor::TYPE_UINT32:
    case FieldDescriptor::TYPE_SINT32:
      if (value > kUint32Max) return fault("a number is wider than 32 bits");
      return std::nullopt;
    case FieldDescriptor::TYPE_INT32:
      if (!fits_int32()) return fault("a number is wider than 32 bits");
      return std::nullopt;
    case FieldDescriptor::TYPE_BOOL:
      if (value > 1) return fault("a boolean is neither 0 nor 1");
      return std::nullopt;
    case FieldDescriptor::TYPE_ENUM:
      if (!fits_int32() || field.enum_type()->FindValueByNumber(
                               static_cast<int>(static_cast<std::int64_t>(value))) == nullptr) {
        return fault(std::to_string(static_cast<std::int64_t>(value)) + " is no value of " +
                     field.enum_type()->name());
      }
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

Verdict read_number(WireReader& reader, const FieldDescriptor& field, WireType wire_type,
                    std::uint64_t& value) {
  if (wire_type == WireType::kFixed32) return reader.read_fixed(4, value);
  if (wire_type == WireType::kFixed64) return reader.read_fixed(8, value);
  if (auto bad = reader.read_varint(value)) return bad;
  return check_varint_width(field, value);
}

class Walk {
 public:
  explicit Walk(const CanonicalLimits& limits) : limits_(limits) {}

  [[nodiscard]] Verdict message(ByteView bytes, const Descriptor& type, std::size_t depth) {
    if (depth > limits_.depth_max) {
      return fault("messages nest deeper than " + std::to_string(limits_.depth_max));
    }
    WireReader reader(bytes);
    int last_number = 0;
    std::size_t index = 0;  // of the element, within the repeated field last_number
    std::uint64_t oneofs_seen = 0;
    while (!reader.at_end()) {
      std::uint64_t tag = 0;
      if (auto bad = reader.read_varint(tag)) return bad;
      const FieldDescriptor* field = nullptr;
      if (auto bad = find_field(type, tag, field)) return bad;
      const bool again = field->number() == last_number;
      if (field->number() < last_number)
        return below(field->name(), fault("the field stands after a later one"));
      if (again && (!field->is_repeated() || field->is_packed())) {
        return below(field->name(), fault("the field stands twice"));
      }
      index = again ? index + 1 : 0;
      last_number = field->number();
      if (auto bad = check_oneof(*field, oneofs_seen)) return below(field->name(), *std::move(bad));
      if (auto bad = content(reader, *field, depth)) {
        const bool one_element = field->is_repeated() && !field->is_packed();
        return below(one_element ? indexed(field->name(), index) : field->name(), *std::move(bad));
      }
    }
    return check_all_oneofs_seen(type, oneofs_seen);
  }

 private:
  [[nodiscard]] static Verdict find_field(const Descriptor& type, std::uint64_t tag,
                                          const FieldDescriptor*& field) {
    constexpr std::uint64_t kTagMax = std::numeric_limits<std::uint32_t>::max();
    const std::uint64_t number = tag >> 3;
    field = tag > kTagMax ? nullptr : type.FindFieldByNumber(static_cast<int>(number));
    if (field == nullptr) {
      return fault("field number " + std::to_string(number) + " is unknown in " + type.name());
    }
    std::optional<WireType> expected = wire_type_of(*field);
    if (!expected || field->is_map()) {
      return below(field->name(), fault("maps, groups and floating point have no canonical form"));
    }
    if (field->is_packed()) expected = WireType::kLengthDelimited;
    if ((tag & 7) != static_cast<std::uint64_t>(*expected)) {
      return below(field->name(), fault("wire type " + std::to_string(tag & 7) + ", expected " +
                                        std::to_string(static_cast<int>(*expected))));
    }
    return std::nullopt;
  }

  [[nodiscard]] static Verdict check_oneof(const FieldDescriptor& field, std::uint64_t& seen) {
    const OneofDescriptor* choice = field.real_containing_oneof();
    if (choice == nullptr || choice->index() >= kOneofsMax) return std::nullopt;
    const std::uint64_t bit = std::uint64_t{1} << choice->index();
    if ((seen & bit) != 0) return fault("another member of " + choice->name() + " is set before it");
    seen |= bit;
    return std::nullopt;
  }

  [[nodiscard]] static Verdict check_all_oneofs_seen(const Descriptor& type, std::uint64_t seen) {
    for (int i = 0; i < type.real_oneof_decl_count() && i < kOneofsMax; ++i) {
      if ((seen >> i & 1) == 0)
        return below(type.oneof_decl(i)->name(), fault("no member of the choice is set"));
    }
    return std::nullopt;
  }

  // One occurrence of a field: a singular value, one element of a repeated one, or all packed elements.
  [[nodiscard]] Verdict content(WireReader& reader, const FieldDescriptor& field, std::size_t depth) {
    const WireType wire_type = *wire_type_of(field);
    if (wire_type == WireType::kLengthDelimited) return delimited(reader, field, depth);
    if (field.is_packed()) return packed(reader, field, wire_type);
    std::uint64_t value = 0;
    if (auto bad = read_number(reader, field, wire_type, value)) return bad;
    if (!field.is_repeated() && value == 0) return default_value();
    return field.is_repeated() ? count_element() : std::nullopt;
  }

  [[nodiscard]] Verdict delimited(WireReader& reader, const FieldDescriptor& field, std::size_t depth) {
    ByteView bytes;
    if (auto bad = reader.read_delimited(bytes)) return bad;
    const bool nested = field.type() == FieldDescriptor::TYPE_MESSAGE;
    if (field.is_repeated() || nested) {
      if (auto bad = count_element()) return bad;
    }
    if (bytes.empty() && !field.is_repeated() && !(nested && field.real_containing_oneof() != nullptr)) {
      return default_value();
    }
    if (nested) return message(bytes, *field.message_type(), depth + 1);
    if (field.type() == FieldDescriptor::TYPE_STRING) {
      if (const auto offset = first_invalid_utf8(crypto::as_text(bytes))) {
        return fault("no UTF-8 at byte " + std::to_string(*offset));
      }
    }
    return std::nullopt;
  }

  [[nodiscard]] Verdict packed(WireReader& reader, const FieldDescriptor& field, WireType wire_type) {
    ByteView bytes;
    if (auto bad = reader.read_delimited(bytes)) return bad;
    if (bytes.empty()) return default_value();
    WireReader elements(bytes);
    for (std::size_t index = 0; !elements.at_end(); ++index) {
      if (auto bad = count_element()) return bad;
      std::uint64_t value = 0;
      if (auto bad = read_number(elements, field, wire_type, value)) {
        return below(indexed("", index), *std::move(bad));
      }
    }
    return std::nullopt;
  }

  [[nodiscard]] static Fault default_value() { return fault("a field with its default value is left out"); }

  [[nodiscard]] Verdict count_element() {
    if (++elements_ > limits_.elements_max) {
      return fault("more than " + std::to_string(limits_.elements_max) + " elements");
    }
    return std::nullopt;
  }

  const CanonicalLimits& limits_;
  std::size_t elements_ = 0;
};

Verdict check_field_schema(const FieldDescriptor& field) {
  if (!wire_type_of(field) || field.is_map()) {
    return fault("maps, groups and floating point have no canonical form");
  }
  if (field.is_repeated() && field.is_packable() && !field.is_packed()) {
    return fault("repeated numbers must be packed");
  }
  if (field.is_extension()) return fault("extensions have no canonical form");
  return std::nullopt;
}

Verdict check_message_schema(const Descriptor& type, std::set<const Descriptor*>& seen) {
  if (!seen.insert(&type).second) return std::nullopt;
  if (type.file()->syntax() != google::protobuf::FileDescriptor::SYNTAX_PROTO3) return fault("not proto3");
  if (type.oneof_decl_count() > kOneofsMax) return fault("too many oneofs");
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    Verdict bad = check_field_schema(field);
    if (!bad && field.message_type() != nullptr) bad = check_message_schema(*field.message_type(), seen);
    if (bad) return below(field.name(), *std::move(bad));
  }
  return std::nullopt;
}

Result<void> as_result(Verdict verdict, Code code) {
  if (!verdict) return {};
  return error(code, std::move(verdict->detail), std::move(verdict->path));
}

}  // namespace

Result<void> check_canonical(ByteView bytes, const Descriptor& message, const CanonicalLimits& limits,
                             Code code) {
  return as_result(Walk(limits).message(bytes, message, 0), code);
}

Result<void> check_schema(const Descriptor& message) {
  std::set<const Descriptor*> seen;
  return as_result(check_message_schema(message, seen), Code::E_CANONICAL);
}

Bytes serialise_canonical(const google::protobuf::Message& message) {
  Bytes bytes(message.ByteSizeLong());
  google::protobuf::io::ArrayOutputStream array(bytes.data(), static_cast<int>(bytes.size()));
  google::protobuf::io::CodedOutputStream stream(&array);
  stream.SetSerializationDeterministic(true);
  message.SerializeWithCachedSizes(&stream);
  return bytes;
}

Result<void> parse_canonical_into(ByteView bytes, google::protobuf::Message& message, Code code,
                                  const CanonicalLimits& limits) {
  if (auto checked = check_canonical(bytes, *message.GetDescriptor(), limits, code); !checked) return checked;
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()) ||
      !message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return error(code, "the bytes are no " + message.GetDescriptor()->name());
  }
  return {};
}

}  // namespace circula::ledger
