// A thousand clients at a time that cost a connection and nothing else: silent ones, ones that send a byte a
// second of a header or a body, ones that ask for much and read nothing. Each comes again when it is thrown
// out.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace circula::attack {

struct SlowPlan {
  std::size_t clients = 1'000;
  std::chrono::seconds duration{25};
  std::uint16_t http_port = 0;
  std::uint16_t peer_port = 0;        // a tenth of the clients are slow in the TLS handshake of this one
  std::chrono::seconds patience{12};  // for how long a slow client may stay; the deadlines are 5 seconds
};

struct SlowResult {
  std::uint64_t connections = 0;
  std::map<std::string, std::uint64_t> ends;  // "a trickled header: 408 E_TOO_SLOW"
  std::chrono::milliseconds longest_stay{0};  // of one that was thrown out
  std::vector<std::string> faults;
};

[[nodiscard]] SlowResult attack_slowly(const SlowPlan& plan);

// Opens this many silent connections at once and holds them. Those above the server's limit are told so.
struct FloodResult {
  std::size_t connections = 0;
  std::size_t turned_away = 0;     // with 503 E_CONNECTIONS
  bool operator_answered = false;  // whose listener has a limit of its own
};
[[nodiscard]] FloodResult flood(std::uint16_t http_port, std::uint16_t operator_port,
                                std::size_t connections);

}  // namespace circula::attack
