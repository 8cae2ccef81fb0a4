// The organisations that consortia for trying and testing are founded with, and their made-up names and
// codes.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "ledger/proto/genesis.pb.h"

namespace circula::cli {

struct Institution {
  std::string name;
  ledger::proto::OrgKind kind{};
  std::string region;  // GB/T 2260; empty: the whole country
};

// Exchanges that run the voting nodes, one organisation of each other kind, and a second provider to deal
// with. After the exchanges come those that may run a learner.
[[nodiscard]] std::vector<Institution> founding_institutions(std::size_t voters);
// What a national market has beside four such exchanges (records.md 8): 44 exchanges that run no node, 31
// provincial regulators, 19 departments, 59 assessors, 11 banks, 39 brokers and 2 more forums.
[[nodiscard]] std::vector<Institution> market_institutions();

// A valid code in a region that no organisation has; `number` counts from 1.
[[nodiscard]] std::string made_up_oid(std::size_t number);

// Which of so many banks keeps the money of the customers of the exchange at this place among the exchanges.
[[nodiscard]] constexpr std::size_t settlement_bank_at(std::size_t exchange, std::size_t banks) {
  return exchange % banks;
}

}  // namespace circula::cli
