// What a path names, if the caller may read it. Whoever may not is told the same whether or not it is there
// (invariant 2 of api.h): every handler that shows a record or a subject comes through here.
#pragma once

#include <string_view>
#include <vector>

#include "ledger/entry.h"
#include "ledger/envelope.h"
#include "ledger/proto/index.pb.h"
#include "node/api/access.h"
#include "node/http_message.h"

namespace circula::node::api {

// A record's entry with the envelope that brought it.
struct FoundRecord {
  std::uint64_t index = 0;
  ledger::proto::IndexedEntry row;
  ledger::RecordEntry entry;
  ledger::EnvelopePtr body;

  [[nodiscard]] const ledger::SignedRecord& record() const { return body->records().at(entry.position); }
};

// One record, or those of an envelope; never empty.
struct FoundRecords {
  std::vector<FoundRecord> records;
  bool is_envelope = false;
};
// By the path's {id}. E_NOT_PARTY; E_NOT_FOUND only for who reads everything.
[[nodiscard]] ledger::Result<FoundRecords> readable_records(const Backend& backend, const Request& request,
                                                            const Caller& caller);

// The key that the path's {id*} names, whether or not there is such a subject: on public kinds, and for who
// reads everything; else only of one that names the caller's organisation.
[[nodiscard]] ledger::Result<ledger::SubjectKey> readable_key(const Backend& backend, std::string_view kind,
                                                              const Request& request);

}  // namespace circula::node::api
