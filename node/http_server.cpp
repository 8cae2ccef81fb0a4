#include "node/http_server.h"

#include <openssl/ssl.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "node/http_server_state.h"
#include "node/worker.h"

namespace circula::node {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
// A pause after an accept that failed (no descriptors left): trying at once would spin.
constexpr std::chrono::milliseconds kAcceptPause{100};
// Deadlines are looked at this many times within the shortest of them.
constexpr int kSweepsPerDeadline = 10;
constexpr std::chrono::seconds kStopPatience{2};

ledger::Error bad_config(std::string why) { return ledger::error(ledger::Code::E_CONFIG, std::move(why)); }

}  // namespace

HttpServer::State::State(HttpOptions chosen, RouteTable table)
    : options(std::move(chosen)), routes(std::move(table)) {
  for (std::size_t n = 0; n < std::max<std::size_t>(options.threads, 1); ++n) {
    shards.push_back(std::make_unique<HttpShard>());
  }
}

HttpServer::State::~State() { stop(); }

ledger::Result<void> HttpServer::State::prepare() {
  boost::system::error_code failed;
  const auto address = asio::ip::make_address(options.public_listener.address, failed);
  if (failed) return bad_config("\"" + options.public_listener.address + "\" is not an IP address");
  if (!address.is_loopback() && !options.tls) {
    return bad_config("HTTP listens on " + options.public_listener.address +
                      ", which is not loopback, and has no TLS certificate");
  }
  if (options.operator_listener) {
    const auto inner = asio::ip::make_address(options.operator_listener->address, failed);
    if (failed || !inner.is_loopback()) {
      return bad_config("the operator's listener must be on loopback, not on \"" +
                        options.operator_listener->address + "\"");
    }
  }
  if (options.tls) {
    tls.emplace(asio::ssl::context::tls_server);
    SSL_CTX_set_min_proto_version(tls->native_handle(), TLS1_3_VERSION);
    tls->use_certificate_chain(asio::buffer(options.tls->certificate_chain), failed);
    if (failed) return bad_config("the TLS certificate cannot be read: " + failed.message());
    tls->use_private_key(asio::buffer(options.tls->private_key), asio::ssl::context::pem, failed);
    if (failed) return bad_config("the TLS key does not fit the certificate: " + failed.message());
  }
  public_acceptor.emplace(shards.front()->io);
  if (auto done = listen(*public_acceptor, options.public_listener); done.has_error()) return done;
  public_port = public_acceptor->local_endpoint().port();
  if (options.operator_listener) {
    operator_acceptor.emplace(shards.front()->io);
    if (auto done = listen(*operator_acceptor, *options.operator_listener); done.has_error()) return done;
    operator_port = operator_acceptor->local_endpoint().port();
  }
  collect_hosts();
  return {};
}

ledger::Result<void> HttpServer::State::listen(tcp::acceptor& acceptor, const HttpListener& where) {
  boost::system::error_code failed;
  const tcp::endpoint endpoint(asio::ip::make_address(where.address), where.port);
  acceptor.open(endpoint.protocol(), failed);
  if (!failed) acceptor.set_option(asio::socket_base::reuse_address(true), failed);
  if (!failed) acceptor.bind(endpoint, failed);
  if (!failed) acceptor.listen(asio::socket_base::max_listen_connections, failed);
  if (!failed) return {};
  return ledger::error(ledger::Code::E_CONNECT, "cannot listen for HTTP on " + where.address + ":" +
                                                    std::to_string(where.port) + ": " + failed.message());
}

void HttpServer::State::run() {
  asio::co_spawn(shards.front()->io, accept_connections(*public_acceptor, false), asio::detached);
  if (operator_acceptor) {
    asio::co_spawn(shards.front()->io, accept_connections(*operator_acceptor, true), asio::detached);
  }
  for (auto& shard : shards) {
    asio::co_spawn(shard->io, sweep(*shard), asio::detached);
    shard->thread = std::thread([running = shard.get()] {
      name_this_thread("http");
      running->io.run();
      running->ended.set_value();
    });
  }
}

void HttpServer::State::stop() {
  const std::lock_guard lock(stop_mutex);
  if (stopped) return;
  stopped = true;
  for (auto& shard : shards) {
    if (!shard->thread.joinable()) continue;
    asio::post(shard->io, [this, closing = shard.get()] {
      closing->stopping = true;
      boost::system::error_code ignored;
      if (closing == shards.front().get()) {
        public_acceptor->close(ignored);
        if (operator_acceptor) operator_acceptor->close(ignored);
      }
      closing->sweeper.cancel();
      for (const HttpConnectionPtr& connection : closing->connections) {
        connection->closed = true;
        connection->stream->socket().close(ignored);
        connection->answered.cancel();
      }
      closing->work.reset();
    });
  }
  for (auto& shard : shards) {
    if (!shard->thread.joinable()) continue;
    if (shard->ended.get_future().wait_for(kStopPatience) != std::future_status::ready) shard->io.stop();
    shard->thread.join();
  }
}

bool HttpServer::State::admit(const asio::ip::address& remote, bool is_operator) {
  const std::lock_guard lock(mutex);
  if (is_operator) {
    if (operator_open >= options.limits.operator_connections) {
      ++counters.refused_connections;
      return false;
    }
    ++operator_open;
  } else {
    const std::size_t from_address = remote.is_loopback() ? 0 : open_by_address[remote];
    if (counters.open_connections - operator_open >= options.limits.connections ||
        from_address >= options.limits.connections_per_address) {
      ++counters.refused_connections;
      return false;
    }
    ++open_by_address[remote];
  }
  ++counters.connections;
  ++counters.open_connections;
  return true;
}

void HttpServer::State::leave(const HttpConnection& connection) {
  const std::lock_guard lock(mutex);
  --counters.open_connections;
  if (connection.on_operator_listener) {
    --operator_open;
    return;
  }
  const auto count = open_by_address.find(connection.remote);
  if (--count->second == 0) open_by_address.erase(count);
}

asio::awaitable<void> HttpServer::State::accept_connections(tcp::acceptor& acceptor, bool is_operator) {
  HttpShard& own = *shards.front();
  asio::steady_timer pause(own.io);
  while (!own.stopping) {
    HttpShard& shard = *shards[next_shard++ % shards.size()];
    auto [failed, socket] = co_await acceptor.async_accept(shard.io, kAwait);
    if (own.stopping) co_return;
    if (failed) {
      pause.expires_after(kAcceptPause);
      co_await pause.async_wait(kAwait);
      continue;
    }
    boost::system::error_code gone;
    const tcp::endpoint remote = socket.remote_endpoint(gone);
    if (gone) continue;
    socket.set_option(tcp::no_delay(true), gone);
    const bool admitted = admit(remote.address(), is_operator);
    const bool secure = tls && !is_operator;
    auto connection =
        std::make_shared<HttpConnection>(secure && admitted ? HttpStream::secure(std::move(socket), *tls)
                                                            : HttpStream::plain(std::move(socket)));
    connection->remote = remote.address();
    connection->on_operator_listener = is_operator;
    if (!admitted && secure) continue;  // without a handshake there is nothing that could be said
    asio::co_spawn(shard.io, admitted ? serve(shard, connection) : turn_away(shard, connection),
                   asio::detached);
  }
}

asio::awaitable<void> HttpServer::State::sweep(HttpShard& shard) {
  const HttpLimits& limits = options.limits;
  const auto shortest = std::min({limits.header_deadline, limits.rate_window, limits.idle_deadline});
  const auto interval =
      std::max<std::chrono::milliseconds>(shortest / kSweepsPerDeadline, std::chrono::milliseconds(1));
  while (!shard.stopping) {
    shard.sweeper.expires_after(interval);
    co_await shard.sweeper.async_wait(kAwait);
    const SteadyTime time = std::chrono::steady_clock::now();
    for (const HttpConnectionPtr& connection : shard.connections) {
      if (time < connection->deadline) continue;
      connection->late = true;
      boost::system::error_code ignored;
      connection->stream->socket().cancel(ignored);
    }
  }
}

ledger::Result<std::unique_ptr<HttpServer>> HttpServer::start(HttpOptions options, RouteTable routes) {
  auto state = std::make_unique<State>(std::move(options), std::move(routes));
  if (auto prepared = state->prepare(); prepared.has_error()) return prepared.error();
  state->run();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(state)));
}

HttpServer::HttpServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpServer::~HttpServer() = default;

void HttpServer::stop() { state_->stop(); }
std::uint16_t HttpServer::port() const { return state_->public_port; }
std::uint16_t HttpServer::operator_port() const { return state_->operator_port; }
const RouteTable& HttpServer::routes() const { return state_->routes; }

std::string HttpServer::origin() const {
  const std::string& address = state_->options.public_listener.address;
  const bool is_v6 = address.find(':') != std::string::npos;
  return std::string(state_->tls ? "https://" : "http://") + (is_v6 ? "[" + address + "]" : address) + ":" +
         std::to_string(state_->public_port);
}

HttpCounters HttpServer::counters() const {
  const std::lock_guard lock(state_->mutex);
  return state_->counters;
}

}  // namespace circula::node
