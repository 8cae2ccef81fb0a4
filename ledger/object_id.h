// Ids of the objects that records create: the first 16 bytes of the creating record's id, written for people
// as prefix, `-` and 26 characters of lower-case Crockford base32 (design.md 3; the 128 bits come first, two
// zero bits fill the last character, so that a prefix of the text is a prefix of the bytes).
//
// The prefix is not part of the id: one record creates at most one object of a kind, and a product and a
// listing of the same record would share their 16 bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "crypto/bytes.h"
#include "ledger/outcome.h"

namespace circula::ledger {

using ObjectId = crypto::ShortId;

enum class ObjectKind : std::uint8_t {
  kAsset,      // as
  kProduct,    // pd
  kListing,    // ls
  kOrder,      // or
  kContract,   // ct
  kLicence,    // lc
  kAgreement,  // ag
  kDispute,    // dp
  kEvent,      // ev: a revenue event, made by a SETTLE, REFUND or PERIOD_CLOSE
  kPayout,     // po
};

struct ObjectName {
  ObjectKind kind;
  ObjectId id;
  friend bool operator==(const ObjectName&, const ObjectName&) = default;
};

[[nodiscard]] std::string_view prefix(ObjectKind kind);
[[nodiscard]] std::optional<ObjectKind> kind_of_prefix(std::string_view prefix);

// "as-0123456789abcdefghjkmnpqrs": 29 characters.
[[nodiscard]] std::string object_text(ObjectKind kind, const ObjectId& id);

// Strict: lower case, known prefix, 26 characters, spare bits zero. E_FORMAT otherwise.
[[nodiscard]] Result<ObjectName> parse_object_name(std::string_view text, std::string_view field = {});

// The id of an object that must be of this kind.
[[nodiscard]] Result<ObjectId> parse_object_id(ObjectKind kind, std::string_view text,
                                               std::string_view field = {});

}  // namespace circula::ledger
