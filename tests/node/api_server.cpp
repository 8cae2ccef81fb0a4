#include "tests/node/api_server.h"

#include "crypto/ed25519.h"
#include "crypto/encoding.h"

namespace circula::node::testing {

namespace json = boost::json;
using ledger::testing::RecordSpec;

std::string text(const json::value& object, std::string_view name) {
  const json::value* member = object.as_object().if_contains(name);
  return member != nullptr && member->is_string() ? std::string(member->get_string()) : std::string();
}

ApiServer::ApiServer() {
  EXPECT_TRUE(crypto::init().has_value());
  api = std::make_unique<api::Api>(
      backend, api::ApiOptions{"1.2.3",
                               {},
                               [this] { return now_ms; },
                               [](std::span<std::uint8_t> out) { crypto::random_bytes(out); }});
  HttpOptions options;
  options.operator_listener = HttpListener{};
  options.authenticate = [this](std::string_view token) { return api->authenticate(token); };
  auto started = HttpServer::start(std::move(options), std::move(api->routes().value()));
  EXPECT_TRUE(started.has_value());
  server = std::move(*started);
  const auto connect = [](std::uint16_t port) {
    HttpClientOptions chosen;
    chosen.url = "http://127.0.0.1:" + std::to_string(port);
    return std::make_unique<HttpClient>(std::move(HttpClient::make(chosen).value()));
  };
  client_ = connect(server->port());
  operator_client_ = connect(server->operator_port());
}

ApiServer::~ApiServer() { server->stop(); }

json::object ApiServer::Reply::json() const {
  boost::system::error_code failed;
  json::value parsed = json::parse(body, failed);
  EXPECT_FALSE(failed) << body;
  return parsed.is_object() ? parsed.get_object() : json::object();
}

std::string ApiServer::Reply::code() const {
  const auto type = headers.find("content-type");
  if (type == headers.end() || type->second != "application/problem+json") return {};
  return std::string(json().at("code").as_string());
}

ApiServer::Reply ApiServer::answer(const ledger::Result<HttpReply>& reply) {
  EXPECT_TRUE(reply.has_value());
  return reply ? Reply{reply->status, reply->headers, reply->body} : Reply{};
}

HttpHeaders ApiServer::with_token(const std::string& as, HttpHeaders headers) {
  if (!as.empty()) headers["Authorization"] = "Bearer " + token(as);
  return headers;
}

ApiServer::Reply ApiServer::get(const std::string& target, const std::string& as,
                                const HttpHeaders& headers) {
  return answer(client_->get(target, with_token(as, headers)));
}

ApiServer::Reply ApiServer::post(const std::string& target, std::string_view type, std::string_view body,
                                 const std::string& as) {
  return answer(client_->post(target, type, body, with_token(as)));
}

ApiServer::Reply ApiServer::post(const std::string& target, crypto::ByteView envelope,
                                 const std::string& as) {
  return post(target, "application/octet-stream", crypto::as_text(envelope), as);
}

ApiServer::Reply ApiServer::remove(const std::string& target, const std::string& as) {
  return answer(client_->request("DELETE", target, "", "", with_token(as), std::chrono::seconds(5)));
}

ApiServer::Reply ApiServer::get_as_operator(const std::string& target) {
  return answer(operator_client_->get(target));
}

ApiServer::Reply ApiServer::open_session(const std::string& key, const std::string& origin,
                                         const std::string& signer) {
  const json::object challenge = get("/v1/session/challenge").json();
  const auto text = [&](const char* name) { return std::string(challenge.at(name).as_string()); };
  const auto nonce = crypto::fixed_from_hex<SessionNonce>(text("nonce")).value();
  const std::uint64_t expires_ms = crypto::u64_from_decimal(text("expires_ms")).value();
  const auto signature = chain.key(signer.empty() ? key : signer)
                             .sign(session_statement(chain.genesis().chain_id(), origin, nonce, expires_ms));
  const json::object claim{{"key", crypto::to_hex(chain.key(key).public_key().view())},
                           {"nonce", text("nonce")},
                           {"expires_ms", text("expires_ms")},
                           {"origin", origin},
                           {"signature", crypto::to_hex(signature.view())}};
  return post("/v1/session", "application/json", json::serialize(claim));
}

const std::string& ApiServer::token(const std::string& key) {
  std::string& token = tokens_[key];
  if (token.empty()) {
    const Reply reply = open_session(key, server->origin());
    EXPECT_EQ(reply.status, 201) << reply.body;
    token = std::string(reply.json().at("token").as_string());
  }
  return token;
}

RecordSpec ApiServer::registration(const std::string& name, unsigned number, const std::string& exchange) {
  const std::string oid = ledger::testing::test_oid(number);
  ledger::proto::Org body;
  ledger::proto::OrgRegister& entry = *body.mutable_register_();
  entry.set_oid(oid);
  entry.add_kinds(ledger::proto::ORG_KIND_BUYER);
  entry.mutable_profile()->set_name(name);
  entry.set_first_key(std::string(chain.key(name).public_key().text()));
  entry.set_possession(std::string(
      chain.key(name).sign(ledger::possession_statement(chain.genesis().chain_id(), oid)).text()));
  return ledger::testing::spec(exchange, kOrg, body);
}

std::string ApiServer::record(const RecordSpec& spec) {
  const ledger::EnvelopePtr body = chain.envelope({spec});
  const ledger::ExecutedBlock executed = backend.run({body});
  EXPECT_EQ(ledger::name(executed.outcomes.at(0).error.code), "E_OK") << executed.outcomes[0].error.detail;
  return crypto::to_hex(body->records()[0].id.view());
}

}  // namespace circula::node::testing
