#include "tests/node/http_server_fixture.h"

#include <poll.h>

namespace circula::node {
namespace {

using ledger::Code;
using std::chrono::milliseconds;
using testing::eventually;
using testing::HttpServerTest;
using testing::kHost;
using testing::RawSocket;
using namespace std::string_literals;

TEST_F(HttpServerTest, streams_events) {
  start();
  HttpClient http = client();
  std::vector<std::string> lines;
  const HttpReply got = http.stream("/events", {{"Accept", "text/event-stream"}},
                                    [&](std::string_view line) {
                                      lines.emplace_back(line);
                                      return true;
                                    })
                            .value();
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(got.headers.at("content-type"), "text/event-stream");
  EXPECT_EQ(lines, (std::vector<std::string>{"id: 1", "data: event", "", "id: 2", "data: event", "", "id: 3",
                                             "data: event", ""}));
  EXPECT_EQ(http.get("/echo/x").value().status, 200);
  EXPECT_EQ(server->counters().connections, 1u);
}

TEST_F(HttpServerTest, a_silent_event_stream_has_a_heartbeat_and_ends_with_its_client) {
  options.limits.heartbeat_interval = milliseconds(20);
  stay_open = true;
  start();
  int beats = 0;
  {
    HttpClient http = client();
    EXPECT_TRUE(http.stream("/events", {},
                            [&](std::string_view line) {
                              if (line == ":") ++beats;
                              return beats < 3;
                            })
                    .has_value());
    EXPECT_EQ(beats, 3);
    EXPECT_EQ(streams_gone, 0);
  }
  EXPECT_TRUE(eventually([&] { return streams_gone == 1; }));
  EXPECT_TRUE(eventually([&] { return server->counters().open_connections == 0; }));
}

TEST_F(HttpServerTest, a_stream_request_that_is_refused_gives_the_problem) {
  start();
  HttpClient http = client();
  int lines = 0;
  const HttpReply got = http.stream("/problem", {}, [&](std::string_view) { return ++lines > 0; }).value();
  EXPECT_EQ(got.status, 429);
  EXPECT_NE(got.body.find("E_QUOTA"), std::string::npos);
  EXPECT_EQ(lines, 0);
}

TEST_F(HttpServerTest, stops_while_streams_are_open) {
  stay_open = true;
  start();
  std::thread reading([&] { (void)client().stream("/events", {}, [](std::string_view) { return true; }); });
  ASSERT_TRUE(eventually([&] { return server->counters().requests == 1; }));
  server->stop();
  reading.join();
  EXPECT_EQ(streams_gone, 1);
}

}  // namespace
}  // namespace circula::node
