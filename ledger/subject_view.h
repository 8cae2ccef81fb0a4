// Subjects, effects and entries as JSON for people: the fixed bytes around a message decoded, the message by
// the registry's rows. What this program has no row for is shown as base64.
#pragma once

#include <boost/json/fwd.hpp>
#include <string_view>

#include "ledger/entry.h"
#include "ledger/log_index.h"
#include "ledger/subject.h"

namespace circula::ledger {

// {"kind", "version", "history_root", "fields": {...}}; `version` is the count of its history.
[[nodiscard]] boost::json::object state_view(std::string_view key, const StateValue& value);
// {"type", "name", "seq", "fields": {...}}; malformed bytes give {"bytes": base64}.
[[nodiscard]] boost::json::object effect_view(ByteView effect);
// An effect with its place: effect_view() and {"entry": log index}.
[[nodiscard]] boost::json::object history_view(const HistoryRow& row);
// {"type", "version", "name", "fields": {...}} of a record's body.
[[nodiscard]] boost::json::object body_view(std::uint32_t type, std::uint32_t version, ByteView body);
// {"kind": "record"|"block"|"due"|"genesis", ...}.
[[nodiscard]] boost::json::object entry_view(const Entry& entry);

}  // namespace circula::ledger
