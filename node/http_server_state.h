// The inside of HttpServer: contexts, listeners, and what one connection keeps; used by http_*.cpp only.
#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <future>
#include <mutex>
#include <set>
#include <thread>

#include "node/http_server.h"
#include "node/http_stream.h"

namespace circula::node {

using SteadyTime = std::chrono::steady_clock::time_point;

// A value that arrives from any thread for a coroutine that waits on its own. Once detached, what arrives is
// dropped, so it may outlive connection and server.
template <class T>
class Mailbox {
 public:
  explicit Mailbox(std::function<void()> wake) : wake_(std::move(wake)) {}
  void put(T value) {
    const std::lock_guard lock(mutex_);
    if (!wake_ || value_) return;
    value_ = std::move(value);
    wake_();
  }
  [[nodiscard]] std::optional<T> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(value_, std::nullopt);
  }
  void detach() {
    const std::lock_guard lock(mutex_);
    wake_ = nullptr;
  }

 private:
  std::mutex mutex_;
  std::function<void()> wake_;
  std::optional<T> value_;
};

// Detaches a mailbox when the coroutine that owns it ends, however it ends.
template <class T>
class MailboxOwner {
 public:
  explicit MailboxOwner(std::shared_ptr<Mailbox<T>> mailbox) : mailbox_(std::move(mailbox)) {}
  MailboxOwner(const MailboxOwner&) = delete;
  MailboxOwner& operator=(const MailboxOwner&) = delete;
  ~MailboxOwner() { mailbox_->detach(); }

 private:
  std::shared_ptr<Mailbox<T>> mailbox_;
};

struct HttpConnection {
  explicit HttpConnection(std::unique_ptr<HttpStream> connected)
      : stream(std::move(connected)), answered(stream->socket().get_executor()) {}

  std::unique_ptr<HttpStream> stream;
  boost::asio::steady_timer answered;  // cancelled when a mailbox has something
  boost::asio::ip::address remote;
  bool on_operator_listener = false;
  bool closed = false;
  std::string received;  // not parsed yet
  SteadyTime deadline = SteadyTime::max();
  bool late = false;             // the deadline passed: what was under way was cancelled
  std::size_t window_bytes = 0;  // moved since the rate window began
};
using HttpConnectionPtr =
    std::shared_ptr<HttpConnection>;  // shared by its coroutine, its wake-ups and its shard

// A context, its thread and its connections, which only that thread touches.
struct HttpShard {
  boost::asio::io_context io{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{io.get_executor()};
  boost::asio::steady_timer sweeper{io};
  std::set<HttpConnectionPtr> connections;
  bool stopping = false;
  std::promise<void> ended;
  std::thread thread;
};

enum class Arrival : std::uint8_t { kComplete, kClosed, kSlow, kMalformed, kTooLarge, kNoRoom };

// A request as it arrived, before anybody judged it.
struct ArrivedRequest {
  std::string method, target;
  std::map<std::string, std::string> headers;
  crypto::Bytes body;
  bool keep_alive = false;
  bool http_1_0 = false;
};

struct HttpServer::State {
  template <class T>
  using Awaitable = boost::asio::awaitable<T>;

  State(HttpOptions chosen, RouteTable table);
  ~State();

  // http_server.cpp
  [[nodiscard]] ledger::Result<void> prepare();
  [[nodiscard]] ledger::Result<void> listen(boost::asio::ip::tcp::acceptor& acceptor,
                                            const HttpListener& where);
  void run();
  void stop();
  Awaitable<void> accept_connections(boost::asio::ip::tcp::acceptor& acceptor, bool is_operator);
  Awaitable<void> sweep(HttpShard& shard);
  [[nodiscard]] bool admit(const boost::asio::ip::address& remote, bool is_operator);
  void leave(const HttpConnection& connection);

  // http_connection.cpp
  Awaitable<void> serve(HttpShard& shard, HttpConnectionPtr connection);
  Awaitable<void> turn_away(HttpShard& shard, HttpConnectionPtr connection);
  Awaitable<bool> serve_one(HttpShard& shard, HttpConnectionPtr connection, bool first);
  Awaitable<Arrival> read_request(HttpConnectionPtr connection, ArrivedRequest& request, bool first);
  Awaitable<Response> answer_of(HttpShard& shard, HttpConnectionPtr connection, const Route& route,
                                Request request);
  Awaitable<bool> write_response(HttpShard& shard, HttpConnectionPtr connection, Response response,
                                 const ArrivedRequest& request, bool keep_alive);
  Awaitable<bool> write_stream(HttpShard& shard, HttpConnectionPtr connection, ChunkSource source,
                               bool chunked, bool events);
  Awaitable<bool> write_all(HttpConnectionPtr connection, std::string_view bytes);
  Awaitable<void> linger(HttpConnectionPtr connection);
  void begin_window(HttpConnection& connection) const;
  void moved(HttpConnection& connection, std::size_t bytes) const;
  void count_status(std::uint16_t status);

  // http_dispatch.cpp: what a request is allowed to reach
  struct Dispatched {
    const Route* route = nullptr;  // null: `refusal` is the answer
    Request request;
    Response refusal;
  };
  [[nodiscard]] Dispatched dispatch(const HttpConnection& connection, ArrivedRequest& arrived) const;
  [[nodiscard]] ledger::Result<const Route*> resolve(const HttpConnection& connection,
                                                     const ArrivedRequest& arrived, Request& request,
                                                     std::string& allow) const;
  [[nodiscard]] ledger::Result<void> check_host(const HttpConnection& connection, Request& request) const;
  [[nodiscard]] ledger::Result<const Route*> find_route(const HttpConnection& connection,
                                                        std::string_view method, Request& request,
                                                        std::string& allow) const;
  [[nodiscard]] ledger::Result<void> check_session(const Route& route, Request& request) const;
  [[nodiscard]] bool is_our_host(std::string_view host, bool on_operator_listener) const;
  void collect_hosts();

  HttpOptions options;
  RouteTable routes;
  std::optional<boost::asio::ssl::context> tls;
  std::set<std::string> public_hosts, operator_hosts;  // lower case, without port
  std::vector<std::unique_ptr<HttpShard>> shards;
  std::optional<boost::asio::ip::tcp::acceptor> public_acceptor, operator_acceptor;  // on the first shard
  std::uint16_t public_port = 0, operator_port = 0;
  std::size_t next_shard = 0;
  std::atomic<std::size_t> bodies_bytes = 0;

  mutable std::mutex mutex;  // guards the counts below
  HttpCounters counters;
  std::map<boost::asio::ip::address, std::size_t> open_by_address;
  std::size_t operator_open = 0;

  std::mutex stop_mutex;  // one stop() at a time
  bool stopped = false;
};

}  // namespace circula::node
