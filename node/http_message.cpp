#include "node/http_message.h"

#include <atomic>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace circula::node {

std::string_view to_string(Method method) {
  switch (method) {
    case Method::get:
      return "GET";
    case Method::post:
      return "POST";
    case Method::put:
      return "PUT";
    case Method::delete_:
      return "DELETE";
  }
  return "";
}

std::string_view Request::header(const std::string& lower_case_name) const {
  const auto found = headers.find(lower_case_name);
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

std::optional<std::string> Request::query_value(const std::string& name) const {
  const auto found = query.find(name);
  return found == query.end() ? std::nullopt : std::optional(found->second);
}

Response Response::json(std::uint16_t status, std::string text) {
  return {status, "application/json", std::move(text), {}, nullptr};
}

Response Response::text(std::uint16_t status, std::string text) {
  return {status, "text/plain; charset=utf-8", std::move(text), {}, nullptr};
}

Response Response::bytes(crypto::ByteView body) {
  return {200, "application/octet-stream", std::string(crypto::as_text(body)), {}, nullptr};
}

Response Response::problem(const ledger::Error& error, std::string_view trace) {
  const ledger::OutcomeRow& row = ledger::outcome_row(error.code);
  boost::json::array fields;
  if (!error.field.empty()) fields.emplace_back(error.field);
  boost::json::object problem;
  problem["type"] = "/errors/" + std::string(row.name);
  problem["title"] = row.english;
  problem["status"] = row.http_status;
  problem["detail"] = error.detail.empty() ? std::string(row.cause) : error.detail;
  problem["remedy"] = row.remedy;
  problem["code"] = row.name;
  problem["retryable"] = row.retryable;
  problem["fields"] = std::move(fields);
  problem["trace"] = trace;
  Response response{
      row.http_status, "application/problem+json", boost::json::serialize(problem), {}, nullptr};
  // One second: what is retryable at all is a matter of an election or of a queue that drains.
  if (row.retryable && row.http_status >= 429) response.headers.emplace_back("Retry-After", "1");
  return response;
}

struct Respond::Promise {
  explicit Promise(std::function<void(Response)> function) : sink(std::move(function)) {}
  Promise(const Promise&) = delete;
  Promise& operator=(const Promise&) = delete;
  ~Promise() {
    if (!given) sink(Response::problem(ledger::error(ledger::Code::E_UNAVAILABLE, ""), ""));
  }

  std::function<void(Response)> sink;
  std::atomic<bool> given = false;
};

Respond::Respond(std::function<void(Response)> sink) : promise_(std::make_shared<Promise>(std::move(sink))) {}

void Respond::operator()(Response response) const {
  if (!promise_->given.exchange(true)) promise_->sink(std::move(response));
}

}  // namespace circula::node
