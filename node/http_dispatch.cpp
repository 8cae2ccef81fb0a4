// From a request that arrived to the route that may answer it, or to a refusal.
#include <algorithm>
#include <cctype>

#include "crypto/ed25519.h"
#include "crypto/encoding.h"
#include "ledger/nearest_name.h"
#include "node/http_server_state.h"

namespace circula::node {
namespace {

using ledger::Code;

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.find(':'));
}

// W3C trace context: the client's trace id, else a new one.
std::string trace_of(const Request& request) {
  constexpr std::size_t kVersionLength = 3, kTraceLength = 32;
  const std::string_view parent = request.header("traceparent");
  if (parent.size() > kVersionLength + kTraceLength && parent.starts_with("00-")) {
    const std::string_view id = parent.substr(kVersionLength, kTraceLength);
    if (crypto::from_hex(id).has_value()) return std::string(id);
  }
  std::array<std::uint8_t, kTraceLength / 2> fresh{};
  crypto::random_bytes(fresh);
  return crypto::to_hex(fresh);
}

std::optional<Method> method_of(std::string_view word) {
  if (word == "GET" || word == "HEAD") return Method::get;
  if (word == "POST") return Method::post;
  if (word == "PUT") return Method::put;
  if (word == "DELETE") return Method::delete_;
  return std::nullopt;
}

std::optional<ledger::Error> unknown_query(const Route& route, const Request& request) {
  std::vector<std::string> known;
  for (const QueryParameter& parameter : route.query) known.push_back(parameter.name);
  for (const auto& [name, value] : request.query) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    return ledger::error(
        Code::E_REQUEST,
        "the path takes no query parameter \"" + name + "\"" + ledger::nearest_name_hint(name, known), name);
  }
  return std::nullopt;
}

}  // namespace

void HttpServer::State::collect_hosts() {
  const auto add_loopback = [](std::set<std::string>& hosts) {
    hosts.insert({"localhost", "127.0.0.1", "[::1]"});
  };
  add_loopback(operator_hosts);
  const auto address = boost::asio::ip::make_address(options.public_listener.address);
  if (address.is_loopback()) add_loopback(public_hosts);
  if (!address.is_unspecified()) {
    const std::string text = lower(options.public_listener.address);
    public_hosts.insert(address.is_v6() ? "[" + text + "]" : text);
  }
  for (const std::string& host : options.hosts) public_hosts.insert(lower(host));
  if (options.operator_listener) operator_hosts.insert(lower(options.operator_listener->address));
}

bool HttpServer::State::is_our_host(std::string_view host, bool on_operator_listener) const {
  const std::set<std::string>& ours = on_operator_listener ? operator_hosts : public_hosts;
  return ours.contains(lower(without_port(host)));
}

// The request must name this node, and a browser must send it from a page of this node.
ledger::Result<void> HttpServer::State::check_host(const HttpConnection& connection, Request& request) const {
  const std::string_view host = request.header("host");
  if (host.empty()) return ledger::error(Code::E_REQUEST, "the request has no Host header");
  if (!is_our_host(host, connection.on_operator_listener)) {
    return ledger::error(Code::E_EXPECTED_HOST, "the request is for another host than this node");
  }
  const bool secure = tls && !connection.on_operator_listener;
  request.origin = (secure ? "https://" : "http://") + lower(host);
  const std::string_view page = request.header("origin");
  if (!page.empty() && lower(page) != request.origin) {
    return ledger::error(Code::E_EXPECTED_HOST, "the request comes from a page of another host");
  }
  return {};
}

ledger::Result<const Route*> HttpServer::State::find_route(const HttpConnection& connection,
                                                           std::string_view method, Request& request,
                                                           std::string& allow) const {
  const bool with_operator = connection.on_operator_listener;
  const std::optional<Method> known = method_of(method);
  RouteTable::Found found =
      known ? routes.find(*known, request.path, with_operator) : routes.find_any(request.path, with_operator);
  if (const auto* malformed = std::get_if<RouteTable::Malformed>(&found)) {
    return ledger::error(Code::E_REQUEST, malformed->what);
  }
  if (const auto* none = std::get_if<RouteTable::NoRoute>(&found)) {
    const std::string hint = none->nearest.empty() ? "" : "; the nearest is " + none->nearest;
    return ledger::error(Code::E_NO_ROUTE, "there is no such path" + hint);
  }
  if (const auto* other = std::get_if<RouteTable::NoMethod>(&found)) {
    allow = other->allow;
    return ledger::error(Code::E_HTTP_METHOD, "the path takes " + allow);
  }
  auto& match = std::get<RouteTable::Match>(found);
  const Visibility visibility = match.route->visibility.value;
  if (with_operator && visibility != Visibility::public_ && visibility != Visibility::operator_) {
    return ledger::error(Code::E_NO_ROUTE, "this path is on the public address, not on the operator's");
  }
  request.method = *known;
  request.params = std::move(match.params);
  return match.route;
}

ledger::Result<void> HttpServer::State::check_session(const Route& route, Request& request) const {
  constexpr std::string_view kBearer = "Bearer ";
  const std::string_view authorization = request.header("authorization");
  if (authorization.starts_with(kBearer) && options.authenticate) {
    request.caller = options.authenticate(authorization.substr(kBearer.size()));
  }
  const Visibility visibility = route.visibility.value;
  const bool needed = visibility == Visibility::party || visibility == Visibility::regulator;
  if (!needed || request.caller) return {};
  return ledger::error(Code::E_SESSION,
                       authorization.empty() ? "the path needs a session" : "the session has ended");
}

ledger::Result<const Route*> HttpServer::State::resolve(const HttpConnection& connection,
                                                        const ArrivedRequest& arrived, Request& request,
                                                        std::string& allow) const {
  const std::string_view target = arrived.target;
  const std::size_t mark = std::min(target.find('?'), target.size());
  request.path = target.substr(0, mark);
  if (auto checked = check_host(connection, request); checked.has_error()) return checked.error();
  auto route = find_route(connection, arrived.method, request, allow);
  if (route.has_error()) return route.error();
  auto query = parse_query(target.substr(std::min(mark + 1, target.size())));
  if (query.has_error()) return query.error();
  request.query = std::move(*query);
  if (auto unknown = unknown_query(**route, request)) return *unknown;
  if (auto checked = check_session(**route, request); checked.has_error()) return checked.error();
  return route;
}

HttpServer::State::Dispatched HttpServer::State::dispatch(const HttpConnection& connection,
                                                          ArrivedRequest& arrived) const {
  Dispatched out;
  out.request.headers = std::move(arrived.headers);
  out.request.body = std::move(arrived.body);
  out.request.remote = connection.remote.to_string();
  out.request.trace = trace_of(out.request);
  std::string allow;
  const auto route = resolve(connection, arrived, out.request, allow);
  if (route.has_value()) {
    out.route = *route;
    return out;
  }
  out.refusal = Response::problem(route.error(), out.request.trace);
  if (route.error().code == Code::E_HTTP_METHOD) out.refusal.headers.emplace_back("Allow", allow);
  if (route.error().code == Code::E_SESSION) out.refusal.headers.emplace_back("WWW-Authenticate", "Bearer");
  return out;
}

}  // namespace circula::node
