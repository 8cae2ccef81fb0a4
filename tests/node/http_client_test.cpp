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

TEST(HttpClient, names_what_is_wrong_with_a_url) {
  for (const std::string url :
       {"", "127.0.0.1:80", "ftp://x", "http://", "http://h:0", "http://h:65536", "http://h:x",
        "http://h/path", "http://[::1", "http://a b", "http://u@h", "http://h\r\nX: y"}) {
    const auto made = HttpClient::make({.url = url});
    ASSERT_TRUE(made.has_error()) << url;
    EXPECT_EQ(made.error().code, Code::E_USAGE);
  }
  EXPECT_EQ(HttpClient::make({.url = "http://LocalHost:8401/"}).value().origin(), "http://localhost:8401");
  EXPECT_EQ(HttpClient::make({.url = "https://[::1]:8401"}).value().origin(), "https://[::1]:8401");
}

TEST(HttpClient, says_when_nobody_answers) {
  auto http = std::move(HttpClient::make({.url = "http://127.0.0.1:1"}).value());
  const auto refused = http.get("/");
  ASSERT_TRUE(refused.has_error());
  EXPECT_EQ(refused.error().code, Code::E_CONNECT);
}

TEST_F(HttpServerTest, a_client_gives_up_after_its_timeout_and_can_go_on) {
  start();
  HttpClientOptions chosen;
  chosen.url = server->origin();
  chosen.timeout = milliseconds(50);
  HttpClient http = std::move(HttpClient::make(chosen).value());
  EXPECT_EQ(http.get("/later").error().code, Code::E_TIMEOUT);
  EXPECT_EQ(http.get("/echo/x").value().status, 200);
}

}  // namespace
}  // namespace circula::node
