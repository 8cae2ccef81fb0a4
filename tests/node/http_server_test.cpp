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

TEST_F(HttpServerTest, hands_a_handler_what_the_client_sent) {
  start();
  HttpClient http = client();
  const HttpReply got = http.get("/echo/a%20b?q=1+2").value();
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(got.body, "GET /echo/a%20b id=a b ?q=1 2 ");
  EXPECT_EQ(got.headers.at("content-type"), "text/plain; charset=utf-8");
  EXPECT_EQ(http.post("/echo", "text/plain", "the body").value().body, "POST /echo the body");
}

TEST_F(HttpServerTest, sends_security_headers_and_none_for_other_origins) {
  start();
  const HttpReply got = client().get("/echo/x").value();
  EXPECT_EQ(got.headers.at("x-content-type-options"), "nosniff");
  EXPECT_EQ(got.headers.at("x-frame-options"), "DENY");
  EXPECT_EQ(got.headers.at("content-security-policy"),
            "default-src 'self'; base-uri 'none'; frame-ancestors 'none'");
  EXPECT_EQ(got.headers.at("cache-control"), "no-store");
  EXPECT_FALSE(got.headers.contains("access-control-allow-origin"));
}

TEST_F(HttpServerTest, keeps_a_connection_for_many_requests) {
  start();
  HttpClient http = client();
  for (int n = 0; n < 100; ++n) EXPECT_EQ(http.get("/echo/" + std::to_string(n)).value().status, 200);
  EXPECT_EQ(server->counters().connections, 1u);
  EXPECT_EQ(server->counters().requests, 100u);
}

TEST_F(HttpServerTest, answers_requests_that_come_all_at_once_in_their_order) {
  start();
  const std::string one = "GET /echo/1 HTTP/1.1\r\n" + std::string(kHost) + "\r\n";
  const std::string last = "GET /echo/2 HTTP/1.1\r\n" + std::string(kHost) + "Connection: close\r\n\r\n";
  const std::string answers = raw(one + one + last);
  EXPECT_LT(answers.find("id=1"), answers.rfind("id=1"));
  EXPECT_LT(answers.rfind("id=1"), answers.find("id=2"));
}

TEST_F(HttpServerTest, answers_a_head_request_without_the_body) {
  start();
  const HttpReply got = client().request("HEAD", "/size", "", "", {}, milliseconds(5'000)).value();
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(got.headers.at("content-length"), "3000000");
  EXPECT_EQ(got.body, "");
}

TEST_F(HttpServerTest, sends_large_answers_whole) {
  start();
  HttpClient http = client();
  for (int n = 0; n < 3; ++n) EXPECT_EQ(http.get("/size").value().body.size(), 3'000'000u);
}

TEST_F(HttpServerTest, describes_errors_as_problems) {
  start();
  const HttpReply got =
      client()
          .get("/problem", {{"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}})
          .value();
  EXPECT_EQ(got.status, 429);
  EXPECT_EQ(got.headers.at("content-type"), "application/problem+json");
  EXPECT_EQ(got.headers.at("retry-after"), "1");
  EXPECT_EQ(got.headers.at("trace-id"), "0af7651916cd43dd8448eb211c80319c");
  for (const std::string_view part :
       {R"("type":"\/errors\/E_QUOTA")", R"("title":"Over quota")", R"("status":429)",
        R"("detail":"slow \"down\"")", R"("code":"E_QUOTA")", R"("retryable":true)",
        R"("fields":["records[3]"])", R"("trace":"0af7651916cd43dd8448eb211c80319c")"}) {
    std::string plain(part);
    std::erase(plain, '\\');
    std::string body = got.body;
    std::erase(body, '\\');
    EXPECT_NE(body.find(plain), std::string::npos) << part << " in " << got.body;
  }
}

TEST_F(HttpServerTest, refuses_unknown_paths_methods_and_parameters) {
  start();
  HttpClient http = client();
  const HttpReply path = http.get("/ech").value();
  EXPECT_EQ(path.status, 404);
  EXPECT_NE(path.body.find("E_NO_ROUTE"), std::string::npos);
  EXPECT_NE(path.body.find("the nearest is"), std::string::npos);
  const HttpReply method = http.post("/echo/x", "", "").value();
  EXPECT_EQ(method.status, 405);
  EXPECT_EQ(method.headers.at("allow"), "GET, HEAD");
  EXPECT_EQ(http.request("BREW", "/echo/x", "", "", {}, milliseconds(5'000)).value().status, 405);
  EXPECT_EQ(http.get("/echo/x?unknown=1").value().status, 400);
  EXPECT_EQ(http.get("/echo/x?q=1&q=2").value().status, 400);
  EXPECT_EQ(http.get("/echo/..%2f").value().status, 400);
}

TEST_F(HttpServerTest, answers_only_to_its_own_names) {
  options.hosts = {"node.example"};
  start();
  HttpClient http = client();
  const std::string port = std::to_string(server->port());
  for (const std::string& host :
       std::vector<std::string>{"localhost", "127.0.0.1", "[::1]", "LOCALHOST:" + port, "node.example:80"}) {
    EXPECT_NE(raw("GET /echo/x HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n").find(" 200 "),
              std::string::npos)
        << host;
  }
  for (const std::string host :
       {"evil.example", "localhost.evil.example", "127.0.0.2", "[::1", "node.example.evil"}) {
    const std::string got = raw("GET /echo/x HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");
    EXPECT_NE(got.find(" 421 "), std::string::npos) << host;
    EXPECT_NE(got.find("E_EXPECTED_HOST"), std::string::npos);
  }
  EXPECT_NE(raw("GET /echo/x HTTP/1.1\r\nConnection: close\r\n\r\n").find(" 400 "), std::string::npos);
}

TEST_F(HttpServerTest, refuses_requests_from_pages_of_other_hosts) {
  start();
  HttpClient http = client();
  EXPECT_EQ(http.get("/echo/x", {{"Origin", server->origin()}}).value().status, 200);
  EXPECT_EQ(http.get("/echo/x", {{"Origin", "https://evil.example"}}).value().status, 421);
  EXPECT_EQ(http.get("/echo/x", {{"Origin", "null"}}).value().status, 421);
}

TEST_F(HttpServerTest, party_and_regulator_routes_need_a_session) {
  start();
  HttpClient http = client();
  for (const std::string path : {"/mine", "/scope"}) {
    const HttpReply refused = http.get(path).value();
    EXPECT_EQ(refused.status, 401);
    EXPECT_EQ(refused.headers.at("www-authenticate"), "Bearer");
    EXPECT_NE(refused.body.find("E_SESSION"), std::string::npos);
    EXPECT_EQ(http.get(path, {{"Authorization", "Bearer bad"}}).value().status, 401);
    EXPECT_EQ(http.get(path, {{"Authorization", "Bearer good"}}).value().status, 200);
  }
  EXPECT_NE(http.get("/echo/x", {{"Authorization", "Bearer good"}}).value().body.find("caller"),
            std::string::npos);
  EXPECT_EQ(http.get("/echo/x", {{"Authorization", "Bearer bad"}}).value().status, 200);
}

TEST_F(HttpServerTest, operator_routes_exist_on_the_operators_listener_only) {
  start();
  EXPECT_EQ(client().get("/inside").value().status, 404);
  HttpClient inner = operator_client();
  EXPECT_EQ(inner.get("/inside").value().status, 200);
  EXPECT_EQ(inner.get("/echo/x").value().status, 200);
  EXPECT_EQ(inner.get("/mine", {{"Authorization", "Bearer good"}}).value().status, 404);
}

TEST_F(HttpServerTest, a_handler_may_answer_later_from_another_thread) {
  options.threads = 1;
  start();
  std::vector<std::thread> asking;
  std::atomic<int> good = 0;
  for (int n = 0; n < 20; ++n) {
    asking.emplace_back([&] {
      if (client().get("/later").value().body == "at last") ++good;
    });
  }
  ASSERT_TRUE(eventually([&] { return later.count() == 20; }));  // twenty wait, and the one thread is free:
  EXPECT_EQ(client().get("/echo/x").value().status, 200);
  for (Respond& respond : later.take()) {
    respond(Response::text(200, "at last"));
    respond(Response::text(200, "a second answer is ignored"));
  }
  for (std::thread& thread : asking) thread.join();
  EXPECT_EQ(good, 20);
}

TEST_F(HttpServerTest, a_handler_that_forgets_or_throws_is_answered_for) {
  start();
  HttpClient http = client();
  EXPECT_EQ(http.get("/dropped").value().status, 503);
  EXPECT_EQ(http.get("/throws").value().status, 503);
  EXPECT_EQ(http.get("/echo/x").value().status, 200);
}

TEST_F(HttpServerTest, a_handler_that_never_answers_is_given_up) {
  options.limits.handler_deadline = milliseconds(30);
  start();
  const HttpReply late = client().get("/later").value();
  EXPECT_EQ(late.status, 504);
  EXPECT_NE(late.body.find("E_TIMEOUT"), std::string::npos);
}

TEST_F(HttpServerTest, stops_while_answers_are_due_and_ignores_them_afterwards) {
  start();
  std::thread asking([&] { EXPECT_EQ(client().get("/later").error().code, Code::E_CONNECT); });
  ASSERT_TRUE(eventually([&] { return later.count() == 1; }));
  server->stop();
  asking.join();
  server.reset();
  for (Respond& respond : later.take()) respond(Response::text(200, "too late"));
}

}  // namespace
}  // namespace circula::node
