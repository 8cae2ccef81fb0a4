#include "crypto/encoding.h"
#include "ledger/receipt.h"
#include "ledger/trust_policy.h"
#include "tests/node/api_server.h"
#include "tests/node/raw_peer.h"

namespace circula::node {
namespace {

namespace json = boost::json;
using ledger::Code;
using ledger::testing::spec;
using testing::text;
using Goes = testing::FakeBackend::Goes;

class ApiRecords : public testing::ApiServer {
 protected:
  static std::string hex(const Digest& digest) { return crypto::to_hex(digest.view()); }
  std::string chain_id() { return hex(chain.genesis().chain_id()); }
  ledger::EnvelopePtr registered(const std::string& name, unsigned number) {
    return chain.envelope({registration(name, number)});
  }
  static std::string as_json(const ledger::Envelope& envelope, const std::string& chain = {}) {
    json::object body{{"envelope", crypto::to_base64url(envelope.bytes())}};
    if (!chain.empty()) body["chain"] = chain;
    return json::serialize(body);
  }
};

TEST_F(ApiRecords, an_envelope_is_final_when_it_is_answered) {
  const auto envelope = registered("member", 500);
  const Reply reply = post("/v1/records", envelope->bytes());
  EXPECT_EQ(reply.status, 201) << reply.body;
  const json::object answer = reply.json();
  EXPECT_EQ(text(answer, "status"), "final");
  EXPECT_EQ(text(answer, "envelope"), hex(envelope->id()));
  EXPECT_EQ(text(answer, "height"), "1");
  const json::value& record = answer.at("records").at(0);
  EXPECT_EQ(text(record, "record"), hex(envelope->records()[0].id));
  EXPECT_EQ(text(record, "index"), "2") << "after genesis and its block entry";
  EXPECT_EQ(record.at("outcome"), 0);
  EXPECT_EQ(text(record, "code"), "E_OK");
  EXPECT_EQ(text(record, "receipt"), "/v1/records/" + hex(envelope->records()[0].id) + "/receipt");
  EXPECT_EQ(reply.headers.at("location"), "/v1/records/" + hex(envelope->id()) + "/status");
  EXPECT_EQ(reply.headers.at("ledger-seq"), "4");
  EXPECT_EQ(reply.headers.at("cache-control"), "no-store");
}

TEST_F(ApiRecords, the_same_envelope_again_gets_the_same_answer_as_200) {
  const auto envelope = registered("member", 500);
  const Reply first = post("/v1/records", "application/json", as_json(*envelope, chain_id()));
  EXPECT_EQ(first.status, 201) << first.body;
  const Reply again = post("/v1/records", envelope->bytes());
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.json(), first.json());
}

TEST_F(ApiRecords, a_failed_rule_is_an_answer_and_no_problem) {
  (void)record(registration("member", 500));
  const Reply reply = post("/v1/records", registered("member", 500)->bytes());
  EXPECT_EQ(reply.status, 201);
  EXPECT_EQ(reply.code(), "");
  const json::object answer = reply.json();
  const json::value& record = answer.at("records").at(0);
  EXPECT_EQ(text(record, "code"), "E_ORG_EXISTS");
  EXPECT_EQ(record.at("outcome"), 102);
  EXPECT_NE(text(record, "detail"), "");
  EXPECT_NE(text(record, "field"), "");
}

TEST_F(ApiRecords, what_is_not_final_is_202_and_says_what_it_waits_for) {
  backend.goes = Goes::kPool;
  const auto envelope = registered("member", 500);
  const std::string status = "/v1/records/" + hex(envelope->id()) + "/status";
  const Reply pending = post("/v1/records?wait=pending", envelope->bytes());
  EXPECT_EQ(pending.status, 202);
  EXPECT_EQ(text(pending.json(), "status"), "pending");
  EXPECT_NE(text(pending.json(), "waits_for"), "");
  EXPECT_EQ(pending.headers.at("location"), status);
  EXPECT_EQ(text(get(status).json(), "status"), "pending");
  backend.order_pool();
  const Reply ordered = post("/v1/records?wait=ordered&timeout_ms=50", envelope->bytes());
  EXPECT_EQ(ordered.status, 202);
  EXPECT_EQ(text(ordered.json(), "status"), "ordered");
  EXPECT_EQ(text(ordered.json().at("records").at(0), "code"), "E_OK");
  EXPECT_EQ(text(get("/v1/records/" + hex(envelope->records()[0].id), "exchange").json(), "status"),
            "ordered");
  backend.finalise();
  EXPECT_EQ(text(get(status).json(), "status"), "final");
}

TEST_F(ApiRecords, a_refusal_is_a_problem_with_its_code) {
  const auto envelope = registered("member", 500);
  Bytes bytes(envelope->bytes().begin(), envelope->bytes().end());
  bytes.back() ^= 1;
  const Reply forged = post("/v1/records", bytes);
  EXPECT_EQ(forged.status, 422);
  EXPECT_EQ(forged.code(), "E_SIG");
  EXPECT_EQ(text(forged.json(), "type"), "/errors/E_SIG");
  EXPECT_EQ(forged.json().at("fields").at(0), "signatures[0]");
  EXPECT_EQ(post("/v1/records", Bytes{1, 2, 3}).code(), "E_CANONICAL");
  EXPECT_EQ(post("/v1/records", Bytes(ledger::kEnvelopeBytesMax + 1)).code(), "E_SIZE");
  backend.refuses = ledger::error(Code::E_QUOTA, "too many records of this key");
  const Reply quota = post("/v1/records", registered("member", 500)->bytes());
  EXPECT_EQ(quota.status, 429);
  EXPECT_TRUE(quota.headers.contains("retry-after"));
  EXPECT_EQ(backend.status().log_size, 2U) << "nothing is in the ledger";
}

TEST_F(ApiRecords, another_chain_is_said_so) {
  const auto envelope = registered("member", 500);
  const std::string other(64, 'a');
  EXPECT_EQ(post("/v1/records", "application/json", as_json(*envelope, other)).code(), "E_CHAIN");
  EXPECT_EQ(post("/v1/records?chain=" + other, envelope->bytes()).code(), "E_CHAIN");
  EXPECT_EQ(post("/v1/dryrun?chain=" + other, envelope->bytes()).code(), "E_CHAIN");
  EXPECT_EQ(post("/v1/records?chain=" + chain_id(), envelope->bytes()).status, 201);
}

TEST_F(ApiRecords, a_malformed_request_is_told_what_to_send) {
  const auto envelope = registered("member", 500);
  for (const std::string body :
       {"", "[]", "{}", "{\"envelope\": 1}", "{\"envelope\": \"*\"}", "{\"envelope\": \"\", \"chain\": 1}",
        "{\"envelope\": \"\", \"wait\": \"final\"}", "{\"chain\": \"\", \"chain\": \"\"}"}) {
    EXPECT_EQ(post("/v1/records", "application/json", body).code(), "E_REQUEST") << body;
  }
  EXPECT_EQ(post("/v1/records", "text/plain", "x").code(), "E_REQUEST");
  for (const std::string query :
       {"wait=maybe", "timeout_ms=60001", "timeout_ms=-1", "timeout_ms=", "chan=00"}) {
    const Reply reply = post("/v1/records?" + query, envelope->bytes());
    EXPECT_EQ(reply.code(), "E_REQUEST") << query;
    EXPECT_EQ(reply.status, 400);
  }
  const Reply typo = post("/v1/records?timout_ms=5", envelope->bytes());
  EXPECT_NE(text(typo.json(), "detail").find("timeout_ms"), std::string::npos) << typo.body;
}

TEST_F(ApiRecords, a_dry_run_says_what_would_happen_and_who_must_sign) {
  const auto envelope = registered("member", 500);
  const Reply reply = post("/v1/dryrun", envelope->bytes());
  EXPECT_EQ(reply.status, 200) << reply.body;
  const json::object answer = reply.json();
  const json::value& record = answer.at("records").at(0);
  EXPECT_EQ(text(record, "code"), "E_OK");
  bool makes_organisation = false;
  for (const json::value& effect : record.at("effects").as_array()) {
    if (text(effect, "subject") != "org/" + ledger::testing::test_oid(500)) continue;
    makes_organisation = true;
    EXPECT_EQ(text(effect.at("fields").at("profile"), "name"), "member");
  }
  EXPECT_TRUE(makes_organisation);
  EXPECT_EQ(backend.status().log_size, 2U) << "nothing was submitted";
  (void)this->record(registration("member", 500));
  EXPECT_EQ(text(post("/v1/dryrun", envelope->bytes()).json().at("records").at(0), "code"), "E_ORG_EXISTS");
  EXPECT_EQ(post("/v1/dryrun", Bytes{1}).code(), "E_CANONICAL");
}

TEST_F(ApiRecords, a_dry_run_names_the_signature_that_is_missing) {
  const Reply reply =
      post("/v1/dryrun", chain.envelope({registration("member", 500, "exchange.finance")})->bytes());
  const json::object answer = reply.json();
  const json::array& asked = answer.at("records").at(0).at("requirements").as_array();
  ASSERT_FALSE(asked.empty()) << reply.body;
  EXPECT_EQ(text(asked[0], "oid"), chain.oid("exchange"));
  EXPECT_EQ(asked[0].at("met"), false);
  EXPECT_FALSE(asked[0].at("usages").as_array().empty());
}

TEST_F(ApiRecords, dry_runs_are_bounded_in_size_and_number) {
  std::vector<ledger::testing::RecordSpec> many(65, registration("member", 500));
  EXPECT_EQ(post("/v1/dryrun", chain.envelope(many)->bytes()).code(), "E_LIMIT");
  const auto envelope = registered("member", 500);
  backend.holds_dry_runs = true;
  std::vector<std::thread> clients;
  for (std::size_t n = 0; n < 8; ++n) {
    clients.emplace_back([&] {
      HttpClientOptions options;
      options.url = server->origin();
      HttpClient client = std::move(HttpClient::make(options).value());
      const auto reply =
          client.post("/v1/dryrun", "application/octet-stream", crypto::as_text(envelope->bytes()));
      EXPECT_EQ(reply->status, 503) << "the node drops the question";
    });
  }
  EXPECT_TRUE(testing::eventually([&] { return backend.dry_runs_held() == 8; }));
  EXPECT_EQ(post("/v1/dryrun", envelope->bytes()).code(), "E_QUOTA");
  backend.drop_dry_runs();
  for (std::thread& client : clients) client.join();
  backend.holds_dry_runs = false;
  EXPECT_EQ(post("/v1/dryrun", envelope->bytes()).status, 200);
}

TEST_F(ApiRecords, a_large_envelope_is_shown_without_reading_it_again_for_each_record) {
  std::vector<ledger::testing::RecordSpec> many;
  for (unsigned n = 0; n < 400; ++n) many.push_back(registration("member-" + std::to_string(n), 1000 + n));
  const auto envelope = chain.envelope(many);
  (void)backend.run({envelope});
  const std::size_t before = backend.blocks_read();
  const Reply reply = get("/v1/records/" + hex(envelope->id()), "exchange");
  EXPECT_EQ(reply.json().at("records").as_array().size(), 400U);
  EXPECT_EQ(backend.blocks_read(), before + 1);
}

TEST_F(ApiRecords, a_record_is_shown_with_what_was_signed_and_what_came_of_it) {
  const std::string id = record(registration("member", 500));
  const Reply reply = get("/v1/records/" + id, "exchange");
  EXPECT_EQ(reply.status, 200) << reply.body;
  const json::object record = reply.json();
  EXPECT_EQ(text(record, "record"), id);
  EXPECT_EQ(text(record, "status"), "final");
  EXPECT_EQ(text(record, "type_name"), "ORG");
  EXPECT_EQ(text(record.at("author"), "oid"), chain.oid("exchange"));
  EXPECT_EQ(text(record.at("body").at("register"), "oid"), ledger::testing::test_oid(500));
  EXPECT_FALSE(record.at("effects").as_array().empty());
  // The bytes are those that were signed: their leaf hash is the record's id.
  const Bytes bytes = crypto::from_base64url(text(record, "bytes")).value();
  EXPECT_EQ(hex(crypto::leaf_hash(bytes)), id);
  EXPECT_NE(reply.headers.at("cache-control").find("immutable"), std::string::npos);
  const Reply same = get("/v1/records/" + id, "exchange", {{"If-None-Match", reply.headers.at("etag")}});
  EXPECT_EQ(same.status, 304);
  EXPECT_EQ(same.body, "");
}

TEST_F(ApiRecords, an_envelope_is_shown_with_all_its_records) {
  const auto envelope = chain.envelope({registration("one", 500), registration("two", 501)});
  (void)backend.run({envelope});
  const json::object shown = get("/v1/records/" + hex(envelope->id()), "exchange").json();
  EXPECT_EQ(shown.at("records").as_array().size(), 2U);
  const Bytes whole = crypto::from_base64url(text(shown, "bytes")).value();
  EXPECT_TRUE(std::ranges::equal(whole, envelope->bytes()));
  const json::object status = get("/v1/records/" + hex(envelope->records()[1].id) + "/status").json();
  EXPECT_EQ(text(status, "kind"), "record");
  ASSERT_EQ(status.at("records").as_array().size(), 1U);
  EXPECT_EQ(status.at("records").at(0).at("position"), 1);
}

TEST_F(ApiRecords, a_unique_beginning_of_an_id_is_enough) {
  const auto envelope = registered("member", 500);
  (void)backend.run({envelope});
  const std::string record = hex(envelope->records()[0].id);
  for (const std::size_t length : {6U, 7U, 20U, 63U}) {
    EXPECT_EQ(text(get("/v1/records/" + record.substr(0, length), "exchange").json(), "record"), record);
    const std::string whole = hex(envelope->id());
    EXPECT_EQ(text(get("/v1/records/" + whole.substr(0, length), "exchange").json(), "envelope"), whole);
    EXPECT_EQ(text(get("/v1/records/" + record.substr(0, length) + "/status").json(), "status"), "final");
  }
  for (const std::string& bad :
       {record.substr(0, 5), record + "0", std::string(64, 'G'), std::string("ABCDEF")}) {
    EXPECT_EQ(get("/v1/records/" + bad, "exchange").code(), "E_REQUEST") << bad;
  }
}

TEST_F(ApiRecords, the_status_of_what_nobody_knows_is_unknown) {
  EXPECT_EQ(text(get("/v1/records/" + std::string(64, '0') + "/status").json(), "status"), "unknown");
  EXPECT_EQ(text(get("/v1/records/000000/status").json(), "status"), "unknown");
}

TEST_F(ApiRecords, the_public_status_tells_the_code_and_no_details) {
  (void)record(registration("member", 500));
  const auto envelope = registered("member", 500);
  (void)backend.run({envelope});
  const json::object status = get("/v1/records/" + hex(envelope->id()) + "/status").json();
  const json::value& record = status.at("records").at(0);
  EXPECT_EQ(text(record, "code"), "E_ORG_EXISTS");
  EXPECT_FALSE(record.as_object().contains("detail"));
  EXPECT_FALSE(record.as_object().contains("field"));
}

TEST_F(ApiRecords, a_receipt_is_good_under_the_policy_and_comes_when_the_record_is_final) {
  backend.goes = Goes::kOrdered;
  const auto envelope = registered("member", 500);
  EXPECT_EQ(post("/v1/records", envelope->bytes()).status, 202);
  const std::string target = "/v1/records/" + hex(envelope->records()[0].id) + "/receipt";
  const Reply early = get(target, "exchange");
  EXPECT_EQ(early.code(), "E_FINALITY_STALLED");
  EXPECT_EQ(early.status, 503);
  std::thread finaliser([this] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    backend.finalise();
  });
  const Reply reply = get(target + "?wait_ms=5000", "exchange");
  finaliser.join();
  EXPECT_EQ(reply.status, 200) << reply.body;
  const auto verdict = ledger::verify_receipt(reply.body, ledger::make_policy(chain.genesis()));
  EXPECT_TRUE(verdict.good());
  EXPECT_EQ(get("/v1/records/" + hex(envelope->id()) + "/receipt", "exchange").body, reply.body);
}

TEST_F(ApiRecords, an_envelope_of_several_records_has_no_receipt_of_its_own) {
  const auto envelope = chain.envelope({registration("one", 500), registration("two", 501)});
  (void)backend.run({envelope});
  EXPECT_EQ(get("/v1/records/" + hex(envelope->id()) + "/receipt", "exchange").code(), "E_REQUEST");
}

TEST_F(ApiRecords, a_client_that_has_seen_more_is_told_that_the_node_is_behind) {
  const Reply behind = get("/v1/status", "", {{"Ledger-Min-Seq", "3"}});
  EXPECT_EQ(behind.status, 503);
  EXPECT_EQ(behind.code(), "E_UNAVAILABLE");
  EXPECT_EQ(get("/v1/status", "", {{"Ledger-Min-Seq", "2"}}).status, 200);
  EXPECT_EQ(get("/v1/status", "", {{"Ledger-Min-Seq", "two"}}).code(), "E_REQUEST");
}

}  // namespace
}  // namespace circula::node
