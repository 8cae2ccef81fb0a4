#include "tests/node/transport_node.h"

namespace circula::node::testing {

using std::chrono::milliseconds;

std::optional<PeerId> node_with(const crypto::PublicKey& key) {
  static const std::map<crypto::PublicKey, PeerId> known = [] {
    std::map<crypto::PublicKey, PeerId> keys;
    for (std::uint8_t n = 1; n <= 9; ++n) {
      keys[PeerTls::make(seed_of(n), chain_of(1), nullptr).value().public_key()] = n;
    }
    return keys;
  }();
  const auto found = known.find(key);
  return found == known.end() ? std::nullopt : std::optional<PeerId>(found->second);
}

PeerTls raw_tls(std::uint8_t number, std::uint8_t chain) {
  return PeerTls::make(seed_of(number), chain_of(chain), node_with).value();
}

TransportOptions options_of(std::uint8_t number) {
  TransportOptions options;
  options.self = number;
  options.transport_seed = seed_of(number);
  options.chain_id = chain_of(1);
  options.allow = node_with;
  options.redial_min = milliseconds(5);
  options.redial_max = milliseconds(50);
  return options;
}

Node::Node(TransportOptions options) : number(options.self) {
  PeerTransport::Callbacks events;
  events.on_frame = [this](ReceivedFrame frame) {
    const std::lock_guard lock(mutex);
    frames.push_back({frame.kind, frame.payload});
    if (holding) held.push_back(std::move(frame.credit));
  };
  events.on_up = [this](PeerId peer) {
    if (greet) (void)transport_now()->send(peer, 1, crypto::Bytes{number});
    const std::lock_guard lock(mutex);
    ++ups[peer];
  };
  events.on_down = [this](PeerId peer) {
    const std::lock_guard lock(mutex);
    ++downs[peer];
  };
  transport = PeerTransport::start(std::move(options), std::move(events)).value();
}

}  // namespace circula::node::testing
