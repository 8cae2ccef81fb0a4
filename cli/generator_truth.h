// What must come out of a generated data set, worked out while it is made and without any node: the outcome
// of each record, who holds what, and what each organisation was given.
//
// Holders are a plain map that transfers move shares in; income is the engine's in-memory scenario
// (ledger/revenue_scenario.h). Neither reads the ledger's state.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "ledger/outcome.h"
#include "ledger/revenue_scenario.h"
#include "ledger/signing.h"

namespace circula::cli {

struct ExpectedRecord {
  crypto::Digest id{};
  ledger::Code outcome = ledger::Code::E_OK;
  std::uint16_t type = 0;
  std::string what;  // "transfer by a non-holder"; empty for what is plainly good
};

// An asset's shares of one right, by oid.
using Holders = std::map<std::string, std::uint32_t>;
using RightName = std::pair<ledger::ShortId, char>;  // asset; H, U or O

struct GeneratorTruth {
  std::uint64_t seed = 0;
  std::vector<ExpectedRecord> records;         // in the order of the log
  std::map<RightName, Holders> holders;        // of certified assets
  std::map<RightName, std::uint32_t> moves;    // effects on each right: its opening and each transfer
  std::map<std::string, std::int64_t> income;  // by oid, in the one currency below
  // What is available to an organisation at an exchange, and what each exchange has at its bank.
  std::map<std::pair<std::string, std::string>, std::int64_t> accounts;
  std::map<std::string, std::int64_t> banks;
  std::string currency = "CNY";
  std::int64_t settled_minor = 0;
  std::int64_t refunded_minor = 0;
  std::map<std::string, std::uint64_t> counts;  // of the profile in use

  // What was settled and not given back is exactly what has been shared.
  [[nodiscard]] bool adds_up() const;
};

[[nodiscard]] boost::json::object truth_json(const GeneratorTruth& truth);
// What truth_json() wrote. E_FORMAT for anything else.
[[nodiscard]] ledger::Result<GeneratorTruth> truth_from_json(const boost::json::value& document);

}  // namespace circula::cli
