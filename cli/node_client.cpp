#include "cli/node_client.h"

#include <boost/json.hpp>

#include "cli/key_store.h"
#include "crypto/encoding.h"
#include "node/session.h"

namespace circula::cli {
namespace {

constexpr std::size_t kPagesMax = 100'000;  // of 1,000 items; a list that never ends is a node's fault

Result<boost::json::object> object_of(const std::string& target, const std::string& body) {
  boost::system::error_code failed;
  boost::json::value value = boost::json::parse(body, failed);
  if (failed || !value.is_object()) {
    return error(Code::E_REQUEST, "the node's answer to " + target + " is not a JSON object");
  }
  return std::move(value.get_object());
}

std::vector<std::string> split_urls(const std::string& urls) {
  std::vector<std::string> list;
  std::size_t at = 0;
  while (at <= urls.size()) {
    const std::size_t comma = std::min(urls.find(',', at), urls.size());
    if (comma > at) list.push_back(urls.substr(at, comma - at));
    at = comma + 1;
  }
  return list;
}

}  // namespace

Error error_of_problem(std::uint16_t status, std::string_view body) {
  boost::system::error_code failed;
  const boost::json::value value = boost::json::parse(body, failed);
  const boost::json::object* problem = failed ? nullptr : value.if_object();
  const auto code = problem == nullptr ? std::nullopt : ledger::code_from_name(text_at(*problem, "code"));
  if (!code) {
    return error(Code::E_UNAVAILABLE, "the node answered HTTP " + std::to_string(status) + ": " +
                                          std::string(body.substr(0, 200)));
  }
  std::string field;
  if (const auto& fields = array_at(*problem, "fields"); !fields.empty() && fields.front().is_string()) {
    field = std::string(fields.front().get_string());
  }
  return error(*code, text_at(*problem, "detail"), field);
}

Result<NodeClient> NodeClient::make(Shell& shell) {
  auto url = shell.url();
  if (!url) return url.error();
  return make_for(shell, *url);
}

Result<NodeClient> NodeClient::make_for(Shell& shell, const std::string& url) {
  auto home = shell.home();
  if (!home) return home.error();
  NodeClient client(shell, std::move(*home));
  client.urls_ = split_urls(url);
  if (client.urls_.empty()) return error(Code::E_USAGE, "no node's address given");
  return client;
}

Result<void> NodeClient::connect() {
  if (http_) return {};
  node::HttpClientOptions options;
  options.url = urls_[current_];
  options.timeout = std::chrono::milliseconds(70'000);  // above the longest wait that the API allows
  auto made = node::HttpClient::make(std::move(options));
  if (!made) return made.error();
  http_.emplace(std::move(*made));
  token_.clear();
  return {};
}

Result<node::HttpReply> NodeClient::ask_once(std::string_view method, const std::string& target,
                                             std::string_view body) {
  Error last = error(Code::E_CONNECT, "");
  for (std::size_t tried = 0; tried < urls_.size(); ++tried) {
    if (auto connected = connect(); !connected) return connected.error();
    node::HttpHeaders headers;
    if (!token_.empty()) headers["Authorization"] = "Bearer " + token_;
    auto reply =
        method == "GET"
            ? http_->get(target, headers)
            : http_->post(target, body.starts_with('{') ? "application/json" : "application/octet-stream",
                          body, headers);
    if (reply) return reply;
    if (reply.error().code != Code::E_CONNECT) return reply.error();
    last = reply.error();
    http_.reset();
    current_ = (current_ + 1) % urls_.size();
  }
  return last;
}

Result<void> NodeClient::open_session() {
  auto reply = ask_once("GET", "/v1/session/challenge", {});
  if (!reply) return reply.error();
  if (reply->status != 200) return error_of_problem(reply->status, reply->body);
  auto challenge = object_of("/v1/session/challenge", reply->body);
  if (!challenge) return challenge.error();
  auto chain = crypto::fixed_from_hex<crypto::Digest>(text_at(*challenge, "chain_id"), "chain id");
  auto nonce = crypto::fixed_from_hex<node::SessionNonce>(text_at(*challenge, "nonce"), "nonce");
  if (!chain || !nonce) return error(Code::E_SESSION, "the node's challenge is malformed");
  // The address that this client opened is signed, not the one that the node names.
  const std::string origin = http_->origin();
  if (origin != text_at(*challenge, "origin")) {
    return error(Code::E_SESSION,
                 "the node calls itself " + text_at(*challenge, "origin") + ", we opened " + origin);
  }
  if (!home_.settings.chain_id.empty() && home_.settings.chain_id != text_at(*challenge, "chain_id")) {
    return error(Code::E_CHAIN, "the node is on chain " + text_at(*challenge, "chain_id") +
                                    ", this home on " + home_.settings.chain_id);
  }
  const std::vector<std::string> usages(std::begin(kRecordUsages), std::end(kRecordUsages));
  auto stored = key_for(home_, usages);
  if (!stored) return error(Code::E_SESSION, stored.error().detail);
  auto key = open_key_file(*shell_, stored->path);
  if (!key) return key.error();
  const std::uint64_t expires_ms = number_at(*challenge, "expires_ms");
  const auto statement = node::session_statement(*chain, origin, *nonce, expires_ms);
  const boost::json::object claim{{"key", crypto::to_hex(key->public_key().view())},
                                  {"nonce", crypto::to_hex(nonce->view())},
                                  {"expires_ms", std::to_string(expires_ms)},
                                  {"origin", origin},
                                  {"signature", crypto::to_hex(key->sign(statement).view())}};
  auto opened = ask_once("POST", "/v1/session", boost::json::serialize(claim));
  if (!opened) return opened.error();
  if (opened->status != 201) return error_of_problem(opened->status, opened->body);
  auto session = object_of("/v1/session", opened->body);
  if (!session) return session.error();
  token_ = text_at(*session, "token");
  return {};
}

Result<node::HttpReply> NodeClient::ask(std::string_view method, const std::string& target,
                                        std::string_view body) {
  constexpr std::uint16_t kUnauthorised = 401;
  auto reply = ask_once(method, target, body);
  if (!reply || reply->status != kUnauthorised) return reply;
  token_.clear();
  if (auto opened = open_session(); !opened) return opened.error();
  return ask_once(method, target, body);
}

Result<std::string> NodeClient::get_text(const std::string& target) {
  auto reply = ask("GET", target, {});
  if (!reply) return reply.error();
  if (reply->status != 200) return error_of_problem(reply->status, reply->body);
  return std::move(reply->body);
}

Result<boost::json::object> NodeClient::get(const std::string& target) {
  auto text = get_text(target);
  if (!text) return text.error();
  return object_of(target, *text);
}

Result<boost::json::object> NodeClient::post_bytes(const std::string& target, crypto::ByteView body) {
  auto reply = ask("POST", target, crypto::as_text(body));
  if (!reply) return reply.error();
  if (reply->status < 200 || reply->status > 299) return error_of_problem(reply->status, reply->body);
  return object_of(target, reply->body);
}

Result<boost::json::array> NodeClient::get_all(const std::string& target, std::string_view list) {
  boost::json::array all;
  std::string next = target;
  for (std::size_t pages = 0; pages < kPagesMax && !next.empty(); ++pages) {
    auto page = get(next);
    if (!page) return page.error();
    for (const boost::json::value& item : array_at(*page, list)) all.push_back(item);
    next = text_at(*page, "next");
  }
  return all;
}

std::string text_at(const boost::json::object& object, std::string_view key) {
  const boost::json::value* value = object.if_contains(key);
  if (value == nullptr) return {};
  if (value->is_string()) return std::string(value->get_string());
  return value->is_structured() || value->is_null() ? std::string{} : boost::json::serialize(*value);
}

std::uint64_t number_at(const boost::json::object& object, std::string_view key) {
  auto number = crypto::u64_from_decimal(text_at(object, key));
  return number ? *number : 0;
}

std::int64_t signed_at(const boost::json::object& object, std::string_view key) {
  const std::string text = text_at(object, key);
  const bool negative = text.starts_with('-');
  auto number = crypto::u64_from_decimal(std::string_view(text).substr(negative ? 1 : 0));
  if (!number) return 0;
  return negative ? -static_cast<std::int64_t>(*number) : static_cast<std::int64_t>(*number);
}

bool flag_at(const boost::json::object& object, std::string_view key) {
  const boost::json::value* value = object.if_contains(key);
  return value != nullptr && value->is_bool() && value->get_bool();
}

const boost::json::object& object_at(const boost::json::object& object, std::string_view key) {
  static const boost::json::object kNone;
  const boost::json::value* value = object.if_contains(key);
  return value != nullptr && value->is_object() ? value->get_object() : kNone;
}

const boost::json::array& array_at(const boost::json::object& object, std::string_view key) {
  static const boost::json::array kNone;
  const boost::json::value* value = object.if_contains(key);
  return value != nullptr && value->is_array() ? value->get_array() : kNone;
}

}  // namespace circula::cli
