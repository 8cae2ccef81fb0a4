#include "node/api/readable.h"

#include "node/api/parameters.h"
#include "node/api/stored_body.h"
#include "node/api/views.h"

namespace circula::node::api {
namespace {

using ledger::Code;
using ledger::error;

// `body` is that of the record before, or none: the records of an envelope come out of one decoded body.
ledger::Result<FoundRecord> find_record(const Backend& backend, std::uint64_t index,
                                        ledger::EnvelopePtr body) {
  auto row = backend.index().entry(index);
  if (!row) return row.error();
  const auto entry = *row ? record_entry(**row) : std::nullopt;
  if (!entry) return error(Code::E_NOT_FOUND, "there is no such record");
  if (!body || body->body_hash() != entry->body_hash) {
    auto stored = stored_body(backend, (*row)->height(), (*row)->body());
    if (!stored) return stored.error();
    body = std::move(*stored);
  }
  if (entry->position >= body->records().size()) {
    return error(Code::E_STORAGE_CORRUPT, "the body of entry " + std::to_string(index) + " is another");
  }
  return FoundRecord{index, std::move(**row), *entry, std::move(body)};
}

// Where the records stand that an id names: one, or those of an envelope.
struct Place {
  std::uint64_t first = 0;
  std::uint64_t count = 0;  // 0: nothing in the log has this id
  bool is_envelope = false;
};

ledger::Result<Place> place_of(const Backend& backend, const Digest& id) {
  auto index = backend.index().record(id);
  if (!index) return index.error();
  if (*index) return Place{**index, 1, false};
  auto envelope = backend.index().envelope(id);
  if (!envelope) return envelope.error();
  if (!*envelope) return Place{};
  return Place{(*envelope)->first_entry(), (*envelope)->records(), true};
}

}  // namespace

ledger::Result<FoundRecords> readable_records(const Backend& backend, const Request& request,
                                              const Caller& caller) {
  auto id = id_in_path(backend, request);
  if (!id) return id.error();
  ledger::Result<Place> place = *id ? place_of(backend, **id) : Place{};
  if (!place) return place.error();
  if (place->count == 0) {
    if (!caller.reads_everything()) return Caller::not_party();
    return error(Code::E_NOT_FOUND, "there is no such record or envelope");
  }
  FoundRecords found;
  found.is_envelope = place->is_envelope;
  for (std::uint64_t n = 0; n < place->count; ++n) {
    auto record =
        find_record(backend, place->first + n, found.records.empty() ? nullptr : found.records.back().body);
    if (!record) return record.error();
    if (!caller.may_read(parties_of_record(backend, record->record().fields, record->row))) {
      return Caller::not_party();
    }
    found.records.push_back(std::move(*record));
  }
  return found;
}

ledger::Result<ledger::SubjectKey> readable_key(const Backend& backend, std::string_view kind,
                                                const Request& request) {
  const Caller caller = Caller::of(backend, request.caller);
  const bool is_public = visibility_of(ledger::kind_of(kind)) == Visibility::public_;
  auto key = subject_key_in_path(
      backend, kind, request.params.at("id"),
      [&](const ledger::SubjectKey& candidate) { return caller.may_read_subject(candidate); });
  if (!key) {
    const bool tells = is_public || caller.reads_everything();
    return key.error().code == Code::E_NOT_FOUND && !tells ? Caller::not_party() : key.error();
  }
  if (!caller.may_read_subject(*key)) return Caller::not_party();
  return key;
}

}  // namespace circula::node::api
