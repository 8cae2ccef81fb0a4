// Codes of the interface: envelopes that never reach the ledger, sessions, paths, and what a node is not
// ready for. Limits of the server itself have their tests in http_*_test.cpp.
#include "crypto/encoding.h"
#include "ledger/proto/envelope.pb.h"
#include "tests/node/codes.h"

namespace circula::node {
namespace {

using namespace ledger;
using namespace ledger::testing;
using testing::Codes;
namespace proto = ledger::proto;

constexpr std::size_t kRecordBytes = std::size_t{32} * 1024;  // the most that a record may have
const std::string kOtherChain(64, 'a');

// An envelope with one thing altered.
template <class Alter>
Bytes forged(const Envelope& envelope, Alter alter) {
  auto message = parse_canonical<proto::Envelope>(envelope.bytes());
  alter(*message);
  return serialise_canonical(*message);
}

TEST_F(Codes, E_SIZE) {
  expect_problem(post("/v1/records", Bytes(kEnvelopeBytesMax + 1)));
  RecordSpec large = chain.asset_spec("provider", "a");
  large.body = Bytes(kRecordBytes, 'x');
  const Bytes record = chain.record_bytes(large);
  expect_problem(
      post("/v1/records", seal_envelope(chain.genesis().chain_id(), {record}, {&chain.key("provider.cdo")})),
      "records[0]");
}

TEST_F(Codes, E_SIG) {
  const EnvelopePtr envelope = chain.envelope({chain.asset_spec("provider", "a")});
  expect_problem(post("/v1/records", forged(*envelope,
                                            [](auto& message) {
                                              (*message.mutable_signatures(0)->mutable_signature())[5] ^= 1;
                                            })),
                 "signatures[0]");
  expect_problem(open_session("provider", server->origin(), "buyer"), "signature");
}

TEST_F(Codes, E_CHAIN) {
  const EnvelopePtr envelope = chain.envelope({chain.asset_spec("provider", "a")});
  expect_problem(post("/v1/records?chain=" + kOtherChain, envelope->bytes()), "chain");
  const boost::json::object body{{"envelope", crypto::to_base64url(envelope->bytes())},
                                 {"chain", kOtherChain}};
  expect_problem(post("/v1/records", "application/json", boost::json::serialize(body)), "chain");
  expect_problem(post("/v1/dryrun?chain=" + kOtherChain, envelope->bytes()), "chain");
}

TEST_F(Codes, E_SUITE) {
  const EnvelopePtr envelope = chain.envelope({chain.asset_spec("provider", "a")});
  const Bytes other = forged(*envelope, [](auto& message) { message.set_suite(2); });
  expect_problem(post("/v1/records", other), "suite");
  expect_problem(post("/v1/dryrun", other), "suite");
}

TEST_F(Codes, E_CANONICAL) {
  const EnvelopePtr envelope = chain.envelope({chain.asset_spec("provider", "a")});
  Bytes unknown_field(envelope->bytes().begin(), envelope->bytes().end());
  unknown_field.insert(unknown_field.end(), {0x78, 0x01});  // field 15
  expect_problem(post("/v1/records", unknown_field));
  for (const auto& [record, field] :
       {std::pair("\x78\x01", "records[0]"), std::pair("\x08", "records[0].author")}) {
    expect_problem(
        post("/v1/records", forged(*envelope, [&](auto& message) { message.set_records(0, record); })),
        field);
  }
}

TEST_F(Codes, E_SIGNERS) {
  RecordSpec record = chain.asset_spec("provider", "a");
  record.signers = {"provider"};
  const EnvelopePtr envelope = chain.envelope({record});
  expect_problem(post("/v1/records",
                      forged(*envelope, [](auto& message) { message.mutable_signatures()->RemoveLast(); })),
                 "signatures");
}

TEST_F(Codes, E_FINALITY_STALLED) {
  backend.goes = testing::FakeBackend::Goes::kOrdered;
  const EnvelopePtr envelope = chain.envelope({chain.asset_spec("provider", "a")});
  EXPECT_EQ(post("/v1/records", envelope->bytes()).status, 202);
  const std::string record = crypto::to_hex(envelope->records()[0].id.view());
  expect_problem(get("/v1/records/" + record + "/receipt", "provider"));
}

TEST_F(Codes, E_SESSION) {
  expect_problem(get("/v1/whoami"));
  expect_problem(get("/v1/whoami", "", {{"Authorization", "Bearer ended"}}));
  expect_problem(open_session("provider", "http://another.example"), "origin");
}

TEST_F(Codes, E_NOT_PARTY) {
  const std::string account =
      "/v1/subjects/account/avail/" + chain.oid("buyer") + "@" + chain.oid("exchange") + "/CNY";
  chain.fund("buyer", 5);
  EXPECT_EQ(get(account, "buyer").status, 200);
  expect_problem(get(account, "vendor-b"));
}

TEST_F(Codes, E_NO_ROUTE) { expect_problem(get("/v1/recrds")); }

TEST_F(Codes, E_HTTP_METHOD) {
  const Reply reply = remove("/v1/status", "");
  expect_problem(reply);
  EXPECT_EQ(reply.headers.at("allow"), "GET, HEAD");
}

TEST_F(Codes, E_REQUEST) {
  expect_problem(post("/v1/records", "text/plain", "x"));
  expect_problem(post("/v1/records", "application/json", "{}"), "envelope");
  const EnvelopePtr envelope = chain.envelope({chain.asset_spec("provider", "a")});
  expect_problem(post("/v1/records?wait=maybe", envelope->bytes()), "wait");
}

TEST_F(Codes, E_UNAVAILABLE) {
  expect_problem(get("/v1/status", "", {{"Ledger-Min-Seq", "999"}}));
  backend.why_not_ready = "execution is behind";
  expect_problem(get("/readyz"));
}

TEST_F(Codes, E_CURSOR) {
  expect_problem(get("/v1/history/org/" + chain.oid("buyer") + "?cursor=AAAA"), "cursor");
}

TEST_F(Codes, E_EXPECTED_HOST) {
  expect_problem(get("/v1/status", "", {{"Origin", "http://another.example"}}));
}

}  // namespace
}  // namespace circula::node
