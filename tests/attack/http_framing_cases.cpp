// Requests that are no HTTP, or HTTP for nobody here.
#include "crypto/encoding.h"
#include "tests/attack/http_cases.h"

namespace circula::attack {
namespace {

const std::string kHost = "Host: localhost\r\n";
const std::string kClose = kHost + "Connection: close\r\n";

std::function<std::string(Draw&)> always(std::string bytes) {
  return [bytes = std::move(bytes)](Draw&) { return bytes; };
}

std::string get(const std::string& target, const std::string& headers = kClose) {
  return "GET " + target + " HTTP/1.1\r\n" + headers + "\r\n";
}

std::string chunked_post(const std::string& chunks) {
  return "POST /v1/records HTTP/1.1\r\n" + kClose +
         "Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks;
}

std::string post_with(const std::string& headers, const std::string& body) {
  return "POST /v1/records HTTP/1.1\r\n" + kClose + "Content-Type: application/octet-stream\r\n" + headers +
         "\r\n" + body;
}

std::string token(Draw& draw) {
  std::string text = draw.bytes(draw.between(4, 40));
  for (char& c : text) c = static_cast<char>('a' + static_cast<unsigned char>(c) % 26);
  return text;
}

}  // namespace

std::vector<HttpCase> framing_cases() {
  constexpr unsigned kBad = 400, kTooLarge = 413;
  const std::string request = "E_REQUEST", size = "E_SIZE";
  return {
      {"nothing at all", 0, "", always("")},
      {"a request line cut short", 0, "", always("GET /v1/sta")},
      {"headers cut short", 0, "", always("GET /v1/status HTTP/1.1\r\nHost: loc")},
      {"a body cut short", 0, "", always(post_with("Content-Length: 100\r\n", "half"))},
      {"a chunk cut short", 0, "", always(chunked_post("ff\r\nabc"))},
      {"binary garbage", kBad, request, [](Draw& draw) { return "\x01" + draw.bytes(64) + "\r\n\r\n"; }},
      {"a TLS hello", kBad, request,
       [](Draw& draw) { return std::string("\x16\x03\x01\x02\x00\x01", 6) + draw.bytes(256); }},
      {"no version", kBad, request, always("GET /v1/status\r\n\r\n")},
      {"another version", kBad, request, always("GET /v1/status HTTP/3.7\r\n" + kHost + "\r\n")},
      {"no target", kBad, request, always("GET  HTTP/1.1\r\n" + kHost + "\r\n")},
      {"a header without a name", kBad, request, always(get("/v1/status", ": x\r\n"))},
      {"a blank in a header's name", kBad, request, always(get("/v1/status", "Ho st: x\r\n"))},
      {"a NUL in a header", kBad, request, always(get("/v1/status", std::string("X: a\0b\r\n", 8)))},
      {"a bare line feed", kBad, request, always("GET /v1/status HTTP/1.1\nHost: localhost\n\n")},
      {"one endless header", kTooLarge, size,
       [](Draw& draw) {
         return get("/v1/status", kHost + "X: " + std::string(draw.between(9'000, 60'000), 'x'));
       }},
      {"too many headers", kTooLarge, size,
       [](Draw& draw) {
         std::string headers = kHost;
         while (headers.size() < 9'000) headers += token(draw) + ": " + token(draw) + "\r\n";
         return get("/v1/status", headers);
       }},
      {"an endless target", kTooLarge, size,
       [](Draw& draw) { return get("/" + std::string(draw.between(9'000, 60'000), 'a')); }},
      {"a length below zero", kBad, request, always(post_with("Content-Length: -1\r\n", ""))},
      {"a length that is no number", kBad, request, always(post_with("Content-Length: 1e3\r\n", ""))},
      {"a length beyond 64 bits", kBad, request,
       always(post_with("Content-Length: 99999999999999999999999\r\n", ""))},
      {"two lengths", kBad, request, always(post_with("Content-Length: 1\r\nContent-Length: 2\r\n", "ab"))},
      {"a length and chunks", kBad, request,
       always(post_with("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"))},
      {"an enormous length", kTooLarge, size, always(post_with("Content-Length: 8000000000\r\n", "x"))},
      {"a body one byte too large", kTooLarge, size,
       [](Draw&) { return post_with("Content-Length: 1572865\r\n", std::string(1'572'865, 'x')); }},
      {"a chunk size that is none", kBad, request, always(chunked_post("xyz\r\nabc\r\n"))},
      {"a chunk size beyond 64 bits", kBad, request, always(chunked_post("ffffffffffffffffff\r\nabc\r\n"))},
      {"an enormous chunk", kTooLarge, size, always(chunked_post("fffffff0\r\nabc\r\n"))},
      {"a chunk without its end", kBad, request, always(chunked_post("3\r\nabcdef\r\n0\r\n\r\n"))},
      {"an endless chunk extension", kTooLarge, size,
       [](Draw& draw) { return chunked_post("1;" + std::string(draw.between(200'000, 400'000), 'e')); }},
      {"endless trailers", kTooLarge, size,
       [](Draw& draw) {
         return chunked_post("1\r\na\r\n0\r\nX: " + std::string(draw.between(200'000, 400'000), 't'));
       }},
      {"chunks that sum to too much", kTooLarge, size,
       [](Draw&) {
         std::string chunks;
         for (int n = 0; n < 26; ++n) chunks += "10000\r\n" + std::string(65'536, 'c') + "\r\n";
         return chunked_post(chunks + "0\r\n\r\n");
       }},
      {"a length that says less", 422, "E_CANONICAL",
       [](Draw& draw) {
         return "POST /v1/records HTTP/1.1\r\n" + kHost +
                "Content-Type: application/octet-stream\r\nContent-Length: 3\r\n\r\n" + draw.bytes(200);
       }},
  };
}

std::vector<HttpCase> routing_cases() {
  constexpr unsigned kBad = 400, kNoRoute = 404, kMethod = 405, kWrongHost = 421, kSession = 401;
  const std::string request = "E_REQUEST";
  std::vector<HttpCase> cases = {
      {"an unknown path", kNoRoute, "E_NO_ROUTE", [](Draw& draw) { return get("/v1/" + token(draw)); }},
      {"the operator's path", kNoRoute, "E_NO_ROUTE", always(get("/metrics"))},
      {"two slashes", kNoRoute, "E_NO_ROUTE", always(get("//v1/status"))},
      {"a method for another path", kMethod, "E_HTTP_METHOD",
       [](Draw& draw) {
         return draw.one_of(std::array<std::string, 4>{"POST", "PUT", "DELETE", "PATCH"}) +
                " /v1/status HTTP/1.1\r\n" + kClose + "\r\n";
       }},
      {"an unknown method", kMethod, "E_HTTP_METHOD",
       always("BREW /v1/status HTTP/1.1\r\n" + kClose + "\r\n")},
      {"reading where one posts", kMethod, "E_HTTP_METHOD", always(get("/v1/records"))},
      {"no host", kBad, request, always(get("/v1/status", "Connection: close\r\n"))},
      {"a foreign host", kWrongHost, "E_EXPECTED_HOST",
       [](Draw& draw) {
         return get("/v1/status", "Host: " + token(draw) + ".example\r\nConnection: close\r\n");
       }},
      {"two hosts", kWrongHost, "E_EXPECTED_HOST",
       always(get("/v1/status", "Host: localhost\r\nHost: evil.example\r\nConnection: close\r\n"))},
      {"a foreign page", kWrongHost, "E_EXPECTED_HOST",
       always(get("/v1/status", kClose + "Origin: https://evil.example\r\n"))},
      {"a whole URL", kBad, request, always(get("http://localhost/v1/status"))},
      {"an unknown parameter", kBad, request,
       [](Draw& draw) { return get("/v1/status?" + token(draw) + "=1"); }},
      {"a parameter twice", kBad, request, always(get("/v1/events?limit=1&limit=2"))},
      {"a limit that is none", kBad, request, always(get("/v1/events?limit=99999999999999999999"))},
      {"a time-out that is too long", kBad, request, always(get("/v1/events?wait_ms=60001"))},
      {"a percent sign alone", kBad, request, always(get("/v1/events?limit=%"))},
      {"an id that is none", kBad, request, always(get("/v1/records/zzzzzz/status"))},
      {"a height that is none", kBad, request, always(get("/v1/blocks/-1"))},
      {"no session", kSession, "E_SESSION", always(get("/v1/whoami"))},
      {"an invented session", kSession, "E_SESSION",
       [](Draw& draw) {
         return get("/v1/whoami", kClose + "Authorization: Bearer " + token(draw) + "\r\n");
       }},
      {"a session for garbage", kBad, request,
       [](Draw& draw) { return posted("/v1/session", "application/json", draw.bytes(100)); }},
  };
  for (const char* path :
       {"/../../etc/passwd", "/tile/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd",
        "/tile/..%2f..%2fetc%2fpasswd", "/tile/0/%00", "/v1/blocks/1%2fstored", "/tile/%"}) {
    cases.push_back({"path traversal " + std::string(path), kBad, request, always(get(path))});
  }
  return cases;
}

std::string posted(const std::string& target, const std::string& content_type, const std::string& body) {
  return "POST " + target + " HTTP/1.1\r\n" + kClose + "Content-Type: " + content_type +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string drawn_request(Draw& draw, const EnvelopeForge& forge) {
  static const std::vector<std::string> targets = {"/v1/status",
                                                   "/v1/clock",
                                                   "/v1/events?limit=10&after=3",
                                                   "/v1/entries?first=0&limit=5",
                                                   "/v1/entries/0/proof",
                                                   "/checkpoint",
                                                   "/tile/0/000",
                                                   "/v1/blocks/latest",
                                                   "/v1/subjects/org/123",
                                                   "/v1/genesis",
                                                   "/v1/policy",
                                                   "/v1/errors",
                                                   "/v1/openapi.json",
                                                   "/v1/records/0",
                                                   "/livez",
                                                   "/readyz"};
  const std::string binary = "application/octet-stream", text = "application/json";
  switch (draw.below(6)) {
    case 0:
      return mutated(draw, get(draw.one_of(targets)));
    case 1:  // framing and body
      return mutated(draw, posted("/v1/records", binary, forge.good()));
    case 2:  // the body alone, well framed: what the decoders must bear
      return posted("/v1/records", binary, mutated(draw, forge.good()));
    case 3:
      return posted("/v1/dryrun", binary, mutated(draw, forge.good()));
    case 4:
      return posted(
          "/v1/session", text,
          mutated(draw, R"({"key":"00","nonce":"00","expires_ms":"1","origin":"x","signature":"00"})"));
    default: {
      const std::string envelope = crypto::to_base64url(crypto::as_bytes(forge.good()));
      return posted("/v1/records", text, mutated(draw, R"({"envelope":")" + envelope + R"("})"));
    }
  }
}

}  // namespace circula::attack
