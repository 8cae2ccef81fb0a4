#include "node/http_server.h"

#include <gtest/gtest.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <poll.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "crypto/ed25519.h"
#include "crypto/hash.h"
#include "node/http_client.h"
#include "tests/node/raw_peer.h"

namespace circula::node {
namespace {

using ledger::Code;
using std::chrono::milliseconds;
using testing::eventually;
using testing::RawSocket;
using namespace std::string_literals;

// Answers kept for later, as a handler that waits for finality does.
struct Later {
  std::mutex mutex;
  std::vector<Respond> waiting;

  std::size_t count() {
    const std::lock_guard lock(mutex);
    return waiting.size();
  }
  std::vector<Respond> take() {
    const std::lock_guard lock(mutex);
    return std::exchange(waiting, {});
  }
};

class HttpServerTest : public ::testing::Test {
 protected:
  HttpServerTest() {
    EXPECT_TRUE(crypto::init().has_value());
    caller.fill(7);
    options.operator_listener = HttpListener{};
    options.authenticate = [this](std::string_view token) -> std::optional<crypto::PublicKey> {
      return token == "good" ? std::optional(caller) : std::nullopt;
    };
  }

  static Response echo(const Request& request) {
    std::string text = std::string(to_string(request.method)) + " " + request.path;
    for (const auto& [name, value] : request.params) text += " " + name + "=" + value;
    for (const auto& [name, value] : request.query) text += " ?" + name + "=" + value;
    if (request.caller) text += " caller";
    return Response::text(200, text + " " + std::string(crypto::as_text(request.body)));
  }

  std::vector<Route> routes() {
    const Handler echoing = [](Request request, Respond respond) { respond(echo(request)); };
    return {
        {Method::get, "/echo/{id}", Visibility::public_, "", echoing, {{"q", ""}}},
        {Method::post, "/echo", Visibility::public_, "", echoing},
        {Method::get, "/mine", Visibility::party, "", echoing},
        {Method::get, "/scope", Visibility::regulator, "", echoing},
        {Method::get, "/inside", Visibility::operator_, "", echoing},
        {Method::get, "/size", Visibility::public_, "",
         [](Request, Respond respond) { respond(Response::text(200, std::string(3'000'000, 'x'))); }},
        {Method::get, "/later", Visibility::public_, "",
         [this](Request, Respond respond) {
           const std::lock_guard lock(later.mutex);
           later.waiting.push_back(std::move(respond));
         }},
        {Method::get, "/dropped", Visibility::public_, "", [](Request, Respond) {}},
        {Method::get, "/throws", Visibility::public_, "",
         [](Request, Respond) { throw std::runtime_error("a defect"); }},
        {Method::get, "/problem", Visibility::public_, "",
         [](Request request, Respond respond) {
           respond(
               Response::problem(ledger::error(Code::E_QUOTA, "slow \"down\"", "records[3]"), request.trace));
         }},
        {Method::get, "/events", Visibility::public_, "",
         [this](Request, Respond respond) { respond(events()); }},
    };
  }

  // Three events, each delivered by another thread, then the end; "stay" keeps it open.
  Response events() {
    Response response;
    response.content_type = "text/event-stream";
    auto gone = std::shared_ptr<void>(nullptr, [this](void*) { ++streams_gone; });
    response.stream = [this, gone, n = std::make_shared<int>(0)](Deliver deliver) {
      const int number = ++*n;
      if (number > 3 && stay_open) return;
      const std::lock_guard lock(threads_mutex);
      threads.emplace_back([deliver = std::move(deliver), number] {
        std::this_thread::sleep_for(milliseconds(2));
        if (number > 3) return deliver(std::nullopt);
        deliver("id: " + std::to_string(number) + "\ndata: event\n\n");
      });
    };
    return response;
  }

  void start() {
    auto started = HttpServer::start(options, RouteTable::make(routes()).value());
    ASSERT_TRUE(started.has_value()) << started.error().detail;
    server = std::move(*started);
  }
  HttpClient client(std::string_view scheme = "http") {
    HttpClientOptions chosen;
    chosen.url = std::string(scheme) + "://127.0.0.1:" + std::to_string(server->port());
    chosen.timeout = milliseconds(5'000);
    return std::move(HttpClient::make(chosen).value());
  }
  HttpClient operator_client() {
    HttpClientOptions chosen;
    chosen.url = "http://127.0.0.1:" + std::to_string(server->operator_port());
    return std::move(HttpClient::make(chosen).value());
  }
  // Sends bytes as they are and reads until the server closes.
  std::string raw(std::string_view bytes) {
    const RawSocket socket(server->port());
    EXPECT_TRUE(socket.write(bytes));
    return socket.read_all();
  }
  void TearDown() override {
    if (server) server->stop();
    const std::lock_guard lock(threads_mutex);
    for (std::thread& thread : threads) thread.join();
  }

  HttpOptions options;
  crypto::PublicKey caller{};
  Later later;
  bool stay_open = false;
  std::atomic<int> streams_gone = 0;
  std::mutex threads_mutex;
  std::vector<std::thread> threads;
  std::unique_ptr<HttpServer> server;
};

constexpr std::string_view kHost = "Host: localhost\r\n";

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
  EXPECT_EQ(client().get("/later").value().status, 504);
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

TEST_F(HttpServerTest, off_loopback_it_needs_tls) {
  options.public_listener.address = "0.0.0.0";
  const auto refused = HttpServer::start(options, RouteTable::make(routes()).value());
  ASSERT_TRUE(refused.has_error());
  EXPECT_EQ(refused.error().code, Code::E_CONFIG);
  options.public_listener.address = "127.0.0.1";
  options.operator_listener->address = "0.0.0.0";
  EXPECT_EQ(HttpServer::start(options, RouteTable::make(routes()).value()).error().code, Code::E_CONFIG);
  options.operator_listener->address = "name.example";
  EXPECT_EQ(HttpServer::start(options, RouteTable::make(routes()).value()).error().code, Code::E_CONFIG);
}

std::string pem_of(const std::function<void(BIO*)>& write) {
  BIO* memory = BIO_new(BIO_s_mem());
  write(memory);
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(memory);
  return text;
}

struct ServerIdentity {
  HttpTls tls;
  crypto::Digest key;
};

ServerIdentity make_identity() {
  ServerIdentity identity;
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_sign(certificate, key, EVP_sha256());
  identity.tls.certificate_chain = pem_of([&](BIO* out) { PEM_write_bio_X509(out, certificate); });
  identity.tls.private_key =
      pem_of([&](BIO* out) { PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr); });
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  identity.key = crypto::sha256(crypto::ByteView(der, static_cast<std::size_t>(size)));
  OPENSSL_free(der);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return identity;
}

TEST_F(HttpServerTest, speaks_tls_to_a_client_that_pins_its_key) {
  const ServerIdentity identity = make_identity();
  options.tls = identity.tls;
  start();
  HttpClientOptions chosen;
  chosen.url = server->origin();
  EXPECT_TRUE(chosen.url.starts_with("https://127.0.0.1:"));
  chosen.server_key = identity.key;
  HttpClient http = std::move(HttpClient::make(chosen).value());
  EXPECT_EQ(http.get("/echo/x").value().status, 200);
  EXPECT_EQ(http.get("/size").value().body.size(), 3'000'000u);
  EXPECT_EQ(http.post("/echo", "", std::string(1'000'000, 'b')).value().status, 200);
  EXPECT_EQ(server->counters().connections, 1u);
  chosen.server_key->at(0) ^= 1;
  HttpClient other = std::move(HttpClient::make(chosen).value());
  EXPECT_EQ(other.get("/echo/x").error().code, Code::E_CONNECT);
  chosen.server_key.reset();  // then the system's authorities decide, and none knows it
  HttpClient unpinned = std::move(HttpClient::make(chosen).value());
  EXPECT_EQ(unpinned.get("/echo/x").error().code, Code::E_CONNECT);
}

// An address of this machine that is not loopback; connections to it stay inside the machine.
std::optional<in_addr> own_address() {
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0) return std::nullopt;
  std::optional<in_addr> found;
  for (const ifaddrs* one = all; one != nullptr; one = one->ifa_next) {
    const bool usable = one->ifa_addr != nullptr && one->ifa_addr->sa_family == AF_INET &&
                        (one->ifa_flags & (IFF_UP | IFF_LOOPBACK)) == IFF_UP;
    if (usable) found = reinterpret_cast<const sockaddr_in*>(one->ifa_addr)->sin_addr;
  }
  freeifaddrs(all);
  return found;
}

TEST_F(HttpServerTest, off_loopback_an_address_has_sixty_four_connections) {
  const std::optional<in_addr> own = own_address();
  if (!own) GTEST_SKIP() << "this machine has no address but loopback";
  char text[INET_ADDRSTRLEN];
  options.public_listener.address = inet_ntop(AF_INET, &*own, text, sizeof text);
  options.tls = make_identity().tls;
  start();
  constexpr std::size_t kAllowed = 64, kTried = 100;
  std::vector<int> sockets;
  for (std::size_t n = 0; n < kTried; ++n) {
    sockets.push_back(::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server->port());
    address.sin_addr = *own;
    ASSERT_EQ(::connect(sockets.back(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  EXPECT_TRUE(eventually([&] { return server->counters().refused_connections == kTried - kAllowed; }));
  EXPECT_EQ(server->counters().open_connections, kAllowed);
  EXPECT_EQ(operator_client().get("/inside").value().status, 200);
  for (const int socket : sockets) ::close(socket);
  EXPECT_TRUE(eventually([&] { return server->counters().open_connections <= 1; }));
}

TEST_F(HttpServerTest, refuses_a_key_that_does_not_fit_the_certificate) {
  options.tls = make_identity().tls;
  options.tls->private_key = make_identity().tls.private_key;
  EXPECT_EQ(HttpServer::start(options, RouteTable::make(routes()).value()).error().code, Code::E_CONFIG);
}

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
