// GET /v1/openapi.json: the route table as OpenAPI 3.1, so that the document cannot say anything else than
// what the program serves.
#include <boost/json/serialize.hpp>
#include <set>

#include "node/api/context.h"
#include "node/api/parameters.h"
#include "node/api/views.h"

namespace circula::node::api {
namespace {

namespace json = boost::json;
using ledger::Code;

// "/v1/history/org/{id*}" is "/v1/history/org/{id}": OpenAPI has no parameter that takes a rest with slashes,
// so x-rest names it.
struct Path {
  std::string text;
  std::vector<std::string> parameters;
  std::string rest;
};

Path path_of(std::string_view pattern) {
  Path path;
  while (!pattern.empty()) {
    const std::size_t open = std::min(pattern.find('{'), pattern.size());
    path.text += pattern.substr(0, open);
    pattern.remove_prefix(open);
    if (pattern.empty()) break;
    const std::size_t close = pattern.find('}');
    std::string name(pattern.substr(1, close - 1));
    if (name.ends_with('*')) {
      name.pop_back();
      path.rest = name;
    }
    path.text += "{" + name + "}";
    path.parameters.push_back(std::move(name));
    pattern.remove_prefix(close + 1);
  }
  return path;
}

json::object parameter(std::string_view name, std::string_view where, std::string_view summary) {
  return {{"name", name},
          {"in", where},
          {"required", where == "path"},
          {"description", summary},
          {"schema", json::object{{"type", "string"}}}};
}

json::object problem_response(Code code) {
  const ledger::OutcomeRow& row = ledger::outcome_row(code);
  return {{"description", std::string(row.name) + ": " + std::string(row.cause)},
          {"content",
           json::object{{"application/problem+json",
                         json::object{{"schema", json::object{{"$ref", "#/components/schemas/Problem"}}}}}}}};
}

// Codes that share a status share its response.
json::object responses_of(const Route& route) {
  json::object responses{{"2XX", json::object{{"description", route.summary}}}};
  std::set<Code> codes(route.errors.begin(), route.errors.end());
  codes.insert(Code::E_REQUEST);
  if (route.visibility.value == Visibility::party || route.visibility.value == Visibility::regulator) {
    codes.insert({Code::E_SESSION, Code::E_NOT_PARTY});
  }
  for (const Code code : codes) {
    const std::string status = std::to_string(ledger::outcome_row(code).http_status);
    json::object response = problem_response(code);
    if (json::value* known = responses.if_contains(status)) {
      json::string& text = known->get_object()["description"].as_string();
      text.append("; ");
      text.append(response["description"].get_string());
    } else {
      responses[status] = std::move(response);
    }
  }
  return responses;
}

json::object operation_of(const Route& route, const Path& path) {
  json::object operation{{"summary", route.summary}, {"x-visibility", to_string(route.visibility.value)}};
  json::array parameters;
  for (const std::string& name : path.parameters) parameters.push_back(parameter(name, "path", name));
  for (const QueryParameter& one : route.query)
    parameters.push_back(parameter(one.name, "query", one.summary));
  operation["parameters"] = std::move(parameters);
  if (!path.rest.empty()) operation["x-rest"] = path.rest;
  if (!route.request_body.empty()) {
    operation["requestBody"] = json::object{
        {"required", true},
        {"description", route.request_body},
        {"content",
         json::object{{"application/octet-stream", json::object()}, {"application/json", json::object()}}}};
  }
  if (route.visibility.value == Visibility::party || route.visibility.value == Visibility::regulator) {
    operation["security"] = json::array{json::object{{"session", json::array()}}};
  }
  operation["responses"] = responses_of(route);
  return operation;
}

json::object problem_schema() {
  json::object text{{"type", "string"}};
  return {{"type", "object"},
          {"required", json::array{"type", "title", "status", "code", "retryable"}},
          {"properties", json::object{{"type", text},
                                      {"title", text},
                                      {"status", json::object{{"type", "integer"}}},
                                      {"detail", text},
                                      {"remedy", text},
                                      {"code", text},
                                      {"retryable", json::object{{"type", "boolean"}}},
                                      {"fields", json::object{{"type", "array"}, {"items", text}}},
                                      {"trace", text}}}};
}

std::string document_of(const Routes& routes, const std::string& version) {
  json::object paths;
  for (const Route& route : routes) {
    const Path path = path_of(route.pattern);
    json::value& item = paths[path.text];
    if (!item.is_object()) item = json::object();
    std::string method(to_string(route.method));
    for (char& c : method) c = static_cast<char>(c - 'A' + 'a');
    item.get_object()[method] = operation_of(route, path);
  }
  json::object document{
      {"openapi", "3.1.0"},
      {"info", json::object{{"title", "Circula node"},
                            {"version", version},
                            {"license", json::object{{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}}}},
      {"components",
       json::object{{"securitySchemes",
                     json::object{{"session", json::object{{"type", "http"}, {"scheme", "bearer"}}}}},
                    {"schemas", json::object{{"Problem", problem_schema()}}}}}};
  document["paths"] = std::move(paths);
  return json::serialize(document);
}

}  // namespace

Route openapi_route(const ContextPtr& context, const Routes& routes) {
  // The document describes its own row, too, which has no handler before there is a document.
  const auto document = std::make_shared<std::string>();
  Route own{
      Method::get, "/v1/openapi.json", Visibility::public_, "This document",
      at_once(context, [document](const Request&) -> Answer { return Response::json(200, *document); })};
  Routes all = routes;
  all.push_back(own);
  *document = document_of(all, context->options.version);
  return own;
}

}  // namespace circula::node::api
