// The one encoding of a message: what may be signed, hashed and stored is exactly one byte string for
// each meaning (design.md 3, "Canonical").
//
// The checker walks the wire bytes against the descriptor and allocates nothing until it refuses. Parsing,
// writing again and comparing is no substitute: unknown fields and unknown enum values survive that.
//
// A message is canonical when
//   1. its fields stand in ascending number; a singular field stands once, the elements of a repeated one
//      stand together;
//   2. every tag, length and number is a minimal varint, within the width of its field (int32: the value
//      sign-extended to ten bytes; sint32: the zigzag form within 32 bits; bool: 0 or 1);
//   3. no singular field, member of a oneof or `optional` field holds its default value: what says nothing
//      is left out. For a message field the default is the message without bytes; only as the member
//      of a oneof may it be empty, because there its presence says which member is meant. Elements of
//      repeated fields may have any value: their place says something;
//   4. every oneof of every message that is present has exactly one member;
//   5. repeated numbers are packed, in one piece that is not empty;
//   6. strings are well-formed UTF-8;
//   7. no field number and no enum value is unknown; nothing is a group, map, float or double;
//   8. messages nest no deeper, and elements are no more, than the limits allow. An element is one value of
//      a repeated field or one nested message: each costs the parser more memory than it has wire bytes
//      (a 2-byte empty string takes 28 times as much), so they are counted before parsing allocates.
//
// Thread rule: pure functions. Crash rule: none, nothing is kept.
#pragma once

#include <cstddef>

#include "crypto/bytes.h"
#include "ledger/outcome.h"

namespace google::protobuf {
class Descriptor;
class Message;
}  // namespace google::protobuf

namespace circula::ledger {

struct CanonicalLimits {
  std::size_t depth_max = 16;       // nested messages; our deepest body nests 5
  std::size_t elements_max = 8192;  // an envelope has 4,096 records and 32 signatures
};

// The error names the field as people read it: "rights[2].ppm".
[[nodiscard]] Result<void> check_canonical(crypto::ByteView bytes,
                                           const google::protobuf::Descriptor& message,
                                           const CanonicalLimits& limits = {}, Code code = Code::E_CANONICAL);

// Whether every message of this type has a canonical form at all (rule 7, packing, proto3); tests ask
// for each of our .proto files. The error's field names the offending one.
[[nodiscard]] Result<void> check_schema(const google::protobuf::Descriptor& message);

// Fields in ascending number, repeated numbers packed. Canonical if the message is: the caller sets no
// oneof member to a scalar default and leaves no oneof empty.
[[nodiscard]] crypto::Bytes serialise_canonical(const google::protobuf::Message& message);

// Checks, then parses into `message`.
[[nodiscard]] Result<void> parse_canonical_into(crypto::ByteView bytes, google::protobuf::Message& message,
                                                Code code = Code::E_FORMAT,
                                                const CanonicalLimits& limits = {});

template <class T>
[[nodiscard]] Result<T> parse_canonical(crypto::ByteView bytes, Code code = Code::E_FORMAT,
                                        const CanonicalLimits& limits = {}) {
  T message;
  if (auto parsed = parse_canonical_into(bytes, message, code, limits); !parsed) return parsed.error();
  return message;
}

}  // namespace circula::ledger
