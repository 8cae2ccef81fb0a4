#include "tests/attack/slow_clients.h"

#include <fcntl.h>
#include <poll.h>

#include <algorithm>
#include <memory>
#include <thread>

#include "node/http_client.h"
#include "tests/attack/http_exchange.h"
#include "tests/node/raw_peer.h"

namespace circula::attack {
namespace {

using Clock = std::chrono::steady_clock;
using node::testing::RawSocket;

constexpr std::chrono::seconds kTrickle{1};
constexpr std::chrono::milliseconds kStep{20};
constexpr std::size_t kFaultsMax = 20;

enum class Manner : std::uint8_t { kSilent, kHeader, kBody, kDeaf, kHandshake };

const char* name_of(Manner manner) {
  switch (manner) {
    case Manner::kSilent:
      return "says nothing";
    case Manner::kHeader:
      return "trickles a header";
    case Manner::kBody:
      return "trickles a body";
    case Manner::kDeaf:
      return "reads no answer";
    case Manner::kHandshake:
      return "trickles a handshake";
  }
  return "";
}

std::string request_of(Manner manner) {
  const std::string host = "Host: localhost\r\n";
  switch (manner) {
    case Manner::kHeader:
      return "GET /v1/status HTTP/1.1\r\n" + host + "X-Slow: " + std::string(1'000, 'x');
    case Manner::kBody:
      return "POST /v1/records HTTP/1.1\r\n" + host +
             "Content-Type: application/octet-stream\r\nContent-Length: 1000000\r\n\r\n" +
             std::string(1'000, 'x');
    case Manner::kDeaf: {
      std::string requests;  // more than the buffers of both ends take
      for (int n = 0; n < 200; ++n) requests += "GET /v1/openapi.json HTTP/1.1\r\n" + host + "\r\n";
      return requests;
    }
    case Manner::kHandshake:
      return std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc", 9) + std::string(1'000, 'x');
    case Manner::kSilent:
      break;
  }
  return {};
}

// What is sent at once; the rest comes at a byte a second.
std::size_t prompt_part(Manner manner, const std::string& request) {
  switch (manner) {
    case Manner::kBody:
      return request.find("\r\n\r\n") + 4;
    case Manner::kDeaf:
      return request.size();
    default:
      return 0;
  }
}

class SlowClient {
 public:
  SlowClient(Manner manner, const SlowPlan& plan) : manner_(manner), plan_(plan) {}

  void begin(SlowResult& result) {
    const bool is_peer = manner_ == Manner::kHandshake;
    socket_ = std::make_unique<RawSocket>(is_peer ? plan_.peer_port : plan_.http_port);
    if (!socket_->connected()) {
      end(result, "no connection");
      return;
    }
    ++result.connections;
    if (manner_ == Manner::kDeaf) {
      const int small = 4096;
      ::setsockopt(socket_->descriptor(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    }
    fcntl(socket_->descriptor(), F_SETFL, O_NONBLOCK);
    began_ = next_byte_ = Clock::now();
    request_ = request_of(manner_);
    received_.clear();
    sent_ = 0;
    send(prompt_part(manner_, request_));
  }

  [[nodiscard]] bool is_there() const { return socket_ != nullptr; }

  void step(SlowResult& result) {
    const auto now = Clock::now();
    if (manner_ != Manner::kDeaf && manner_ != Manner::kSilent && now >= next_byte_) {
      next_byte_ = now + kTrickle;
      send(1);
    }
    if (ended()) {
      const auto stayed = std::chrono::duration_cast<std::chrono::milliseconds>(now - began_);
      result.longest_stay = std::max(result.longest_stay, stayed);
      end(result, outcome());
    } else if (now - began_ > plan_.patience) {
      if (result.faults.size() < kFaultsMax)
        result.faults.push_back(std::string("a client that ") + name_of(manner_) + " may stay");
      end(result, "stays");
    }
  }

 private:
  void send(std::size_t count) {
    const std::size_t part = std::min(count, request_.size() - sent_);
    if (part == 0) return;
    const ssize_t done = ::send(socket_->descriptor(), request_.data() + sent_, part, MSG_NOSIGNAL);
    if (done > 0) sent_ += static_cast<std::size_t>(done);
  }

  bool ended() {
    if (manner_ == Manner::kDeaf) {
      pollfd gone{socket_->descriptor(), POLLRDHUP, 0};
      return ::poll(&gone, 1, 0) > 0;
    }
    char buffer[4096];
    for (;;) {
      const ssize_t got = ::recv(socket_->descriptor(), buffer, sizeof buffer, 0);
      if (got > 0) {
        received_.append(buffer, static_cast<std::size_t>(got));
        continue;
      }
      return got == 0 || errno != EAGAIN;
    }
  }

  std::string outcome() const {
    const auto answers = answers_in(received_);
    if (!answers || answers->empty()) return "closed";
    return std::to_string(answers->front().status) + " " + code_of(answers->front());
  }

  void end(SlowResult& result, const std::string& how) {
    ++result.ends[std::string(name_of(manner_)) + ": " + how];
    socket_.reset();
  }

  Manner manner_;
  const SlowPlan& plan_;
  std::unique_ptr<RawSocket> socket_;
  Clock::time_point began_, next_byte_;
  std::string request_, received_;
  std::size_t sent_ = 0;
};

}  // namespace

SlowResult attack_slowly(const SlowPlan& plan) {
  constexpr std::array<Manner, 10> kMix = {
      Manner::kSilent, Manner::kHeader, Manner::kBody,   Manner::kDeaf, Manner::kHeader,
      Manner::kBody,   Manner::kSilent, Manner::kHeader, Manner::kBody, Manner::kHandshake};
  SlowResult result;
  std::vector<SlowClient> clients;
  for (std::size_t n = 0; n < plan.clients; ++n) clients.emplace_back(kMix[n % kMix.size()], plan);
  const auto end = Clock::now() + plan.duration;
  // Nobody comes again after the end, but everybody must be thrown out.
  for (bool any = true; any; std::this_thread::sleep_for(kStep)) {
    const bool over = Clock::now() >= end;
    any = !over;
    for (SlowClient& client : clients) {
      if (client.is_there()) {
        client.step(result);
      } else if (!over) {
        client.begin(result);
      }
      any = any || client.is_there();
    }
  }
  return result;
}

FloodResult flood(std::uint16_t http_port, std::uint16_t operator_port, std::size_t connections) {
  FloodResult result;
  std::vector<RawSocket> sockets;
  for (std::size_t n = 0; n < connections; ++n) {
    sockets.emplace_back(http_port);
    if (sockets.back().connected()) ++result.connections;
  }
  auto client = node::HttpClient::make({.url = "http://127.0.0.1:" + std::to_string(operator_port)}).value();
  const auto reply = client.get("/livez");
  result.operator_answered = reply && reply->status == 200;
  for (const RawSocket& socket : sockets) {
    const auto answers = answers_in(socket.read_all());
    if (answers && !answers->empty() && answers->front().status == 503 &&
        code_of(answers->front()) == "E_CONNECTIONS")
      ++result.turned_away;
  }
  return result;
}

}  // namespace circula::attack
