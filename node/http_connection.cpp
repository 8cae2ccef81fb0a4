// The life of one HTTP connection: requests in, answers out, each step with its deadline.
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/vector_body.hpp>

#include "node/event_log.h"
#include "node/http_server_state.h"

namespace circula::node {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using ledger::Code;
using Parser = http::request_parser<http::vector_body<std::uint8_t>>;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kReadBytes = std::size_t{16} * 1024;
// An answer whose body is no larger goes out in one write with its header.
constexpr std::size_t kOneWriteBytes = std::size_t{32} * 1024;
// After a refusal the rest of what the client sends is read and dropped for a moment: closing at once would
// reset the connection, and the client would not see the answer.
constexpr std::chrono::milliseconds kLingerDeadline{1'000};
constexpr std::size_t kLingerBytes = std::size_t{256} * 1024;

SteadyTime now() { return std::chrono::steady_clock::now(); }

bool is_header_safe(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

std::string header_of(const Response& response, bool keep_alive, bool chunked) {
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + " ";
  head += std::string_view(http::obsolete_reason(http::int_to_status(response.status)));
  head += "\r\n";
  const auto add = [&head](std::string_view name, std::string_view value) {
    if (!is_header_safe(name) || !is_header_safe(value)) return;  // text of ours that holds a client's words
    head.append(name).append(": ").append(value).append("\r\n");
  };
  if (!response.content_type.empty()) add("Content-Type", response.content_type);
  if (!response.stream) add("Content-Length", std::to_string(response.body.size()));
  if (chunked) add("Transfer-Encoding", "chunked");
  add("Connection", keep_alive ? "keep-alive" : "close");
  bool has_cache_rule = false;
  for (const auto& [name, value] : response.headers) {
    add(name, value);
    has_cache_rule = has_cache_rule || name == "Cache-Control";
  }
  if (!has_cache_rule) add("Cache-Control", "no-store");
  add("X-Content-Type-Options", "nosniff");
  add("X-Frame-Options", "DENY");
  add("Referrer-Policy", "no-referrer");
  add("Cross-Origin-Resource-Policy", "same-origin");
  add("Cross-Origin-Opener-Policy", "same-origin");
  add("Content-Security-Policy", "default-src 'self'; base-uri 'none'; frame-ancestors 'none'");
  return head + "\r\n";
}

ArrivedRequest take_request(Parser& parser) {
  ArrivedRequest request;
  auto& message = parser.get();
  request.method = std::string(message.method_string());
  request.target = std::string(message.target());
  request.keep_alive = message.keep_alive();
  request.http_1_0 = message.version() < 11;
  for (const auto& field : message) {
    std::string name(field.name_string());
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    std::string& value = request.headers[name];
    if (!value.empty()) value += ", ";
    value += std::string(field.value());
  }
  request.body = std::move(message.body());
  return request;
}

Response refusal(Arrival arrival) {
  switch (arrival) {
    case Arrival::kSlow:
      return Response::problem(ledger::error(Code::E_TOO_SLOW, ""), "");
    case Arrival::kTooLarge:
      return Response::problem(ledger::error(Code::E_SIZE, "the header may have 8 KiB and the body 1.5 MiB"),
                               "");
    case Arrival::kNoRoom:
      return Response::problem(ledger::error(Code::E_CONNECTIONS, "too many large requests are under way"),
                               "");
    default:
      return Response::problem(ledger::error(Code::E_REQUEST, "this is not an HTTP/1.1 request"), "");
  }
}

// What a request's body takes of the memory for all bodies together.
class BodyShare {
 public:
  explicit BodyShare(std::atomic<std::size_t>& total) : total_(total) {}
  BodyShare(const BodyShare&) = delete;
  BodyShare& operator=(const BodyShare&) = delete;
  ~BodyShare() { total_ -= held_; }
  // Returns the bytes of all bodies.
  std::size_t grow_to(std::size_t bytes) {
    const std::size_t more = bytes - std::min(bytes, held_);
    held_ += more;
    return total_ += more;
  }

 private:
  std::atomic<std::size_t>& total_;
  std::size_t held_ = 0;
};

}  // namespace

void HttpServer::State::begin_window(HttpConnection& connection) const {
  connection.window_bytes = 0;
  connection.deadline = now() + options.limits.rate_window;
}

// A window's deadline moves on when the bytes of a window have moved.
void HttpServer::State::moved(HttpConnection& connection, std::size_t bytes) const {
  connection.window_bytes += bytes;
  const auto needed = static_cast<std::size_t>(options.limits.rate_window.count()) *
                      options.limits.rate_bytes_per_second / 1000;
  if (connection.window_bytes >= needed) begin_window(connection);
}

void HttpServer::State::count_status(std::uint16_t status) {
  const std::lock_guard lock(mutex);
  ++counters.requests;
  if (status >= 500) {
    ++counters.status_5xx;
  } else if (status >= 400) {
    ++counters.status_4xx;
  } else if (status >= 300) {
    ++counters.status_3xx;
  } else {
    ++counters.status_2xx;
  }
}

asio::awaitable<void> HttpServer::State::serve(HttpShard& shard, HttpConnectionPtr connection) {
  shard.connections.insert(connection);
  connection->closed = shard.stopping;
  connection->deadline = now() + options.limits.header_deadline;
  bool good = !connection->closed;
  if (good && connection->stream->tls() != nullptr) {
    const StreamResult shaken = co_await connection->stream->handshake(asio::ssl::stream_base::server);
    good = !shaken.failed && !connection->late;
  }
  bool first = true;
  while (good && !connection->closed) {
    good = co_await serve_one(shard, connection, first);
    first = false;
  }
  boost::system::error_code ignored;
  connection->stream->socket().close(ignored);
  shard.connections.erase(connection);
  leave(*connection);
}

asio::awaitable<void> HttpServer::State::turn_away(HttpShard& shard, HttpConnectionPtr connection) {
  const std::string body_head = [&] {
    const Response full = Response::problem(ledger::error(Code::E_CONNECTIONS, ""), "");
    return header_of(full, false, false) + full.body;
  }();
  shard.connections.insert(connection);
  connection->deadline = now() + kLingerDeadline;
  // The socket's send buffer is empty, so this does not wait.
  const StreamResult written = co_await connection->stream->write(asio::buffer(body_head));
  if (!written.failed && !connection->late) co_await linger(connection);
  boost::system::error_code ignored;
  connection->stream->socket().close(ignored);
  shard.connections.erase(connection);
}

asio::awaitable<bool> HttpServer::State::serve_one(HttpShard& shard, HttpConnectionPtr connection,
                                                   bool first) {
  ArrivedRequest arrived;
  const Arrival arrival = co_await read_request(connection, arrived, first);
  if (connection->closed || arrival == Arrival::kClosed) co_return false;
  if (arrival != Arrival::kComplete) {
    {
      const std::lock_guard lock(mutex);
      if (arrival == Arrival::kSlow) ++counters.slow;
      if (arrival == Arrival::kMalformed) ++counters.malformed;
      if (arrival == Arrival::kTooLarge) ++counters.too_large;
    }
    Response refused = refusal(arrival);
    const bool told = co_await write_response(shard, connection, std::move(refused), arrived, false);
    if (told) co_await linger(connection);
    co_return false;
  }
  BodyShare share(bodies_bytes);
  share.grow_to(arrived.body.size());
  Dispatched dispatched = dispatch(*connection, arrived);
  const std::string trace = dispatched.request.trace;
  Response response = std::move(dispatched.refusal);
  if (dispatched.route != nullptr) {
    response = co_await answer_of(shard, connection, *dispatched.route, std::move(dispatched.request));
  }
  response.headers.emplace_back("Trace-Id", trace);
  const bool keep_alive = arrived.keep_alive && !(response.stream && arrived.http_1_0);
  const bool written = co_await write_response(shard, connection, std::move(response), arrived, keep_alive);
  co_return written&& keep_alive;
}

asio::awaitable<Arrival> HttpServer::State::read_request(HttpConnectionPtr connection,
                                                         ArrivedRequest& request, bool first) {
  Parser parser;
  parser.header_limit(static_cast<std::uint32_t>(options.limits.header_bytes));
  parser.body_limit(options.limits.body_bytes);
  parser.eager(true);
  BodyShare share(bodies_bytes);
  bool begun = false;
  if (!first) connection->deadline = now() + options.limits.idle_deadline;
  std::string chunk(kReadBytes, '\0');
  for (;;) {
    while (!connection->received.empty()) {
      if (!begun) {
        begun = true;
        connection->deadline = now() + options.limits.header_deadline;
      }
      const bool had_header = parser.is_header_done();
      boost::system::error_code failed;
      const std::size_t used = parser.put(asio::buffer(connection->received), failed);
      connection->received.erase(0, used);
      if (parser.is_header_done() && !had_header) begin_window(*connection);
      if (had_header) moved(*connection, used);
      if (failed == http::error::header_limit || failed == http::error::body_limit ||
          failed == http::error::buffer_overflow) {
        co_return Arrival::kTooLarge;
      }
      if (failed && failed != http::error::need_more) co_return Arrival::kMalformed;
      if (share.grow_to(parser.get().body().size()) > options.limits.bodies_bytes) co_return Arrival::kNoRoom;
      if (parser.is_done()) {
        request = take_request(parser);
        connection->deadline = SteadyTime::max();
        co_return Arrival::kComplete;
      }
      if (parser.is_header_done() && !had_header && parser.get()[http::field::expect] == "100-continue") {
        const bool told = co_await write_all(connection, "HTTP/1.1 100 Continue\r\n\r\n");
        if (!told) co_return Arrival::kClosed;
        begin_window(*connection);
      }
      if (failed == http::error::need_more || used == 0) break;
    }
    // The parser limits headers and bodies, but neither the line of a chunk nor the trailers.
    if (connection->received.size() > options.limits.header_bytes) co_return Arrival::kTooLarge;
    const StreamResult read = co_await connection->stream->read(asio::buffer(chunk));
    if (connection->late) co_return begun ? Arrival::kSlow : Arrival::kClosed;
    if (read.failed) co_return Arrival::kClosed;
    connection->received.append(chunk, 0, read.bytes);
  }
}

asio::awaitable<Response> HttpServer::State::answer_of(HttpShard& shard, HttpConnectionPtr connection,
                                                       const Route& route, Request request) {
  const std::string trace = request.trace;
  // Shared with whoever answers; detached when this coroutine ends.
  auto mailbox = std::make_shared<Mailbox<Response>>(
      [&io = shard.io, connection] { asio::post(io, [connection] { connection->answered.cancel(); }); });
  const MailboxOwner owner(mailbox);
  try {
    route.handler(std::move(request),
                  Respond([mailbox](Response response) { mailbox->put(std::move(response)); }));
  } catch (const std::exception& thrown) {
    log_event(LogLevel::kError, "handler_threw", {{"route", route.pattern}, {"what", thrown.what()}});
    mailbox->put(Response::problem(ledger::error(Code::E_UNAVAILABLE, "the node could not answer"), trace));
  }
  const SteadyTime end = now() + options.limits.handler_deadline;
  std::optional<Response> answer = mailbox->take();
  while (!answer && !connection->closed && now() < end) {
    connection->answered.expires_at(end);
    co_await connection->answered.async_wait(kAwait);
    answer = mailbox->take();
  }
  if (answer) co_return std::move(*answer);
  co_return Response::problem(ledger::error(Code::E_TIMEOUT, "the node did not answer in time"), trace);
}

asio::awaitable<bool> HttpServer::State::write_response(HttpShard& shard, HttpConnectionPtr connection,
                                                        Response response, const ArrivedRequest& request,
                                                        bool keep_alive) {
  connection->late = false;
  count_status(response.status);
  const bool head_only = request.method == "HEAD";
  const bool chunked = response.stream && !request.http_1_0;
  std::string head = header_of(response, keep_alive, chunked);
  const bool in_one = !head_only && !response.stream && response.body.size() <= kOneWriteBytes;
  if (in_one) head += response.body;
  bool good = co_await write_all(connection, head);
  if (head_only || in_one || !good) co_return good;
  if (response.stream) {
    const bool events = response.content_type == "text/event-stream";
    ChunkSource source = std::move(response.stream);
    good = co_await write_stream(shard, connection, std::move(source), chunked, events);
  } else {
    good = co_await write_all(connection, response.body);
  }
  co_return good;
}

asio::awaitable<bool> HttpServer::State::write_stream(HttpShard& shard, HttpConnectionPtr connection,
                                                      ChunkSource source, bool chunked, bool events) {
  // Shared with the source's callbacks; what comes after the client is gone is dropped.
  using Piece = std::optional<std::string>;
  auto mailbox = std::make_shared<Mailbox<Piece>>(
      [&io = shard.io, connection] { asio::post(io, [connection] { connection->answered.cancel(); }); });
  const MailboxOwner owner(mailbox);
  bool good = true, ended = false;
  while (good && !ended && !connection->closed) {
    source([mailbox](Piece piece) { mailbox->put(std::move(piece)); });
    std::optional<Piece> piece = mailbox->take();
    while (!piece && good && !connection->closed) {
      connection->answered.expires_after(options.limits.heartbeat_interval);
      auto [woken] = co_await connection->answered.async_wait(kAwait);
      piece = mailbox->take();
      if (piece || woken || !events) continue;
      const std::string beat = chunked ? "3\r\n:\n\n\r\n" : ":\n\n";
      good = co_await write_all(connection, beat);
    }
    if (!piece) continue;
    ended = !piece->has_value();
    std::string bytes;
    if (!ended && !chunked) bytes = **piece;
    if (!ended && chunked && !(*piece)->empty()) {
      char size[20];
      std::snprintf(size, sizeof size, "%zx\r\n", (*piece)->size());
      bytes = size + **piece + "\r\n";
    }
    if (ended && chunked) bytes = "0\r\n\r\n";
    if (good && !bytes.empty()) good = co_await write_all(connection, bytes);
  }
  mailbox->detach();
  co_return good&& ended;
}

asio::awaitable<bool> HttpServer::State::write_all(HttpConnectionPtr connection, std::string_view bytes) {
  begin_window(*connection);
  while (!bytes.empty()) {
    const StreamResult written = co_await connection->stream->write(asio::buffer(bytes));
    if (connection->late) {
      // What the client does not take would stay in the kernel for minutes after we close.
      boost::system::error_code ignored;
      connection->stream->socket().set_option(asio::socket_base::linger(true, 0), ignored);
    }
    if (written.failed || connection->late || connection->closed) co_return false;
    bytes.remove_prefix(written.bytes);
    moved(*connection, written.bytes);
  }
  connection->deadline = SteadyTime::max();
  co_return true;
}

asio::awaitable<void> HttpServer::State::linger(HttpConnectionPtr connection) {
  connection->deadline = now() + kLingerDeadline;
  boost::system::error_code ignored;
  if (connection->stream->tls() == nullptr)
    connection->stream->socket().shutdown(tcp::socket::shutdown_send, ignored);
  std::string dropped(kReadBytes, '\0');
  std::size_t total = 0;
  while (total < kLingerBytes && !connection->late && !connection->closed) {
    const StreamResult read = co_await connection->stream->read(asio::buffer(dropped));
    if (read.failed) break;
    total += read.bytes;
  }
}

}  // namespace circula::node
