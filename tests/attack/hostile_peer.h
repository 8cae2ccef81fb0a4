// The other end of a node's peer connection, in hostile hands: TLS with any key or none, then any bytes. It
// takes what the node sends, so that the node is never the one who waits, and keeps the newest of it: good
// frames to alter.
#pragma once

#include <openssl/ssl.h>

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "node/frame.h"
#include "node/tls.h"
#include "tests/node/raw_peer.h"

namespace circula::attack {

using node::EncodedFrame;

class HostilePeer {
 public:
  // The context is the caller's.
  HostilePeer(SSL_CTX* context, std::uint16_t port);
  // With a verdict, as PeerTls wants one.
  HostilePeer(const node::PeerTls& tls, std::uint16_t port);
  HostilePeer(const HostilePeer&) = delete;
  HostilePeer& operator=(const HostilePeer&) = delete;
  ~HostilePeer();

  [[nodiscard]] bool connected() const { return socket_.connected(); }
  [[nodiscard]] bool shaken() const { return shaken_; }
  [[nodiscard]] bool open() const { return open_; }
  // All of it, reading meanwhile. False when the node has closed, or takes nothing for some seconds.
  bool write(crypto::ByteView bytes);
  bool send(std::uint8_t kind, std::string_view payload);
  bool hello();
  // Whether the node closes within `patience`; what it says before is taken.
  [[nodiscard]] bool closes(std::chrono::milliseconds patience);
  // Takes what has arrived.
  void read();
  // Frames of kind 1, newest last.
  [[nodiscard]] const std::deque<std::string>& received() const { return received_; }

 private:
  void shake();
  [[nodiscard]] bool wait_for(short events, std::chrono::milliseconds patience) const;

  node::testing::RawSocket socket_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
  node::PeerVerdict verdict_;
  bool shaken_ = false, open_ = false;
  node::FrameDecoder decoder_;
  std::deque<std::string> received_;
};

}  // namespace circula::attack
