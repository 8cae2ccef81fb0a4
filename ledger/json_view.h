// Messages as JSON for people and programs that read, and JSON files as a way to write a draft. JSON is a
// view: what is signed are the canonical bytes (design.md 3).
//
//   field            its name in the .proto file, as it stands
//   64-bit numbers   decimal strings, since JavaScript's numbers are exact only up to 2^53; others as numbers
//   enum             its value's name without the enum's, in lower case: ORG_KIND_EXCHANGE is "exchange"
//   bytes            lower-case hexadecimal; 16 bytes of a field that names an object as its id, "as-..."; a
//                    field `subject` as the subject key's text. What may be an asset or a product bears the
//                    prefix of what it is when the caller can tell, else "pd-" in `product` and "as-"
//                    elsewhere
//   x_ms, x_s        a point in time (from the year 2000 on) stands beside the number as "x", in RFC 3339
//                    at UTC+8
//   absent           left out, or with its default value when that is asked for
//
// Reading accepts what the view writes, and for a file written by hand also JSON integers for 64-bit numbers,
// "x" alone as a time or date (calendar.h), hexadecimal for object ids, and either prefix where an asset or a
// product may stand. All else is refused with the
// field's path: unknown keys (naming the nearest known one), wrong types, numbers out of range, two members
// of one choice, and any message that has no canonical form. Of equal keys in one object the JSON parser has
// kept the last.
#pragma once

#include <boost/json/fwd.hpp>
#include <functional>
#include <span>
#include <string_view>

#include "ledger/object_id.h"
#include "ledger/outcome.h"

namespace google::protobuf {
class Message;
}  // namespace google::protobuf

namespace circula::ledger {

// Which kind of object the 16 bytes of a field name. `field` is its name or its full name with package and
// message.
struct FieldObjectKind {
  std::string_view field;
  ObjectKind kind;
};

// What an id is that may be an asset's or a product's.
using ObjectKindOf = std::function<ObjectKind(const ObjectId&)>;

struct JsonViewOptions {
  bool with_defaults = false;
  // Looked up before the ledger's own table: fields `asset`, `contract` and so on, also with `_id`, `_ids` or
  // in the plural.
  std::span<const FieldObjectKind> kinds = {};
  const ObjectKindOf* kind_of = nullptr;  // without: as the field's name lets expect
};

[[nodiscard]] boost::json::object json_view(const google::protobuf::Message& message,
                                            const JsonViewOptions& options = {});

// Fills the empty `message`; an error leaves it in part filled. An empty nested object outside a choice says
// nothing and is left out.
[[nodiscard]] Result<void> message_from_json(const boost::json::value& json,
                                             google::protobuf::Message& message,
                                             const JsonViewOptions& options = {}, Code code = Code::E_FORMAT);

}  // namespace circula::ledger
