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

}  // namespace
}  // namespace circula::node
