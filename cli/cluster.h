// A whole consortium on one machine, for trying and testing: what `up` makes and `down` stops.
//
//   D/cluster.json         nodes, members, ports
//   D/genesis.json, D/policy.txt
//   D/homes/NAME/          the home of each organisation, with its keys
//   D/N/                   node N: node.toml, node.log, node.pid, its data
//
// It is made by the founding commands that members use on machines of their own, as processes of this
// program (design.md 10). What is there is never overwritten: with cluster.json the cluster is started again,
// and its files are the operator's; only ports that moved are changed in them.
// Crash: cluster.json is written last; a directory with something in it and without it was not finished or is
// something else, and is refused. A founding that fails or is interrupted takes back what it made.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cli/process.h"
#include "ledger/outcome.h"

namespace circula::cli {

struct ClusterPlan {
  std::uint64_t voters = 4;
  std::uint64_t learners = 1;
  std::string profile = "rehearsal";
  std::string clock = "wall";
  std::string time;     // of a scripted chain's genesis
  bool market = false;  // with all institutions of a national market (cli/institutions.h)
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
  std::string region;  // while it is founded; the ledger has it
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

// Output of an `up` that somebody else waits for (cli/demo_run.cpp).
inline constexpr std::string_view kUpLog = "up.log";

using Progress = std::function<void(const std::string& step, const std::string& text)>;

[[nodiscard]] bool is_cluster(const std::string& directory);
[[nodiscard]] ledger::Result<Cluster> read_cluster(const std::string& directory);
// Nothing is mixed with what somebody else keeps in a directory: E_FILE when it is not empty. The lock, the
// contexts of a caller who works in it and the log of the command that founds it may be there.
[[nodiscard]] ledger::Result<void> check_founding_place(const std::string& directory);
// Makes organisations, genesis and configurations by the founding commands; starts nothing.
[[nodiscard]] ledger::Result<Cluster> found_cluster(const std::string& directory, const ClusterPlan& plan,
                                                    const Progress& progress);
// Takes the ports that stand in node.toml, gives others to nodes that are down and whose ports were taken
// meanwhile, and writes what is missing of node.toml, of the homes' settings and aliases. In files that are
// there only ports that changed are replaced. Returns them, old and new.
using MovedPorts = std::map<std::uint16_t, std::uint16_t>;
[[nodiscard]] ledger::Result<MovedPorts> settle_ports(Cluster& cluster);

}  // namespace circula::cli
