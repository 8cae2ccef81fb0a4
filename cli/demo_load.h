// Submits a generated data set to a consortium over HTTP, envelope after envelope, each to another voter, and
// kills and restarts the leader meanwhile. An envelope that a node did not answer for is sent again as it is.
//
// Thread rule: one thread; the kill comes from a thread of its own, so that it meets a request in flight.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/cluster.h"
#include "cli/generator_ledger_year.h"
#include "cli/node_client.h"

namespace circula::cli {

struct Acknowledged {
  std::string envelope;    // hex
  std::uint16_t node = 0;  // that was submitted to
  std::vector<crypto::Digest> records;
};

struct DemoLoad {
  std::vector<Acknowledged> acknowledged;  // final, by the node that answered
  std::uint16_t killed = 0;                // node id of the leader that was killed
  std::int64_t ordered_again_ms = -1;      // from the kill to the first answer to a request sent after it
};

// REQUIRES: all nodes are up. E_TIMEOUT when an envelope is not final after 60 s.
[[nodiscard]] Result<DemoLoad> load_year(Shell& shell, const Cluster& cluster,
                                         const std::vector<GeneratedEnvelope>& envelopes,
                                         const Progress& progress);
// Starts a node that is down, as `up` does.
[[nodiscard]] Result<void> start_node(const Cluster& cluster, const ClusterNode& node);
[[nodiscard]] const ClusterNode& node_of(const Cluster& cluster, std::uint64_t id);

}  // namespace circula::cli
