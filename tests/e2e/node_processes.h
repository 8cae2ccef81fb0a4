// The nodes of a consortium as children of the test: killed and started one by one, and each end is seen with
// its cause, since a node that ends by itself is what no test here expects.
//
// Thread rule: one thread; the nodes end with it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "cli/cluster.h"
#include "tests/e2e/circula_process.h"

namespace circula::e2e {

struct NodeView {  // of /v1/status
  bool ready = false;
  bool leads = false;
  std::uint64_t term = 0;
  std::uint64_t final_size = 0;
  std::string final_root;
};

class NodeProcesses {
 public:
  // Of a directory that `circula up` made; no node runs.
  explicit NodeProcesses(cli::Cluster cluster) : cluster_(std::move(cluster)), pids_(cluster_.nodes.size()) {}
  ~NodeProcesses() { (void)kill_all(); }
  NodeProcesses(const NodeProcesses&) = delete;
  NodeProcesses& operator=(const NodeProcesses&) = delete;

  [[nodiscard]] std::size_t size() const { return pids_.size(); }
  [[nodiscard]] std::size_t voters() const;  // they come first
  [[nodiscard]] std::string url(std::size_t node) const { return cluster_.nodes[node].url(); }
  [[nodiscard]] std::vector<std::string> voter_urls() const;
  [[nodiscard]] std::string directory(std::size_t node) const;

  void start(std::size_t node, const Variables& variables = {});
  void start_those_down();
  // SIGKILL; when it was sent. The process is gone when it returns.
  std::chrono::steady_clock::time_point kill(std::size_t node);
  // All at once: every signal is sent before any end is waited for.
  std::chrono::steady_clock::time_point kill_all();
  // The exit code of a node that ends by itself; nothing when it does not.
  [[nodiscard]] std::optional<int> wait_for_end(std::size_t node, std::chrono::milliseconds patience);
  [[nodiscard]] pid_t pid(std::size_t node) const { return pids_[node]; }
  // SIGTERM to all, and their exit codes.
  [[nodiscard]] std::vector<int> stop_all();
  // Nodes that ended although nobody ended them, with their exit codes.
  [[nodiscard]] std::vector<std::string> ended_by_themselves();

  [[nodiscard]] std::optional<NodeView> view(std::size_t node) const;
  // The voter that says it leads, in the highest term above `above_term`.
  struct Leader {
    std::size_t node = 0;
    std::uint64_t term = 0;
  };
  [[nodiscard]] std::optional<Leader> wait_for_leader(std::uint64_t above_term,
                                                      std::chrono::milliseconds patience) const;
  // Until every node is ready and has the newest final checkpoint that any node has now.
  [[nodiscard]] bool wait_until_caught_up(std::chrono::milliseconds patience) const;
  // Until all nodes are ready and have one final size and root.
  [[nodiscard]] bool wait_until_equal(std::chrono::milliseconds patience) const;

 private:
  cli::Cluster cluster_;
  std::vector<pid_t> pids_;  // 0: not running
};

}  // namespace circula::e2e
