#include "tests/attack/http_exchange.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>

#include "ledger/outcome.h"
#include "tests/node/raw_peer.h"

namespace circula::attack {
namespace {

namespace json = boost::json;
using node::testing::RawSocket;
using Clock = std::chrono::steady_clock;

// Above every deadline of the server for one request but that of a handler that waits for finality.
constexpr std::chrono::seconds kPatience{20};

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

json::object object_of(const std::string& text) {
  boost::system::error_code failed;
  const json::value value = json::parse(text, failed);
  return failed || !value.is_object() ? json::object() : value.get_object();
}

}  // namespace

// Reads while it writes: a server that has refused does not take the rest.
Exchange exchange(std::uint16_t port, std::string_view bytes, bool half_close) {
  Exchange result;
  const RawSocket socket(port);
  result.connected = socket.connected();
  if (!result.connected) return result;
  const auto end = Clock::now() + kPatience;
  bool writing = true;
  std::string buffer(std::size_t{64} * 1024, '\0');
  while (Clock::now() < end) {
    if (writing && bytes.empty()) {
      writing = false;
      if (half_close) ::shutdown(socket.descriptor(), SHUT_WR);
    }
    pollfd ready{socket.descriptor(), static_cast<short>(POLLIN | (writing ? POLLOUT : 0)), 0};
    if (::poll(&ready, 1, 100) <= 0) continue;
    if ((ready.revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
      const ssize_t got = ::recv(socket.descriptor(), buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (got == 0 || (got < 0 && errno != EAGAIN)) return result;
      if (got > 0) result.received.append(buffer, 0, static_cast<std::size_t>(got));
    }
    if (writing && (ready.revents & POLLOUT) != 0) {
      const ssize_t sent =
          ::send(socket.descriptor(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
      if (sent < 0 && errno != EAGAIN) writing = false;  // it does not listen any more; it may have answered
    }
  }
  result.hung = true;
  return result;
}

std::optional<std::vector<HttpAnswer>> answers_in(std::string_view received) {
  std::vector<HttpAnswer> answers;
  while (!received.empty()) {
    constexpr std::string_view kVersion = "HTTP/1.1 ", kEnd = "\r\n\r\n", kLength = "\r\ncontent-length: ";
    const std::size_t end = received.find(kEnd);
    if (!received.starts_with(kVersion) || end == std::string_view::npos) return std::nullopt;
    HttpAnswer answer;
    answer.headers = received.substr(0, end + 2);
    answer.status =
        static_cast<unsigned>(std::strtoul(answer.headers.c_str() + kVersion.size(), nullptr, 10));
    received.remove_prefix(end + kEnd.size());
    if (answer.status == 100) continue;
    const std::string head = lower(answer.headers);
    const std::size_t at = head.find(kLength);
    if (at == std::string::npos) {  // chunked: an event stream, which ends with the connection
      answer.body = received;
      received = {};
    } else {
      const std::size_t length = std::strtoull(head.c_str() + at + kLength.size(), nullptr, 10);
      // The answer to HEAD has a length and no body; then the next answer, or nothing, follows.
      const bool no_body = received.empty() || received.starts_with(kVersion);
      if (!no_body && received.size() < length) return std::nullopt;
      if (!no_body) {
        answer.body = received.substr(0, length);
        received.remove_prefix(length);
      }
    }
    answers.push_back(std::move(answer));
  }
  return answers;
}

std::string code_of(const HttpAnswer& answer) { return text_of(object_of(answer.body), "code"); }

std::string fault_of_problem(const HttpAnswer& answer) {
  if (answer.status < 400) return {};
  if (answer.status >= 500) return "status " + std::to_string(answer.status);
  if (answer.body.empty()) return {};  // to HEAD
  if (lower(answer.headers).find("\r\ncontent-type: application/problem+json") == std::string::npos)
    return "no problem document";
  const json::object problem = object_of(answer.body);
  const std::string code = text_of(problem, "code");
  const auto known = ledger::code_from_name(code);
  if (!known) return "unknown code \"" + code + "\"";
  const ledger::OutcomeRow& row = ledger::outcome_row(*known);
  if (row.http_status != answer.status) return code + " with status " + std::to_string(answer.status);
  if (text_of(problem, "type") != "/errors/" + code) return "type is not /errors/" + code;
  // Sentences: words, and not the code again.
  for (const char* name : {"title", "detail", "remedy"}) {
    const std::string text = text_of(problem, name);
    if (text.find(' ') == std::string::npos && text.size() < 6) return std::string(name) + " says nothing";
  }
  return {};
}

}  // namespace circula::attack
