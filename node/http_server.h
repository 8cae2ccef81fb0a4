// The HTTP/1.1 server of a node: two listeners, one route table, hard limits.
//
// Invariants
//   1. Every request that arrives whole gets exactly one answer; a refusal says its code and what to do
//      (RFC 9457). A client that is late, too large or malformed is told so once, then the connection ends.
//   2. Nothing waits for ever: connection, header, body, handler, answer and idleness each have a deadline,
//      and bodies and answers move at a minimum rate.
//   3. Off loopback the public listener speaks TLS or does not start; the operator's listener is on loopback.
//   4. Only requests whose Host is one of ours are answered (DNS rebinding), and a browser's request only
//   from
//      a page of the same host; there is no CORS.
//   5. `operator_` routes do not exist on the public listener, and only `public_` and `operator_` ones exist
//      on the operator's.
//
// Thread rule: one Asio context and thread per `threads`; a connection stays on one. Handlers run there and
// must not block (http_message.h). Public functions may be called from any thread but not from a handler.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "node/route_table.h"

namespace circula::node {

// design.md 12 where no other reason is given.
struct HttpLimits {
  using Milliseconds = std::chrono::milliseconds;

  std::size_t header_bytes = std::size_t{8} * 1024;
  std::size_t body_bytes = std::size_t{1536} * 1024;
  std::size_t bodies_bytes = std::size_t{128} * 1024 * 1024;  // of all requests together; 85 largest ones
  Milliseconds header_deadline{5'000};                        // from the first byte, or from the connection
  Milliseconds rate_window{5'000};                            // in which at least rate x window bytes move
  std::size_t rate_bytes_per_second = 1024;
  Milliseconds idle_deadline{30'000};       // between requests of a connection
  Milliseconds handler_deadline{65'000};    // the longest `timeout_ms`, and time to answer
  Milliseconds heartbeat_interval{15'000};  // of a silent event stream; product.md 5.1
  std::size_t connections = 1024;
  std::size_t connections_per_address = 64;  // loopback excepted
  std::size_t operator_connections = 64;     // beside the public ones, so that an operator gets in
};

// PEM texts, of any key type that a browser takes.
struct HttpTls {
  std::string certificate_chain;
  std::string private_key;
};

struct HttpListener {
  std::string address = "127.0.0.1";  // an IP address
  std::uint16_t port = 0;             // 0: any free one
};

struct HttpOptions {
  HttpListener public_listener;
  std::optional<HttpListener> operator_listener;
  std::optional<HttpTls> tls;      // of the public listener
  std::vector<std::string> hosts;  // names or addresses, without port, by which clients may call the public
                                   // listener; loopback's are added on loopback
  std::size_t threads = 2;
  HttpLimits limits;
  // Whose session a bearer token is. Any network thread.
  std::function<std::optional<crypto::PublicKey>(std::string_view token)> authenticate;
};

struct HttpCounters {
  std::uint64_t connections = 0, requests = 0;
  std::uint64_t refused_connections = 0;  // over a limit
  std::uint64_t slow = 0, malformed = 0, too_large = 0;
  std::uint64_t status_2xx = 0, status_3xx = 0, status_4xx = 0, status_5xx = 0;
  std::size_t open_connections = 0;
};

class HttpServer {
 public:
  // E_CONFIG when an option is unusable, E_CONNECT when an address cannot be listened on.
  [[nodiscard]] static ledger::Result<std::unique_ptr<HttpServer>> start(HttpOptions options,
                                                                         RouteTable routes);
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  ~HttpServer();  // stops

  // Closes every connection; after it returns no handler runs. A Respond answered later is ignored.
  void stop();

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] std::uint16_t operator_port() const;  // 0 without one
  [[nodiscard]] std::string origin() const;  // of the public listener, as a client on this machine writes it
  [[nodiscard]] HttpCounters counters() const;
  [[nodiscard]] const RouteTable& routes() const;

 private:
  struct State;
  explicit HttpServer(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace circula::node
