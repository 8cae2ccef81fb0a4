// GET /v1/records/...: one record or envelope, how it stands, its receipt (docs/api.md, "Records").
#include "crypto/encoding.h"
#include "node/api/access.h"
#include "node/api/context.h"
#include "node/api/envelope_answer.h"
#include "node/api/parameters.h"
#include "node/api/readable.h"
#include "node/api/views.h"

namespace circula::node::api {
namespace {

namespace json = boost::json;
using ledger::Code;

json::object record_view(const Backend& backend, const Caller& caller, const FoundRecord& found,
                         std::uint64_t final_size) {
  const std::string id = crypto::to_hex(found.entry.record_id.view());
  json::object view{{"record", id},
                    {"envelope", hex_text(found.entry.envelope_id.view())},
                    {"position", found.entry.position},
                    {"index", number_text(found.index)},
                    {"height", number_text(found.row.height())}};
  put_time(view, "time", block_time(backend, found.row.height()));
  view["status"] = to_string(found.index < final_size ? Status::kFinal : Status::kOrdered);
  if (const auto code = ledger::code_from_number(found.entry.outcome)) put_outcome(view, *code);
  put_details(view, found.row.error_detail(), found.row.error_field());
  put_record(view, backend, found.record().fields);
  view["bytes"] = base64url_text(found.record().bytes);
  view["entry"] = base64url_text(crypto::as_bytes(found.row.entry()));
  json::array effects;
  for (const ledger::proto::IndexedEffect& effect : found.row.effects()) {
    effects.push_back(effect_view(backend, caller, effect.subject(), crypto::as_bytes(effect.effect())));
  }
  view["effects"] = std::move(effects);
  view["receipt"] = "/v1/records/" + id + "/receipt";
  return view;
}

json::object envelope_view(const Backend& backend, const Caller& caller, const FoundRecords& found,
                           std::uint64_t final_size) {
  const FoundRecord& first = found.records.front();
  const bool is_final = found.records.back().index < final_size;
  json::object view{{"envelope", hex_text(first.entry.envelope_id.view())},
                    {"status", to_string(is_final ? Status::kFinal : Status::kOrdered)},
                    {"height", number_text(first.row.height())}};
  json::array records;
  for (const FoundRecord& one : found.records) {
    records.push_back(record_view(backend, caller, one, final_size));
  }
  view["records"] = std::move(records);
  view["bytes"] = base64url_text(first.body->bytes());
  return view;
}

Answer show(const Context& context, const Request& request) {
  const Backend& backend = context.backend;
  const Caller caller = Caller::of(backend, request.caller);
  auto found = readable_records(backend, request, caller);
  if (!found) return found.error();
  const std::uint64_t final_size = backend.final_checkpoint().size;
  const FoundRecord& last = found->records.back();
  Response response = json_answer(found->is_envelope ? envelope_view(backend, caller, *found, final_size)
                                                     : record_view(backend, caller, last, final_size));
  // What a caller may see of the effects is the caller's, so the tag names who asked, too.
  if (last.index < final_size) {
    const Digest& id = found->is_envelope ? last.entry.envelope_id : last.entry.record_id;
    keep_for_ever(response, crypto::to_hex(id.view()) + "-" + caller.oid(), Keep::kPrivate);
  }
  return response;
}

// Of a record's answer the one record that was asked for.
void keep_only(json::object& answer, const std::string& record) {
  json::value* records = answer.if_contains("records");
  if (records == nullptr) return;
  json::array kept;
  for (json::value& one : records->get_array()) {
    if (one.get_object().at("record") == json::string(record)) kept.push_back(std::move(one));
  }
  *records = std::move(kept);
}

void status(const ContextPtr& context, const Request& request, const Respond& respond) {
  Backend& backend = context->backend;
  const auto id = id_in_path(backend, request);
  if (!id) return respond(Response::problem(id.error(), request.trace));
  if (!*id) {
    return respond(json_answer({{"id", request.params.at("id")}, {"status", to_string(Status::kUnknown)}}));
  }
  backend.status_of(**id, [context, respond, id = **id](const EnvelopeStatus& found) {
    json::object answer{{"id", hex_text(id.view())}, {"status", to_string(found.status)}};
    if (found.status != Status::kUnknown && found.envelope_id != Digest{}) {
      answer = envelope_answer(context->backend, found, Details::kWithout);
      answer["id"] = hex_text(id.view());
      answer["kind"] = id == found.envelope_id ? "envelope" : "record";
      if (id != found.envelope_id) keep_only(answer, crypto::to_hex(id.view()));
    }
    respond(json_answer(answer));
  });
}

}  // namespace

Routes record_routes(const ContextPtr& context) {
  return {
      {Method::get,
       "/v1/records/{id}",
       Visibility::party,
       "A record with its outcome and effects, or an envelope",
       at_once(context, [context](const Request& request) { return show(*context, request); }),
       {},
       {},
       {Code::E_NOT_PARTY, Code::E_NOT_FOUND}},
      {Method::get, "/v1/records/{id}/status", Visibility::public_, "How far a record or envelope is",
       later(context, [context](const Request& r, const Respond& respond) { status(context, r, respond); })},
  };
}

}  // namespace circula::node::api
