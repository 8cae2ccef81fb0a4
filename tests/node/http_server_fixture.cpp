#include "tests/node/http_server_fixture.h"

#include "crypto/ed25519.h"

namespace circula::node::testing {

using ledger::Code;
using std::chrono::milliseconds;

namespace {

Response echo(const Request& request) {
  std::string text = std::string(to_string(request.method)) + " " + request.path;
  for (const auto& [name, value] : request.params) text += " " + name + "=" + value;
  for (const auto& [name, value] : request.query) text += " ?" + name + "=" + value;
  if (request.caller) text += " caller";
  return Response::text(200, text + " " + std::string(crypto::as_text(request.body)));
}

}  // namespace

HttpServerTest::HttpServerTest() {
  EXPECT_TRUE(crypto::init().has_value());
  caller.fill(7);
  options.operator_listener = HttpListener{};
  options.authenticate = [this](std::string_view token) -> std::optional<crypto::PublicKey> {
    return token == "good" ? std::optional(caller) : std::nullopt;
  };
}

std::vector<Route> HttpServerTest::routes() {
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

Response HttpServerTest::events() {
  Response response;
  response.content_type = "text/event-stream";
  auto gone = std::shared_ptr<void>(nullptr, [this](void*) { ++streams_gone; });
  response.stream = [this, gone, n = std::make_shared<int>(0)](Deliver deliver) {
    const int number = ++*n;
    if (number > 3 && stay_open) return;
    const std::lock_guard lock(threads_mutex_);
    threads_.emplace_back([deliver = std::move(deliver), number] {
      std::this_thread::sleep_for(milliseconds(2));
      if (number > 3) return deliver(std::nullopt);
      deliver("id: " + std::to_string(number) + "\ndata: event\n\n");
    });
  };
  return response;
}

void HttpServerTest::start() {
  auto started = HttpServer::start(options, RouteTable::make(routes()).value());
  ASSERT_TRUE(started.has_value()) << started.error().detail;
  server = std::move(*started);
}

HttpClient HttpServerTest::client(std::string_view scheme) {
  HttpClientOptions chosen;
  chosen.url = std::string(scheme) + "://127.0.0.1:" + std::to_string(server->port());
  chosen.timeout = milliseconds(5'000);
  return std::move(HttpClient::make(chosen).value());
}

HttpClient HttpServerTest::operator_client() {
  HttpClientOptions chosen;
  chosen.url = "http://127.0.0.1:" + std::to_string(server->operator_port());
  return std::move(HttpClient::make(chosen).value());
}

std::string HttpServerTest::raw(std::string_view bytes) {
  const RawSocket socket(server->port());
  EXPECT_TRUE(socket.write(bytes));
  return socket.read_all();
}

void HttpServerTest::TearDown() {
  if (server) server->stop();
  const std::lock_guard lock(threads_mutex_);
  for (std::thread& thread : threads_) thread.join();
}

}  // namespace circula::node::testing
