// After the load: is everything that was acknowledged where it was said to be, on every node?
//
// The lines are read from the clients' files, not from memory; each must be the entry at its index, with its
// record and outcome, under a final checkpoint of every node.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "cli/bench_load.h"
#include "cli/bench_target.h"

namespace circula::cli {

struct BenchAcknowledged {
  std::string record;  // hex
  std::int64_t outcome = 0;
};
using BenchAcknowledgements = std::multimap<std::uint64_t, BenchAcknowledged>;  // by index

struct BenchLookup {
  std::uint64_t acknowledged = 0;  // lines
  std::uint64_t found = 0;         // on every node that was asked
  std::vector<std::string> lost;   // the first of them, with node and reason
  std::uint64_t lost_count = 0;
  std::vector<std::uint16_t> nodes;      // that were asked
  std::vector<std::uint16_t> not_asked;  // that do not run
  std::uint64_t unanswered_found =
      0;  // envelopes without acknowledgement that are in the ledger all the same
  std::vector<std::string> contradictions;  // nodes that differ about such an envelope, or about a root
  std::uint64_t compared_height = 0;        // at which all log and state roots are equal
};

[[nodiscard]] Result<BenchAcknowledgements> read_acknowledgements(const std::vector<std::string>& files);

// Waits until each node has a final checkpoint above the newest index, and looks.
[[nodiscard]] Result<BenchLookup> look_up(const BenchTarget& target,
                                          const BenchAcknowledgements& acknowledgements,
                                          const std::vector<BenchUnanswered>& unanswered);

}  // namespace circula::cli
