// One connection, one string of bytes, and whatever comes back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace circula::attack {

struct HttpAnswer {
  unsigned status = 0;
  std::string headers;
  std::string body;
};

struct Exchange {
  bool connected = false;
  bool hung = false;  // the server neither answered nor closed in time
  std::string received;
};

// Sends the bytes, says with `half_close` that nothing follows, and reads until the server closes.
[[nodiscard]] Exchange exchange(std::uint16_t port, std::string_view bytes, bool half_close);

// The answers in what was received, one after the other; nothing when it is not whole answers and no more.
[[nodiscard]] std::optional<std::vector<HttpAnswer>> answers_in(std::string_view received);

// What is wrong with an answer to a bad request: it is a problem (RFC 9457) with a code of our table, the
// status of that code, none of 500 and above, and sentences that say what happened and what to do. Empty:
// nothing is wrong. An answer below 400 is none of this function's business.
[[nodiscard]] std::string fault_of_problem(const HttpAnswer& answer);
// "E_REQUEST", or empty.
[[nodiscard]] std::string code_of(const HttpAnswer& answer);

}  // namespace circula::attack
