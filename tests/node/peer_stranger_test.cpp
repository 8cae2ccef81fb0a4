#include <gtest/gtest.h>

#include "tests/node/transport_node.h"

namespace circula::node {
namespace {

using std::chrono::milliseconds;
using testing::chain_of;
using testing::eventually;
using testing::Node;
using testing::node_with;
using testing::options_of;
using testing::raw_tls;
using testing::RawPeer;
using testing::RawSocket;
using testing::seed_of;

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

}  // namespace
}  // namespace circula::node
