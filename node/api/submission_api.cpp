// POST /v1/records and /v1/dryrun: what clients send (docs/api.md, "Records").
#include "crypto/encoding.h"
#include "ledger/envelope.h"
#include "ledger/json_text.h"
#include "node/api/context.h"
#include "node/api/envelope_answer.h"
#include "node/api/parameters.h"
#include "node/api/views.h"

namespace circula::node::api {
namespace {

namespace json = boost::json;
using ledger::Code;
using ledger::error;

// Dry runs are open to anybody and share a thread with execution: a draft has a few records, and more than
// these at once would hold up the blocks.
constexpr std::size_t kDryRunRecordsMax = 64;
constexpr unsigned kDryRunsAtOnceMax = 8;

constexpr std::string_view kBodyHelp =
    "the canonical envelope (application/octet-stream), or application/json {\"envelope\": base64url, "
    "\"chain\": hex, optional}";

std::optional<std::string> text_member(const json::object& object, std::string_view name) {
  const json::value* member = object.if_contains(name);
  if (member == nullptr || !member->is_string()) return std::nullopt;
  return std::string(member->get_string());
}

ledger::Result<void> check_chain(const Backend& backend, const std::string& chain) {
  const std::string ours = crypto::to_hex(backend.genesis().chain_id().view());
  if (chain == ours) return {};
  return error(Code::E_CHAIN, "the envelope is for chain " + chain + ", this node serves " + ours, "chain");
}

ledger::Result<Bytes> envelope_of_json(const Backend& backend, const Request& request) {
  const auto parsed = ledger::parse_json(crypto::as_text(request.body));
  if (!parsed) return error(Code::E_REQUEST, parsed.error().detail, parsed.error().field);
  const json::object* object = parsed->if_object();
  const auto envelope = object == nullptr ? std::nullopt : text_member(*object, "envelope");
  if (!envelope) return error(Code::E_REQUEST, "expected " + std::string(kBodyHelp), "envelope");
  for (const auto& member : *object) {
    if (member.key() != "envelope" && member.key() != "chain") {
      return error(Code::E_REQUEST,
                   "unknown member \"" + std::string(member.key()) + "\"; expected " + std::string(kBodyHelp),
                   std::string(member.key()));
    }
  }
  if (object->contains("chain")) {
    const auto chain = text_member(*object, "chain");
    if (!chain) return error(Code::E_REQUEST, "chain is a text", "chain");
    if (auto good = check_chain(backend, *chain); !good) return good.error();
  }
  auto bytes = crypto::from_base64url(*envelope);
  if (!bytes)
    return error(Code::E_REQUEST, "envelope is base64url without padding: " + bytes.error().detail,
                 "envelope");
  return std::move(*bytes);
}

ledger::Result<Bytes> envelope_of(const Backend& backend, const Request& request) {
  if (const auto chain = request.query_value("chain")) {
    if (auto good = check_chain(backend, *chain); !good) return good.error();
  }
  const std::string_view type = request.header("content-type");
  ledger::Result<Bytes> bytes = Bytes();
  if (type.starts_with("application/json")) {
    bytes = envelope_of_json(backend, request);
  } else if (type == "application/octet-stream") {
    bytes = request.body;
  } else {
    return error(Code::E_REQUEST, "the Content-Type must say what is sent: " + std::string(kBodyHelp));
  }
  if (bytes && bytes->size() > ledger::kEnvelopeBytesMax) {
    return error(Code::E_SIZE,
                 "the envelope has " + std::to_string(bytes->size()) + " bytes, 1 MiB is allowed");
  }
  return bytes;
}

ledger::Result<WaitFor> wait_parameter(const Request& request) {
  const std::string word = request.query_value("wait").value_or("final");
  if (word == "final") return WaitFor::kFinal;
  if (word == "ordered") return WaitFor::kOrdered;
  if (word == "pending") return WaitFor::kPending;
  return error(Code::E_REQUEST, "wait is final, ordered or pending", "wait");
}

// `final_before` is the final log's size when the request came: an envelope below it was final then.
Response submission_answer(const Backend& backend, const EnvelopeStatus& status, std::uint64_t final_before,
                           const std::string& trace) {
  if (status.refusal) return Response::problem(*status.refusal, trace);
  if (status.status == Status::kExpired) {
    return Response::problem(error(Code::E_EXPIRED, "the envelope expired before it was ordered"), trace);
  }
  if (status.status == Status::kUnknown || status.status == Status::kRefused) {
    return Response::problem(error(Code::E_UNAVAILABLE, "this node did not take the envelope"), trace);
  }
  const bool is_final = status.status == Status::kFinal;
  const bool again = is_final && status.first_entry < final_before;
  Response response = json_answer(envelope_answer(backend, status, Details::kWith),
                                  static_cast<std::uint16_t>(is_final ? (again ? 200 : 201) : 202));
  response.headers.emplace_back("Location",
                                "/v1/records/" + crypto::to_hex(status.envelope_id.view()) + "/status");
  return response;
}

void submit(const ContextPtr& context, const Request& request, const Respond& respond) {
  Backend& backend = context->backend;
  const auto refuse = [&](const ledger::Error& why) { respond(Response::problem(why, request.trace)); };
  auto wait = wait_parameter(request);
  if (!wait) return refuse(wait.error());
  auto timeout = timeout_parameter(request, "timeout_ms", kTimeoutDefaultMs);
  if (!timeout) return refuse(timeout.error());
  auto envelope = envelope_of(backend, request);
  if (!envelope) return refuse(envelope.error());
  const std::uint64_t final_before = backend.final_checkpoint().size;
  backend.submit(std::move(*envelope), *wait, *timeout,
                 [context, respond, final_before, trace = request.trace](const EnvelopeStatus& status) {
                   respond(submission_answer(context->backend, status, final_before, trace));
                 });
}

json::array usages_view(ledger::Usages usages) {
  constexpr std::string_view kNames[] = {"", "officer", "cdo", "finance", "system", "audit"};
  json::array names;
  for (unsigned usage = 1; usage < std::size(kNames); ++usage) {
    if ((usages & (1U << usage)) != 0) names.emplace_back(kNames[usage]);
  }
  return names;
}

json::object dry_run_view(const Backend& backend, const Caller& caller, const ledger::DryRun& run) {
  json::object record;
  put_outcome(record, run.error.code);
  put_details(record, run.error.detail, run.error.field);
  json::array requirements, effects;
  for (const ledger::Requirement& one : run.requirements) {
    requirements.push_back(json::object{
        {"oid", one.oid}, {"usages", usages_view(one.usages)}, {"met", one.met}, {"count", one.count}});
  }
  for (const ledger::AppliedEffect& effect : run.effects) {
    effects.push_back(effect_view(backend, caller, effect.subject, effect.bytes));
  }
  record["requirements"] = std::move(requirements);
  record["effects"] = std::move(effects);
  return record;
}

void dry_run(const ContextPtr& context, const Request& request, const Respond& respond) {
  Backend& backend = context->backend;
  const auto refuse = [respond, trace = request.trace](const ledger::Error& why) {
    respond(Response::problem(why, trace));
  };
  auto bytes = envelope_of(backend, request);
  if (!bytes) return refuse(bytes.error());
  const auto envelope = ledger::Envelope::decode(*bytes, backend.genesis().chain_id());
  if (!envelope) return refuse(envelope.error());
  if ((*envelope)->records().size() > kDryRunRecordsMax) {
    return refuse(error(Code::E_LIMIT, "a dry run takes at most 64 records, the envelope has " +
                                           std::to_string((*envelope)->records().size())));
  }
  if (context->dry_runs.fetch_add(1) >= kDryRunsAtOnceMax) {
    context->dry_runs.fetch_sub(1);
    return refuse(error(Code::E_QUOTA, "8 dry runs are under way on this node"));
  }
  // Counts down when the answer was given, or when the node drops the question.
  const auto counted = std::shared_ptr<void>(nullptr, [context](void*) { context->dry_runs.fetch_sub(1); });
  backend.dry_run(std::move(*bytes),
                  [context, respond, refuse, counted, envelope = *envelope,
                   key = request.caller](const ledger::Result<std::vector<ledger::DryRun>>& runs) {
                    if (!runs) return refuse(runs.error());
                    const Caller caller = Caller::of(context->backend, key);
                    json::array records;
                    for (std::size_t n = 0; n < runs->size() && n < envelope->records().size(); ++n) {
                      json::object record = dry_run_view(context->backend, caller, (*runs)[n]);
                      record["record"] = hex_text(envelope->records()[n].id.view());
                      record["position"] = n;
                      records.push_back(std::move(record));
                    }
                    const NodeStatus status = context->backend.status();
                    json::object answer{{"envelope", hex_text(envelope->id().view())},
                                        {"height", number_text(status.executed_height)}};
                    put_time(answer, "ledger_time", status.ledger_time_ms);
                    answer["records"] = std::move(records);
                    respond(json_answer(answer));
                  });
}

}  // namespace

Routes submission_routes(const ContextPtr& context) {
  const std::string body(kBodyHelp);
  const QueryParameter chain{"chain", "the chain id in hex that the client signed for; another is E_CHAIN"};
  return {
      {Method::post,
       "/v1/records",
       Visibility::public_,
       "Submits a signed envelope",
       later(context, [context](const Request& r, const Respond& respond) { submit(context, r, respond); }),
       {{"wait", "final (default), ordered or pending"},
        {"timeout_ms", "0 to 60000, default 10000; then 202 with the status reached"},
        chain},
       body,
       {Code::E_SIZE, Code::E_CANONICAL, Code::E_SUITE, Code::E_SIGNERS, Code::E_SIG, Code::E_CHAIN,
        Code::E_LIMIT, Code::E_KEY_UNKNOWN, Code::E_TIME, Code::E_EARLY, Code::E_EXPIRED, Code::E_QUOTA,
        Code::E_DISK_FULL, Code::E_UNAVAILABLE}},
      {Method::post,
       "/v1/dryrun",
       Visibility::public_,
       "Says what would happen now; submits nothing",
       later(context, [context](const Request& r, const Respond& respond) { dry_run(context, r, respond); }),
       {chain},
       body,
       {Code::E_SIZE, Code::E_CANONICAL, Code::E_SUITE, Code::E_SIGNERS, Code::E_CHAIN, Code::E_LIMIT,
        Code::E_QUOTA}},
  };
}

}  // namespace circula::node::api
