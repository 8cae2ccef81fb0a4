// What `circula bench` measures: the nodes of a cluster, by URL, and, when the cluster's directory is on this
// machine, their processes and files.
//
// A cluster directory is what `circula up` makes: D/N/node.toml, node.pid ("pid started") and data of node N,
// D/homes/NAME/keys/*.pem of each organisation.
// Thread rule: const functions may be called from any thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"

namespace circula::cli {

struct BenchNode {
  std::uint16_t id = 0;
  std::string url;
  std::string operator_url;  // this and all below: empty when only the URL is known
  std::string config;
  std::string data_directory;
  std::string pid_file;
  std::string log_file;
};

struct BenchTarget {
  std::string directory;  // of the cluster; empty when only URLs are known
  std::vector<BenchNode> nodes;

  // Every D/N/node.toml. E_NOT_FOUND when there is none.
  [[nodiscard]] static Result<BenchTarget> of_directory(const std::string& directory);
  [[nodiscard]] static BenchTarget of_urls(const std::vector<std::string>& urls);
  [[nodiscard]] bool is_local() const { return !directory.empty(); }
};

// The process of a node; none when it does not run.
[[nodiscard]] std::optional<pid_t> node_process(const BenchNode& node);
// User and system time that a process has used.
[[nodiscard]] std::optional<double> cpu_seconds(pid_t pid);
[[nodiscard]] std::uint64_t directory_bytes(const std::string& directory);
// Bytes that a node has sent to its peers since it started.
[[nodiscard]] std::optional<std::uint64_t> peer_bytes_out(const BenchNode& node);

// SIGKILL, and the process is gone when it returns.
[[nodiscard]] Result<void> kill_node(const BenchNode& node);
// As `circula up` starts it: this executable, a session of its own, its output appended to node.log.
[[nodiscard]] Result<void> start_node(const BenchNode& node);

// The node that leads, as a majority of the nodes that answer say.
[[nodiscard]] std::optional<std::size_t> find_leader(const BenchTarget& target);

}  // namespace circula::cli
