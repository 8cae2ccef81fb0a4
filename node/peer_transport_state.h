// The inside of PeerTransport: its thread's state and its coroutines; used by peer_transport*.cpp only.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ssl/context.hpp>
#include <future>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "node/peer_connection.h"

namespace circula::node {

// At most one line a reason in ten seconds: strangers must not fill the disk with our own log.
class RefusalLog {
 public:
  void note(const char* reason, const boost::asio::ip::address& remote, SteadyTime now);

 private:
  struct Line {
    SteadyTime last;
    std::uint64_t suppressed = 0;
  };
  std::map<std::string, Line> lines_;
};

struct PeerTransport::State {
  using Connection =
      std::shared_ptr<PeerConnection>;  // shared by its reading and writing coroutines and the lists
  using Link = std::shared_ptr<PeerLink>;
  template <class T>
  using Awaitable = boost::asio::awaitable<T>;

  State(TransportOptions chosen, Callbacks functions, PeerTls keys);
  ~State();

  [[nodiscard]] ledger::Result<void> listen();
  void run();
  void stop();
  void close_all();

  // peer_transport.cpp: from outside
  bool send(PeerId peer, const EncodedFrame& frame);
  void apply_peers(const std::vector<PeerAddress>& peers);

  // peer_transport_connect.cpp: until a connection has shown its key
  Awaitable<void> accept_connections();
  Awaitable<void> serve(Connection connection);
  Awaitable<void> dial(Link link);
  Awaitable<bool> connect(Connection connection, PeerAddress address);
  Awaitable<bool> handshake(Connection connection);
  Awaitable<void> sweep();
  [[nodiscard]] bool admit(const boost::asio::ip::address& remote);
  void count_refusal(const PeerConnection& connection);
  [[nodiscard]] Connection make_connection(boost::asio::ip::tcp::socket socket);
  [[nodiscard]] bool busy(const PeerLink& link) const;
  [[nodiscard]] std::chrono::milliseconds jittered(std::chrono::milliseconds delay);

  // peer_transport_channel.cpp: greeting, channel, drain
  Awaitable<void> converse(Connection connection);
  Awaitable<void> write_frames(Connection connection);
  Awaitable<void> read_frames(Connection connection);
  std::size_t take_batch(PeerConnection& connection, crypto::Bytes& batch);
  [[nodiscard]] bool receive(const Connection& connection, Frame frame);
  [[nodiscard]] bool receive_control(const Connection& connection, const crypto::Bytes& payload);
  void adopt(const Connection& connection);
  void drain(const Connection& connection);
  void close(const Connection& connection);
  void control(PeerConnection& connection, const crypto::Bytes& payload);
  void ping(PeerConnection& connection);
  void set_up(PeerLink& link);
  void set_down(PeerLink& link);
  [[nodiscard]] bool chooses(const PeerLink& link) const { return options.self < link.address.id; }
  [[nodiscard]] bool has_greeting(const PeerLink& link) const;

  TransportOptions options;
  Callbacks callbacks;
  PeerTls tls;
  boost::asio::io_context io{1};  // destroyed after everything below that holds its sockets and timers
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work;
  boost::asio::ssl::context context;
  boost::asio::ip::tcp::acceptor acceptor;
  boost::asio::steady_timer sweeper;
  std::uint16_t port = 0;
  std::uint64_t instance = 0;      // random: tells this process from the one before it
  std::uint64_t generation = 0;    // of the newest channel that this side chose, of any peer
  std::uint64_t jitter_state = 0;  // of jittered()
  bool stopping = false;
  std::set<Connection> connections;
  RefusalLog refusals;

  mutable std::mutex mutex;  // guards `links`, the marked part of each link, and `counters`
  std::map<PeerId, Link> links;
  TransportCounters counters;

  std::mutex stop_mutex;  // one stop() at a time
  std::promise<void> ended;
  std::thread thread;
};

}  // namespace circula::node
