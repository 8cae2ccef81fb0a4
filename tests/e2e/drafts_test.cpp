// Records that several parties sign: each signs a copy in a process and a home of its own, and the copies
// come back in any order.
#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <chrono>
#include <thread>

#include "crypto/encoding.h"
#include "tests/e2e/consortium.h"

namespace circula::e2e {
namespace {

namespace json = boost::json;

class Drafts : public Consortium {
 protected:
  void SetUp() override {
    // One voter is enough: these stories are about the clients.
    const Ended ended = run({"up", "--dir", net(), "--voters", "1", "--learners", "0"}, variables());
    ASSERT_EQ(ended.exit, 0) << ended.err;
    up_ = true;
    asset_ = certified_asset("roads");
  }
  // A draft of a transfer from the provider to vendor-b.
  std::string transfer_draft(const std::vector<std::string>& more = {}) {
    const std::string path = file("t.draft.json");
    std::vector<std::string> words{"draft", "transfer", asset_,   "--to", "@vendor-b", "--right",
                                   "O",     "--ppm",    "250000", "-o",   path};
    words.insert(words.end(), more.begin(), more.end());
    const Ended ended = as("provider", words);
    EXPECT_EQ(ended.exit, 0) << ended.err;
    return path;
  }
  static json::object parsed(const std::string& path) { return json::parse(read_text(path)).as_object(); }

  std::string asset_;
};

TEST_F(Drafts, five_parties_and_the_exchange_sign_an_agreement_in_any_order) {
  write_text(file("agreement.json"), R"({"register": {"version": 1, "product": ")" + asset_ +
                                         R"(", "currency": "CNY", "terms": {"rounding": "largest_remainder",
      "steps": [{"fixed": {"payee": "@exchange-a", "amount_minor": "100"}},
                {"split": {"payees": [{"party": "@provider", "share_ppm": 400000},
                                      {"party": "@vendor-b", "share_ppm": 300000},
                                      {"party": "@broker", "share_ppm": 100000},
                                      {"party": "@merchant", "share_ppm": 100000},
                                      {"party": "@assessor", "share_ppm": 100000}]}}]}}})");
  const std::string draft = file("a.draft.json");
  const Ended begun = as("provider", {"draft", "agreement", file("agreement.json"), "-o", draft, "--json"});
  ASSERT_EQ(begun.exit, 0) << begun.err;
  EXPECT_EQ(json::parse(begun.out).at("required").as_array().size(), 6u);

  const std::vector<std::string> parties{"assessor", "merchant", "exchange-a",
                                         "broker",   "vendor-b", "provider"};
  std::vector<std::string> merge{"draft", "merge"};
  for (const std::string& party : parties) {
    const std::string copy = file(party + ".json");
    write_text(copy, read_text(draft));
    sign(party, copy);
    if (party != "broker") merge.push_back(copy);
  }
  merge.insert(merge.end(), {"-o", file("most.json")});
  ASSERT_EQ(run(merge, {}).exit, 0);
  const Ended early = as("provider", {"submit", file("most.json")});
  EXPECT_EQ(early.exit, 4);
  EXPECT_NE(early.err.find("E_DRAFT"), std::string::npos) << early.err;
  const std::string broker = value_at(read_text(net() + "/homes/broker/settings.json"), "/oid");
  EXPECT_NE(early.err.find("not signed by " + broker), std::string::npos) << early.err;

  ASSERT_EQ(run({"draft", "merge", file("broker.json"), file("most.json"), "-o", file("all.json")}, {}).exit,
            0);
  const Ended done = as("assessor", {"submit", file("all.json"), "--json"});
  ASSERT_EQ(done.exit, 0) << done.err;
  const Ended shown = as("assessor", {"show", value_at(done.out, "/id"), "--json"});
  EXPECT_EQ(shown.exit, 0) << shown.err;
}

TEST_F(Drafts, one_that_comes_too_late_is_refused) {
  const std::string draft = transfer_draft({"--expires-in", "1s"});
  sign("provider", draft);
  sign("vendor-b", draft);
  const json::object shown = json::parse(run({"draft", "show", draft, "--json"}, {}).out).as_object();
  const std::string expires(shown.at("records").at(0).at("expires_at_ms").as_string());
  const std::chrono::system_clock::time_point expiry{std::chrono::milliseconds(std::stoll(expires))};
  std::this_thread::sleep_until(expiry + std::chrono::milliseconds(1));
  const Ended late = as("provider", {"submit", draft, "--json"});
  EXPECT_EQ(late.exit, 4) << late.err << late.out;
  EXPECT_EQ(value_at(late.err, "/code"), "E_EXPIRED") << late.err;
  EXPECT_EQ(value_at(as("provider", {"history", asset_, "--right", "O", "--json"}).out, "/holders/0/ppm"),
            "1000000")
      << "nothing moved";
}

// The view is for people who look into the file; the program shows what the bytes say.
TEST_F(Drafts, one_whose_view_was_altered_is_shown_and_executed_from_its_bytes) {
  const std::string draft = transfer_draft();
  json::object altered = parsed(draft);
  std::string view = json::serialize(altered.at("view"));
  for (auto at = view.find("250000"); at != std::string::npos; at = view.find("250000"))
    view.replace(at, 6, "999999");
  altered["view"] = json::parse(view);
  write_text(draft, json::serialize(altered));
  const Ended signing = as("vendor-b", {"sign", draft, "--yes"});
  ASSERT_EQ(signing.exit, 0) << signing.err;
  EXPECT_NE(signing.err.find("ppm: 250000"), std::string::npos) << signing.err;
  EXPECT_EQ(signing.err.find("999999"), std::string::npos) << signing.err;
  sign("provider", draft);
  const Ended done = as("provider", {"submit", draft});
  ASSERT_EQ(done.exit, 0) << done.err;
  EXPECT_EQ(value_at(as("provider", {"history", asset_, "--right", "O", "--json"}).out, "/lines/1/ppm"),
            "250000");
}

TEST_F(Drafts, one_with_one_byte_altered_is_refused_by_every_command) {
  const std::string draft = transfer_draft();
  sign("provider", draft);
  json::object altered = parsed(draft);
  auto record = crypto::from_base64(std::string_view(altered.at("records").at(0).as_string()));
  ASSERT_TRUE(record);
  // The last byte of 250,000 as a varint, 0x90 0xa1 0x0f.
  const std::array<std::uint8_t, 3> ppm{0x90, 0xa1, 0x0f};
  const auto place = std::search(record->begin(), record->end(), ppm.begin(), ppm.end());
  ASSERT_NE(place, record->end());
  place[2] ^= 1;
  altered["records"].as_array()[0] = crypto::to_base64(*record);
  write_text(draft, json::serialize(altered));
  for (const std::vector<std::string>& words : {std::vector<std::string>{"sign", draft, "--yes", "--json"},
                                                {"draft", "show", draft, "--json"},
                                                {"draft", "merge", draft, "-o", file("m.json"), "--json"},
                                                {"submit", draft, "--json"}}) {
    const Ended refused = as("vendor-b", words);
    EXPECT_EQ(refused.exit, 4) << words.front();
    EXPECT_EQ(value_at(refused.err, "/code"), "E_SIG") << words.front() << ": " << refused.err;
  }
}

}  // namespace
}  // namespace circula::e2e
