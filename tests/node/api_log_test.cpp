#include <algorithm>

#include "crypto/encoding.h"
#include "crypto/policy.h"
#include "crypto/tiles.h"
#include "crypto/tlog_proof.h"
#include "ledger/genesis_file.h"
#include "ledger/trust_policy.h"
#include "tests/node/api_server.h"

namespace circula::node {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;
using testing::text;

class ApiLog : public testing::ApiServer {
 protected:
  // `count` organisations, each in a block of its own.
  void grow(unsigned count) {
    for (unsigned n = 0; n < count; ++n, ++grown_) {
      (void)record(registration("member-" + std::to_string(grown_), 500 + grown_));
    }
  }
  // Reads a stream's data until `count` events came.
  std::vector<std::string> stream(const std::string& target, const HttpHeaders& headers, std::size_t count) {
    HttpClientOptions options;
    options.url = server->origin();
    HttpClient client = std::move(HttpClient::make(options).value());
    std::vector<std::string> lines;
    std::size_t events = 0;
    const auto reply = client.stream(target, headers, [&](std::string_view line) {
      lines.emplace_back(line);
      if (line.starts_with("data: ")) ++events;
      return events < count;
    });
    EXPECT_TRUE(reply.has_value());
    return lines;
  }

 private:
  unsigned grown_ = 0;
};

TEST_F(ApiLog, a_block_is_shown_by_its_digests) {
  grow(1);
  const Reply reply = get("/v1/blocks/1");
  EXPECT_EQ(reply.status, 200) << reply.body;
  const json::object block = reply.json();
  const ledger::Block& ours = chain.blocks()[0];
  EXPECT_EQ(text(block, "hash"), crypto::to_hex(ours.frame.hash.view()));
  EXPECT_EQ(text(block, "parent"), crypto::to_hex(chain.genesis().chain_id().view()));
  EXPECT_EQ(text(block, "kind"), "records");
  EXPECT_EQ(text(block, "first"), "2");
  EXPECT_EQ(text(block, "entries"), "1");
  EXPECT_EQ(text(block, "size"), "4");
  EXPECT_EQ(block.at("bodies").at(0).as_string(), crypto::to_hex(ours.bodies[0]->body_hash().view()));
  EXPECT_EQ(crypto::from_base64url(text(block, "header")).value(), ours.frame.header_bytes);
  EXPECT_EQ(block.at("final"), true);
  EXPECT_TRUE(reply.headers.contains("etag"));
  EXPECT_EQ(text(get("/v1/blocks/latest").json(), "height"), "1");
  EXPECT_EQ(text(get("/v1/blocks/0").json(), "kind"), "genesis");
  EXPECT_EQ(get("/v1/blocks/2").code(), "E_NOT_FOUND");
  EXPECT_EQ(get("/v1/blocks/x").code(), "E_REQUEST");
}

TEST_F(ApiLog, bodies_are_for_those_who_hold_them_anyway) {
  grow(1);
  const Bytes stored = ledger::encode_block(chain.blocks()[0]);
  for (const std::string who : {"regulator", "auditor", "exchange"}) {
    EXPECT_EQ(get("/v1/blocks/1/stored", who).body, crypto::as_text(stored)) << who;
  }
  EXPECT_EQ(get("/v1/blocks/1/stored", "exchange-2").code(), "E_NOT_PARTY") << "it runs no node";
  EXPECT_EQ(get_as_operator("/v1/chain/1").body, crypto::as_text(stored));
}

TEST_F(ApiLog, entries_are_those_of_the_final_log) {
  grow(3);
  std::vector<std::string> kinds;
  std::string next = "/v1/entries?limit=3";
  std::vector<Digest> leaves;
  while (!next.empty()) {
    const json::object page = get(next).json();
    EXPECT_EQ(text(page, "size"), "8");
    for (const json::value& entry : page.at("entries").as_array()) {
      kinds.push_back(text(entry, "kind"));
      leaves.push_back(crypto::leaf_hash(crypto::from_base64url(text(entry, "bytes")).value()));
    }
    next = text(page, "next");
  }
  EXPECT_EQ(kinds, (std::vector<std::string>{"genesis", "block", "record", "block", "record", "block",
                                             "record", "block"}));
  EXPECT_EQ(crypto::tree_head(leaves), backend.final_checkpoint().root);
  EXPECT_EQ(text(get("/v1/entries/2").json(), "code"), "E_OK");
  EXPECT_EQ(get("/v1/entries/8").code(), "E_NOT_FOUND");
  EXPECT_TRUE(get("/v1/entries?first=99").json().at("entries").as_array().empty());
}

TEST_F(ApiLog, an_entrys_proof_is_good_under_the_policy_that_is_served) {
  grow(2);
  const auto policy = ledger::read_policy(get("/v1/policy").body);
  ASSERT_TRUE(policy.has_value());
  const Reply reply = get("/v1/entries/2/proof");
  const auto proof = crypto::TlogProof::parse(reply.body);
  ASSERT_TRUE(proof.has_value()) << reply.body;
  const Bytes entry = crypto::from_base64url(text(get("/v1/entries/2").json(), "bytes")).value();
  EXPECT_TRUE(proof->verify(*policy, crypto::leaf_hash(entry)).has_value());
  EXPECT_EQ(get("/v1/entries/6/proof").code(), "E_NOT_FOUND");
}

TEST_F(ApiLog, the_checkpoint_is_a_signed_note_that_is_not_kept) {
  grow(1);
  const Reply reply = get("/checkpoint");
  EXPECT_TRUE(ledger::make_policy(chain.genesis()).accept(reply.body).has_value());
  EXPECT_EQ(reply.headers.at("content-type"), "text/plain; charset=utf-8");
  EXPECT_EQ(reply.headers.at("cache-control"), "no-store");
}

TEST_F(ApiLog, tiles_recompute_the_root_and_partial_ones_are_prefixes) {
  // 130 blocks with one record each: 262 entries, one full tile and one of 6.
  grow(130);
  const std::uint64_t size = backend.final_checkpoint().size;
  ASSERT_EQ(size, 262U);
  std::vector<Digest> leaves;
  for (const auto& [path, width] :
       {std::pair("/tile/entries/000", 256U), std::pair("/tile/entries/001.p/6", 6U)}) {
    const Reply reply = get(path);
    EXPECT_EQ(reply.status, 200) << path << reply.body;
    EXPECT_NE(reply.headers.at("cache-control").find("public"), std::string::npos);
    const Bytes bundle(reply.body.begin(), reply.body.end());
    const auto entries = crypto::parse_bundle(bundle, width);
    ASSERT_TRUE(entries.has_value());
    for (const crypto::ByteView entry : *entries) leaves.push_back(crypto::leaf_hash(entry));
  }
  EXPECT_EQ(crypto::tree_head(leaves), backend.final_checkpoint().root);
  const std::string full = get("/tile/0/000").body;
  ASSERT_EQ(full.size(), 8192U);
  EXPECT_EQ(full.substr(0, 32), leaves[0].text());
  EXPECT_EQ(get("/tile/0/000.p/5").body, full.substr(0, std::size_t{5} * 32));
  EXPECT_EQ(get("/tile/1/000.p/1").body, crypto::tree_head(std::span(leaves).first(256)).text());
  for (const std::string missing : {"0/001", "0/001.p/7", "1/000", "2/000.p/1", "entries/001"}) {
    EXPECT_EQ(get("/tile/" + missing).code(), "E_NOT_FOUND") << missing;
  }
  for (const std::string bad : {"0/0", "0/000.p/0", "0/000.p/256", "64/000", "00/000", "x"}) {
    EXPECT_EQ(get("/tile/" + bad).code(), "E_REQUEST") << bad;
  }
}

TEST_F(ApiLog, genesis_comes_as_its_file) {
  const auto file = ledger::read_genesis_file(get("/v1/genesis").body);
  ASSERT_TRUE(file.has_value());
  EXPECT_EQ(file->genesis, chain.genesis().bytes());
}

TEST_F(ApiLog, events_go_on_after_a_cursor) {
  grow(2);
  const json::object first = get("/v1/events?limit=4").json();
  ASSERT_EQ(first.at("events").as_array().size(), 4U);
  EXPECT_EQ(text(first, "after"), "3");
  const json::value& event = first.at("events").at(2);
  EXPECT_EQ(text(event, "kind"), "record");
  EXPECT_EQ(event.at("outcome"), 0);
  EXPECT_NE(text(event, "time_ms"), "");
  EXPECT_FALSE(event.as_object().contains("bytes"));
  const json::object rest = get("/v1/events?after=3").json();
  EXPECT_EQ(rest.at("events").as_array().size(), 2U);
  EXPECT_EQ(text(rest, "after"), "5");
  const json::object none = get("/v1/events?after=5").json();
  EXPECT_TRUE(none.at("events").as_array().empty());
  EXPECT_EQ(text(none, "after"), "5") << "the cursor stays where it was";
  EXPECT_EQ(get("/v1/events?type=1").json().at("events").as_array().size(), 2U);
  EXPECT_TRUE(get("/v1/events?type=11").json().at("events").as_array().empty());
  EXPECT_TRUE(get("/v1/events?after=latest").json().at("events").as_array().empty());
  for (const std::string bad : {"after=x", "type=65536", "wait_ms=60001", "after=18446744073709551615"}) {
    EXPECT_EQ(get("/v1/events?" + bad).code(), "E_REQUEST") << bad;
  }
}

TEST_F(ApiLog, a_long_poll_waits_for_the_next_final_entry_or_its_time) {
  const auto began = std::chrono::steady_clock::now();
  EXPECT_TRUE(get("/v1/events?after=latest&wait_ms=50").json().at("events").as_array().empty());
  EXPECT_GE(std::chrono::steady_clock::now() - began, milliseconds(50));
  const auto envelope = chain.envelope({registration("late", 900)});
  std::thread later([&] {
    std::this_thread::sleep_for(milliseconds(30));
    (void)backend.run({envelope});
  });
  const json::object answer = get("/v1/events?after=latest&wait_ms=5000").json();
  later.join();
  ASSERT_EQ(answer.at("events").as_array().size(), 2U);
  EXPECT_EQ(text(answer.at("events").at(0), "record"), crypto::to_hex(envelope->records()[0].id.view()));
}

TEST_F(ApiLog, a_stream_names_each_event_by_its_index_and_resumes) {
  grow(2);
  const HttpHeaders accept{{"Accept", "text/event-stream"}};
  const std::vector<std::string> lines = stream("/v1/events", accept, 6);
  std::vector<std::string> ids;
  for (const std::string& line : lines) {
    if (line.starts_with("id: ")) ids.push_back(line.substr(4));
  }
  EXPECT_EQ(ids, (std::vector<std::string>{"0", "1", "2", "3", "4", "5"}));
  EXPECT_NE(std::ranges::find(lines, "event: record"), lines.end());
  HttpHeaders resume = accept;
  resume["Last-Event-ID"] = "3";
  EXPECT_EQ(stream("/v1/events", resume, 1).at(0), "id: 4");
}

TEST_F(ApiLog, a_stream_goes_on_when_the_log_grows) {
  const auto envelope = chain.envelope({registration("late", 900)});
  std::thread later([&] {
    std::this_thread::sleep_for(milliseconds(30));
    (void)backend.run({envelope});
  });
  const std::vector<std::string> lines =
      stream("/v1/events?after=latest&type=1", {{"Accept", "text/event-stream"}}, 1);
  later.join();
  EXPECT_EQ(lines.at(0), "id: 2");
}

}  // namespace
}  // namespace circula::node
