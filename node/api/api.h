// The HTTP API of a node (docs/api.md): every route, over what a node answers (node/backend.h) and sessions.
//
// Invariants
//  1. a handler that answers with something of a record or subject has asked AccessRules for this caller;
//  2. a caller who may not read is told the same whether or not the object exists;
//  3. what is called final stands below the newest final checkpoint of this node;
//  4. every answer carries Ledger-Seq, and no-store unless it can never change again.
//
// Thread rule: routes run on any network thread and never wait; the backend's callbacks may come from any
// other. Crash rule: keeps nothing; sessions end with the process.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "node/backend.h"
#include "node/route_table.h"

namespace circula::node::api {

struct Context;

struct ApiOptions {
  std::string version;       // of this program
  std::string genesis_file;  // genesis.json as the node was started with; empty: without its signatures
  std::function<std::uint64_t()> now_ms;  // wall clock, for sessions
  std::function<void(std::span<std::uint8_t>)> random;
};

class Api {
 public:
  // REQUIRES: the backend outlives the server that serves the routes and every callback given to it.
  Api(Backend& backend, ApiOptions options);

  [[nodiscard]] ledger::Result<RouteTable> routes() const;
  // For HttpOptions::authenticate.
  [[nodiscard]] std::optional<crypto::PublicKey> authenticate(std::string_view token) const;

 private:
  std::shared_ptr<Context> context_;  // shared with the handlers of every table
};

}  // namespace circula::node::api
