// What the transport keeps of one connection and of one peer; used by peer_transport*.cpp only.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <memory>

#include "node/peer_transport.h"
#include "node/receive_window.h"

namespace circula::node {

using SteadyTime = std::chrono::steady_clock::time_point;

struct PeerLink;

struct PeerConnection {
  enum class Stage : std::uint8_t {
    kHandshake,  // connecting or in the TLS handshake
    kGreeting,   // the keys are good; not chosen yet
    kChannel,    // carries the channel
    kDraining,   // another carries it now; reads until the peer's bye
    kClosed,
  };

  PeerConnection(boost::asio::ip::tcp::socket socket, boost::asio::ssl::context& tls)
      : stream(std::move(socket), tls), writable(stream.get_executor()), readable(stream.get_executor()) {}

  boost::asio::ssl::stream<boost::asio::ip::tcp::socket> stream;
  boost::asio::steady_timer writable;  // cancelled when there may be something to write
  boost::asio::steady_timer readable;  // cancelled when the receive window has room again
  PeerVerdict verdict;
  boost::asio::ip::address remote;
  bool inbound = false;
  Stage stage = Stage::kHandshake;
  SteadyTime since;  // the stage began, or for kHandshake the connection
  SteadyTime last_in, last_out;
  std::deque<EncodedFrame> control;  // goes before the peer's queue
  bool paused = false;               // the receive window is full
  bool bye_sent = false, bye_received = false;
  std::uint64_t remote_instance = 0;  // known from the greeting on
  std::shared_ptr<PeerLink> link;     // from kGreeting on
};

// A peer of the list. Shared by the list, its connections and its dialling coroutine, which outlive the
// list's entry for as long as they need to notice `removed`.
struct PeerLink {
  PeerLink(boost::asio::io_context& io, PeerAddress where) : address(std::move(where)), changed(io) {}

  PeerAddress address;
  bool removed = false;
  boost::asio::steady_timer changed;  // cancelled when the dialling coroutine should look again
  std::chrono::milliseconds backoff{0};
  std::shared_ptr<PeerConnection> channel;
  std::uint64_t generation = 0;       // of the channel, where the peer chooses
  std::uint64_t remote_instance = 0;  // of the process at the channel's other end
  std::shared_ptr<ReceiveWindow> window;

  // Below: guarded by the transport's mutex, since send() runs on any thread.
  bool up = false;
  bool wake_posted = false;
  std::deque<EncodedFrame> queue;
  std::size_t queued_bytes = 0;
  std::uint64_t frames_in = 0, frames_out = 0, bytes_in = 0, bytes_out = 0;
};

}  // namespace circula::node
