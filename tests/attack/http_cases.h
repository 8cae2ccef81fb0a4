// Bad HTTP requests, each with the answer that it must get; and requests drawn by altering good ones, of
// which only the manner of the answer is known.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/attack/draw.h"
#include "tests/attack/envelope_forge.h"

namespace circula::attack {

struct HttpCase {
  std::string name;
  unsigned status = 0;  // of the first answer; 0: the connection ends without one
  std::string code;     // of the problem; empty below 400
  std::function<std::string(Draw&)> bytes;
  bool half_close = true;  // false: only the server may end it
};

[[nodiscard]] std::vector<HttpCase> framing_cases();
[[nodiscard]] std::vector<HttpCase> routing_cases();
// What stands in the body: JSON, base64, protobuf, signatures, times. `forge` outlives them; `sent` is an
// envelope that is final already.
[[nodiscard]] std::vector<HttpCase> submission_cases(const EnvelopeForge& forge, const std::string& sent);

// A request made by altering a good one. The envelope inside may still be good, and is then ordered.
[[nodiscard]] std::string drawn_request(Draw& draw, const EnvelopeForge& forge);

// A POST of a body with all that it needs.
[[nodiscard]] std::string posted(const std::string& target, const std::string& content_type,
                                 const std::string& body);

}  // namespace circula::attack
