// Receipts, bundles and the trust policy: files that are checked offline, verbatim (docs/api.md).
#include "crypto/encoding.h"
#include "ledger/bundle.h"
#include "ledger/receipt.h"
#include "ledger/trust_policy.h"
#include "node/api/access.h"
#include "node/api/context.h"
#include "node/api/parameters.h"
#include "node/api/readable.h"
#include "node/api/stored_body.h"
#include "node/api/views.h"

namespace circula::node::api {
namespace {

using ledger::Code;
using ledger::error;

Answer receipt_of(const Context& context, std::uint64_t index, const ledger::EnvelopePtr& body) {
  const Backend& backend = context.backend;
  auto receipt = ledger::make_receipt(backend.index(), index, backend.genesis().chain_id(), *body,
                                      backend.final_checkpoint().note, context.policy);
  if (!receipt) return receipt.error();
  return Response::json(200, std::move(*receipt));
}

void receipt(const ContextPtr& context, const Request& request, const Respond& respond) {
  Backend& backend = context->backend;
  const auto refuse = [respond, trace = request.trace](const ledger::Error& why) {
    respond(Response::problem(why, trace));
  };
  auto wait = timeout_parameter(request, "wait_ms", 0);
  if (!wait) return refuse(wait.error());
  auto found = readable_records(backend, request, Caller::of(backend, request.caller));
  if (!found) return refuse(found.error());
  if (found->records.size() != 1) {
    return refuse(
        error(Code::E_REQUEST, "the envelope has several records, each with a receipt of its own", "id"));
  }
  const FoundRecord& record = found->records.front();
  const auto answer = [context, respond, refuse, index = record.index,
                       body = record.body](std::uint64_t size) {
    if (size <= index)
      return refuse(error(Code::E_FINALITY_STALLED, "the record is ordered and not final yet"));
    Answer given = receipt_of(*context, index, body);
    if (!given) return refuse(given.error());
    respond(std::move(*given));
  };
  const std::uint64_t size = backend.final_checkpoint().size;
  if (size > record.index || wait->count() == 0) return answer(size);
  backend.wait_for_entries(record.index, *wait, answer);
}

ledger::Result<std::uint64_t> time_parameter(const Request& request, const std::string& name) {
  auto time = ledger_time_parameter(request, name);
  if (!time) return time.error();
  return static_cast<std::uint64_t>(*time) * 1000;
}

// Which of the five questions the query asks (ledger/bundle.h).
ledger::Result<ledger::BundleQuestion> question_of(const Request& request) {
  const auto has = [&request](const std::string& name) { return request.query.contains(name); };
  const int asked = (has("history") ? 1 : 0) + (has("from") || has("to") ? 1 : 0) + (has("before") ? 1 : 0) +
                    (has("height") ? 1 : 0);
  if (asked > 1 || has("from") != has("to")) {
    return error(Code::E_REQUEST,
                 "ask one of: history=1, from= with to=, before=, height=, or nothing for the value");
  }
  if (has("height")) {
    auto height = number_parameter(request, "height", 0, UINT64_MAX);
    if (!height) return height.error();
    return ledger::BundleQuestion(ledger::AskHeight{*height});
  }
  if (has("before")) {
    auto before = time_parameter(request, "before");
    if (!before) return before.error();
    return ledger::BundleQuestion(ledger::AskBefore{*before});
  }
  if (has("from")) {
    auto from = time_parameter(request, "from");
    if (!from) return from.error();
    auto to = time_parameter(request, "to");
    if (!to) return to.error();
    return ledger::BundleQuestion(ledger::AskPeriod{*from, *to});
  }
  auto history = flag_parameter(request, "history");
  if (!history) return history.error();
  if (*history) return ledger::BundleQuestion(ledger::AskHistory{});
  return ledger::BundleQuestion(ledger::AskState{});
}

void bundle(const ContextPtr& context, std::string_view kind, const Request& request,
            const Respond& respond) {
  Backend& backend = context->backend;
  const auto refuse = [respond, trace = request.trace](const ledger::Error& why) {
    respond(Response::problem(why, trace));
  };
  auto question = question_of(request);
  if (!question) return refuse(question.error());
  auto timeout = timeout_parameter(request, "timeout_ms", kTimeoutDefaultMs);
  if (!timeout) return refuse(timeout.error());
  auto key = readable_key(backend, kind, request);
  if (!key) return refuse(key.error());
  backend.proven(*key, *timeout,
                 [context, respond, refuse, question = *question](const ledger::Result<ProvenState>& state) {
                   if (!state) return refuse(state.error());
                   auto text = ledger::make_bundle(
                       {state->answer, context->backend.index(), state->checkpoint.note, context->policy},
                       question);
                   if (!text) return refuse(text.error());
                   respond(Response::json(200, std::move(*text)));
                 });
}

}  // namespace

Routes proof_routes(const ContextPtr& context) {
  Routes routes = {
      {Method::get,
       "/v1/records/{id}/receipt",
       Visibility::party,
       "The receipt of a record, a file to keep",
       later(context, [context](const Request& r, const Respond& respond) { receipt(context, r, respond); }),
       {{"wait_ms", "0 to 60000, default 0: how long to wait for finality"}},
       {},
       {Code::E_NOT_PARTY, Code::E_NOT_FOUND, Code::E_FINALITY_STALLED}},
      {Method::get, "/v1/policy", Visibility::public_, "The trust policy of this chain, c2sp.org/tlog-policy",
       at_once(context,
               [context](const Request&) -> Answer {
                 return Response::text(200, ledger::policy_file(context->backend.genesis()));
               })},
  };
  for (const ledger::SubjectKindName& kind : ledger::subject_kinds()) {
    const std::string name(kind.prefix);
    const Visibility visibility = visibility_of(kind.kind);
    std::vector<Code> errors = {Code::E_NOT_FOUND, Code::E_FINALITY_STALLED, Code::E_LIMIT};
    if (visibility != Visibility::public_) errors.push_back(Code::E_NOT_PARTY);
    routes.push_back(
        {Method::get,
         "/v1/proofs/" + name + "/{id*}",
         visibility,
         "A bundle that proves a subject of kind " + name + ", its history or its absence",
         later(context, [context, name](const Request& r,
                                        const Respond& respond) { bundle(context, name, r, respond); }),
         {{"history", "1: with every leaf of its history"},
          {"from", "begin of a period of posting time, with to"},
          {"to", "end of the period, not in it"},
          {"before", "what stood before a time"},
          {"height", "what stood at a block, with it"},
          {"timeout_ms", "0 to 60000, default 10000: how long to wait for a checkpoint"}},
         {},
         errors});
  }
  return routes;
}

}  // namespace circula::node::api
