// What a record family brings: its record types, effects and due rules, each a row with its message and its
// function. The families are listed in registry.cpp; nothing else knows them all, and consensus, storage and
// the interfaces work from these rows.
#pragma once

#include <google/protobuf/message.h>

#include <cstdint>
#include <span>
#include <string_view>

#include "ledger/execution.h"

namespace circula::ledger {

struct RecordType {
  std::uint16_t number;  // records.md 3.4
  std::uint16_t version;
  std::string_view name;  // "RIGHTS"
  const google::protobuf::Descriptor* (*body)();
  // The body is canonical. The rule checks references, state and business, in this order, then changes.
  Result<void> (*execute)(Execution&, ByteView body);
};

struct EffectType {
  std::uint16_t number;  // 100 x record type + n; 1 to 99 for the ledger's own
  std::string_view name;
  const google::protobuf::Descriptor* (*fields)();
};

// The message that a kind of subject's fields are.
struct SubjectFields {
  SubjectKind kind;
  std::string_view key_prefix;  // the whole key, or its beginning, when a kind has several messages (config)
  const google::protobuf::Descriptor* (*fields)();
  unsigned parts = 0;  // after the kind, when they tell several messages apart (agreement, event); 0: any
};

// What ledger time alone brings about (design.md 4). It cannot fail: it finds the subject as it is.
struct DueRule {
  std::uint16_t number;
  std::string_view name;
  void (*execute)(Execution&, const SubjectKey& subject);
};

struct Family {
  std::string_view name;
  std::span<const RecordType> records;
  std::span<const EffectType> effects;
  std::span<const SubjectFields> subjects;
  std::span<const DueRule> due_rules;
};

[[nodiscard]] std::span<const Family* const> families();
[[nodiscard]] const RecordType* find_record_type(std::uint32_t number, std::uint32_t version);
[[nodiscard]] const EffectType* find_effect_type(std::uint16_t number);
[[nodiscard]] const SubjectFields* find_subject_fields(std::string_view key);
[[nodiscard]] const DueRule* find_due_rule(std::uint16_t number);

// A row for a rule that takes its typed body.
template <class Body, Result<void> (*rule)(Execution&, const Body&)>
constexpr RecordType record_type(std::uint16_t number, std::uint16_t version, std::string_view name) {
  return {number, version, name, &Body::descriptor, [](Execution& execution, ByteView bytes) -> Result<void> {
            Body body;
            if (!body.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
              return error(Code::E_FORMAT, "the body does not parse", "body");
            }
            return rule(execution, body);
          }};
}
template <class Fields>
constexpr EffectType effect_type(std::uint16_t number, std::string_view name) {
  return {number, name, &Fields::descriptor};
}
template <class Fields>
constexpr SubjectFields subject_fields(SubjectKind kind, std::string_view key_prefix, unsigned parts = 0) {
  return {kind, key_prefix, &Fields::descriptor, parts};
}

}  // namespace circula::ledger
