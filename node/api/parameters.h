// What a path and a query say, read strictly. Every error is E_REQUEST (or E_CURSOR) and names the parameter.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "ledger/calendar.h"
#include "ledger/subject.h"
#include "node/backend.h"
#include "node/http_message.h"

namespace circula::node::api {

inline constexpr std::uint64_t kLimitDefault = 100;
inline constexpr std::uint64_t kLimitMax = 1000;            // product.md 5.1
inline constexpr std::uint64_t kTimeoutDefaultMs = 10'000;  // design.md 12
inline constexpr std::uint64_t kTimeoutMaxMs = 60'000;      // design.md 12
inline constexpr std::size_t kIdPrefixCharactersMin = 6;    // design.md 3
inline constexpr std::size_t kPrefixCandidatesMax = 64;     // more share a prefix: it is ambiguous

[[nodiscard]] ledger::Result<std::uint64_t> number_parameter(const Request& request, const std::string& name,
                                                             std::uint64_t otherwise, std::uint64_t max,
                                                             std::uint64_t min = 0);
[[nodiscard]] ledger::Result<std::uint64_t> number_in_path(const Request& request, const std::string& name);
[[nodiscard]] ledger::Result<bool> flag_parameter(const Request& request, const std::string& name);
[[nodiscard]] ledger::Result<std::size_t> limit_parameter(const Request& request);
[[nodiscard]] ledger::Result<std::chrono::milliseconds> timeout_parameter(const Request& request,
                                                                          const std::string& name,
                                                                          std::uint64_t otherwise);

// A record's or an envelope's id, of a full one or a unique prefix among those that stand in the log.
// Nothing: no id begins so.
[[nodiscard]] ledger::Result<std::optional<Digest>> id_in_path(const Backend& backend,
                                                               const Request& request);

// The key of a subject: `rest` is what follows the kind, in which objects may be named by their text. A
// shortened name must be unique among the keys for which `readable` is true.
using Readable = std::function<bool(const ledger::SubjectKey&)>;
[[nodiscard]] ledger::Result<ledger::SubjectKey> subject_key_in_path(const Backend& backend,
                                                                     std::string_view kind,
                                                                     std::string_view rest,
                                                                     const Readable& readable);
// "as-…" of asset/<hex>; empty when the key has no id for people.
[[nodiscard]] std::string display_id(const ledger::SubjectKey& key);
// The beginning of a key, as a person may write it: "asset/as-7k2m4x" is "asset/" and hexadecimal digits,
// and what the id must begin with.
struct KeyPrefix {
  std::string stored;  // of the keys in the index
  std::string shown;   // of display_id; empty: every key that begins so
};
[[nodiscard]] KeyPrefix key_prefix(std::string_view text);

// A point of the log: "589" (its size), "height:74", a date, a month or a time.
enum class PointSense : std::uint8_t {
  kBound,  // of a period: what lies before it
  kAt,     // what stood then, the moment or block with it
};
// As a log size; `otherwise` when the query does not name it. For kAt that is the final log's size, and a
// size or height above it is E_UNAVAILABLE.
[[nodiscard]] ledger::Result<std::uint64_t> point_parameter(const Backend& backend, const Request& request,
                                                            const std::string& name, PointSense sense,
                                                            std::uint64_t otherwise);
// A date, a month or a time, of which a month or date means the first second at UTC+8.
[[nodiscard]] ledger::Result<ledger::Seconds> ledger_time_parameter(const Request& request,
                                                                    const std::string& name);

}  // namespace circula::node::api
