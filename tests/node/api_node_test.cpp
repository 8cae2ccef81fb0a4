#include <fstream>
#include <sstream>

#include "crypto/encoding.h"
#include "tests/node/api_server.h"
#include "tests/paths.h"

namespace circula::node {
namespace {

namespace json = boost::json;
using testing::text;

class ApiNode : public testing::ApiServer {};

TEST_F(ApiNode, status_names_the_chain_and_how_far_the_node_is) {
  const json::object status = get("/v1/status").json();
  EXPECT_EQ(status.at("node"), 1);
  EXPECT_EQ(text(status, "role"), "leader");
  EXPECT_EQ(text(status, "chain_id"), crypto::to_hex(chain.genesis().chain_id().view()));
  EXPECT_EQ(text(status, "origin"), "test.example/ledger");
  EXPECT_EQ(text(status, "clock"), "wall");
  EXPECT_EQ(text(status, "profile"), "rehearsal");
  EXPECT_EQ(status.at("rehearsal"), true);
  EXPECT_EQ(text(status, "durability"), "fsync");
  EXPECT_EQ(text(status, "version"), "1.2.3");
  EXPECT_EQ(status.at("voters_up"), 1);
  EXPECT_EQ(status.at("finality_quorum"), 1);
  EXPECT_EQ(text(status.at("checkpoint"), "size"), "2");
  EXPECT_EQ(text(status.at("checkpoint"), "root"), crypto::to_hex(backend.final_checkpoint().root.view()));
  EXPECT_EQ(status.at("ready"), true);
}

TEST_F(ApiNode, the_clock_is_the_ledgers) {
  (void)record(registration("member", 500));
  const json::object clock = get("/v1/clock").json();
  EXPECT_EQ(text(clock, "ledger_time_ms"), std::to_string(backend.status().ledger_time_ms));
  EXPECT_EQ(text(clock, "ledger_time").substr(0, 4), "2023");
  EXPECT_EQ(text(clock, "height"), "1");
}

TEST_F(ApiNode, health_is_told_with_the_reason) {
  EXPECT_EQ(get("/livez").body, "ok\n");
  EXPECT_EQ(get("/readyz").body, "ok\n");
  backend.why_not_ready = "no leader";
  backend.is_alive = false;
  const Reply reply = get("/readyz");
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(text(reply.json(), "detail"), "no leader");
  EXPECT_EQ(get("/livez").status, 503);
  EXPECT_EQ(text(get("/v1/status").json(), "not_ready"), "no leader");
}

TEST_F(ApiNode, every_code_can_be_looked_up) {
  const json::object all = get("/v1/errors").json();
  EXPECT_EQ(all.at("errors").as_array().size(), ledger::outcome_table().size());
  for (const ledger::OutcomeRow& row : ledger::outcome_table()) {
    const json::object one = get("/errors/" + std::string(row.name)).json();
    EXPECT_EQ(one.at("exit_code"), row.exit_code);
    EXPECT_EQ(text(one, "remedy"), row.remedy);
    EXPECT_EQ(text(one, "zh"), row.chinese);
  }
  EXPECT_EQ(get("/errors/E_NOTHING_SUCH").code(), "E_NOT_FOUND");
}

TEST_F(ApiNode, the_operator_sees_refusals_peers_and_metrics) {
  EXPECT_EQ(post("/v1/records", Bytes{1, 2, 3}).code(), "E_CANONICAL");
  const json::object rejections = get_as_operator("/v1/rejections").json();
  ASSERT_EQ(rejections.at("rejections").as_array().size(), 1U);
  EXPECT_EQ(text(rejections.at("rejections").at(0), "code"), "E_CANONICAL");
  EXPECT_EQ(get_as_operator("/v1/peers").json().at("peers").at(0).at("node_id"), 2);
  EXPECT_EQ(get_as_operator("/metrics").body, "circula_blocks_total 3\n");
}

TEST_F(ApiNode, a_session_is_one_keys_and_ends) {
  const json::object me = get("/v1/whoami", "provider.cdo").json();
  EXPECT_EQ(text(me, "oid"), chain.oid("provider"));
  EXPECT_EQ(text(me, "usage"), "cdo");
  EXPECT_EQ(text(me, "reads"), "own");
  EXPECT_EQ(me.at("kinds").at(0), "provider");
  EXPECT_EQ(text(get("/v1/whoami", "regulator").json(), "reads"), "all");
  EXPECT_EQ(text(get("/v1/whoami", "exchange").json(), "reads"), "members");
  EXPECT_EQ(remove("/v1/session", "provider.cdo").status, 204);
  EXPECT_EQ(get("/v1/whoami", "provider.cdo").code(), "E_SESSION");
}

TEST_F(ApiNode, a_session_ends_with_its_hour_and_with_its_key) {
  EXPECT_EQ(get("/v1/whoami", "provider.cdo").status, 200);
  ledger::proto::Key revocation;
  revocation.mutable_revoke()->set_public_key(std::string(chain.key("provider.cdo").public_key().text()));
  revocation.mutable_revoke()->set_reason("lost");
  (void)record(ledger::testing::spec("provider", 2, revocation));
  EXPECT_EQ(get("/v1/whoami", "provider.cdo").code(), "E_SESSION");
  EXPECT_EQ(open_session("provider.cdo", server->origin()).code(), "E_KEY_UNKNOWN");
  EXPECT_EQ(get("/v1/whoami", "buyer").status, 200);
  now_ms += 3'600'000;
  EXPECT_EQ(get("/v1/whoami", "buyer").code(), "E_SESSION");
}

TEST_F(ApiNode, a_session_opens_only_for_a_known_key_and_our_origin) {
  EXPECT_EQ(open_session("stranger", server->origin()).code(), "E_KEY_UNKNOWN");
  EXPECT_EQ(open_session("buyer", "http://elsewhere.example").code(), "E_SESSION");
  for (const std::string body : {"", "{}", "[]", "{\"key\": \"00\"}"}) {
    EXPECT_EQ(post("/v1/session", "application/json", body).code(), "E_REQUEST") << body;
  }
}

// "/v1/history/org/{id*}" as OpenAPI writes it.
std::string openapi_path(std::string pattern) {
  const std::size_t star = pattern.find("*}");
  return star == std::string::npos ? pattern : pattern.erase(star, 1);
}

TEST_F(ApiNode, the_document_has_every_route_and_no_other) {
  const json::object document = get("/v1/openapi.json").json();
  std::set<std::string> described, served;
  for (const auto& path : document.at("paths").as_object()) {
    for (const auto& operation : path.value().as_object()) {
      described.insert(std::string(operation.key()) + " " + std::string(path.key()));
    }
  }
  for (const Route& route : server->routes().routes()) {
    std::string method(to_string(route.method));
    for (char& c : method) c = static_cast<char>(c - 'A' + 'a');
    const std::string path = openapi_path(route.pattern);
    served.insert(method + " " + path);
    const json::object& operation = document.at("paths").at(path).at(method).as_object();
    EXPECT_EQ(text(operation, "x-visibility"), to_string(route.visibility.value)) << path;
    EXPECT_EQ(operation.contains("security"),
              route.visibility.value == Visibility::party || route.visibility.value == Visibility::regulator);
    EXPECT_NE(text(operation, "summary"), "") << path;
    std::set<std::string> parameters;
    for (const json::value& one : operation.at("parameters").as_array()) parameters.insert(text(one, "name"));
    for (const QueryParameter& one : route.query)
      EXPECT_TRUE(parameters.contains(one.name)) << path << one.name;
  }
  EXPECT_EQ(described, served);
}

TEST_F(ApiNode, the_page_for_people_names_every_route) {
  std::ifstream file(paths::source("docs/api.md"));
  std::stringstream page;
  page << file.rdbuf();
  for (const Route& route : server->routes().routes()) {
    std::string pattern = route.pattern;
    // The page describes the kinds of subjects in one place, and the parameters of tiles by name.
    for (const std::string family : {"/v1/subjects/", "/v1/history/", "/v1/proofs/"}) {
      if (pattern.starts_with(family)) pattern = family + "{kind}/{id…}";
    }
    if (pattern == "/tile/{tile*}") pattern = "/tile/{L}/{N}";
    EXPECT_NE(page.str().find(std::string(to_string(route.method)) + " " + pattern), std::string::npos)
        << to_string(route.method) << " " << pattern;
  }
}

}  // namespace
}  // namespace circula::node
