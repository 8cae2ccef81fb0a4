#include "crypto/encoding.h"
#include "crypto/hash.h"
#include "ledger/bundle.h"
#include "ledger/calendar.h"
#include "ledger/object_id.h"
#include "ledger/trust_policy.h"
#include "tests/ledger/trade_records.h"
#include "tests/node/api_server.h"

namespace circula::node {
namespace {

namespace json = boost::json;
using ledger::testing::spec;
using testing::text;

constexpr std::uint64_t kDayMs = 86'400'000;

// The buyer is in genesis (seq 0) and renames itself once a day (seqs 1 to n).
class ApiSubjects : public testing::ApiServer {
 protected:
  void rename(unsigned times) {
    for (unsigned n = 1; n <= times; ++n) {
      chain.advance_ms(kDayMs);
      ledger::proto::Org body;
      body.mutable_update()->set_oid(chain.oid("buyer"));
      body.mutable_update()->mutable_profile()->set_name("buyer " + std::to_string(++names_));
      (void)record(spec("buyer", testing::kOrg, body));
    }
  }
  std::string buyer() { return "org/" + chain.oid("buyer"); }
  std::vector<std::string> seqs(const std::string& query) {
    const Reply reply = get("/v1/history/" + buyer() + query);
    EXPECT_EQ(reply.status, 200) << query << " " << reply.body;
    std::vector<std::string> found;
    if (reply.status != 200) return found;
    const json::object answer = reply.json();
    for (const json::value& row : answer.at("rows").as_array()) found.push_back(text(row, "seq"));
    return found;
  }
  using Seqs = std::vector<std::string>;

 private:
  unsigned names_ = 0;
};

TEST_F(ApiSubjects, a_subject_is_shown_with_its_version_and_its_newest_entry) {
  rename(2);
  const Reply reply = get("/v1/subjects/" + buyer());
  EXPECT_EQ(reply.status, 200) << reply.body;
  const json::object view = reply.json();
  EXPECT_EQ(text(view, "subject"), buyer());
  EXPECT_EQ(text(view, "kind"), "org");
  EXPECT_EQ(text(view, "version"), "3");
  EXPECT_EQ(text(view.at("fields").at("profile"), "name"), "buyer 2");
  EXPECT_EQ(view.at("fields").at("kinds").at(0), "buyer");
  EXPECT_EQ(text(view.at("last"), "height"), "2");
  EXPECT_EQ(view.at("final"), true);
  const auto value = ledger::decode_state_value(crypto::from_base64url(text(view, "value")).value());
  EXPECT_EQ(value->count, 3U);
  EXPECT_EQ(crypto::to_hex(value->history_root.view()), text(view, "history_root"));
}

TEST_F(ApiSubjects, what_is_executed_and_not_final_says_so) {
  backend.goes = testing::FakeBackend::Goes::kOrdered;
  EXPECT_EQ(post("/v1/records", chain.envelope({registration("member", 500)})->bytes()).status, 202);
  const std::string member = "org/" + ledger::testing::test_oid(500);
  EXPECT_EQ(get("/v1/subjects/" + member).json().at("final"), false);
  EXPECT_TRUE(get("/v1/history/" + member).json().at("rows").as_array().empty());
  backend.finalise();
  EXPECT_EQ(get("/v1/subjects/" + member).json().at("final"), true);
  EXPECT_EQ(get("/v1/history/" + member).json().at("rows").as_array().size(), 1U);
}

TEST_F(ApiSubjects, the_leaves_of_a_history_recompute_its_root) {
  rename(4);
  const json::object view = get("/v1/subjects/" + buyer()).json();
  const json::object history = get("/v1/history/" + buyer()).json();
  std::vector<Digest> leaves;
  for (const json::value& row : history.at("rows").as_array()) {
    leaves.push_back(ledger::history_leaf(crypto::u64_from_decimal(text(row, "index")).value(),
                                          crypto::from_base64url(text(row, "bytes")).value()));
  }
  EXPECT_EQ(crypto::to_hex(crypto::tree_head(leaves).view()), text(view, "history_root"));
  const json::value& first = history.at("rows").at(0);
  EXPECT_EQ(text(first, "source"), "genesis");
  EXPECT_FALSE(first.as_object().contains("record"));
  const json::value& last = history.at("rows").at(4);
  EXPECT_EQ(text(last, "source"), "record");
  EXPECT_EQ(text(last, "name"), "updated");
  EXPECT_EQ(text(last.at("fields").at("profile"), "name"), "buyer 4");
  EXPECT_EQ(text(get("/v1/records/" + text(last, "record"), "buyer").json(), "index"), text(last, "index"));
}

// A node that is behind would answer with what it has: another holder than a node that is not.
TEST_F(ApiSubjects, what_stood_at_a_point_is_not_told_before_the_point_is_final) {
  rename(2);
  EXPECT_EQ(get("/v1/history/" + buyer() + "?at=height:2").status, 200);
  for (const std::string point : {"height:3", "height:99", "99"}) {
    const Reply reply = get("/v1/history/" + buyer() + "?at=" + point);
    EXPECT_EQ(reply.status, 503) << point;
    EXPECT_EQ(reply.code(), "E_UNAVAILABLE");
    EXPECT_TRUE(reply.headers.contains("retry-after"));
  }
}

TEST_F(ApiSubjects, a_history_is_cut_by_sizes_heights_and_times) {
  rename(4);  // entries 2, 4, 6, 8 in blocks 1 to 4, a day apart
  EXPECT_EQ(seqs(""), (Seqs{"0", "1", "2", "3", "4"}));
  EXPECT_EQ(seqs("?from=4&to=8"), (Seqs{"2", "3"}));
  EXPECT_EQ(seqs("?from=height:2&to=height:4"), (Seqs{"2", "3"}));
  EXPECT_EQ(seqs("?at=height:2"), (Seqs{"0", "1", "2"}));
  EXPECT_EQ(seqs("?at=6"), (Seqs{"0", "1", "2"}));
  const auto day = [&](unsigned block) {
    const auto seconds = static_cast<ledger::Seconds>(chain.blocks()[block - 1].frame.header.time_ms / 1000);
    std::string moment = ledger::format_time(seconds);
    return moment.replace(moment.find('+'), 1, "%2B");
  };
  EXPECT_EQ(seqs("?at=" + day(2)), (Seqs{"0", "1", "2"})) << "the moment is in";
  EXPECT_EQ(seqs("?from=" + day(2) + "&to=" + day(4)), (Seqs{"2", "3"})) << "from is in, to is not";
  EXPECT_EQ(seqs("?from=2023-01"), (Seqs{"0", "1", "2", "3", "4"}));
  EXPECT_EQ(seqs("?to=2023-01-01"), Seqs{});
  EXPECT_EQ(seqs("?from=8&to=4"), Seqs{});
  const json::object period = get("/v1/history/" + buyer() + "?from=4&to=8").json();
  EXPECT_EQ(text(period, "begin"), "2");
  EXPECT_EQ(text(period, "end"), "4");
  EXPECT_EQ(text(period, "version"), "5");
  for (const std::string bad :
       {"from=x", "at=height:", "at=2023-13", "order=up", "limit=0", "limit=1001", "at=-1"}) {
    EXPECT_EQ(get("/v1/history/" + buyer() + "?" + bad).code(), "E_REQUEST") << bad;
  }
}

TEST_F(ApiSubjects, pages_fit_together_while_the_log_grows) {
  rename(6);
  for (const std::string order : {"asc", "desc"}) {
    std::vector<std::string> found;
    std::string next = "/v1/history/" + buyer() + "?limit=2&order=" + order;
    while (!next.empty()) {
      const json::object page = get(next).json();
      for (const json::value& row : page.at("rows").as_array()) found.push_back(text(row, "seq"));
      next = text(page, "next");
      rename(1);
    }
    const std::size_t expected = order == "asc" ? 7 : 11;  // four renames came with the first order's pages
    ASSERT_EQ(found.size(), expected) << order;
    EXPECT_EQ(found.front(), order == "asc" ? "0" : "10");
    EXPECT_TRUE(std::ranges::is_sorted(found, {}, [&](const std::string& seq) {
      return order == "asc" ? std::stoi(seq) : -std::stoi(seq);
    }));
  }
}

TEST_F(ApiSubjects, a_cursor_is_good_for_its_own_path_only) {
  rename(3);
  const std::string next = text(get("/v1/history/" + buyer() + "?limit=1").json(), "next");
  const std::string cursor = next.substr(next.find("cursor=") + 7);
  EXPECT_EQ(get(next).status, 200);
  EXPECT_EQ(get("/v1/history/org/" + chain.oid("provider") + "?cursor=" + cursor).code(), "E_CURSOR");
  EXPECT_EQ(get("/v1/history/" + buyer() + "?cursor=AAAA").code(), "E_CURSOR");
  EXPECT_EQ(get("/v1/history/" + buyer() + "?cursor=%2A").code(), "E_CURSOR");
  EXPECT_EQ(get(next + "&from=1").code(), "E_REQUEST");
}

TEST_F(ApiSubjects, keys_are_listed_by_prefix_in_pages) {
  const json::object all = get("/v1/subjects?prefix=org/").json();
  const std::size_t count = all.at("subjects").as_array().size();
  EXPECT_GE(count, 13U);
  std::vector<std::string> found;
  std::string next = "/v1/subjects?prefix=org/&limit=5&view=1";
  while (!next.empty()) {
    const json::object page = get(next).json();
    for (const json::value& one : page.at("subjects").as_array()) {
      found.push_back(text(one, "subject"));
      EXPECT_NE(text(one.at("fields").at("profile"), "name"), "");
    }
    next = text(page, "next");
  }
  EXPECT_EQ(found.size(), count);
  EXPECT_TRUE(std::ranges::is_sorted(found));
  for (const std::string prefix : {"", "org", "contract/", "income/", "replay/", "x/", "unique/"}) {
    EXPECT_EQ(get("/v1/subjects?prefix=" + prefix).code(), "E_REQUEST") << prefix;
  }
}

TEST_F(ApiSubjects, a_bundle_proves_the_value_the_history_and_absence) {
  rename(3);
  const crypto::Policy policy = ledger::make_policy(chain.genesis());
  for (const std::string query :
       {"", "?history=1", "?from=2023-01-01&to=2024-01-01", "?before=2024-01-01", "?height=2"}) {
    const Reply reply = get("/v1/proofs/" + buyer() + query);
    EXPECT_EQ(reply.status, 200) << query << reply.body;
    EXPECT_TRUE(ledger::verify_bundle(reply.body, policy).good()) << query;
  }
  const Reply absent = get("/v1/proofs/org/" + ledger::testing::test_oid(999));
  const auto verdict = ledger::verify_bundle(absent.body, policy);
  ASSERT_TRUE(verdict.good()) << absent.body;
  EXPECT_FALSE(verdict.facts->value.has_value());
  for (const std::string bad :
       {"history=1&height=2", "from=2023-01-01", "before=soon", "height=x", "history=2"}) {
    EXPECT_EQ(get("/v1/proofs/" + buyer() + "?" + bad).code(), "E_REQUEST") << bad;
  }
}

TEST_F(ApiSubjects, a_proof_of_what_is_not_final_waits) {
  backend.goes = testing::FakeBackend::Goes::kOrdered;
  EXPECT_EQ(post("/v1/records", chain.envelope({registration("member", 500)})->bytes()).status, 202);
  EXPECT_EQ(get("/v1/proofs/" + buyer() + "?timeout_ms=1").code(), "E_FINALITY_STALLED");
}

TEST_F(ApiSubjects, an_asset_is_found_by_its_name_and_a_unique_beginning_of_it) {
  const ledger::ShortId asset =
      ledger::testing::certified(chain, "provider", ledger::testing::asset_body("Bus GPS"));
  backend.finalise();
  const std::string hex = crypto::to_hex(asset.view());
  const std::string name = ledger::object_text(ledger::ObjectKind::kAsset, asset);
  for (const std::string& id : {hex, name, name.substr(0, 9), name.substr(0, 20)}) {
    const json::object view = get("/v1/subjects/asset/" + id).json();
    EXPECT_EQ(text(view, "subject"), "asset/" + hex) << id;
    EXPECT_EQ(text(view, "id"), name);
    EXPECT_EQ(text(view.at("fields").at("description"), "title"), "Bus GPS");
    EXPECT_EQ(text(get("/v1/history/right/" + id + "/O").json(), "subject"), "right/" + hex + "/O");
    EXPECT_EQ(get("/v1/proofs/right/" + id + "/O?history=1").status, 200);
  }
  EXPECT_EQ(text(get("/v1/subjects/right/" + name + "/O").json(), "id"), name + "/O");
  for (const std::string& prefix :
       {std::string("asset/"), std::string("asset/as-"), "asset/" + name.substr(0, 4), "asset/" + name,
        "asset/" + hex.substr(0, 3)}) {
    const json::object page = get("/v1/subjects?prefix=" + prefix).json();
    ASSERT_EQ(page.at("subjects").as_array().size(), 1U) << prefix;
    EXPECT_EQ(text(page.at("subjects").at(0), "id"), name);
  }
  const std::string other = name.substr(0, 8) + (name[8] == '0' ? "1" : "0");
  EXPECT_TRUE(get("/v1/subjects?prefix=asset/" + other).json().at("subjects").as_array().empty());
  EXPECT_EQ(get("/v1/subjects/asset/" + other).code(), "E_NOT_FOUND");
}

TEST_F(ApiSubjects, what_may_be_an_asset_or_a_product_is_shown_as_what_it_is) {
  using ledger::testing::description;
  const ledger::ShortId asset =
      ledger::testing::certified(chain, "provider", ledger::testing::asset_body("Bus GPS"));
  const std::string record_id = record(
      spec("provider.cdo", ledger::testing::kProduct,
           ledger::testing::product_body(description("Bus index", {ledger::testing::of_asset(asset)}))));
  const std::string hex = record_id.substr(0, 32);
  const auto product = *crypto::fixed_from_hex<ledger::ShortId>(hex);
  ledger::testing::certify(chain, product, "provider");
  backend.finalise();

  const std::string name = ledger::object_text(ledger::ObjectKind::kProduct, product);
  const json::object view = get("/v1/subjects/product/" + name.substr(0, 12)).json();
  EXPECT_EQ(text(view, "id"), name) << "its version begins alike and is no other product";
  const json::object version = get("/v1/subjects/product/" + name + "/1").json();
  EXPECT_EQ(text(version.at("fields").at("description").at("inputs").at(0), "subject"),
            ledger::object_text(ledger::ObjectKind::kAsset, asset));
  EXPECT_EQ(text(get("/v1/subjects/right/" + name + "/O").json(), "subject"), "right/" + hex + "/O");
  const std::string certificate = text(view.at("fields"), "certificate");
  EXPECT_EQ(text(get("/v1/subjects/certificate/" + certificate).json().at("fields"), "asset"), name);
}

TEST_F(ApiSubjects, an_order_is_read_by_both_sides_and_the_exchange_before_it_is_answered) {
  namespace bodies = ledger::testing;
  const bodies::MarketChain made;  // its organisations and keys are those of `chain`
  const auto id = [&](const bodies::RecordSpec& record_spec) {
    return *crypto::fixed_from_hex<ledger::ShortId>(record(record_spec).substr(0, 32));
  };
  const ledger::ShortId asset = bodies::certified(chain, "provider", bodies::asset_body("Bus GPS"));
  const ledger::ShortId product =
      id(spec("provider.cdo", bodies::kProduct,
              bodies::product_body(bodies::description("Bus index", {bodies::of_asset(asset)}))));
  bodies::certify(chain, product, "provider");
  const ledger::ShortId agreement =
      id(spec("provider.cdo", bodies::kAgreement,
              made.agreement_body(product, bodies::all_to(chain.oid("provider")))));
  const ledger::ShortId listing =
      id(spec("provider", bodies::kListing, made.listing_body(product, agreement), {"exchange"}));
  const ledger::ShortId order = id(spec("buyer", bodies::kOrder, made.order_body(listing)));
  const std::string path = "/v1/subjects/order/" + ledger::object_text(ledger::ObjectKind::kOrder, order);
  for (const char* reader : {"buyer", "provider", "exchange", "regulator"}) {
    EXPECT_EQ(get(path, reader).status, 200) << reader;
  }
  EXPECT_EQ(get(path, "vendor-b").code(), "E_NOT_PARTY");
  EXPECT_EQ(get("/v1/subjects/listing/" + ledger::object_text(ledger::ObjectKind::kListing, listing)).status,
            200);
}

TEST_F(ApiSubjects, ids_of_objects_are_read_strictly) {
  const std::string hex(32, '1');
  EXPECT_EQ(get("/v1/subjects/asset/" + hex).code(), "E_NOT_FOUND");
  EXPECT_EQ(get("/v1/subjects/right/" + hex + "/O").code(), "E_NOT_FOUND");
  EXPECT_EQ(get("/v1/subjects/asset/as-0000000000").code(), "E_NOT_FOUND");
  const std::vector<std::string> malformed = {
      "asset/x",     "asset/as-0000", "asset/as-uuuuuuuu", "asset/ct-0000000000", "asset/" + hex + "/",
      "right/as-/O", "org/%20"};
  for (const std::string& bad : malformed) {
    EXPECT_EQ(get("/v1/subjects/" + bad).code(), "E_REQUEST") << bad;
  }
  EXPECT_EQ(get("/v1/subjects/nothing/x").code(), "E_NO_ROUTE");
}

}  // namespace
}  // namespace circula::node
