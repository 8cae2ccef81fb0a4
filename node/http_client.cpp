#include "node/http_client.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>

#include "crypto/encoding.h"
#include "crypto/hash.h"
#include "node/http_stream.h"

namespace circula::node {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using ledger::Code;
using Parser = http::response_parser<http::string_body>;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kReadBytes = std::size_t{64} * 1024;
constexpr std::uint32_t kHeaderBytesMax = 64 * 1024;

struct Address {
  bool secure = false;
  std::string host, port;
  std::string host_header;  // with brackets and port
};

ledger::Result<Address> parse_url(std::string_view url) {
  const auto bad = [&] {
    return ledger::error(Code::E_USAGE, "\"" + std::string(url) + "\" is not of the form http://HOST:PORT",
                         "url");
  };
  Address address;
  std::string_view rest = url;
  if (rest.starts_with("https://")) {
    address.secure = true;
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else {
    return bad();
  }
  if (rest.ends_with('/')) rest.remove_suffix(1);
  address.host_header = rest;
  if (rest.starts_with('[')) {
    const std::size_t end = rest.find(']');
    if (end == std::string_view::npos) return bad();
    address.host = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
  } else {
    address.host = rest.substr(0, rest.find(':'));
    rest.remove_prefix(address.host.size());
  }
  address.port = address.secure ? "443" : "80";
  if (rest.starts_with(':')) {
    const auto port = crypto::u64_from_decimal(rest.substr(1));
    if (port.has_error() || *port == 0 || *port > 65535) return bad();
    address.port = std::to_string(*port);
  } else if (!rest.empty()) {
    return bad();
  }
  const bool clean = std::all_of(address.host.begin(), address.host.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '-' || c == ':' || c == '_';
  });
  if (address.host.empty() || !clean) return bad();
  return address;
}

crypto::Digest key_digest(X509* certificate) {
  unsigned char* der = nullptr;
  const int size = certificate == nullptr ? -1 : i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  if (size <= 0) return {};
  const crypto::Digest digest = crypto::sha256(crypto::ByteView(der, static_cast<std::size_t>(size)));
  OPENSSL_free(der);
  return digest;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

}  // namespace

struct HttpClient::State {
  HttpClientOptions options;
  Address address;
  std::string origin;
  asio::io_context io{1};
  std::optional<asio::ssl::context> tls;
  std::unique_ptr<HttpStream> stream;
  std::string received;  // after the last answer

  enum class Failure : std::uint8_t { kNone, kConnect, kClosedEarly, kBroken, kNotHttp, kTooLarge };
  struct Exchange {
    std::string bytes;  // of the request
    std::unique_ptr<Parser> parser;
    bool any_answer = false;
    Failure failure = Failure::kNone;
    std::string why;
  };

  void prepare_tls();
  void disconnect();
  [[nodiscard]] bool run(asio::awaitable<void> operation, std::chrono::milliseconds timeout);
  asio::awaitable<void> connect(Exchange& exchange);
  asio::awaitable<void> send(Exchange& exchange);
  asio::awaitable<void> receive(Exchange& exchange, bool header_only);
  [[nodiscard]] ledger::Result<void> begin(Exchange& exchange, std::chrono::milliseconds timeout,
                                           bool header_only);
  [[nodiscard]] std::string request_bytes(std::string_view method, std::string_view target,
                                          std::string_view content_type, std::string_view body,
                                          const HttpHeaders& headers) const;
  [[nodiscard]] ledger::Error failed(const Exchange& exchange) const;
  [[nodiscard]] ledger::Error timed_out(std::chrono::milliseconds timeout) const;
  [[nodiscard]] static HttpReply reply_of(Parser& parser);
  [[nodiscard]] std::unique_ptr<Parser> make_parser(bool is_head) const;
};

void HttpClient::State::prepare_tls() {
  tls.emplace(asio::ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(tls->native_handle(), TLS1_3_VERSION);
  tls->set_verify_mode(asio::ssl::verify_peer);
  if (options.server_key) {
    // The pin is the whole trust: chain, dates and names say nothing that it does not.
    SSL_CTX_set_cert_verify_callback(
        tls->native_handle(),
        [](X509_STORE_CTX* store, void* pin) {
          return key_digest(X509_STORE_CTX_get0_cert(store)) == *static_cast<crypto::Digest*>(pin) ? 1 : 0;
        },
        &*options.server_key);
    return;
  }
  boost::system::error_code ignored;
  tls->set_default_verify_paths(ignored);
  tls->set_verify_callback(asio::ssl::host_name_verification(address.host), ignored);
}

void HttpClient::State::disconnect() {
  if (stream) {
    boost::system::error_code ignored;
    stream->socket().close(ignored);
  }
  stream.reset();
  received.clear();
}

// False when it did not finish in time; the connection is closed then.
bool HttpClient::State::run(asio::awaitable<void> operation, std::chrono::milliseconds timeout) {
  bool done = false;
  io.restart();
  asio::co_spawn(io, std::move(operation), [&done](std::exception_ptr) { done = true; });
  io.run_for(timeout);
  if (done) return true;
  if (stream) {
    boost::system::error_code ignored;
    stream->socket().close(ignored);
  }
  io.restart();
  io.run();
  disconnect();
  return false;
}

asio::awaitable<void> HttpClient::State::connect(Exchange& exchange) {
  exchange.failure = Failure::kConnect;
  tcp::resolver resolver(io);
  auto [unresolved, endpoints] = co_await resolver.async_resolve(address.host, address.port, kAwait);
  if (unresolved) {
    exchange.why = unresolved.message();
    co_return;
  }
  stream = tls ? HttpStream::secure(tcp::socket(io), *tls) : HttpStream::plain(tcp::socket(io));
  auto [refused, endpoint] = co_await asio::async_connect(stream->socket(), endpoints, kAwait);
  if (refused) {
    exchange.why = refused.message();
    stream.reset();
    co_return;
  }
  boost::system::error_code ignored;
  stream->socket().set_option(tcp::no_delay(true), ignored);
  if (tls) {
    SSL_set_tlsext_host_name(stream->tls(), address.host.c_str());
    const StreamResult shaken = co_await stream->handshake(asio::ssl::stream_base::client);
    if (shaken.failed) {
      exchange.why =
          options.server_key ? "the server does not have the key that was expected" : shaken.failed.message();
      stream.reset();
      co_return;
    }
  }
  exchange.failure = Failure::kNone;
}

asio::awaitable<void> HttpClient::State::send(Exchange& exchange) {
  std::string_view rest = exchange.bytes;
  while (!rest.empty()) {
    const StreamResult written = co_await stream->write(asio::buffer(rest));
    // The server may have answered and closed before it read everything: then the answer is there.
    if (written.failed) co_return;
    rest.remove_prefix(written.bytes);
  }
}

asio::awaitable<void> HttpClient::State::receive(Exchange& exchange, bool header_only) {
  Parser& parser = *exchange.parser;
  std::string chunk(kReadBytes, '\0');
  for (;;) {
    while (!received.empty()) {
      exchange.any_answer = true;
      boost::system::error_code bad;
      const std::size_t used = parser.put(asio::buffer(received), bad);
      received.erase(0, used);
      if (bad && bad != http::error::need_more) {
        exchange.failure = bad == http::error::body_limit ? Failure::kTooLarge : Failure::kNotHttp;
        exchange.why = bad.message();
        co_return;
      }
      if (parser.is_done() || (header_only && used > 0 && parser.is_header_done())) co_return;
      if (bad == http::error::need_more || used == 0) break;
    }
    const StreamResult read = co_await stream->read(asio::buffer(chunk));
    if (read.failed) {
      boost::system::error_code bad;
      if (parser.got_some()) parser.put_eof(bad);
      if (parser.is_done() && !bad) co_return;
      exchange.failure = exchange.any_answer ? Failure::kBroken : Failure::kClosedEarly;
      exchange.why =
          read.failed == asio::error::eof ? "the server closed the connection" : read.failed.message();
      co_return;
    }
    received.append(chunk, 0, read.bytes);
  }
}

std::string HttpClient::State::request_bytes(std::string_view method, std::string_view target,
                                             std::string_view content_type, std::string_view body,
                                             const HttpHeaders& headers) const {
  std::string bytes;
  bytes.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: ").append(address.host_header);
  bytes += "\r\nUser-Agent: circula\r\n";
  for (const auto& [name, value] : headers) bytes.append(name).append(": ").append(value).append("\r\n");
  if (!content_type.empty()) bytes.append("Content-Type: ").append(content_type).append("\r\n");
  if (method != "GET") bytes += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return bytes.append("\r\n").append(body);
}

std::unique_ptr<Parser> HttpClient::State::make_parser(bool is_head) const {
  auto parser = std::make_unique<Parser>();
  parser->eager(true);
  parser->skip(is_head);
  parser->header_limit(kHeaderBytesMax);
  parser->body_limit(options.body_bytes_max);
  return parser;
}

ledger::Error HttpClient::State::failed(const Exchange& exchange) const {
  if (exchange.failure == Failure::kTooLarge) {
    return ledger::error(Code::E_SIZE, "the answer of " + origin + " is larger than " +
                                           std::to_string(options.body_bytes_max) + " bytes");
  }
  return ledger::error(Code::E_CONNECT, origin + ": " + exchange.why);
}

ledger::Error HttpClient::State::timed_out(std::chrono::milliseconds timeout) const {
  return ledger::error(Code::E_TIMEOUT,
                       origin + " did not answer within " + std::to_string(timeout.count()) + " ms");
}

// Sends and receives; connects first when there is no connection, and again when a kept one was closed.
ledger::Result<void> HttpClient::State::begin(Exchange& exchange, std::chrono::milliseconds timeout,
                                              bool header_only) {
  for (;;) {
    const bool kept = stream != nullptr;
    exchange.failure = Failure::kNone;
    if (!kept) {
      if (!run(connect(exchange), options.connect_timeout)) {
        return ledger::error(Code::E_CONNECT, origin + ": no connection within " +
                                                  std::to_string(options.connect_timeout.count()) + " ms");
      }
      if (exchange.failure != Failure::kNone) return failed(exchange);
    }
    const auto both = [](State* state, Exchange* what, bool only) -> asio::awaitable<void> {
      co_await state->send(*what);
      co_await state->receive(*what, only);
    };
    if (!run(both(this, &exchange, header_only), timeout)) return timed_out(timeout);
    if (exchange.failure == Failure::kNone) return {};
    disconnect();
    if (!kept || exchange.failure != Failure::kClosedEarly) return failed(exchange);
  }
}

HttpReply HttpClient::State::reply_of(Parser& parser) {
  HttpReply reply;
  auto& message = parser.get();
  reply.status = static_cast<std::uint16_t>(message.result_int());
  for (const auto& field : message) {
    std::string& value = reply.headers[lower(std::string_view(field.name_string()))];
    if (!value.empty()) value += ", ";
    value += std::string_view(field.value());
  }
  reply.body = std::move(message.body());
  return reply;
}

ledger::Result<HttpClient> HttpClient::make(HttpClientOptions options) {
  auto address = parse_url(options.url);
  if (address.has_error()) return address.error();
  auto state = std::make_unique<State>();
  state->options = std::move(options);
  state->address = std::move(*address);
  state->origin = (state->address.secure ? "https://" : "http://") + lower(state->address.host_header);
  if (state->address.secure) state->prepare_tls();
  return HttpClient(std::move(state));
}

HttpClient::HttpClient(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;
HttpClient::~HttpClient() = default;

const std::string& HttpClient::origin() const { return state_->origin; }

ledger::Result<HttpReply> HttpClient::get(std::string_view target, const HttpHeaders& headers) {
  return request("GET", target, "", "", headers, state_->options.timeout);
}

ledger::Result<HttpReply> HttpClient::post(std::string_view target, std::string_view content_type,
                                           std::string_view body, const HttpHeaders& headers) {
  return request("POST", target, content_type, body, headers, state_->options.timeout);
}

ledger::Result<HttpReply> HttpClient::request(std::string_view method, std::string_view target,
                                              std::string_view content_type, std::string_view body,
                                              const HttpHeaders& headers, std::chrono::milliseconds timeout) {
  State::Exchange exchange;
  exchange.bytes = state_->request_bytes(method, target, content_type, body, headers);
  exchange.parser = state_->make_parser(method == "HEAD");
  if (auto done = state_->begin(exchange, timeout, false); done.has_error()) return done.error();
  const bool keep = exchange.parser->get().keep_alive();
  HttpReply reply = State::reply_of(*exchange.parser);
  if (!keep) state_->disconnect();
  return reply;
}

ledger::Result<HttpReply> HttpClient::stream(std::string_view target, const HttpHeaders& headers,
                                             const std::function<bool(std::string_view line)>& on_line) {
  State::Exchange exchange;
  exchange.bytes = state_->request_bytes("GET", target, "", "", headers);
  exchange.parser = state_->make_parser(false);
  exchange.parser->body_limit(boost::none);  // a stream has no end; lines are taken out as they come
  const auto timeout = state_->options.timeout;
  if (auto done = state_->begin(exchange, timeout, true); done.has_error()) return done.error();
  Parser& parser = *exchange.parser;
  std::string& body = parser.get().body();
  bool more = true;
  while (more) {
    std::size_t end = 0;
    while (more && parser.get().result_int() == 200 && (end = body.find('\n')) != std::string::npos) {
      std::string line = body.substr(0, end);
      body.erase(0, end + 1);
      if (line.ends_with('\r')) line.pop_back();
      more = on_line(line);
    }
    if (!more || parser.is_done()) break;
    if (body.size() > state_->options.body_bytes_max) {
      exchange.failure = State::Failure::kTooLarge;
      state_->disconnect();
      return state_->failed(exchange);
    }
    // Once the header is done, "header only" returns after each piece of the body.
    if (!state_->run(state_->receive(exchange, true), timeout)) return state_->timed_out(timeout);
    if (exchange.failure != State::Failure::kNone) {
      state_->disconnect();
      return state_->failed(exchange);
    }
  }
  const bool keep = parser.is_done() && parser.get().keep_alive();
  HttpReply reply = State::reply_of(parser);
  if (!keep) state_->disconnect();
  return reply;
}

}  // namespace circula::node
