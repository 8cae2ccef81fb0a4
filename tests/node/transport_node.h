// Transports on loopback that know each other by number.
#pragma once

#include <map>
#include <mutex>

#include "node/peer_transport.h"
#include "tests/node/raw_peer.h"

namespace circula::node::testing {

// Node n has the seed of n; nodes 1 to 9 know each other.
[[nodiscard]] std::optional<PeerId> node_with(const crypto::PublicKey& key);
[[nodiscard]] PeerTls raw_tls(std::uint8_t number, std::uint8_t chain = 1);
[[nodiscard]] TransportOptions options_of(std::uint8_t number);

// A transport that writes down what happens.
class Node {
 public:
  explicit Node(TransportOptions options);
  explicit Node(std::uint8_t id) : Node(options_of(id)) {}
  ~Node() { transport->stop(); }

  PeerTransport* transport_now() const { return transport.get(); }
  [[nodiscard]] PeerAddress address(bool dial = true) const {
    return {number, "127.0.0.1", transport->port(), dial};
  }
  [[nodiscard]] int up(PeerId peer) { return counted(ups, peer); }
  [[nodiscard]] int down(PeerId peer) { return counted(downs, peer); }
  [[nodiscard]] std::vector<Frame> received() {
    const std::lock_guard lock(mutex);
    return frames;
  }
  [[nodiscard]] bool is_up(PeerId peer) const {
    for (const PeerStatus& status : transport->peers()) {
      if (status.address.id == peer) return status.up;
    }
    return false;
  }
  void release() {
    const std::lock_guard lock(mutex);
    holding = false;
    held.clear();
  }

  const std::uint8_t number;
  bool greet = false;  // sends its number as soon as a peer is up
  std::mutex mutex;
  bool holding = false;
  std::vector<Frame> frames;
  std::vector<ReceiveCredit> held;
  std::unique_ptr<PeerTransport> transport;

 private:
  int counted(std::map<PeerId, int>& counts, PeerId peer) {
    const std::lock_guard lock(mutex);
    return counts[peer];
  }
  std::map<PeerId, int> ups, downs;
};

}  // namespace circula::node::testing
