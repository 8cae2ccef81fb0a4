// What all handlers of the API share, and how a handler becomes a route's.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "crypto/policy.h"
#include "node/api/api.h"
#include "node/route_table.h"
#include "node/session.h"

namespace circula::node::api {

struct Context {
  Context(Backend& node, ApiOptions its_options, SessionTable::Seams seams);

  Backend& backend;
  ApiOptions options;
  crypto::Policy policy;  // of genesis
  SessionTable sessions;
  std::atomic<unsigned> dry_runs{0};  // that the node has not answered yet
};
// Shared by the handlers and by the callbacks that they gave to the backend, which may come after the server
// has stopped.
using ContextPtr = std::shared_ptr<Context>;

// A handler that knows its answer at once; an error becomes a problem.
using Answer = ledger::Result<Response>;
using Answering = std::function<Answer(const Request&)>;
[[nodiscard]] Handler at_once(ContextPtr context, Answering answer);
// A handler that answers through Respond, with the conventions of every answer put around it.
[[nodiscard]] Handler later(ContextPtr context, Handler handler);

// The routes of each file.
using Routes = std::vector<Route>;
[[nodiscard]] Routes record_routes(const ContextPtr& context);
[[nodiscard]] Routes submission_routes(const ContextPtr& context);
[[nodiscard]] Routes subject_routes(const ContextPtr& context);
[[nodiscard]] Routes proof_routes(const ContextPtr& context);
[[nodiscard]] Routes log_routes(const ContextPtr& context);
[[nodiscard]] Routes event_routes(const ContextPtr& context);
[[nodiscard]] Routes status_routes(const ContextPtr& context);
[[nodiscard]] Routes session_routes(const ContextPtr& context);

// Describes `routes` and itself; to be the last row.
[[nodiscard]] Route openapi_route(const ContextPtr& context, const Routes& routes);

}  // namespace circula::node::api
