// How a connection comes to be: accepting, dialling, the TLS handshake, and the deadlines of all stages.
#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "node/event_log.h"
#include "node/peer_transport_state.h"

namespace circula::node {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Stage = PeerConnection::Stage;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
// A pause after an accept that failed (no descriptors left): trying at once would spin.
constexpr std::chrono::milliseconds kAcceptPause{100};
// Deadlines are looked at this many times within the shortest of them.
constexpr int kSweepsPerDeadline = 5;

SteadyTime now() { return std::chrono::steady_clock::now(); }

}  // namespace

PeerTransport::State::Connection PeerTransport::State::make_connection(tcp::socket socket) {
  auto connection = std::make_shared<PeerConnection>(std::move(socket), context);
  connection->since = now();
  tls.watch(connection->stream.native_handle(), connection->verdict);
  connections.insert(connection);
  return connection;
}

// Makes room for a stranger, or refuses it. When the table is full the oldest handshake gives way: an honest
// one is done in milliseconds, so those that are old are the slow ones.
bool PeerTransport::State::admit(const asio::ip::address& remote) {
  std::size_t strangers = 0, from_address = 0;
  Connection oldest;
  for (const Connection& connection : connections) {
    if (!connection->inbound || connection->stage != Stage::kHandshake) continue;
    ++strangers;
    if (connection->remote == remote) ++from_address;
    if (!oldest || connection->since < oldest->since) oldest = connection;
  }
  const bool crowded = !remote.is_loopback() && from_address >= options.handshakes_per_address_max;
  if (!crowded && strangers < options.handshakes_max) return true;
  {
    const std::lock_guard lock(mutex);
    ++counters.connections_refused;
  }
  refusals.note("too_many_handshakes", remote, now());
  if (crowded || !oldest) return false;
  close(oldest);
  return true;
}

asio::awaitable<void> PeerTransport::State::accept_connections() {
  asio::steady_timer pause(io);
  while (!stopping) {
    auto [failed, socket] = co_await acceptor.async_accept(kAwait);
    if (stopping) co_return;
    if (failed) {
      pause.expires_after(kAcceptPause);
      co_await pause.async_wait(kAwait);
      continue;
    }
    boost::system::error_code gone;
    const tcp::endpoint remote = socket.remote_endpoint(gone);
    if (gone || !admit(remote.address())) continue;
    Connection connection = make_connection(std::move(socket));
    connection->inbound = true;
    connection->remote = remote.address();
    asio::co_spawn(io, serve(connection), asio::detached);
  }
}

asio::awaitable<void> PeerTransport::State::serve(Connection connection) {
  const bool known = co_await handshake(connection);
  if (!known) co_return;
  co_await converse(connection);
}

asio::awaitable<bool> PeerTransport::State::handshake(Connection connection) {
  boost::system::error_code ignored;
  connection->stream.next_layer().set_option(tcp::no_delay(true), ignored);
  const auto role = connection->inbound ? asio::ssl::stream_base::server : asio::ssl::stream_base::client;
  auto [failed] = co_await connection->stream.async_handshake(role, kAwait);
  if (connection->stage == Stage::kClosed) co_return false;
  const auto found = connection->verdict.peer ? links.find(*connection->verdict.peer) : links.end();
  if (failed || found == links.end()) {
    if (!failed) connection->verdict.refusal = TlsRefusal::kUnknownKey;
    count_refusal(*connection);
    close(connection);
    co_return false;
  }
  connection->link = found->second;
  co_return true;
}

void PeerTransport::State::count_refusal(const PeerConnection& connection) {
  const char* reason = "handshake_failed";
  {
    const std::lock_guard lock(mutex);
    switch (connection.verdict.refusal) {
      case TlsRefusal::kUnknownKey:
        reason = "unknown_key";
        ++counters.refused_unknown_key;
        break;
      case TlsRefusal::kWrongChain:
        reason = "wrong_chain";
        ++counters.refused_wrong_chain;
        break;
      case TlsRefusal::kWrongPeer:
        reason = "wrong_peer";
        ++counters.refused_wrong_peer;
        break;
      case TlsRefusal::kNone:
      case TlsRefusal::kCertificate:
        ++counters.handshakes_failed;
        break;
    }
  }
  refusals.note(reason, connection.remote, now());
}

bool PeerTransport::State::busy(const PeerLink& link) const { return link.channel || has_greeting(link); }

// xorshift: only spreads the redialling of nodes that lost the same peer at the same time.
std::chrono::milliseconds PeerTransport::State::jittered(std::chrono::milliseconds delay) {
  jitter_state ^= jitter_state << 13;
  jitter_state ^= jitter_state >> 7;
  jitter_state ^= jitter_state << 17;
  const auto half = std::max<std::int64_t>(delay.count() / 2, 1);
  return std::chrono::milliseconds(
      half + static_cast<std::int64_t>(jitter_state % static_cast<std::uint64_t>(half)));
}

asio::awaitable<void> PeerTransport::State::dial(Link link) {
  while (!stopping && !link->removed) {
    if (!link->address.dial || busy(*link)) {
      link->changed.expires_at(SteadyTime::max());
      co_await link->changed.async_wait(kAwait);
      continue;
    }
    Connection connection = make_connection(tcp::socket(io));
    connection->verdict.expected = link->address.id;
    const PeerAddress address = link->address;
    const bool known = co_await connect(connection, address);
    if (known) co_await converse(connection);
    if (stopping || link->removed || busy(*link)) continue;
    link->changed.expires_after(jittered(link->backoff));
    link->backoff = std::min(link->backoff * 2, options.redial_max);
    co_await link->changed.async_wait(kAwait);
  }
}

asio::awaitable<bool> PeerTransport::State::connect(Connection connection, PeerAddress address) {
  std::vector<tcp::endpoint> endpoints;
  boost::system::error_code failed;
  const auto literal = asio::ip::make_address(address.host, failed);
  if (!failed) {
    endpoints.emplace_back(literal, address.port);
  } else {
    tcp::resolver resolver(io);
    const std::string port_text = std::to_string(address.port);
    auto [unresolved, results] = co_await resolver.async_resolve(address.host, port_text, kAwait);
    for (const auto& result : results) endpoints.push_back(result.endpoint());
  }
  tcp::socket& socket = connection->stream.next_layer();
  for (const tcp::endpoint& endpoint : endpoints) {
    if (stopping || connection->stage == Stage::kClosed) break;
    connection->remote = endpoint.address();
    boost::system::error_code ignored;
    socket.close(ignored);
    auto [refused] = co_await socket.async_connect(endpoint, kAwait);
    if (refused) continue;
    if (connection->stage == Stage::kClosed) break;
    co_return co_await handshake(connection);
  }
  close(connection);
  co_return false;
}

// Ends what is late or silent, and pings where nothing else was written.
asio::awaitable<void> PeerTransport::State::sweep() {
  const auto shortest = std::min({options.handshake_deadline, options.ping_interval, options.idle_deadline});
  const auto interval =
      std::max<std::chrono::milliseconds>(shortest / kSweepsPerDeadline, std::chrono::milliseconds(1));
  while (!stopping) {
    sweeper.expires_after(interval);
    co_await sweeper.async_wait(kAwait);
    const SteadyTime time = now();
    const std::set<Connection> open = connections;
    for (const Connection& connection : open) {
      if (connection->stage == Stage::kClosed) continue;
      if (connection->stage != Stage::kChannel) {
        if (time - connection->since < options.handshake_deadline) continue;
        if (connection->inbound && connection->stage == Stage::kHandshake) {
          {
            const std::lock_guard lock(mutex);
            ++counters.handshakes_late;
          }
          refusals.note("handshake_late", connection->remote, time);
        }
        close(connection);
      } else if (!connection->paused && time - connection->last_in > options.idle_deadline) {
        {
          const std::lock_guard lock(mutex);
          ++counters.peers_silent;
        }
        log_event(LogLevel::kInfo, "peer_silent", {{"peer", connection->link->address.id}});
        close(connection);
      } else if (time - connection->last_out > options.ping_interval) {
        ping(*connection);
      }
    }
  }
}

}  // namespace circula::node
