// The channels between this node and its peers: TLS connections, one logical channel a peer.
//
// Channels. Either side may dial; after the handshake the two sides agree which connection carries the
// channel. The side with the lower node id chooses: it takes the newest connection that greeted it and says
// so on it; the other side follows the choice with the highest generation. The connection that was left is
// drained: each side finishes what it began to write, says bye, and reads until the other's bye. So when both
// dial at once no side can end up with another connection than its peer, and no frame is lost by the change.
//
// Invariants
//   1. on_up and on_down of a peer alternate, beginning with on_up; frames come between them.
//   2. Frames of one channel arrive whole, in order, at most once. A frame that send() accepted can be lost
//      when the channel breaks; protocols above repeat themselves.
//   3. Memory a peer: at most `send_queue_bytes` waiting to be sent and `receive_window_bytes` (and a frame)
//      handed over and not yet released; at the latter the transport stops reading from that peer.
//   4. A stranger gets a TLS handshake within limits of number and time, and nothing else: no answer, no
//      memory after it, a count, and at most one log line a reason every ten seconds.
//
// Thread rule: one thread of its own; the callbacks run on it, one at a time, and must not block. The public
// functions may be called from any thread, also from a callback (but not stop()).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ledger/outcome.h"
#include "node/frame.h"
#include "node/tls.h"

namespace circula::node {

// A configured peer. A peer without `dial` is only waited for.
struct PeerAddress {
  PeerId id = 0;
  std::string host;
  std::uint16_t port = 0;
  bool dial = true;

  friend bool operator==(const PeerAddress&, const PeerAddress&) = default;
};

class ReceiveWindow;

// A share of a peer's receive window. Whoever processes a frame holds it until the frame's memory is free;
// it may outlive the transport.
class ReceiveCredit {
 public:
  ReceiveCredit() = default;
  ReceiveCredit(std::shared_ptr<ReceiveWindow> window, std::size_t bytes);
  ReceiveCredit(ReceiveCredit&&) noexcept = default;
  ReceiveCredit& operator=(ReceiveCredit&& other) noexcept;
  ~ReceiveCredit();

 private:
  std::shared_ptr<ReceiveWindow> window_;  // shared by the transport and every frame under way
  std::size_t bytes_ = 0;
};

struct ReceivedFrame {
  PeerId peer = 0;
  std::uint8_t kind = 0;
  crypto::Bytes payload;
  ReceiveCredit credit;
};

struct TransportOptions {
  using Milliseconds = std::chrono::milliseconds;

  PeerId self = 0;
  std::string listen_address = "127.0.0.1";  // an IP address
  std::uint16_t listen_port = 0;             // 0: any free one
  std::array<std::uint8_t, PeerTls::kSeedBytes> transport_seed{};
  crypto::Digest chain_id{};
  PeerAllowList allow;  // called on the transport's thread

  Milliseconds handshake_deadline{5'000};  // connecting, TLS and greeting together; reliability.md 7
  Milliseconds ping_interval{1'000};       // of silence on our side, so that a dead peer is noticed
  Milliseconds idle_deadline{10'000};      // of silence on the peer's side; ten pings
  Milliseconds redial_min{50};             // a restarted peer is back well within an election timeout
  Milliseconds redial_max{2'000};
  std::size_t send_queue_bytes =
      std::size_t{16} * 1024 * 1024;  // four largest frames; a full pipeline of blocks
  std::size_t receive_window_bytes = std::size_t{8} * 1024 * 1024;  // two largest frames
  std::size_t handshakes_max = 64;             // inbound connections that have not shown their key
  std::size_t handshakes_per_address_max = 8;  // loopback excepted
};

// All rise only.
struct TransportCounters {
  std::uint64_t frames_in = 0, frames_out = 0;  // without the transport's own
  std::uint64_t bytes_in = 0, bytes_out = 0;    // inside TLS, with headers
  std::uint64_t sends_refused = 0;              // send() answered false
  std::uint64_t channels = 0;                   // channels that came up
  std::uint64_t refused_unknown_key = 0, refused_wrong_chain = 0, refused_wrong_peer = 0;
  std::uint64_t handshakes_failed = 0;    // no TLS, garbage, a certificate of another kind, cut off
  std::uint64_t handshakes_late = 0;      // deadline passed
  std::uint64_t connections_refused = 0;  // over the limits for strangers
  std::uint64_t protocol_faults = 0;      // a known peer sent a bad frame or broke the greeting
  std::uint64_t peers_silent = 0;         // idle deadline passed
};

struct PeerStatus {
  PeerAddress address;
  bool up = false;
  std::size_t queued_bytes = 0;
  std::uint64_t frames_in = 0, frames_out = 0, bytes_in = 0, bytes_out = 0;
};

class PeerTransport {
 public:
  // Frames with this kind are the transport's own; send() refuses it.
  static constexpr std::uint8_t kTransportKind = 0;

  struct Callbacks {
    std::function<void(ReceivedFrame)> on_frame;
    std::function<void(PeerId)> on_up;
    std::function<void(PeerId)> on_down;
  };

  // Listens at once; without peers every connection is refused. E_CONFIG when an option is unusable,
  // E_CONNECT when the address cannot be listened on.
  [[nodiscard]] static ledger::Result<std::unique_ptr<PeerTransport>> start(TransportOptions options,
                                                                            Callbacks callbacks);
  PeerTransport(const PeerTransport&) = delete;
  PeerTransport& operator=(const PeerTransport&) = delete;
  ~PeerTransport();  // stops

  // Closes everything; after it returns no callback runs. Peers that were up get no on_down.
  void stop();

  [[nodiscard]] std::uint16_t port() const;

  // Replaces the list of peers. Connections to peers that are gone, or whose key the allow-list no longer
  // maps to them, are closed; a changed address counts from the next dialling, which begins at once.
  void set_peers(std::vector<PeerAddress> peers);

  // False, and nothing is sent, when the peer is not up, its queue is full, or the frame is too large.
  [[nodiscard]] bool send(PeerId peer, std::uint8_t kind, crypto::ByteView payload);
  [[nodiscard]] bool send(PeerId peer, const EncodedFrame& frame);

  [[nodiscard]] TransportCounters counters() const;
  [[nodiscard]] std::vector<PeerStatus> peers() const;

 private:
  struct State;
  explicit PeerTransport(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace circula::node
