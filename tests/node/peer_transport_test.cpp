#include "node/peer_transport.h"

#include <gtest/gtest.h>

#include <map>
#include <mutex>

#include "tests/node/raw_peer.h"

namespace circula::node {
namespace {

using std::chrono::milliseconds;
using testing::chain_of;
using testing::eventually;
using testing::RawPeer;
using testing::RawSocket;
using testing::seed_of;

// Node n has the seed of n; nodes 1 to 9 know each other.
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

PeerTls raw_tls(std::uint8_t number, std::uint8_t chain = 1) {
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

// A transport that writes down what happens.
class Node {
 public:
  explicit Node(TransportOptions options) : number(options.self) {
    transport = PeerTransport::start(std::move(options), {[this](ReceivedFrame frame) {
                                                            const std::lock_guard lock(mutex);
                                                            frames.push_back({frame.kind, frame.payload});
                                                            if (holding)
                                                              held.push_back(std::move(frame.credit));
                                                          },
                                                          [this](PeerId peer) {
                                                            if (greet)
                                                              (void)transport_now()->send(
                                                                  peer, 1, crypto::Bytes{number});
                                                            const std::lock_guard lock(mutex);
                                                            ++ups[peer];
                                                          },
                                                          [this](PeerId peer) {
                                                            const std::lock_guard lock(mutex);
                                                            ++downs[peer];
                                                          }})
                    .value();
  }
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

TEST(PeerTransport, carries_frames_both_ways) {
  Node one(1), two(2);
  one.transport->set_peers({two.address()});
  two.transport->set_peers({one.address(false)});
  ASSERT_TRUE(eventually([&] { return one.is_up(2) && two.is_up(1); }));
  EXPECT_TRUE(one.transport->send(2, 7, crypto::Bytes{1, 2, 3}));
  EXPECT_TRUE(two.transport->send(1, 8, crypto::Bytes{}));
  ASSERT_TRUE(eventually([&] { return one.received().size() == 1 && two.received().size() == 1; }));
  EXPECT_EQ(two.received(), (std::vector<Frame>{{7, {1, 2, 3}}}));
  EXPECT_EQ(one.received(), (std::vector<Frame>{{8, {}}}));
  EXPECT_EQ(one.transport->counters().frames_out, 1u);
  EXPECT_EQ(one.transport->counters().frames_in, 1u);
  EXPECT_GE(one.transport->counters().bytes_in, kFrameHeaderBytes);
}

TEST(PeerTransport, carries_the_largest_frame_and_many_small_ones_in_order) {
  Node one(1), two(2);
  one.transport->set_peers({two.address()});
  two.transport->set_peers({one.address(false)});
  ASSERT_TRUE(eventually([&] { return one.is_up(2); }));
  std::vector<Frame> expected = {{9, crypto::Bytes(kFramePayloadMax, 0xA5)}};
  for (std::uint8_t n = 0; n < 200; ++n) expected.push_back({1, {n}});
  for (const Frame& frame : expected) ASSERT_TRUE(one.transport->send(2, frame.kind, frame.payload));
  ASSERT_TRUE(eventually([&] { return two.received().size() == expected.size(); }));
  EXPECT_EQ(two.received(), expected);
  EXPECT_FALSE(one.transport->send(2, 9, crypto::Bytes(kFramePayloadMax + 1)));
}

TEST(PeerTransport, refuses_to_send_where_nobody_is) {
  Node one(1);
  EXPECT_FALSE(one.transport->send(2, 1, crypto::Bytes{1}));
  one.transport->set_peers({{2, "127.0.0.1", 1, true}});
  EXPECT_FALSE(one.transport->send(2, 1, crypto::Bytes{1}));
  EXPECT_EQ(one.transport->counters().sends_refused, 2u);
}

// Both sides dial at the same moment (B37 in the list of consensus defects: one side kept the connection that
// the other had closed, and the first message was lost). Whatever the interleaving, both end up on one
// channel and what either sent first, in on_up, arrives.
TEST(PeerTransport, crossed_dials_orphan_no_channel_and_lose_no_first_message) {
  for (int round = 0; round < 40; ++round) {
    Node one(1), two(2);
    one.greet = two.greet = true;
    one.transport->set_peers({two.address()});
    two.transport->set_peers({one.address()});
    ASSERT_TRUE(eventually([&] { return !one.received().empty() && !two.received().empty(); }))
        << "round " << round;
    EXPECT_EQ(one.received().front(), (Frame{1, {2}}));
    EXPECT_EQ(two.received().front(), (Frame{1, {1}}));
    for (std::uint8_t n = 0; n < 20; ++n) {
      ASSERT_TRUE(one.transport->send(2, 2, crypto::Bytes{n}));
      ASSERT_TRUE(two.transport->send(1, 2, crypto::Bytes{n}));
    }
    ASSERT_TRUE(eventually([&] { return one.received().size() == 21 && two.received().size() == 21; }))
        << "round " << round << ": " << one.received().size() << ", " << two.received().size();
    EXPECT_EQ(one.up(2), 1);
    EXPECT_EQ(two.up(1), 1);
    EXPECT_EQ(one.down(2), 0);
    EXPECT_EQ(two.down(1), 0);
  }
}

TEST(PeerTransport, a_later_choice_moves_the_channel_and_drains_the_earlier_connection) {
  Node two(2);
  two.transport->set_peers({{1, "127.0.0.1", 1, false}});
  const PeerTls tls = raw_tls(1);
  RawPeer first(tls, two.transport->port()), second(tls, two.transport->port());
  ASSERT_TRUE(first.shaken() && second.shaken());
  ASSERT_TRUE(first.next() && second.next());  // their hellos
  first.choose(77, 1);
  ASSERT_TRUE(eventually([&] { return two.is_up(1); }));
  ASSERT_TRUE(two.transport->send(1, 5, crypto::Bytes{1}));
  EXPECT_EQ(first.next(), (Frame{5, {1}}));
  second.choose(77, 2);
  EXPECT_EQ(first.next(), (Frame{0, {4}}));  // bye
  ASSERT_TRUE(two.transport->send(1, 5, crypto::Bytes{2}));
  EXPECT_EQ(second.next(), (Frame{5, {2}}));
  first.send(6, {9});  // was under way when the channel moved
  first.bye();
  EXPECT_TRUE(first.closes());
  EXPECT_EQ(two.received(), (std::vector<Frame>{{6, {9}}}));
  EXPECT_EQ(two.up(1), 1);
  EXPECT_EQ(two.down(1), 0);
}

TEST(PeerTransport, an_earlier_choice_that_arrives_late_moves_nothing) {
  Node two(2);
  two.transport->set_peers({{1, "127.0.0.1", 1, false}});
  const PeerTls tls = raw_tls(1);
  RawPeer first(tls, two.transport->port()), second(tls, two.transport->port());
  ASSERT_TRUE(first.next() && second.next());
  second.choose(77, 2);
  ASSERT_TRUE(eventually([&] { return two.is_up(1); }));
  first.choose(77, 1);
  EXPECT_EQ(first.next(), (Frame{0, {4}}));
  ASSERT_TRUE(two.transport->send(1, 5, crypto::Bytes{3}));
  EXPECT_EQ(second.next(), (Frame{5, {3}}));
}

TEST(PeerTransport, a_bye_before_the_next_choice_keeps_the_channel_up) {
  Node two(2);
  two.transport->set_peers({{1, "127.0.0.1", 1, false}});
  const PeerTls tls = raw_tls(1);
  RawPeer first(tls, two.transport->port());
  ASSERT_TRUE(first.next());
  first.choose(77, 1);
  ASSERT_TRUE(eventually([&] { return two.is_up(1); }));
  RawPeer second(tls, two.transport->port());
  ASSERT_TRUE(second.next());
  first.bye();
  EXPECT_EQ(first.next(), (Frame{0, {4}}));
  ASSERT_TRUE(two.transport->send(1, 5, crypto::Bytes{1}));  // waits for the choice
  second.choose(77, 2);
  EXPECT_EQ(second.next(), (Frame{5, {1}}));
  EXPECT_EQ(two.down(1), 0);
}

TEST(PeerTransport, a_new_process_at_the_other_end_is_a_new_channel) {
  Node one(1);
  one.transport->set_peers({{2, "127.0.0.1", 1, false}});
  const PeerTls tls = raw_tls(2);
  RawPeer before(tls, one.transport->port());
  before.hello(100);
  ASSERT_TRUE(before.next());  // choose
  RawPeer after(tls, one.transport->port());
  after.hello(101);
  ASSERT_TRUE(after.next());
  EXPECT_TRUE(eventually([&] { return one.up(2) == 2 && one.down(2) == 1; }));
  EXPECT_TRUE(one.is_up(2));
}

TEST(PeerTransport, reconnects_to_a_peer_that_was_killed) {
  Node one(1);
  auto two = std::make_unique<Node>(2);
  const PeerAddress where = two->address();
  one.transport->set_peers({where});
  two->transport->set_peers({one.address(false)});
  ASSERT_TRUE(eventually([&] { return one.is_up(2); }));
  for (int round = 1; round <= 3; ++round) {
    two.reset();
    ASSERT_TRUE(eventually([&] { return one.down(2) == round; }));
    EXPECT_FALSE(one.transport->send(2, 1, crypto::Bytes{1}));
    TransportOptions again = options_of(2);
    again.listen_port = where.port;
    two = std::make_unique<Node>(again);
    two->transport->set_peers({one.address(false)});
    ASSERT_TRUE(eventually([&] { return one.up(2) == round + 1; }));
  }
}

TEST(PeerTransport, follows_a_peer_to_its_new_address) {
  Node one(1), two(2);
  one.transport->set_peers({{2, "127.0.0.1", 1, true}});  // nobody listens there
  two.transport->set_peers({one.address(false)});
  std::this_thread::sleep_for(milliseconds(20));
  EXPECT_FALSE(one.is_up(2));
  one.transport->set_peers({two.address()});
  EXPECT_TRUE(eventually([&] { return one.is_up(2); }));
}

TEST(PeerTransport, dials_host_names) {
  Node one(1), two(2);
  PeerAddress named = two.address();
  named.host = "localhost";
  one.transport->set_peers({named});
  two.transport->set_peers({one.address(false)});
  EXPECT_TRUE(eventually([&] { return one.is_up(2); }));
}

TEST(PeerTransport, a_peer_that_left_the_list_is_disconnected_and_may_come_back) {
  Node one(1), two(2);
  one.transport->set_peers({two.address(false)});
  two.transport->set_peers({one.address()});
  for (int round = 1; round <= 3; ++round) {
    ASSERT_TRUE(eventually([&] { return one.up(2) == round && two.up(1) == round; }));
    one.transport->set_peers({});
    ASSERT_TRUE(eventually([&] { return one.down(2) == round && two.down(1) == round; }));
    one.transport->set_peers({two.address(false)});
  }
}

TEST(PeerTransport, five_nodes_that_all_dial_each_other_are_all_connected) {
  std::vector<std::unique_ptr<Node>> nodes;
  std::vector<PeerAddress> everybody;
  for (std::uint8_t n = 1; n <= 5; ++n) {
    nodes.push_back(std::make_unique<Node>(n));
    everybody.push_back(nodes.back()->address());
  }
  for (auto& node : nodes) node->transport->set_peers(everybody);
  EXPECT_TRUE(eventually([&] {
    for (auto& node : nodes) {
      const std::vector<PeerStatus> peers = node->transport->peers();
      if (peers.size() != 4) return false;  // the list is taken over on the transport's thread
      for (const PeerStatus& status : peers) {
        if (!status.up) return false;
      }
    }
    return true;
  }));
}

TEST(PeerTransport, refuses_an_unknown_key_and_says_nothing) {
  Node one(1);
  one.transport->set_peers({{2, "127.0.0.1", 1, false}});
  const PeerTls tls = raw_tls(99);
  RawPeer stranger(tls, one.transport->port());
  EXPECT_FALSE(stranger.next().has_value());
  EXPECT_TRUE(eventually([&] { return one.transport->counters().refused_unknown_key == 1; }));
  EXPECT_EQ(one.transport->counters().channels, 0u);
}

TEST(PeerTransport, refuses_a_known_key_that_is_not_on_the_list) {
  Node one(1);
  one.transport->set_peers({{2, "127.0.0.1", 1, false}});
  const PeerTls tls = raw_tls(3);
  RawPeer stranger(tls, one.transport->port());
  EXPECT_FALSE(stranger.next().has_value());
  EXPECT_TRUE(eventually([&] { return one.transport->counters().refused_unknown_key == 1; }));
}

TEST(PeerTransport, refuses_another_chain) {
  Node one(1);
  one.transport->set_peers({{2, "127.0.0.1", 1, false}});
  const PeerTls tls = raw_tls(2, 200);
  RawPeer foreign(tls, one.transport->port());
  EXPECT_FALSE(foreign.shaken());
  EXPECT_TRUE(eventually([&] { return one.transport->counters().refused_wrong_chain == 1; }));
}

TEST(PeerTransport, refuses_a_peer_that_answers_at_anothers_address) {
  Node one(1), three(3);
  three.transport->set_peers({one.address(false)});
  one.transport->set_peers({{2, "127.0.0.1", three.transport->port(), true}, three.address(false)});
  EXPECT_TRUE(eventually([&] { return one.transport->counters().refused_wrong_peer >= 1; }));
  EXPECT_FALSE(one.is_up(2));
  EXPECT_FALSE(one.is_up(3));
}

TEST(PeerTransport, closes_garbage_and_plain_text) {
  Node one(1);
  for (const std::string_view words :
       {"GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\xff\xff garbage that is no hello"}) {
    const RawSocket stranger(one.transport->port());
    ASSERT_TRUE(stranger.write(words));
    ::shutdown(stranger.descriptor(), SHUT_WR);
    EXPECT_TRUE(stranger.closes());
  }
  EXPECT_TRUE(eventually([&] { return one.transport->counters().handshakes_failed == 2; }));
}

TEST(PeerTransport, closes_a_stranger_that_says_nothing_in_time) {
  TransportOptions options = options_of(1);
  options.handshake_deadline = milliseconds(50);
  Node one(options);
  const RawSocket stranger(one.transport->port());
  EXPECT_TRUE(stranger.closes());
  EXPECT_EQ(one.transport->counters().handshakes_late, 1u);
}

TEST(PeerTransport, closes_a_peer_that_never_greets) {
  TransportOptions options = options_of(1);
  options.handshake_deadline = milliseconds(100);
  Node one(options);
  one.transport->set_peers({{2, "127.0.0.1", 1, false}});
  const PeerTls tls = raw_tls(2);
  RawPeer peer(tls, one.transport->port());
  ASSERT_TRUE(peer.shaken());
  EXPECT_TRUE(peer.closes());
  EXPECT_EQ(one.up(2), 0);
}

TEST(PeerTransport, hundreds_of_strangers_do_not_keep_a_peer_out) {
  TransportOptions options = options_of(1);
  options.handshakes_max = 16;
  Node one(options), two(2);
  one.transport->set_peers({two.address(false)});
  std::vector<RawSocket> strangers;
  for (int n = 0; n < 500; ++n) strangers.emplace_back(one.transport->port());
  two.transport->set_peers({one.address()});
  EXPECT_TRUE(eventually([&] { return one.is_up(2); }));
  EXPECT_TRUE(eventually([&] { return one.transport->counters().connections_refused >= 500 - 16; }));
}

TEST(PeerTransport, closes_a_peer_that_announces_too_large_a_frame) {
  Node one(1);
  one.transport->set_peers({{2, "127.0.0.1", 1, false}});
  const PeerTls tls = raw_tls(2);
  RawPeer peer(tls, one.transport->port());
  peer.hello(5);
  ASSERT_TRUE(peer.next());
  peer.write(crypto::Bytes{0x00, 0x40, 0x00, 0x01});  // 4 MiB + 1
  EXPECT_TRUE(peer.closes());
  EXPECT_EQ(one.transport->counters().protocol_faults, 1u);
  EXPECT_TRUE(eventually([&] { return one.down(2) == 1; }));
}

TEST(PeerTransport, closes_a_peer_that_breaks_the_greeting) {
  Node one(1);
  one.transport->set_peers({{2, "127.0.0.1", 1, false}});
  const PeerTls tls = raw_tls(2);
  const std::vector<Frame> faults = {
      {1, {}},                                                                // a frame before the channel
      {0, {}},                                                                // no control code
      {0, {9}},                                                               // an unknown one
      {0, {1, 2}},                                                            // a hello cut short
      {0, {4}},                                                               // bye without hello
      {0, crypto::Bytes{2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1}},  // not its choice
  };
  for (const Frame& fault : faults) {
    RawPeer peer(tls, one.transport->port());
    peer.send(fault.kind, fault.payload);
    EXPECT_TRUE(peer.closes());
  }
  EXPECT_TRUE(eventually([&] { return one.transport->counters().protocol_faults == faults.size(); }));
  EXPECT_EQ(one.up(2), 0);
}

TEST(PeerTransport, notices_a_peer_that_fell_silent) {
  TransportOptions options = options_of(1);
  options.ping_interval = milliseconds(20);
  options.idle_deadline = milliseconds(100);
  Node one(options);
  one.transport->set_peers({{2, "127.0.0.1", 1, false}});
  const PeerTls tls = raw_tls(2);
  RawPeer peer(tls, one.transport->port());
  peer.hello(5);
  ASSERT_TRUE(eventually([&] { return one.up(2) == 1; }));
  EXPECT_TRUE(eventually([&] { return one.down(2) == 1; }));
  EXPECT_EQ(one.transport->counters().peers_silent, 1u);
}

TEST(PeerTransport, pings_keep_an_idle_channel_up) {
  TransportOptions left = options_of(1), right = options_of(2);
  left.ping_interval = right.ping_interval = milliseconds(20);
  left.idle_deadline = right.idle_deadline = milliseconds(400);
  Node one(left), two(right);
  one.transport->set_peers({two.address()});
  two.transport->set_peers({one.address(false)});
  ASSERT_TRUE(eventually([&] { return one.is_up(2) && two.is_up(1); }));
  std::this_thread::sleep_for(milliseconds(900));
  EXPECT_EQ(one.down(2), 0);
  EXPECT_EQ(two.down(1), 0);
}

TEST(PeerTransport, stops_reading_while_frames_are_held_and_goes_on_when_they_are_released) {
  TransportOptions slow = options_of(2);
  slow.receive_window_bytes = 64 * 1024;
  TransportOptions fast = options_of(1);
  fast.send_queue_bytes = 1024 * 1024;
  Node one(fast), two(slow);
  two.holding = true;
  one.transport->set_peers({two.address()});
  two.transport->set_peers({one.address(false)});
  ASSERT_TRUE(eventually([&] { return one.is_up(2); }));
  const crypto::Bytes payload(32 * 1024, 1);
  std::size_t accepted = 0;
  const bool filled = eventually([&] {
    if (one.transport->send(2, 1, payload)) {
      ++accepted;
      return false;
    }
    // Full: only when it stays full does the receiver not read.
    std::this_thread::sleep_for(milliseconds(50));
    return !one.transport->send(2, 1, payload) || (++accepted, false);
  });
  ASSERT_TRUE(filled);
  EXPECT_LE(two.received().size(), 6u);  // the window, and the chunk that filled it
  EXPECT_TRUE(one.is_up(2));
  two.release();
  EXPECT_TRUE(eventually([&] { return two.received().size() == accepted; }));
  EXPECT_EQ(one.down(2), 0);
}

TEST(PeerTransport, credits_may_outlive_the_transport) {
  std::vector<ReceiveCredit> kept;
  {
    TransportOptions options = options_of(2);
    options.receive_window_bytes = 1;
    Node one(1), two(options);
    two.holding = true;
    one.transport->set_peers({two.address()});
    two.transport->set_peers({one.address(false)});
    ASSERT_TRUE(eventually([&] { return one.is_up(2); }));
    ASSERT_TRUE(one.transport->send(2, 1, crypto::Bytes(100)));
    ASSERT_TRUE(eventually([&] { return two.received().size() == 1; }));
    const std::lock_guard lock(two.mutex);
    kept = std::move(two.held);
  }
  kept.clear();
}

TEST(PeerTransport, says_which_address_it_cannot_listen_on) {
  Node one(1);
  TransportOptions options = options_of(2);
  options.listen_port = one.transport->port();
  const auto taken = PeerTransport::start(options, {});
  ASSERT_TRUE(taken.has_error());
  EXPECT_EQ(taken.error().code, ledger::Code::E_CONNECT);
  options.listen_address = "not an address";
  EXPECT_EQ(PeerTransport::start(options, {}).error().code, ledger::Code::E_CONFIG);
}

}  // namespace
}  // namespace circula::node
