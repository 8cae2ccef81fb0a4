// What a route's handler sees and answers; no socket, no Beast.
//
// Thread rule: a handler runs on the connection's network thread and must not block. It may keep its Respond
// and answer later, from any thread, at most HttpLimits::handler_deadline afterwards; no thread waits.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crypto/bytes.h"
#include "ledger/outcome.h"

namespace circula::node {

enum class Method : std::uint8_t { get, post, put, delete_ };
[[nodiscard]] std::string_view to_string(Method method);

struct Request {
  Method method = Method::get;
  std::string path;                            // as sent, without the query
  std::map<std::string, std::string> params;   // of the route's pattern, decoded
  std::map<std::string, std::string> query;    // decoded; a name stands once
  std::map<std::string, std::string> headers;  // names in lower case; 8 KiB in all
  crypto::Bytes body;
  std::optional<crypto::PublicKey> caller;  // the session's key
  std::string origin;  // "http://127.0.0.1:8401", as the Host header and the listener say
  std::string remote;  // the client's address
  std::string trace;   // 32 hex characters; from `traceparent` or new

  [[nodiscard]] std::string_view header(const std::string& lower_case_name) const;
  [[nodiscard]] std::optional<std::string> query_value(const std::string& name) const;
};

// Gives the next piece of a streamed body, or nothing at its end. It is asked again only after the piece was
// written; `deliver` may be called from any thread, once. The source is destroyed when the client is gone or
// the server stops.
using Deliver = std::function<void(std::optional<std::string>)>;
using ChunkSource = std::function<void(Deliver)>;

struct Response {
  std::uint16_t status = 200;
  std::string content_type;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  ChunkSource stream;  // in place of `body`

  [[nodiscard]] static Response json(std::uint16_t status, std::string text);
  [[nodiscard]] static Response text(std::uint16_t status, std::string text);
  [[nodiscard]] static Response bytes(crypto::ByteView body);
  // RFC 9457 out of the outcome table; `trace` of the request.
  [[nodiscard]] static Response problem(const ledger::Error& error, std::string_view trace);
};

// The promise of an answer. Copies share it; the first answer counts. When the last copy goes without one,
// the client is told E_UNAVAILABLE.
class Respond {
 public:
  explicit Respond(std::function<void(Response)> sink);
  void operator()(Response response) const;

 private:
  struct Promise;
  std::shared_ptr<Promise> promise_;  // shared by everybody who may answer
};

using Handler = std::function<void(Request, Respond)>;

}  // namespace circula::node
