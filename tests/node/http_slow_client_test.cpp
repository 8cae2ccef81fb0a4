#include <poll.h>

#include "tests/node/http_server_fixture.h"

namespace circula::node {
namespace {

using ledger::Code;
using std::chrono::milliseconds;
using testing::eventually;
using testing::HttpServerTest;
using testing::kHost;
using testing::RawSocket;
using namespace std::string_literals;

TEST_F(HttpServerTest, tells_a_slow_client_so_and_closes_a_silent_one_without_a_word) {
  options.limits.header_deadline = milliseconds(50);
  start();
  EXPECT_EQ(raw(""), "");
  const std::string got = raw("GET /echo/x HTT");
  EXPECT_TRUE(got.starts_with("HTTP/1.1 408 ")) << got;
  EXPECT_NE(got.find("E_TOO_SLOW"), std::string::npos);
}

TEST_F(HttpServerTest, closes_a_body_that_comes_too_slowly) {
  options.limits.rate_window = milliseconds(100);  // so at least 102 bytes in each 100 ms
  start();
  const RawSocket slow(server->port());
  slow.write("POST /echo HTTP/1.1\r\n" + std::string(kHost) + "Content-Length: 1000\r\n\r\n");
  std::atomic<bool> over = false;
  std::thread trickle([&] {
    while (!over && slow.write("x")) std::this_thread::sleep_for(milliseconds(5));
  });
  EXPECT_TRUE(slow.read_all().starts_with("HTTP/1.1 408 "));
  over = true;
  trickle.join();
}

TEST_F(HttpServerTest, a_body_that_keeps_the_rate_may_take_longer_than_the_window) {
  options.limits.rate_window = milliseconds(200);
  start();
  const RawSocket steady(server->port());
  steady.write("POST /echo HTTP/1.1\r\n" + std::string(kHost) +
               "Content-Length: 6000\r\nConnection: close\r\n\r\n");
  for (int n = 0; n < 20; ++n) {
    steady.write(std::string(300, 's'));
    std::this_thread::sleep_for(milliseconds(25));
  }
  EXPECT_TRUE(steady.read_all().starts_with("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, closes_a_client_that_does_not_take_its_answer) {
  options.limits.rate_window = milliseconds(50);
  start();
  const RawSocket deaf(server->port());
  const int small = 4096;
  ::setsockopt(deaf.descriptor(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  for (int n = 0; n < 5; ++n) deaf.write("GET /size HTTP/1.1\r\n" + std::string(kHost) + "\r\n");
  ASSERT_TRUE(eventually([&] { return server->counters().requests > 0; }));
  EXPECT_TRUE(eventually([&] { return server->counters().open_connections == 0; }));
  // Reset, so that the kernel does not go on offering what nobody takes: it shows without reading.
  pollfd ended{deaf.descriptor(), POLLRDHUP, 0};
  EXPECT_EQ(::poll(&ended, 1, 5'000), 1);
}

TEST_F(HttpServerTest, closes_idle_connections) {
  options.limits.idle_deadline = milliseconds(50);
  start();
  HttpClient http = client();
  EXPECT_EQ(http.get("/echo/x").value().status, 200);
  EXPECT_TRUE(eventually([&] { return server->counters().open_connections == 0; }));
  EXPECT_EQ(http.get("/echo/x").value().status, 200);  // on a new one, without the caller's noticing
}

TEST_F(HttpServerTest, a_thousand_slow_clients_are_closed_and_honest_ones_served_meanwhile) {
  options.limits.header_deadline = milliseconds(500);
  start();
  std::vector<RawSocket> slow;
  for (int n = 0; n < 1000; ++n) {
    slow.emplace_back(server->port());
    slow.back().write("GET /ec");
  }
  HttpClient http = client();
  for (int n = 0; n < 20; ++n) EXPECT_EQ(http.get("/echo/x").value().status, 200);
  EXPECT_TRUE(eventually([&] { return server->counters().slow >= 990; }));
  for (const RawSocket& socket : slow) (void)socket.read_all();
  EXPECT_TRUE(eventually([&] { return server->counters().open_connections <= 1; }));
}

TEST_F(HttpServerTest, turns_connections_away_above_its_limit_but_for_the_operator) {
  options.limits.connections = 3;
  start();
  std::vector<RawSocket> holding;
  for (int n = 0; n < 3; ++n) holding.emplace_back(server->port());
  ASSERT_TRUE(eventually([&] { return server->counters().open_connections == 3; }));
  const HttpReply turned = client().get("/echo/x").value();
  EXPECT_EQ(turned.status, 503);
  EXPECT_EQ(turned.headers.at("retry-after"), "1");
  EXPECT_NE(turned.body.find("E_CONNECTIONS"), std::string::npos);
  EXPECT_EQ(operator_client().get("/inside").value().status, 200);
  holding.clear();
  EXPECT_TRUE(eventually([&] { return client().get("/echo/x").value().status == 200; }));
}

}  // namespace
}  // namespace circula::node
