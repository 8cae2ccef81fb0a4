#include "node/api/api.h"

#include <iterator>

#include "crypto/encoding.h"
#include "ledger/trust_policy.h"
#include "node/api/access.h"
#include "node/api/context.h"

namespace circula::node::api {
namespace {

using ledger::Code;

// The client asks for an answer that is not older than what it has seen (docs/api.md, Ledger-Min-Seq).
ledger::Result<void> check_min_seq(const Request& request, std::uint64_t log_size) {
  const std::string_view wanted = request.header("ledger-min-seq");
  if (wanted.empty()) return {};
  const auto seq = crypto::u64_from_decimal(wanted);
  if (!seq) return ledger::error(Code::E_REQUEST, "Ledger-Min-Seq is not a number", "Ledger-Min-Seq");
  if (*seq <= log_size) return {};
  return ledger::error(Code::E_UNAVAILABLE, "this node has executed " + std::to_string(log_size) +
                                                " entries and is behind " + std::string(wanted));
}

bool has_header(const Response& response, std::string_view name) {
  for (const auto& header : response.headers) {
    if (header.first == name) return true;
  }
  return false;
}

std::string_view etag_of(const Response& response) {
  for (const auto& header : response.headers) {
    if (header.first == "ETag") return header.second;
  }
  return {};
}

void add_conventions(Response& response, const Backend& backend, const std::string& if_none_match) {
  const std::string_view etag = etag_of(response);
  if (response.status == 200 && !etag.empty() && etag == if_none_match) {
    response.status = 304;
    response.body.clear();
  }
  if (!has_header(response, "Cache-Control")) response.headers.emplace_back("Cache-Control", "no-store");
  response.headers.emplace_back("Ledger-Seq", std::to_string(backend.status().log_size));
}

}  // namespace

Handler later(ContextPtr context, Handler handler) {
  return [context = std::move(context), handler = std::move(handler)](Request request, Respond respond) {
    const std::string if_none_match(request.header("if-none-match"));
    const Respond complete([context, respond, if_none_match](Response response) {
      add_conventions(response, context->backend, if_none_match);
      respond(std::move(response));
    });
    if (auto fresh = check_min_seq(request, context->backend.status().log_size); !fresh) {
      complete(Response::problem(fresh.error(), request.trace));
      return;
    }
    handler(std::move(request), complete);
  };
}

Handler at_once(ContextPtr context, Answering answer) {
  return later(std::move(context),
               [answer = std::move(answer)](const Request& request, const Respond& respond) {
                 Answer given = answer(request);
                 respond(given ? std::move(*given) : Response::problem(given.error(), request.trace));
               });
}

Context::Context(Backend& node, ApiOptions its_options, SessionTable::Seams seams)
    : backend(node),
      options(std::move(its_options)),
      policy(ledger::make_policy(node.genesis())),
      sessions(node.genesis().chain_id(), std::move(seams)) {}

Api::Api(Backend& backend, ApiOptions options) {
  SessionTable::Seams seams{options.now_ms, options.random, [&backend](const crypto::PublicKey& key) {
                              return active_key(backend, key).has_value();
                            }};
  context_ = std::make_shared<Context>(backend, std::move(options), std::move(seams));
}

ledger::Result<RouteTable> Api::routes() const {
  Routes all;
  for (auto* group : {&submission_routes, &record_routes, &subject_routes, &proof_routes, &log_routes,
                      &event_routes, &status_routes, &session_routes}) {
    Routes routes = group(context_);
    all.insert(all.end(), std::make_move_iterator(routes.begin()), std::make_move_iterator(routes.end()));
  }
  all.push_back(openapi_route(context_, all));
  return RouteTable::make(std::move(all));
}

std::optional<crypto::PublicKey> Api::authenticate(std::string_view token) const {
  return context_->sessions.authenticate(token);
}

}  // namespace circula::node::api
