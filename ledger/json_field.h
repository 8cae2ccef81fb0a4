// How the fields of messages are named and spelled in JSON: the conventions that json_view.h lists, shared by
// the writer and the reader.
#pragma once

#include <google/protobuf/descriptor.h>

#include <optional>
#include <string>

#include "ledger/json_view.h"

namespace circula::ledger {

// "exchange" for ORG_KIND_EXCHANGE of enum OrgKind.
[[nodiscard]] std::string enum_text(const google::protobuf::EnumValueDescriptor& value);

// How the bytes of a field are written.
struct BytesForm {
  std::optional<ObjectKind> object;  // 16 bytes as an object id
  bool either = false;               // of an asset or a product
  bool text = false;                 // as text
};
[[nodiscard]] BytesForm bytes_form(const google::protobuf::FieldDescriptor& field,
                                   const JsonViewOptions& options);

// The name beside which a time in milliseconds or seconds is written: "created_at" of `created_at_ms`.
// Nothing if the field is no 64-bit number with such a name, or another field already has that name.
[[nodiscard]] std::optional<std::string> time_name(const google::protobuf::FieldDescriptor& field);

// Milliseconds in one unit of the field: 1 for `_ms`, 1,000 for `_s`. REQUIRES time_name(field).
[[nodiscard]] std::uint64_t time_unit_ms(const google::protobuf::FieldDescriptor& field);

// The field's number as a time, or nothing if it is too small to be one (a duration, or no time set).
[[nodiscard]] std::optional<std::string> time_text(const google::protobuf::FieldDescriptor& field,
                                                   std::uint64_t number);

}  // namespace circula::ledger
