#include "tests/e2e/interceptor.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <sstream>
#include <stdexcept>

namespace circula::e2e {
namespace {

using SteadyClock = std::chrono::steady_clock;

node::HttpClient client_of(const std::string& url) {
  auto made = node::HttpClient::make({.url = url});
  if (!made) throw std::runtime_error(made.error().detail);
  return std::move(*made);
}

// The value of a header of a request's head; empty when it is not there.
std::string header(const std::string& head, std::string name) {
  std::istringstream lines(head);
  for (std::string line; std::getline(lines, line);) {
    const auto colon = line.find(':');
    if (colon == std::string::npos) continue;
    std::string key = line.substr(0, colon);
    std::ranges::transform(key, key.begin(), [](unsigned char c) { return static_cast<char>(tolower(c)); });
    if (key != name) continue;
    const auto begin = line.find_first_not_of(' ', colon + 1);
    const auto end = line.find_last_not_of("\r ");
    return begin == std::string::npos ? std::string() : line.substr(begin, end + 1 - begin);
  }
  return {};
}

}  // namespace

Interceptor::Interceptor(const std::string& node_url) : node_(client_of(node_url)) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener_, generic, size) != 0 || listen(listener_, 8) != 0 ||
      getsockname(listener_, generic, &size) != 0)
    throw std::runtime_error("no port to listen on");
  port_ = ntohs(address.sin_port);
}

Interceptor::~Interceptor() {
  hang_up();
  close(listener_);
}

std::optional<Interceptor::Request> Interceptor::wait_for_submission(std::chrono::milliseconds patience) {
  const auto deadline = SteadyClock::now() + patience;
  hang_up();
  while (true) {
    if (connection_ < 0) {
      if (!is_readable(listener_, deadline)) return std::nullopt;
      connection_ = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      continue;
    }
    auto request = read_request(deadline);
    if (!request) {
      if (SteadyClock::now() >= deadline) return std::nullopt;
      hang_up();
      continue;
    }
    if (request->method == "POST" && request->target.starts_with("/v1/records")) return request;
    const auto reply = pass_on(*request);
    if (!reply || !answer(*reply)) hang_up();
  }
}

ledger::Result<node::HttpReply> Interceptor::pass_on(const Request& request) {
  constexpr std::chrono::milliseconds kTimeout{30'000};
  return node_.request(request.method, request.target, request.content_type, request.body, {}, kTimeout);
}

bool Interceptor::is_readable(int descriptor, SteadyClock::time_point deadline) const {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline - SteadyClock::now()).count();
  pollfd waiting{descriptor, POLLIN, 0};
  return left > 0 && poll(&waiting, 1, static_cast<int>(left)) == 1;
}

std::optional<Interceptor::Request> Interceptor::read_request(SteadyClock::time_point deadline) {
  std::string text;
  std::size_t wanted = std::string::npos;  // of the whole request, once its head is there
  while (text.size() < wanted) {
    std::array<char, 4096> part{};
    if (!is_readable(connection_, deadline)) return std::nullopt;
    const ssize_t got = recv(connection_, part.data(), part.size(), 0);
    if (got <= 0) return std::nullopt;
    text.append(part.data(), static_cast<std::size_t>(got));
    const auto head_end = text.find("\r\n\r\n");
    if (wanted != std::string::npos || head_end == std::string::npos) continue;
    const std::string length = header(text.substr(0, head_end), "content-length");
    wanted = head_end + 4 + (length.empty() ? 0 : std::stoul(length));
  }
  const auto head_end = text.find("\r\n\r\n");
  std::istringstream first(text);
  Request request;
  first >> request.method >> request.target;
  request.content_type = header(text.substr(0, head_end), "content-type");
  request.body = text.substr(head_end + 4);
  return request;
}

bool Interceptor::answer(const node::HttpReply& reply) const {
  std::string text = "HTTP/1.1 " + std::to_string(reply.status) + " -\r\n";
  if (const auto type = reply.headers.find("content-type"); type != reply.headers.end())
    text += "Content-Type: " + type->second + "\r\n";
  text += "Content-Length: " + std::to_string(reply.body.size()) + "\r\n\r\n" + reply.body;
  return send(connection_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}

void Interceptor::hang_up() {
  if (connection_ >= 0) close(connection_);
  connection_ = -1;
}

}  // namespace circula::e2e
