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

TEST_F(HttpServerTest, limits_headers) {
  start();
  const std::string head = "GET /echo/x HTTP/1.1\r\n" + std::string(kHost) + "X: ";
  const std::string small =
      head + std::string(8 * 1024 - head.size() - 50, 'x') + "\r\nConnection: close\r\n\r\n";
  EXPECT_NE(raw(small).find(" 200 "), std::string::npos);
  const std::string got = raw(head + std::string(8 * 1024, 'x') + "\r\n\r\n");
  EXPECT_NE(got.find(" 413 "), std::string::npos);
  EXPECT_NE(got.find("E_SIZE"), std::string::npos);
  EXPECT_EQ(server->counters().too_large, 1u);
}

TEST_F(HttpServerTest, limits_bodies_to_the_byte) {
  options.limits.body_bytes = 1000;
  start();
  HttpClient http = client();
  EXPECT_EQ(http.post("/echo", "", std::string(1000, 'b')).value().status, 200);
  EXPECT_EQ(http.post("/echo", "", std::string(1001, 'b')).value().status, 413);
  // A length alone is refused before a byte of the body came; chunks are counted.
  EXPECT_NE(raw("POST /echo HTTP/1.1\r\n" + std::string(kHost) + "Content-Length: 99999999999\r\n\r\n")
                .find(" 413 "),
            std::string::npos);
  std::string chunked = "POST /echo HTTP/1.1\r\n" + std::string(kHost) + "Transfer-Encoding: chunked\r\n\r\n";
  for (int n = 0; n < 3; ++n) chunked += "190\r\n" + std::string(400, 'c') + "\r\n";
  EXPECT_NE(raw(chunked + "0\r\n\r\n").find(" 413 "), std::string::npos);
}

// What the parser cannot use yet was kept without a bound: as much as arrives within the five seconds of a
// window, for each connection.
TEST_F(HttpServerTest, limits_chunk_lines_and_trailers) {
  options.limits.rate_window = milliseconds(300);
  start();
  const std::string head =
      "POST /echo HTTP/1.1\r\n" + std::string(kHost) + "Transfer-Encoding: chunked\r\n\r\n";
  for (const std::string begun : {"1;", "1\r\na\r\n0\r\nX: "}) {
    const std::string got = raw(head + begun + std::string(100'000, 'x'));
    EXPECT_NE(got.find(" 413 "), std::string::npos) << begun << got;
    EXPECT_NE(got.find("E_SIZE"), std::string::npos);
    EXPECT_NE(raw(head + begun + std::string(4'000, 'x') + "\r\n").find(" 408 "), std::string::npos) << begun;
  }
  EXPECT_EQ(server->counters().too_large, 2u);
}

TEST_F(HttpServerTest, takes_bodies_of_the_full_size_and_asks_for_them) {
  start();
  EXPECT_EQ(client().post("/echo", "", std::string(1536 * 1024, 'b')).value().status, 200);
  EXPECT_EQ(client().post("/echo", "", std::string(1536 * 1024 + 1, 'b')).value().status, 413);
  const RawSocket asking(server->port());
  asking.write("POST /echo HTTP/1.1\r\n" + std::string(kHost) +
               "Content-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n");
  const std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
  std::string told(go_on.size(), ' ');
  ASSERT_EQ(::recv(asking.descriptor(), told.data(), told.size(), MSG_WAITALL),
            static_cast<ssize_t>(told.size()));
  EXPECT_EQ(told, go_on);
  asking.write("ok");
  EXPECT_TRUE(asking.read_all().starts_with("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, bounds_the_memory_of_all_bodies_together) {
  options.limits.bodies_bytes = 1000;
  start();
  EXPECT_EQ(client().post("/echo", "", std::string(900, 'b')).value().status, 200);
  const HttpReply got = client().post("/echo", "", std::string(1100, 'b')).value();
  EXPECT_EQ(got.status, 503);
  EXPECT_NE(got.body.find("E_CONNECTIONS"), std::string::npos);
  EXPECT_EQ(client().post("/echo", "", std::string(900, 'b')).value().status, 200);
}

TEST_F(HttpServerTest, refuses_malformed_requests_once_and_closes) {
  start();
  const std::string host(kHost);
  for (const std::string& words : std::vector<std::string>{
           "garbage\r\n\r\n", "GET\r\n\r\n", "GET /echo/x\r\n\r\n",
           "GET /echo/x HTTP/9.9\r\n" + host + "\r\n", "GET /echo/x HTTP/1.1\r\nBad Header: 1\r\n\r\n",
           "GET /echo/x HTTP/1.1\r\n: 1\r\n\r\n",
           "POST /echo HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\n",
           "POST /echo HTTP/1.1\r\n" + host + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
           "POST /echo HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
           "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a TLS hello"s}) {
    const std::string got = raw(words);
    EXPECT_TRUE(got.starts_with("HTTP/1.1 400 ")) << words << " gave " << got;
    EXPECT_NE(got.find("E_REQUEST"), std::string::npos);
  }
  EXPECT_EQ(client().get("/echo/x").value().status, 200);
  EXPECT_TRUE(eventually([&] { return server->counters().malformed == 10; }));
}

TEST_F(HttpServerTest, many_malformed_requests_leave_nothing_behind) {
  start();
  std::uint64_t state = 88172645463325252ULL;
  const std::string valid = "POST /echo HTTP/1.1\r\n" + std::string(kHost) + "Content-Length: 4\r\n\r\nbody";
  for (int n = 0; n < 500; ++n) {
    std::string words = valid;
    for (int change = 0; change < 3; ++change) {
      state ^= state << 13, state ^= state >> 7, state ^= state << 17;
      words[state % words.size()] = static_cast<char>(state >> 32);
    }
    const RawSocket socket(server->port());
    socket.write(words);
    ::shutdown(socket.descriptor(), SHUT_WR);
    (void)socket.read_all();
  }
  EXPECT_EQ(client().get("/echo/x").value().status, 200);
  EXPECT_TRUE(eventually([&] { return server->counters().open_connections == 0; }));
}

}  // namespace
}  // namespace circula::node
