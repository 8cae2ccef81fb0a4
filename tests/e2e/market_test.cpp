// A deal on the exchange by hand, as docs/trading.md walks it: each member in a home of its own, from a
// product to the money in the bank; and what is left when it is given back afterwards.
#include <boost/json.hpp>

#include "tests/e2e/consortium.h"

namespace circula::e2e {
namespace {

using Words = std::vector<std::string>;

class Market : public Consortium {
 protected:
  void SetUp() override {
    // One voter is enough: these stories are about the market.
    const Ended ended = run({"up", "--dir", net(), "--voters", "1", "--learners", "0"}, variables());
    ASSERT_EQ(ended.exit, 0) << ended.err;
    up_ = true;
    for (const char* name : {"process.md", "offer.txt", "contract.txt", "index.csv", "invoice.txt"})
      write_text(file(name), std::string("this is ") + name);
  }

  // The id of what the record made, empty when it made nothing.
  std::string submit(const std::string& context, const Words& kind) {
    Words words{"submit"};
    words.insert(words.end(), kind.begin(), kind.end());
    words.insert(words.end(), {"--json", "-q"});
    const Ended ended = as(context, words);
    EXPECT_EQ(ended.exit, 0) << context << " " << kind.front() << ": " << ended.err;
    return ended.exit == 0 ? text(boost::json::parse(ended.out).as_object(), "id") : std::string();
  }
  // The first of the parties begins a draft, each signs it at home, the first sends it.
  std::string agree(const Words& parties, const Words& kind) {
    const std::string draft = file("draft.json");
    Words words{"draft"};
    words.insert(words.end(), kind.begin(), kind.end());
    words.insert(words.end(), {"-o", draft, "-q"});
    const Ended begun = as(parties.front(), words);
    EXPECT_EQ(begun.exit, 0) << kind.front() << ": " << begun.err;
    for (const std::string& party : parties) sign(party, draft);
    return submit(parties.front(), {draft});
  }
  std::string refused(const std::string& context, const Words& kind) {
    Words words{"submit"};
    words.insert(words.end(), kind.begin(), kind.end());
    words.insert(words.end(), {"--json", "-q"});
    const Ended ended = as(context, words);
    EXPECT_EQ(ended.exit, 4) << ended.out << ended.err;
    return value_at(ended.err, "/code");
  }
  std::string shown(const std::string& context, const std::string& id, const std::string& field) {
    const Ended ended = as(context, {"show", id, "--json"});
    EXPECT_EQ(ended.exit, 0) << id << ": " << ended.err;
    return value_at(ended.out, "/fields/" + field);
  }
  boost::json::object statement(const std::string& context, const Words& options) {
    Words words{"statement", "--json"};
    words.insert(words.end(), options.begin(), options.end());
    const Ended ended = as(context, words);
    EXPECT_EQ(ended.exit, 0) << context << ": " << ended.err;
    return ended.exit == 0 ? boost::json::parse(ended.out).as_object() : boost::json::object();
  }
  static std::string text(const boost::json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value == nullptr || !value->is_string() ? std::string() : std::string(value->get_string());
  }
  std::string closing(const std::string& context, const std::string& kind) {
    const auto account = statement(context, {"--account", "--exchange", "@exchange-a", "--kind", kind});
    EXPECT_FALSE(text(account, "proven_by").empty()) << context << " " << kind;
    return text(account, "closing_minor");
  }

  // A product of the provider's, whose income goes 2% to the exchange and 7 to 3 to the provider and
  // vendor-b, offered at 1,000,000.
  std::string listed_product() {
    asset_ = certified_asset("roads");
    product_ = submit("provider", {"product", "--title", "Traffic index", "--kind", "index", "--input",
                                   asset_, "--process", file("process.md")});
    EXPECT_TRUE(product_.starts_with("pd-")) << product_;
    (void)submit("registrar", {"certify", "notice", product_});
    (void)submit("registrar", {"certify", "issue", product_, "--valid-to", "2095-01-01", "--holders",
                               "@provider=1000000"});
    write_text(file("agreement.json"), R"({"register": {"version": 1, "product": ")" + product_ +
                                           R"(", "currency": "CNY", "terms": {"rounding": "largest_remainder",
      "steps": [{"percent": {"payee": "@exchange-a", "base": "gross", "rate_ppm": 20000}},
                {"split": {"payees": [{"party": "@provider", "share_ppm": 700000},
                                      {"party": "@vendor-b", "share_ppm": 300000}]}}]}}})");
    const std::string agreement =
        agree({"provider", "vendor-b", "exchange-a"}, {"agreement", file("agreement.json")});
    return agree(
        {"provider", "exchange-a"},
        {"listing", "list", product_, "--exchange", "@exchange-a", "--agreement", agreement, "--price-minor",
         "1000000", "--purposes", "traffic-planning", "--offer", file("offer.txt")});
  }
  // A contract with the buyer in two parts, 600,000 and 400,000.
  std::string signed_contract(const std::string& listing) {
    const std::string order = submit(
        "buyer", {"order", "place", listing, "--purpose", "traffic-planning", "--open-until", "2089-01-01"});
    EXPECT_TRUE(order.starts_with("or-")) << order;
    EXPECT_EQ(submit("provider", {"order", "accept", order}), "");
    const std::string contract =
        agree({"provider", "buyer", "exchange-a"},
              {"contract", "sign", order, "--acts", "derive,process", "--to", "2090-01-01", "--milestone",
               "600000@2088-06-01", "--milestone", "400000@2088-12-01", "--acceptance-days", "5", "--forum",
               "@arbitrator", "--text", file("contract.txt")});
    EXPECT_EQ(shown("buyer", order, "status"), "contracted");
    return contract;
  }
  // Its first part, delivered and accepted; the event of its settlement.
  std::string settled_milestone(const std::string& contract) {
    (void)submit("buyer", {"hold", "place", contract, "--milestone", "1", "--expires", "2089-06-01"});
    (void)submit("provider", {"delivery", "start", contract, "--provider-process", "out-17",
                              "--consumer-process", "in-204"});
    (void)submit("provider", {"delivery", "complete", contract, "--content", file("index.csv")});
    (void)submit("buyer", {"acceptance", "accept", contract, "--score-ppm", "980000"});
    return submit("exchange-a",
                  {"settle", contract, "--amount-minor", "600000", "--invoice", file("invoice.txt")});
  }

  std::string asset_;
  std::string product_;
};

TEST_F(Market, is_walked_by_hand_from_a_product_to_the_money_in_the_bank) {
  const std::string listing = listed_product();
  ASSERT_TRUE(listing.starts_with("ls-")) << listing;
  const std::string contract = signed_contract(listing);
  ASSERT_TRUE(contract.starts_with("ct-")) << contract;
  EXPECT_EQ(shown("buyer", "lc" + contract.substr(2), "status"), "conditional");
  // More than a million yuan: the bank signs with both of its finance keys.
  const Words funds{"funds-in",  "@buyer",      "--exchange", "@exchange-a",  "--amount-minor",
                    "200000000", "--reference", "T-1",        "--value-date", "2020-01-01"};
  EXPECT_EQ(submit("bank", funds), "");
  EXPECT_EQ(refused("bank", funds), "E_BANK_REF");
  const std::string event = settled_milestone(contract);
  ASSERT_TRUE(event.starts_with("ev-")) << event;

  // Any unique prefix names an object.
  EXPECT_EQ(shown("buyer", contract.substr(0, 13), "milestones/0/status"), "settled");
  EXPECT_EQ(shown("buyer", "hold/" + contract + "/1", "status"), "posted");
  const std::string number = shown("buyer", contract, "milestones/0/trade_certificate");
  EXPECT_EQ(shown("merchant", number, "milestone"), "1") << "a trade certificate is public";

  // What came in by settlements is the income, for each payee.
  for (const auto& [payee, minor] :
       {std::pair("exchange-a", "12000"), std::pair("provider", "411600"), std::pair("vendor-b", "176400")}) {
    const auto income = statement(payee, {"--income"});
    const auto account = statement(payee, {"--account", "--exchange", "@exchange-a"});
    EXPECT_EQ(text(income, "closing_minor"), minor) << payee;
    EXPECT_EQ(text(account, "closing_minor"), minor) << payee;
    EXPECT_EQ(text(account, "lines_minor"), text(income, "lines_minor"));
    ASSERT_EQ(account.at("lines").as_array().size(), 1u);
    const auto& line = account.at("lines").at(0).as_object();
    EXPECT_EQ(text(line, "cause"), "settle");
    EXPECT_EQ(text(line, "reference"), event);
    EXPECT_EQ(text(line, "counter"), "hold/" + contract + "/1");
    EXPECT_EQ(text(line, "entry"), text(income.at("lines").at(0).as_object(), "entry"));
    EXPECT_FALSE(text(account, "proven_by").empty());
  }

  // The proof is for others, too; a period before the first entry is empty, and proven to be.
  const std::string proof = file("account.bundle.json");
  (void)statement("vendor-b", {"--account", "--exchange", "@exchange-a", "--proof", proof});
  EXPECT_EQ(run({"verify", proof, "--policy", net() + "/policy.txt"}, {}).exit, 0);
  const auto before = statement("vendor-b", {"--account", "--exchange", "@exchange-a", "--month", "2020-01"});
  EXPECT_EQ(text(before, "opening_minor") + text(before, "closing_minor"), "00");
  EXPECT_FALSE(text(before, "proven_by").empty());
  EXPECT_EQ(as("vendor-b", {"statement", "--account"}).exit, 2) << "it has accounts at every exchange";

  // Nobody is paid more than it has.
  const auto order = [](const std::string& minor) {
    return Words{"payout",         "order", "--exchange", "@exchange-a",
                 "--amount-minor", minor,   "--account",  "account 7"};
  };
  EXPECT_EQ(refused("vendor-b", order("176401")), "E_FUNDS");
  const std::string payout = submit("vendor-b", order("176400"));
  ASSERT_TRUE(payout.starts_with("po-")) << payout;
  EXPECT_EQ(submit("bank", {"payout", "paid", payout, "--reference", "T-2"}), "");
  EXPECT_EQ(shown("bank", payout, "status"), "paid");
  EXPECT_EQ(closing("vendor-b", "avail"), "0");
  // Money that was not spent goes back the same way, above a million yuan by two keys.
  const std::string large = submit("buyer", order("199400000"));
  EXPECT_EQ(submit("bank", {"payout", "returned", large, "--reference", "T-3"}), "");
  EXPECT_EQ(closing("buyer", "avail"), "199400000");
  EXPECT_EQ(closing("exchange-a", "bank"), "199823600");

  // Whoever was paid out before a refund owes it, and is paid nothing more until that is filled.
  (void)agree({"provider", "exchange-a"}, {"refund", event, "--amount-minor", "100000"});
  EXPECT_EQ(closing("vendor-b", "claw"), "29400");
  const auto claw = statement("vendor-b", {"--account", "--exchange", "@exchange-a", "--kind", "claw"});
  const auto& claim = claw.at("lines").at(0).as_object();
  EXPECT_EQ(as("vendor-b", {"show", text(claim, "reference")}).exit, 0) << "the refund's record";
  EXPECT_EQ(closing("buyer", "due"), "29400");
  EXPECT_EQ(closing("buyer", "avail"), "199470600");
  EXPECT_EQ(text(statement("vendor-b", {"--income"}), "closing_minor"), "147000");
  EXPECT_EQ(refused("vendor-b", order("1")), "E_CLAWBACK");

  ASSERT_EQ(run({"down", "--dir", net()}, variables()).exit, 0);
  up_ = false;
  const Ended audited = run({"audit", "--dir", net() + "/1", "--json"}, {});
  EXPECT_EQ(audited.exit, 0) << audited.err;
  EXPECT_EQ(value_at(audited.out, "/findings"), "0") << audited.out;
}

TEST_F(Market, has_a_command_for_every_turn_of_the_way) {
  const std::string listing = listed_product();
  (void)submit("provider", {"product", "version", product_, "--title", "Traffic index 2", "--kind", "index",
                            "--input", asset_ + ":900000", "--process", file("process.md"), "--schema",
                            file("offer.txt"), "--latency-ms", "250"});
  EXPECT_EQ(shown("merchant", product_, "versions"), "2");
  for (const char* minor : {"1200000", "1000000"})
    (void)agree({"provider", "exchange-a"}, {"listing", "price", listing, "--price-minor", minor});
  EXPECT_EQ(shown("merchant", listing, "price_version"), "3");
  (void)submit("exchange-a", {"listing", "suspend", listing, "--reason", "audit"});
  EXPECT_EQ(shown("merchant", listing, "status"), "suspended");
  (void)agree({"exchange-a", "provider"}, {"listing", "resume", listing, "--signer", "@provider"});

  const Words place{"order", "place", listing, "--purpose", "traffic-planning", "--open-until", "2089-01-01"};
  const std::string unwanted = submit("buyer", place), regretted = submit("buyer", place);
  (void)submit("provider", {"order", "reject", unwanted, "--reason", "sold out"});
  EXPECT_EQ(shown("buyer", unwanted, "status"), "rejected");
  (void)submit("buyer", {"order", "cancel", regretted});
  EXPECT_EQ(shown("buyer", regretted, "status"), "cancelled");

  const std::string contract = signed_contract(listing);
  (void)agree({"buyer", "provider", "exchange-a"}, {"contract", "amend", contract, "--milestone",
                                                    "500000@2088-06-01", "--milestone", "500000@2088-12-01"});
  EXPECT_EQ(shown("buyer", contract, "milestones/1/amount_minor"), "500000");
  (void)submit("bank", {"funds-in", "@buyer", "--exchange", "@exchange-a", "--amount-minor", "1000000",
                        "--reference", "T-1", "--value-date", "2020-01-01"});
  const Words hold{"hold", "place", contract, "--expires", "2089-06-01"};
  (void)submit("buyer", hold);
  (void)submit("buyer", {"hold", "release", contract});
  EXPECT_EQ(shown("buyer", "hold/" + contract + "/1", "status"), "voided");
  (void)submit("buyer", hold);
  const Words start{"delivery",           "start", contract, "--provider-process", "out-1",
                    "--consumer-process", "in-1"};
  (void)submit("provider", start);
  (void)submit("provider", {"delivery", "suspend", contract});
  (void)submit("provider", start);
  (void)submit("provider", {"delivery", "complete", contract, "--endpoint", "https://data.example/index"});
  (void)submit("buyer", {"delivery", "acknowledge", contract});
  (void)submit("buyer", {"acceptance", "reject", contract, "--findings", file("contract.txt")});
  EXPECT_EQ(shown("buyer", contract, "milestones/0/status"), "delivering");
  (void)submit("provider", {"delivery", "terminate", contract});
  EXPECT_EQ(shown("buyer", contract, "milestones/0/status"), "terminated");
  (void)agree({"provider", "buyer"}, {"contract", "terminate", contract});
  EXPECT_EQ(shown("buyer", contract, "status"), "terminated");
  EXPECT_EQ(closing("buyer", "avail"), "1000000") << "all of it is free again";

  (void)submit("provider", {"listing", "delist", listing, "--reason", "replaced"});
  EXPECT_EQ(shown("merchant", listing, "status"), "delisted");
  (void)submit("provider", {"product", "retire", product_});
  EXPECT_EQ(shown("merchant", product_, "live_listings"), "0");
}

TEST_F(Market, is_private_to_its_parties) {
  const std::string listing = listed_product();
  const std::string contract = signed_contract(listing);
  (void)submit("bank", {"funds-in", "@buyer", "--exchange", "@exchange-a", "--amount-minor", "1000000",
                        "--reference", "T-1", "--value-date", "2020-01-01"});
  for (const char* reader : {"buyer", "provider", "exchange-a", "regulator"})
    EXPECT_EQ(as(reader, {"show", contract}).exit, 0) << reader;
  for (const char* reader : {"merchant", "bank", "vendor-b"})
    EXPECT_EQ(as(reader, {"show", contract}).exit, 5) << reader;
  EXPECT_EQ(as("merchant", {"show", listing}).exit, 0) << "an offer is public";
  const std::string buyer = value_at(read_text(net() + "/homes/buyer/settings.json"), "/oid");
  const std::string exchange = value_at(read_text(net() + "/homes/exchange-a/settings.json"), "/oid");
  const std::string account = "account/avail/" + buyer + "@" + exchange + "/CNY";
  for (const char* reader : {"buyer", "exchange-a", "bank", "regulator"})
    EXPECT_EQ(as(reader, {"show", account}).exit, 0) << reader;
  for (const char* reader : {"merchant", "provider"})
    EXPECT_EQ(as(reader, {"show", account}).exit, 5) << reader;
}

}  // namespace
}  // namespace circula::e2e
