// A whole consortium on one machine, for trying and testing: what `up` makes and `down` stops.
//
//   D/cluster.json         nodes, members, ports
//   D/genesis.json, D/policy.txt
//   D/homes/NAME/          the home of each organisation, with its keys
//   D/N/                   node N: node.toml, node.log, node.pid, its data
//
// It is made by the founding commands that members use on machines of their own, as processes of this
// program (design.md 10). What is there is never overwritten: with cluster.json the cluster is started again.
// Crash: cluster.json is written last; a directory with homes and without it is one that was not finished,
// and is refused.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "cli/process.h"
#include "ledger/outcome.h"

namespace circula::cli {

struct ClusterPlan {
  std::uint64_t voters = 4;
  std::uint64_t learners = 1;
  std::string profile = "rehearsal";
  std::string clock = "wall";
  std::string time;  // of a scripted chain's genesis
};

struct ClusterNode {
  std::uint16_t id = 0;
  std::string member;
  bool voter = true;
  std::uint16_t peers_port = 0;
  std::uint16_t http_port = 0;
  std::uint16_t operator_port = 0;

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(http_port); }
};

struct ClusterMember {
  std::string name;  // also its alias and the name of its home
  std::string kind;
  std::string oid;
};

struct Cluster {
  std::string directory;  // absolute
  std::string chain_id;
  std::string origin;
  std::string clock;
  std::string profile;
  std::vector<ClusterNode> nodes;
  std::vector<ClusterMember> members;

  [[nodiscard]] std::string node_directory(const ClusterNode& node) const {
    return directory + "/" + std::to_string(node.id);
  }
  [[nodiscard]] std::string home(const std::string& member) const { return directory + "/homes/" + member; }
  [[nodiscard]] std::string pid_file(const ClusterNode& node) const {
    return node_directory(node) + "/node.pid";
  }
  [[nodiscard]] std::string voter_urls() const;  // with commas
};

using Progress = std::function<void(const std::string& step, const std::string& text)>;

[[nodiscard]] bool is_cluster(const std::string& directory);
[[nodiscard]] ledger::Result<Cluster> read_cluster(const std::string& directory);
// Makes organisations, genesis and configurations by the founding commands; starts nothing.
[[nodiscard]] ledger::Result<Cluster> found_cluster(const std::string& directory, const ClusterPlan& plan,
                                                    const Progress& progress);
// Gives other ports to nodes that are down and whose ports were taken meanwhile, and writes node.toml of all
// and the settings of all homes.
[[nodiscard]] ledger::Result<void> settle_ports(Cluster& cluster);

}  // namespace circula::cli
