// JSON of what stands in the log, as docs/api.md says. Include it in source files only: it brings Boost.JSON.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <string_view>

#include "ledger/entry.h"
#include "ledger/proto/envelope.pb.h"
#include "ledger/proto/index.pb.h"
#include "node/api/access.h"
#include "node/api/context.h"

namespace circula::node::api {

[[nodiscard]] boost::json::string number_text(std::uint64_t number);
[[nodiscard]] boost::json::string hex_text(crypto::ByteView bytes);
[[nodiscard]] boost::json::string base64url_text(crypto::ByteView bytes);
// `name`_ms, and `name` for people.
void put_time(boost::json::object& object, std::string_view name, std::uint64_t time_ms);

[[nodiscard]] Response json_answer(const boost::json::object& object, std::uint16_t status = 200);
// Says that this answer will be the same for ever. `tag` is the content's name.
enum class Keep : std::uint8_t { kPublic, kPrivate };
void keep_for_ever(Response& response, std::string_view tag, Keep keep);

// How an outcome stands in every answer: outcome, code, retryable; with `details` what was found.
void put_outcome(boost::json::object& object, ledger::Code code);
void put_details(boost::json::object& object, const std::string& detail, const std::string& field);

// An entry of the log, without its bytes.
[[nodiscard]] boost::json::object entry_view(std::uint64_t index, const ledger::proto::IndexedEntry& row);
[[nodiscard]] boost::json::object effect_view(const Backend& backend, const Caller& caller,
                                              const ledger::SubjectKey& subject, crypto::ByteView effect);
// type, name, seq, fields and bytes of an effect.
void put_effect(boost::json::object& object, const Backend& backend, crypto::ByteView effect);
// What was signed: author, signers, times, body.
void put_record(boost::json::object& object, const Backend& backend, const ledger::proto::Record& record);

// The entry of a record, or nothing when the index has no such entry there.
[[nodiscard]] std::optional<ledger::RecordEntry> record_entry(const ledger::proto::IndexedEntry& row);
// Ledger time of the block at a height; 0 when there is none.
[[nodiscard]] std::uint64_t block_time(const Backend& backend, std::uint64_t height);

}  // namespace circula::node::api
