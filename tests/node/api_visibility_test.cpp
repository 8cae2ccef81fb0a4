// Who may read what, for every route of the table: a route without a row here fails.
#include <array>

#include "crypto/encoding.h"
#include "node/api/access.h"
#include "tests/node/api_server.h"

namespace circula::node {
namespace {

namespace json = boost::json;

// In this order: nobody; the party (admitted by the exchange); another organisation; the party's own
// exchange, which also runs a node; an exchange that neither admitted it nor runs a node; regulator; auditor.
constexpr std::array kAudience = {"", "member", "buyer", "exchange", "exchange-2", "regulator", "auditor"};
using Statuses = std::array<std::uint16_t, kAudience.size()>;

constexpr Statuses kEverybody = {200, 200, 200, 200, 200, 200, 200};
constexpr Statuses kNotThere = {404, 404, 404, 404, 404, 404, 404};
constexpr Statuses kMalformed = {400, 400, 400, 400, 400, 400, 400};
constexpr Statuses kParty = {401, 200, 403, 200, 403, 200, 200};
constexpr Statuses kPartyNotThere = {401, 404, 403, 404, 403, 404, 404};
constexpr Statuses kNoParty = {401, 403, 403, 403, 403, 404, 404};
constexpr Statuses kNoPartyAbsence = {401, 403, 403, 403, 403, 200, 200};
constexpr Statuses kRegulator = {401, 403, 403, 200, 403, 200, 200};
constexpr Statuses kRegulatorNotThere = {401, 403, 403, 404, 403, 404, 404};
constexpr Statuses kSession = {401, 200, 200, 200, 200, 200, 200};

struct Row {
  std::string target;
  Statuses expected;
};

class ApiVisibility : public testing::ApiServer {
 protected:
  // The member adds a key: a record of its own, under the exchange that admitted it.
  ApiVisibility() {
    (void)record(registration("member", 500));
    const crypto::SigningKey& key = chain.key("member.cdo");
    ledger::proto::Key body;
    body.mutable_add()->set_public_key(std::string(key.public_key().text()));
    body.mutable_add()->set_usage(ledger::proto::KEY_USAGE_CDO);
    body.mutable_add()->set_possession(
        std::string(key.sign(ledger::possession_statement(chain.genesis().chain_id(), member)).text()));
    const auto specification = ledger::testing::spec("member", testing::kKey, body);
    own = record(specification);
    const std::uint64_t expires_ms = chain.time_ms() + specification.lifetime_ms;
    replay = std::to_string(expires_ms / 3'600'000);
  }

  // A subject of this kind, and how those who may read it are answered.
  Row subject(const std::string& family, const std::string& name) {
    const std::string hex(32, '1'), digest(64, '1');
    const bool proof = family == "/v1/proofs/";
    const std::map<std::string, Row> rows = {
        {"org", {member, kEverybody}},
        {"key", {crypto::to_hex(chain.key("member").public_key().view()), kEverybody}},
        {"config", {"voters", kEverybody}},
        {"asset", {hex, proof ? kEverybody : kNotThere}},
        {"right", {hex + "/O", proof ? kEverybody : kNotThere}},
        {"certificate", {"R12023000001X", proof ? kEverybody : kNotThere}},
        {"agreement", {hex, proof ? kEverybody : kNotThere}},
        {"product", {hex, proof ? kEverybody : kNotThere}},
        {"listing", {hex, proof ? kEverybody : kNotThere}},
        {"order", {hex, proof ? kNoPartyAbsence : kNoParty}},
        {"contract", {hex, proof ? kNoPartyAbsence : kNoParty}},
        {"licence", {hex, proof ? kNoPartyAbsence : kNoParty}},
        {"hold", {hex + "/1", proof ? kNoPartyAbsence : kNoParty}},
        {"payout", {hex, proof ? kNoPartyAbsence : kNoParty}},
        {"account",
         {"avail/" + member + "@" + chain.oid("exchange") + "/CNY", proof ? kParty : kPartyNotThere}},
        {"bank", {chain.oid("exchange") + "/CNY", kEverybody}},
        {"trade_certificate", {"R12023000001X", proof ? kEverybody : kNotThere}},
        {"event", {hex, proof ? kNoPartyAbsence : kNoParty}},
        {"counter", {hex + "/1", proof ? kNoPartyAbsence : kNoParty}},
        {"income", {member + "/CNY", proof ? kParty : kPartyNotThere}},
        {"period", {hex + "/" + member + "/2023-05-01", proof ? kParty : kPartyNotThere}},
        {"open_items", {member, proof ? kParty : kPartyNotThere}},
        {"replay", {replay, kRegulator}},
        {"unique", {"content/" + digest, proof ? kRegulator : kRegulatorNotThere}},
        {"serial", {"R1/2031", proof ? kRegulator : kRegulatorNotThere}},
    };
    const auto found = rows.find(name);
    if (found == rows.end()) return {};
    return {family + name + "/" + found->second.target, found->second.expected};
  }

  std::map<std::string, Row> rows() {
    std::map<std::string, Row> all = {
        {"GET /v1/records/{id}", {"/v1/records/" + own, kParty}},
        {"GET /v1/records/{id}/receipt", {"/v1/records/" + own + "/receipt", kParty}},
        {"GET /v1/records/{id}/status", {"/v1/records/" + own + "/status", kEverybody}},
        {"POST /v1/records", {"/v1/records", kMalformed}},
        {"POST /v1/dryrun", {"/v1/dryrun", kMalformed}},
        {"GET /v1/subjects", {"/v1/subjects?prefix=org/", kEverybody}},
        {"GET /v1/state", {"/v1/state?prefix=event/", kRegulator}},
        {"GET /v1/policy", {"/v1/policy", kEverybody}},
        {"GET /v1/genesis", {"/v1/genesis", kEverybody}},
        {"GET /v1/blocks/{height}", {"/v1/blocks/1", kEverybody}},
        {"GET /v1/blocks/{height}/stored", {"/v1/blocks/1/stored", kRegulator}},
        {"GET /v1/chain/{height}", {"/v1/chain/1", kNotThere}},
        {"GET /v1/entries", {"/v1/entries", kEverybody}},
        {"GET /v1/entries/{index}", {"/v1/entries/2", kEverybody}},
        {"GET /v1/entries/{index}/proof", {"/v1/entries/2/proof", kEverybody}},
        {"GET /checkpoint", {"/checkpoint", kEverybody}},
        {"GET /tile/{tile*}", {"/tile/0/000.p/2", kEverybody}},
        {"GET /v1/events", {"/v1/events", kEverybody}},
        {"GET /v1/status", {"/v1/status", kEverybody}},
        {"GET /v1/clock", {"/v1/clock", kEverybody}},
        {"GET /v1/errors", {"/v1/errors", kEverybody}},
        {"GET /errors/{name}", {"/errors/E_OK", kEverybody}},
        {"GET /livez", {"/livez", kEverybody}},
        {"GET /readyz", {"/readyz", kEverybody}},
        {"GET /v1/rejections", {"/v1/rejections", kNotThere}},
        {"GET /v1/peers", {"/v1/peers", kNotThere}},
        {"GET /metrics", {"/metrics", kNotThere}},
        {"GET /v1/session/challenge", {"/v1/session/challenge", kEverybody}},
        {"POST /v1/session", {"/v1/session", kMalformed}},
        {"DELETE /v1/session", {"/v1/session", {204, 204, 204, 204, 204, 204, 204}}},
        {"GET /v1/whoami", {"/v1/whoami", kSession}},
        {"GET /v1/openapi.json", {"/v1/openapi.json", kEverybody}},
    };
    for (const ledger::SubjectKindName& kind : ledger::subject_kinds()) {
      const std::string name(kind.prefix);
      for (const std::string family : {"/v1/subjects/", "/v1/history/", "/v1/proofs/"}) {
        if (family == "/v1/history/" && kind.kind == ledger::SubjectKind::kReplay) continue;  // no rows
        all["GET " + family + name + "/{id*}"] = subject(family, name);
      }
    }
    return all;
  }

  Reply ask(Method method, const std::string& target, const std::string& as) {
    if (method == Method::post) return post(target, "application/json", "{}", as);
    return method == Method::delete_ ? remove(target, as) : get(target, as);
  }

  std::string member = ledger::testing::test_oid(500);
  std::string own;     // id of the member's record
  std::string replay;  // the hour in whose bucket it is spent
};

TEST_F(ApiVisibility, every_route_answers_each_of_them_as_the_table_says) {
  const std::map<std::string, Row> all = rows();
  std::set<std::string> routes;
  for (const Route& route : server->routes().routes()) {
    const std::string name = std::string(to_string(route.method)) + " " + route.pattern;
    routes.insert(name);
    const auto row = all.find(name);
    ASSERT_TRUE(row != all.end() && !row->second.target.empty()) << name << " has no row";
    if (route.method == Method::delete_) continue;  // it would end the sessions of the rows to come
    for (std::size_t n = 0; n < kAudience.size(); ++n) {
      const Reply reply = ask(route.method, row->second.target, kAudience[n]);
      EXPECT_EQ(reply.status, row->second.expected[n])
          << name << " for \"" << kAudience[n] << "\" " << reply.body;
      if (reply.status == 401 || reply.status == 403) {
        EXPECT_EQ(reply.code(), reply.status == 401 ? "E_SESSION" : "E_NOT_PARTY") << name;
      }
    }
  }
  for (const auto& [name, row] : all) EXPECT_TRUE(routes.contains(name)) << name << " is no route";
  EXPECT_EQ(remove("/v1/session", "").status, 204);
}

TEST_F(ApiVisibility, the_operators_listener_has_its_own_routes_and_the_public_ones_only) {
  const std::map<std::string, Row> all = rows();
  for (const Route& route : server->routes().routes()) {
    if (route.method != Method::get) continue;
    const Row& row = all.at("GET " + route.pattern);
    const Visibility visibility = route.visibility.value;
    const bool is_there =
        visibility == Visibility::operator_ || (visibility == Visibility::public_ && row.expected[0] == 200);
    EXPECT_EQ(get_as_operator(row.target).status, is_there ? 200 : 404) << route.pattern;
  }
}

TEST_F(ApiVisibility, who_may_not_read_is_told_the_same_whether_or_not_it_exists) {
  const auto without_trace = [this](const std::string& target) {
    json::object problem = get(target, "buyer").json();
    problem.erase("trace");
    return problem;
  };
  const json::object there = without_trace("/v1/records/" + own);
  EXPECT_EQ(there.at("code"), "E_NOT_PARTY");
  EXPECT_EQ(without_trace("/v1/records/" + std::string(64, '1')), there);
  EXPECT_EQ(without_trace("/v1/records/" + own.substr(0, 8)), there);
  EXPECT_EQ(without_trace("/v1/records/11111111"), there);
  EXPECT_EQ(without_trace("/v1/records/" + own + "/receipt"), there);
  EXPECT_EQ(without_trace("/v1/subjects/contract/ct-0000000000"), there);
  EXPECT_EQ(without_trace("/v1/subjects/contract/" + std::string(32, '1')), there);
  EXPECT_EQ(without_trace("/v1/subjects/income/" + member + "/CNY"), there);
  for (const std::string at : {"exchange", "exchange-2"})
    EXPECT_EQ(without_trace("/v1/subjects/account/avail/" + member + "@" + chain.oid(at) + "/CNY"), there);
  for (const std::string none : {"licence/lc-0000000000", "hold/ct-0000000000/1", "payout/po-0000000000"})
    EXPECT_EQ(without_trace("/v1/subjects/" + none), there);
}

TEST_F(ApiVisibility, an_envelope_is_for_those_who_may_read_each_of_its_records) {
  ledger::proto::Org body;
  body.mutable_update()->set_oid(chain.oid("buyer"));
  body.mutable_update()->mutable_profile()->set_name("other");
  ledger::proto::Org mine = body;
  mine.mutable_update()->set_oid(member);
  const auto envelope = chain.envelope({ledger::testing::spec("member", testing::kOrg, mine),
                                        ledger::testing::spec("buyer", testing::kOrg, body)});
  (void)backend.run({envelope});
  const std::string target = "/v1/records/" + crypto::to_hex(envelope->id().view());
  EXPECT_EQ(get(target, "member").code(), "E_NOT_PARTY") << "the buyer's record is in it";
  EXPECT_EQ(get(target, "regulator").status, 200);
  const std::string record = crypto::to_hex(envelope->records()[0].id.view());
  EXPECT_EQ(get("/v1/records/" + record, "member").status, 200);
  EXPECT_EQ(get("/v1/records/" + record, "buyer").code(), "E_NOT_PARTY");
}

TEST_F(ApiVisibility, effects_on_what_the_caller_may_not_read_are_withheld) {
  const json::object shown = get("/v1/records/" + own, "member").json();
  bool withheld = false;
  for (const json::value& effect : shown.at("effects").as_array()) {
    const json::object& one = effect.as_object();
    const std::string subject(one.at("subject").as_string());
    if (subject.starts_with("replay/")) {
      withheld = one.contains("withheld") && !one.contains("bytes") && !one.contains("fields");
    } else {
      EXPECT_TRUE(one.contains("fields")) << subject;
    }
  }
  EXPECT_TRUE(withheld);
}

TEST_F(ApiVisibility, a_record_is_open_to_those_to_whom_it_gave_income) {
  ledger::proto::Record record;
  record.set_author(std::string(chain.key("buyer").public_key().text()));
  record.add_signers(std::string(chain.key("stranger").public_key().text()));
  record.set_on_behalf(chain.oid("merchant"));
  ledger::proto::IndexedEntry entry;
  entry.add_effects()->set_subject("income/" + chain.oid("vendor-b") + "/CNY");
  entry.add_effects()->set_subject("org/" + chain.oid("provider"));
  EXPECT_EQ(api::parties_of_record(backend, record, entry),
            (api::Oids{chain.oid("buyer"), chain.oid("merchant"), chain.oid("vendor-b")}));
}

TEST_F(ApiVisibility, organisations_are_found_in_text_fields_at_any_depth) {
  ledger::proto::OrgState state;
  state.set_admitted_by(chain.oid("exchange"));
  state.mutable_profile()->set_parent(chain.oid("bank"));
  state.mutable_profile()->set_name("no code");
  EXPECT_EQ(api::organisations_named(state), (api::Oids{chain.oid("exchange"), chain.oid("bank")}));
}

}  // namespace
}  // namespace circula::node
