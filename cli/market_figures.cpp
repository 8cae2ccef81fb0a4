#include "cli/market_figures.h"

#include <algorithm>
#include <boost/json.hpp>

#include "ledger/currency.h"

namespace circula::cli {
namespace {

constexpr int kTriesMax = 3;

using Fields = boost::json::object;

// Calls `take` with the key and the fields of every subject of the kind.
template <class Take>
Result<void> each(NodeClient& client, const std::string& kind, const Take& take) {
  auto list = client.get_all("/v1/state?prefix=" + kind + "/&view=1&limit=1000", "subjects");
  if (!list) return list.error();
  for (const boost::json::value& item : *list) {
    if (!item.is_object()) continue;
    take(text_at(item.get_object(), "subject"), object_at(item.get_object(), "fields"));
  }
  return {};
}

// The parts of a key after its kind.
std::vector<std::string> parts_of(const std::string& key) {
  std::vector<std::string> parts;
  std::size_t from = key.find('/');
  while (from != std::string::npos) {
    const std::size_t to = key.find('/', from + 1);
    parts.push_back(key.substr(from + 1, to == std::string::npos ? to : to - from - 1));
    from = to;
  }
  return parts;
}

std::string venue_of(const Fields& fields) {
  return text_at(fields, "exchange") + "/" + text_at(fields, "currency");
}

std::int64_t* place_of(VenueFigures& venue, const std::string& kind) {
  if (kind == "bank") return &venue.bank_minor;
  if (kind == "avail") return &venue.available_minor;
  if (kind == "susp") return &venue.suspense_minor;
  if (kind == "fund") return &venue.fund_minor;
  if (kind == "claw") return &venue.owed_minor;
  if (kind == "due") return &venue.due_minor;
  return nullptr;
}

Result<std::map<std::string, std::string>> count_institutions(NodeClient& client, MarketFigures& figures) {
  std::map<std::string, std::string> kinds;  // the first kind of each, by oid
  auto done = each(client, "org", [&](const std::string& key, const Fields& fields) {
    for (const boost::json::value& kind : array_at(fields, "kinds")) {
      if (!kind.is_string()) continue;
      const std::string name(kind.get_string());
      ++figures.institutions[name];
      kinds.try_emplace(parts_of(key).front(), name);
    }
  });
  if (!done) return done.error();
  return kinds;
}

Result<void> add_trade(NodeClient& client, MarketFigures& figures) {
  auto products = each(client, "product", [&](const std::string& key, const Fields&) {
    figures.products += parts_of(key).size() == 1 ? 1 : 0;  // not its versions
  });
  if (!products) return products;
  auto listings = each(client, "listing", [&](const std::string&, const Fields& fields) {
    const std::string status = text_at(fields, "status");
    if (status == "listed" || status == "suspended") ++figures.listed[text_at(fields, "exchange")];
  });
  if (!listings) return listings;
  auto contracts = each(client, "contract", [&](const std::string&, const Fields& fields) {
    ++figures.contracts[text_at(fields, "status")];
  });
  if (!contracts) return contracts;
  return each(client, "event", [&](const std::string& key, const Fields& fields) {
    if (parts_of(key).size() != 1) return;  // a node of its cascade
    ++figures.trades;
    figures.settled_minor[text_at(fields, "currency")] += signed_at(fields, "gross_minor");
    figures.refunded_minor[text_at(fields, "currency")] += signed_at(fields, "refunded_minor");
  });
}

Result<void> add_money(NodeClient& client, MarketFigures& figures) {
  auto accounts = each(client, "account", [&](const std::string& key, const Fields& fields) {
    const auto parts = parts_of(key);  // kind, oid@exchange, currency
    if (parts.size() != 3) return;
    VenueFigures& venue = figures.venues[parts[1].substr(parts[1].find('@') + 1) + "/" + parts[2]];
    if (std::int64_t* place = place_of(venue, parts[0])) *place += signed_at(fields, "balance_minor");
  });
  if (!accounts) return accounts;
  auto holds = each(client, "hold", [&](const std::string&, const Fields& fields) {
    if (text_at(fields, "status") == "live")
      figures.venues[venue_of(fields)].held_minor += signed_at(fields, "amount_minor");
  });
  if (!holds) return holds;
  return each(client, "payout", [&](const std::string&, const Fields& fields) {
    if (text_at(fields, "status") == "ordered")
      figures.venues[venue_of(fields)].transit_minor += signed_at(fields, "amount_minor");
  });
}

Result<std::uint64_t> executed_height(NodeClient& client) {
  auto status = client.get("/v1/status");
  if (!status) return status.error();
  return number_at(*status, "executed_height");
}

Result<MarketFigures> add_up(NodeClient& client) {
  MarketFigures figures;
  auto kinds = count_institutions(client, figures);
  if (!kinds) return kinds.error();
  if (auto done = add_trade(client, figures); !done) return done.error();
  if (auto done = add_money(client, figures); !done) return done.error();
  auto income = each(client, "income", [&](const std::string& key, const Fields& fields) {
    const auto parts = parts_of(key);  // oid, currency
    const auto kind = kinds->find(parts.front());
    figures.income_minor[kind == kinds->end() ? "unknown" : kind->second][parts.back()] +=
        signed_at(fields, "total_minor");
  });
  if (!income) return income.error();
  return figures;
}

boost::json::object amounts_json(const std::map<std::string, std::int64_t>& amounts) {
  boost::json::object object;
  for (const auto& [currency, minor] : amounts) object[currency] = std::to_string(minor);
  return object;
}

boost::json::object counts_json(const std::map<std::string, std::uint64_t>& counts) {
  boost::json::object object;
  for (const auto& [thing, count] : counts) object[thing] = count;
  return object;
}

std::string amounts_text(const std::map<std::string, std::int64_t>& amounts) {
  std::string text;
  for (const auto& [currency, minor] : amounts)
    text += (text.empty() ? "" : ", ") + ledger::format_amount(minor, currency) + " " + currency;
  return text.empty() ? "nothing" : text;
}

}  // namespace

Result<MarketFigures> market_figures(NodeClient& client) {
  for (int tries = 0; tries < kTriesMax; ++tries) {
    auto before = executed_height(client);
    if (!before) return before.error();
    auto figures = add_up(client);
    if (!figures) return figures.error();
    auto after = executed_height(client);
    if (!after) return after.error();
    figures->height = *after;
    if (*before == *after) return figures;
  }
  return error(Code::E_UNAVAILABLE, "the ledger goes on too fast for figures of one height: ask again");
}

boost::json::object market_json(Names& names, const MarketFigures& figures) {
  boost::json::object listed, income, venues;
  for (const auto& [exchange, count] : figures.listed) listed[names.display(exchange)] = count;
  for (const auto& [kind, amounts] : figures.income_minor) income[kind] = amounts_json(amounts);
  for (const auto& [venue, sums] : figures.venues) {
    venues[venue] = boost::json::object{{"exchange", names.display(venue.substr(0, venue.find('/')))},
                                        {"bank_minor", std::to_string(sums.bank_minor)},
                                        {"claimed_minor", std::to_string(sums.claimed_minor())},
                                        {"available_minor", std::to_string(sums.available_minor)},
                                        {"suspense_minor", std::to_string(sums.suspense_minor)},
                                        {"fund_minor", std::to_string(sums.fund_minor)},
                                        {"held_minor", std::to_string(sums.held_minor)},
                                        {"transit_minor", std::to_string(sums.transit_minor)},
                                        {"owed_minor", std::to_string(sums.owed_minor)},
                                        {"due_minor", std::to_string(sums.due_minor)}};
  }
  return {{"height", std::to_string(figures.height)},
          {"institutions", counts_json(figures.institutions)},
          {"products", figures.products},
          {"listed", std::move(listed)},
          {"contracts", counts_json(figures.contracts)},
          {"trades", figures.trades},
          {"settled_minor", amounts_json(figures.settled_minor)},
          {"refunded_minor", amounts_json(figures.refunded_minor)},
          {"income_minor", std::move(income)},
          {"venues", std::move(venues)}};
}

std::string market_text(Names& names, const MarketFigures& figures) {
  std::string text = "The market at height " + std::to_string(figures.height) + "\n  institutions ";
  for (const auto& [kind, count] : figures.institutions) text += " " + kind + " " + std::to_string(count);
  text += "\n  products      " + std::to_string(figures.products) + " registered; listed:";
  for (const auto& [exchange, count] : figures.listed)
    text += " " + names.display(exchange) + " " + std::to_string(count);
  if (figures.listed.empty()) text += " none";
  text += "\n  contracts    ";
  for (const auto& [status, count] : figures.contracts) text += " " + status + " " + std::to_string(count);
  if (figures.contracts.empty()) text += " none";
  text += "\n  trades        " + std::to_string(figures.trades) +
          " settled: " + amounts_text(figures.settled_minor) +
          "; given back: " + amounts_text(figures.refunded_minor) + "\n";
  for (const auto& [kind, amounts] : figures.income_minor)
    text += "  income        " + kind + ": " + amounts_text(amounts) + "\n";
  for (const auto& [venue, sums] : figures.venues) {
    const std::string currency = venue.substr(venue.find('/') + 1);
    const auto amount = [&](std::int64_t minor) { return ledger::format_amount(minor, currency); };
    text += "  " + names.display(venue.substr(0, venue.find('/'))) + "  " + currency + "  bank " +
            amount(sums.bank_minor) + " = available " + amount(sums.available_minor) + " + held " +
            amount(sums.held_minor) + " + in transit " + amount(sums.transit_minor) + " + guarantee fund " +
            amount(sums.fund_minor) + " + suspense " + amount(sums.suspense_minor) +
            (sums.bank_minor == sums.claimed_minor() ? "" : "  DOES NOT ADD UP") + "\n";
  }
  return text;
}

}  // namespace circula::cli
