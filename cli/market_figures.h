// The market in figures: institutions, products by exchange, trades and their value, income by role, and the
// books of every exchange; added up from the subjects of the state (records.md 5, dashboards).
//
// The subjects come in pages while the ledger goes on, so the height is asked before and after: figures of
// one height, or an error that says to ask again.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <map>
#include <string>

#include "cli/names.h"
#include "cli/node_client.h"

namespace circula::cli {

// What an exchange has at its bank in a currency, and who may claim it.
struct VenueFigures {
  std::int64_t bank_minor = 0;
  std::int64_t available_minor = 0;
  std::int64_t suspense_minor = 0;
  std::int64_t fund_minor = 0;
  std::int64_t held_minor = 0;
  std::int64_t transit_minor = 0;
  std::int64_t owed_minor = 0;  // after refunds and guarantees, outside the bank's money
  std::int64_t due_minor = 0;

  [[nodiscard]] std::int64_t claimed_minor() const {
    return available_minor + suspense_minor + fund_minor + held_minor + transit_minor;
  }
};

struct MarketFigures {
  std::uint64_t height = 0;
  std::map<std::string, std::uint64_t> institutions;  // by kind
  std::uint64_t products = 0;
  std::map<std::string, std::uint64_t> listed;        // live listings by exchange
  std::map<std::string, std::uint64_t> contracts;     // by where they stand
  std::uint64_t trades = 0;                           // settled milestones, on the exchange and reported
  std::map<std::string, std::int64_t> settled_minor;  // by currency
  std::map<std::string, std::int64_t> refunded_minor;
  // By kind of the organisation that was given it, then by currency.
  std::map<std::string, std::map<std::string, std::int64_t>> income_minor;
  std::map<std::string, VenueFigures> venues;  // "<exchange>/<currency>"
};

// REQUIRES: the client's keys may read everything. E_BUSY when the ledger went on meanwhile, three times.
[[nodiscard]] Result<MarketFigures> market_figures(NodeClient& client);

[[nodiscard]] boost::json::object market_json(Names& names, const MarketFigures& figures);
[[nodiscard]] std::string market_text(Names& names, const MarketFigures& figures);

}  // namespace circula::cli
