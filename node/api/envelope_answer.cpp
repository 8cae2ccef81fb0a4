#include "node/api/envelope_answer.h"

#include "crypto/encoding.h"
#include "node/api/views.h"

namespace circula::node::api {
namespace {

namespace json = boost::json;

json::object record_answer(const Backend& backend, std::uint64_t index,
                           const ledger::proto::IndexedEntry& row, const ledger::RecordEntry& entry,
                           Details details) {
  const std::string id = crypto::to_hex(entry.record_id.view());
  json::object record{{"record", id}, {"position", entry.position}, {"index", number_text(index)}};
  const auto code = ledger::code_from_number(entry.outcome);
  if (code) put_outcome(record, *code);
  if (details == Details::kWith) put_details(record, row.error_detail(), row.error_field());
  if (code == ledger::Code::E_REPLAY) {
    const auto decided = backend.index().record(entry.record_id);
    if (decided && *decided) record["decided_at"] = number_text(**decided);
  }
  record["href"] = "/v1/records/" + id;
  record["receipt"] = "/v1/records/" + id + "/receipt";
  return record;
}

bool is_executed(Status status) { return status == Status::kOrdered || status == Status::kFinal; }

}  // namespace

json::object envelope_answer(const Backend& backend, const EnvelopeStatus& status, Details details) {
  const std::string id = crypto::to_hex(status.envelope_id.view());
  json::object answer{{"envelope", id}, {"status", to_string(status.status)}};
  answer["status_href"] = "/v1/records/" + id + "/status";
  if (!status.waits_for.empty()) answer["waits_for"] = status.waits_for;
  if (!is_executed(status.status) || status.records == 0) return answer;
  answer["height"] = number_text(status.height);
  json::array records;
  const auto read = backend.index().entries(status.first_entry, [&](std::uint64_t index, const auto& row) {
    const auto entry = record_entry(row);
    if (!entry || entry->envelope_id != status.envelope_id) return false;
    records.push_back(record_answer(backend, index, row, *entry, details));
    return records.size() < status.records;
  });
  if (read) answer["records"] = std::move(records);
  return answer;
}

}  // namespace circula::node::api
