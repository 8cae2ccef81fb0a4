#include <algorithm>
#include <boost/json.hpp>

#include "cli/account_statement.h"
#include "cli/demo_checks.h"
#include "cli/local_file.h"
#include "cli/market_figures.h"
#include "ledger/trust_policy.h"

namespace circula::cli {
namespace {

constexpr std::string_view kVendor = "vendor-b";

std::string name_of(const DemoSubject& demo, const std::string& oid) {
  const auto found = std::ranges::find(demo.cluster.members, oid, &ClusterMember::oid);
  return found == demo.cluster.members.end() ? oid : found->name;
}

// What only the truth file and the node's figures of one height say.
void compare_figures(DemoSubject& demo, const MarketFigures& figures) {
  const auto settled = figures.settled_minor.find("CNY");
  demo.report.compare("settled in all, in fen",
                      std::to_string(settled == figures.settled_minor.end() ? 0 : settled->second),
                      std::to_string(demo.truth.settled_minor));
  const auto count = demo.truth.counts.find("settlements");
  demo.report.compare("settlements", std::to_string(figures.trades),
                      std::to_string(count == demo.truth.counts.end() ? 0 : count->second));
  const auto products = demo.truth.counts.find("products");
  demo.report.compare("products", std::to_string(figures.products),
                      std::to_string(products == demo.truth.counts.end() ? 0 : products->second));
}

// Each exchange's money at its bank is what the truth says and what its customers may claim: what differs
// gets a line of its own, the sums get one.
void compare_banks(DemoSubject& demo, const MarketFigures& figures) {
  std::int64_t at_banks = 0, claimed = 0, expected = 0;
  for (const auto& [exchange, expected_minor] : demo.truth.banks) {
    const auto venue = figures.venues.find(exchange + "/CNY");
    const VenueFigures sums = venue == figures.venues.end() ? VenueFigures{} : venue->second;
    at_banks += sums.bank_minor;
    claimed += sums.claimed_minor();
    expected += expected_minor;
    if (sums.bank_minor != expected_minor)
      demo.report.compare("money at the bank of " + name_of(demo, exchange), std::to_string(sums.bank_minor),
                          std::to_string(expected_minor));
    if (sums.bank_minor != sums.claimed_minor())
      demo.report.compare("accounts of the customers of " + name_of(demo, exchange),
                          std::to_string(sums.claimed_minor()), std::to_string(sums.bank_minor));
  }
  const std::string venues =
      std::to_string(demo.truth.banks.size()) + " exchanges in fen, each as it must be";
  demo.report.compare("money at the banks of " + venues, std::to_string(at_banks), std::to_string(expected));
  demo.report.compare("accounts of the customers of " + venues, std::to_string(claimed),
                      std::to_string(at_banks));
}

// A vendor's account at each exchange, proven against the checkpoint on the client's side.
void compare_accounts(DemoSubject& demo, NodeClient& client, const std::string& oid,
                      const crypto::Policy& policy) {
  std::int64_t proven = 0, sum = 0;
  std::size_t accounts = 0;
  for (const auto& [account, expected] : demo.truth.accounts) {
    if (account.first != oid) continue;
    const std::string what =
        "account of " + std::string(kVendor) + " at " + name_of(demo, account.second) + ", proven";
    ++accounts;
    sum += expected;
    const AccountName name{"avail", oid, account.second, "CNY"};
    auto statement = account_statement(client, name, StatementPeriod{"all", {}}, &policy);
    if (!statement) {
      demo.report.fail(what, statement.error());
      continue;
    }
    proven += statement->closing_minor;
    if (statement->closing_minor != expected)
      demo.report.compare(what, std::to_string(statement->closing_minor), std::to_string(expected));
  }
  demo.report.compare("accounts of " + std::string(kVendor) + " at " + std::to_string(accounts) +
                          " exchanges in fen, each proven and as it must be",
                      std::to_string(proven), std::to_string(sum));
}

}  // namespace

void check_market(DemoSubject& demo) {
  constexpr std::string_view kWhat = "figures of the market";
  auto regulator = client_of(demo, demo.cluster.nodes.back(), "regulator");
  if (!regulator) return demo.report.fail(kWhat, regulator.error());
  auto figures = market_figures(*regulator);
  if (!figures) return demo.report.fail(kWhat, figures.error());
  demo.report.check("figures of the market, of one height", figures->height > 0,
                    "height " + std::to_string(figures->height));
  compare_figures(demo, *figures);
  compare_banks(demo, *figures);

  std::string oid;
  for (const ClusterMember& member : demo.cluster.members) {
    if (member.name == kVendor) oid = member.oid;
  }
  auto vendor = client_of(demo, demo.cluster.nodes.back(), std::string(kVendor));
  auto text = read_text(demo.cluster.directory + "/policy.txt");
  if (!vendor || !text) return demo.report.fail(kWhat, vendor ? text.error() : vendor.error());
  auto policy = ledger::read_policy(*text);
  if (!policy) return demo.report.fail(kWhat, policy.error());
  compare_accounts(demo, *vendor, oid, *policy);

  auto other = client_of(demo, demo.cluster.nodes.back(), "provider");
  if (!other) return demo.report.fail(kWhat, other.error());
  auto refused = other->get("/v1/history/income/" + oid + "/CNY");
  demo.report.compare("the provider reading the income of " + std::string(kVendor),
                      refused ? "shown" : ledger::name(refused.error().code), "E_NOT_PARTY");
}

}  // namespace circula::cli
