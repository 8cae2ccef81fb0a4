#include "node/peer_transport.h"

#include <openssl/ssl.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

#include "crypto/ed25519.h"
#include "node/event_log.h"
#include "node/peer_transport_state.h"
#include "node/worker.h"

namespace circula::node {
namespace {

namespace asio = boost::asio;

// How long stop() waits for the coroutines to end by themselves. Only a name resolution, which cannot be
// cancelled, takes longer; it is then abandoned.
constexpr std::chrono::seconds kStopPatience{2};
constexpr std::chrono::seconds kRefusalLogInterval{10};

asio::ssl::context shared_context(SSL_CTX* context) {
  SSL_CTX_up_ref(context);
  return asio::ssl::context(context);
}

std::uint64_t random_u64() {
  std::array<std::uint8_t, 8> bytes{};
  crypto::random_bytes(bytes);
  std::uint64_t value = 0;
  for (const std::uint8_t byte : bytes) value = value << 8 | byte;
  return value;
}

}  // namespace

ReceiveCredit::ReceiveCredit(std::shared_ptr<ReceiveWindow> window, std::size_t bytes)
    : window_(std::move(window)), bytes_(bytes) {
  window_->take(bytes_);
}

ReceiveCredit& ReceiveCredit::operator=(ReceiveCredit&& other) noexcept {
  std::swap(window_, other.window_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

ReceiveCredit::~ReceiveCredit() {
  if (window_) window_->release(bytes_);
}

void RefusalLog::note(const char* reason, const asio::ip::address& remote, SteadyTime now) {
  auto [line, fresh] = lines_.try_emplace(reason);
  if (!fresh && now - line->second.last < kRefusalLogInterval) {
    ++line->second.suppressed;
    return;
  }
  log_event(LogLevel::kWarn, "peer_refused",
            {{"reason", reason}, {"remote", remote.to_string()}, {"more", line->second.suppressed}});
  line->second = {now, 0};
}

PeerTransport::State::State(TransportOptions chosen, Callbacks functions, PeerTls keys)
    : options(std::move(chosen)),
      callbacks(std::move(functions)),
      tls(std::move(keys)),
      work(io.get_executor()),
      context(shared_context(tls.context())),
      acceptor(io),
      sweeper(io),
      instance(random_u64()),
      jitter_state(random_u64()) {}

PeerTransport::State::~State() { stop(); }

ledger::Result<void> PeerTransport::State::listen() {
  boost::system::error_code failed;
  const auto address = asio::ip::make_address(options.listen_address, failed);
  if (failed) {
    return ledger::error(ledger::Code::E_CONFIG,
                         "\"" + options.listen_address + "\" is not an IP address to listen on");
  }
  const asio::ip::tcp::endpoint endpoint(address, options.listen_port);
  acceptor.open(endpoint.protocol(), failed);
  if (!failed) acceptor.set_option(asio::socket_base::reuse_address(true), failed);
  if (!failed) acceptor.bind(endpoint, failed);
  if (!failed) acceptor.listen(asio::socket_base::max_listen_connections, failed);
  if (failed) {
    return ledger::error(ledger::Code::E_CONNECT, "cannot listen for peers on " + options.listen_address +
                                                      ":" + std::to_string(options.listen_port) + ": " +
                                                      failed.message());
  }
  port = acceptor.local_endpoint().port();
  return {};
}

void PeerTransport::State::run() {
  asio::co_spawn(io, accept_connections(), asio::detached);
  asio::co_spawn(io, sweep(), asio::detached);
  thread = std::thread([this] {
    name_this_thread("peers");
    io.run();
    ended.set_value();
  });
}

void PeerTransport::State::stop() {
  const std::lock_guard lock(stop_mutex);
  if (!thread.joinable()) return;
  asio::post(io, [this] { close_all(); });
  if (ended.get_future().wait_for(kStopPatience) != std::future_status::ready) io.stop();
  thread.join();
}

void PeerTransport::State::close_all() {
  stopping = true;
  callbacks = {};
  boost::system::error_code ignored;
  acceptor.close(ignored);
  sweeper.cancel();
  const std::set<Connection> open = connections;
  for (const Connection& connection : open) close(connection);
  const std::lock_guard lock(mutex);
  for (const auto& [id, link] : links) {
    link->removed = true;
    link->up = false;
    link->window->detach();
    link->changed.cancel();
  }
  work.reset();
}

bool PeerTransport::State::send(PeerId peer, const EncodedFrame& frame) {
  const std::lock_guard lock(mutex);
  const auto found = links.find(peer);
  if (found == links.end() || !found->second->up ||
      found->second->queued_bytes + frame->size() > options.send_queue_bytes) {
    ++counters.sends_refused;
    return false;
  }
  const Link& link = found->second;
  link->queue.push_back(frame);
  link->queued_bytes += frame->size();
  if (!link->wake_posted) {
    link->wake_posted = true;
    asio::post(io, [this, link] {
      {
        const std::lock_guard again(mutex);
        link->wake_posted = false;
      }
      if (link->channel) link->channel->writable.cancel();
    });
  }
  return true;
}

void PeerTransport::State::apply_peers(const std::vector<PeerAddress>& peers) {
  if (stopping) return;
  std::map<PeerId, PeerAddress> wanted;
  for (const PeerAddress& peer : peers) {
    if (peer.id != options.self) wanted[peer.id] = peer;
  }
  std::vector<Link> gone, added;
  {
    const std::lock_guard lock(mutex);
    for (auto entry = links.begin(); entry != links.end();) {
      const auto peer = wanted.find(entry->first);
      if (peer == wanted.end()) {
        gone.push_back(entry->second);
        entry = links.erase(entry);
        continue;
      }
      if (entry->second->address != peer->second) {
        entry->second->address = peer->second;
        entry->second->backoff = options.redial_min;
        entry->second->changed.cancel();
      }
      wanted.erase(peer);
      ++entry;
    }
    for (const auto& [id, address] : wanted) {
      auto link = std::make_shared<PeerLink>(io, address);
      link->backoff = options.redial_min;
      link->window = std::make_shared<ReceiveWindow>(options.receive_window_bytes, [this, id = id] {
        asio::post(io, [this, id] {
          for (const Connection& connection : connections) {
            if (connection->link && connection->link->address.id == id) connection->readable.cancel();
          }
        });
      });
      links[id] = link;
      added.push_back(link);
    }
  }
  for (const Link& link : gone) link->removed = true;
  const std::set<Connection> open = connections;
  for (const Connection& connection : open) {
    if (!connection->link) continue;
    const auto peer = options.allow(connection->verdict.key);
    if (connection->link->removed || peer != connection->link->address.id) close(connection);
  }
  for (const Link& link : gone) {
    link->window->detach();
    link->changed.cancel();
  }
  for (const Link& link : added) asio::co_spawn(io, dial(link), asio::detached);
}

ledger::Result<std::unique_ptr<PeerTransport>> PeerTransport::start(TransportOptions options,
                                                                    Callbacks callbacks) {
  auto tls = PeerTls::make(options.transport_seed, options.chain_id, options.allow);
  if (tls.has_error()) return ledger::error(ledger::Code::E_CONFIG, tls.error().detail);
  auto state = std::make_unique<State>(std::move(options), std::move(callbacks), std::move(*tls));
  if (auto listening = state->listen(); listening.has_error()) return listening.error();
  state->run();
  return std::unique_ptr<PeerTransport>(new PeerTransport(std::move(state)));
}

PeerTransport::PeerTransport(std::unique_ptr<State> state) : state_(std::move(state)) {}
PeerTransport::~PeerTransport() = default;

void PeerTransport::stop() { state_->stop(); }

std::uint16_t PeerTransport::port() const { return state_->port; }

void PeerTransport::set_peers(std::vector<PeerAddress> peers) {
  asio::post(state_->io, [state = state_.get(), peers = std::move(peers)] { state->apply_peers(peers); });
}

bool PeerTransport::send(PeerId peer, std::uint8_t kind, crypto::ByteView payload) {
  const auto frame = encode_frame(kind, payload);
  if (frame.has_value()) return send(peer, *frame);
  const std::lock_guard lock(state_->mutex);
  ++state_->counters.sends_refused;
  return false;
}

bool PeerTransport::send(PeerId peer, const EncodedFrame& frame) {
  if (frame->at(kFrameHeaderBytes - 1) == kTransportKind) return false;
  return state_->send(peer, frame);
}

TransportCounters PeerTransport::counters() const {
  const std::lock_guard lock(state_->mutex);
  return state_->counters;
}

std::vector<PeerStatus> PeerTransport::peers() const {
  const std::lock_guard lock(state_->mutex);
  std::vector<PeerStatus> all;
  for (const auto& [id, link] : state_->links) {
    all.push_back({link->address, link->up, link->queued_bytes, link->frames_in, link->frames_out,
                   link->bytes_in, link->bytes_out});
  }
  return all;
}

}  // namespace circula::node
