// Submits a generated data set to a consortium over HTTP: a year, envelope after envelope, each to another
// voter; and in the middle of it a rush of records that do not depend on each other, by several clients at
// once, in which the leader is killed. The leader stays away for some envelopes and is started again. An
// envelope that a node did not answer for is sent again as it is.
//
// Every client keeps what was acknowledged in a synced file of its own (demo_acknowledged.h).
// Thread rule: load_year() belongs to one thread; it has one more for each client of the rush.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/cluster.h"
#include "cli/generator_ledger_year.h"
#include "cli/node_client.h"

namespace circula::cli {

struct DemoData {
  std::vector<GeneratedEnvelope> year;
  std::size_t rush_before = 0;          // which of the year's envelopes
  std::vector<GeneratedEnvelope> rush;  // in any order; of the same ledger day
  std::int64_t load_max_ms = 0;         // what loading all of it may take
};

// What the clients' files cannot tell.
struct DemoLoad {
  std::string acknowledged;            // the directory of those files
  std::uint16_t killed = 0;            // node id of the leader that was killed
  std::size_t in_flight = 0;           // requests, when it was
  std::int64_t ordered_again_ms = -1;  // from the kill to the first answer to a request sent after it
  std::int64_t took_ms = 0;            // from the first envelope to the last answer, the kill among them
  std::int64_t took_max_ms = 0;
};

// REQUIRES: all nodes are up. E_TIMEOUT when an envelope is not final after 60 s.
[[nodiscard]] Result<DemoLoad> load_year(Shell& shell, const Cluster& cluster, const DemoData& data,
                                         const Progress& progress);
// Starts a node that is down, as `up` does.
[[nodiscard]] Result<void> start_node(const Cluster& cluster, const ClusterNode& node);
[[nodiscard]] const ClusterNode& node_of(const Cluster& cluster, std::uint64_t id);

}  // namespace circula::cli
