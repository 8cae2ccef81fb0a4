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
