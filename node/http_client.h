// A small synchronous HTTP/1.1 client for the command line and the load generator.
//
// One connection at a time, kept alive and used again. When a kept connection turns out to be closed before
// a byte of the answer came, the request is sent once more on a new one: every request of the API may be
// repeated (the same envelope has the same receipt).
//
// Thread rule: one thread at a time for each client.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "crypto/bytes.h"
#include "ledger/outcome.h"

namespace circula::node {

struct HttpReply {
  std::uint16_t status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};
using HttpHeaders = std::map<std::string, std::string>;

struct HttpClientOptions {
  std::string url;  // "http://127.0.0.1:8401", "https://[::1]:8401"; a path is not allowed
  std::chrono::milliseconds connect_timeout{3'000};
  std::chrono::milliseconds timeout{15'000};                    // from sending to the whole answer
  std::size_t body_bytes_max = std::size_t{256} * 1024 * 1024;  // of an answer: an exported chain in pieces
  // For https: SHA-256 of the server key's SubjectPublicKeyInfo. Without one the system's authorities and
  // the host name decide.
  std::optional<crypto::Digest> server_key = std::nullopt;
};

class HttpClient {
 public:
  // E_USAGE when the URL is not of the form above.
  [[nodiscard]] static ledger::Result<HttpClient> make(HttpClientOptions options);
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;
  ~HttpClient();

  // Any status is a reply. E_CONNECT when nobody answers or the connection breaks, E_TIMEOUT.
  [[nodiscard]] ledger::Result<HttpReply> get(std::string_view target, const HttpHeaders& headers = {});
  [[nodiscard]] ledger::Result<HttpReply> post(std::string_view target, std::string_view content_type,
                                               std::string_view body, const HttpHeaders& headers = {});
  [[nodiscard]] ledger::Result<HttpReply> request(std::string_view method, std::string_view target,
                                                  std::string_view content_type, std::string_view body,
                                                  const HttpHeaders& headers,
                                                  std::chrono::milliseconds timeout);

  // Reads a body line by line while it comes, such as an event stream, until `on_line` answers false or the
  // stream ends; the timeout counts from line to line. The reply has a body only when the status is not 200.
  [[nodiscard]] ledger::Result<HttpReply> stream(std::string_view target, const HttpHeaders& headers,
                                                 const std::function<bool(std::string_view line)>& on_line);

  // As a session signs it: scheme, host, port.
  [[nodiscard]] const std::string& origin() const;

 private:
  struct State;
  explicit HttpClient(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace circula::node
