#include "tests/e2e/node_processes.h"

#include <sys/wait.h>

#include <algorithm>
#include <boost/json.hpp>
#include <csignal>
#include <functional>
#include <thread>

#include "cli/node_client.h"
#include "node/http_client.h"

namespace circula::e2e {
namespace {

using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

constexpr milliseconds kPoll{5};  // a new leader is to be met early
constexpr milliseconds kStatusTimeout{2'000};

bool wait_for_condition(milliseconds patience, const std::function<bool()>& holds) {
  const auto deadline = SteadyClock::now() + patience;
  while (!holds()) {
    if (SteadyClock::now() > deadline) return false;
    std::this_thread::sleep_for(kPoll);
  }
  return true;
}

}  // namespace

std::size_t NodeProcesses::voters() const {
  return static_cast<std::size_t>(std::ranges::count(cluster_.nodes, true, &cli::ClusterNode::voter));
}

std::vector<std::string> NodeProcesses::voter_urls() const {
  std::vector<std::string> urls;
  for (std::size_t node = 0; node < voters(); ++node) urls.push_back(url(node));
  return urls;
}

std::string NodeProcesses::directory(std::size_t node) const {
  return cluster_.node_directory(cluster_.nodes[node]);
}

void NodeProcesses::start(std::size_t node, const Variables& variables) {
  pids_[node] = start_logged({"node", "run", "--config", directory(node) + "/node.toml"},
                             directory(node) + "/node.log", variables);
}

void NodeProcesses::start_those_down() {
  for (std::size_t node = 0; node < size(); ++node) {
    if (pids_[node] == 0) start(node);
  }
}

SteadyClock::time_point NodeProcesses::kill(std::size_t node) {
  ::kill(pids_[node], SIGKILL);
  const auto at = SteadyClock::now();
  (void)wait_for(pids_[node]);
  pids_[node] = 0;
  return at;
}

SteadyClock::time_point NodeProcesses::kill_all() {
  for (const pid_t pid : pids_) {
    if (pid != 0) ::kill(pid, SIGKILL);
  }
  const auto at = SteadyClock::now();
  for (pid_t& pid : pids_) {
    if (pid != 0) (void)wait_for(pid);
    pid = 0;
  }
  return at;
}

std::optional<int> NodeProcesses::wait_for_end(std::size_t node, milliseconds patience) {
  int status = 0;
  if (!wait_for_condition(patience, [&] { return waitpid(pids_[node], &status, WNOHANG) == pids_[node]; }))
    return std::nullopt;
  pids_[node] = 0;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

std::vector<int> NodeProcesses::stop_all() {
  for (const pid_t pid : pids_) {
    if (pid != 0) ::kill(pid, SIGTERM);
  }
  std::vector<int> exits;
  for (pid_t& pid : pids_) {
    if (pid != 0) exits.push_back(wait_for(pid));
    pid = 0;
  }
  return exits;
}

std::vector<std::string> NodeProcesses::ended_by_themselves() {
  std::vector<std::string> ended;
  for (std::size_t node = 0; node < size(); ++node) {
    int status = 0;
    if (pids_[node] == 0 || waitpid(pids_[node], &status, WNOHANG) != pids_[node]) continue;
    pids_[node] = 0;
    ended.push_back("node " + std::to_string(node + 1) + " ended by itself, status " +
                    std::to_string(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status)));
  }
  return ended;
}

std::optional<NodeView> NodeProcesses::view(std::size_t node) const {
  if (pids_[node] == 0) return std::nullopt;
  auto client = node::HttpClient::make(
      {.url = url(node), .connect_timeout = kStatusTimeout, .timeout = kStatusTimeout});
  if (!client) return std::nullopt;
  auto reply = client->get("/v1/status");
  if (!reply || reply->status != 200) return std::nullopt;
  boost::system::error_code failed;
  const boost::json::value value = boost::json::parse(reply->body, failed);
  if (failed || !value.is_object()) return std::nullopt;
  const boost::json::object& status = value.get_object();
  const boost::json::object& checkpoint = cli::object_at(status, "checkpoint");
  return NodeView{cli::flag_at(status, "ready"), cli::text_at(status, "role") == "leader",
                  cli::number_at(status, "term"), cli::number_at(checkpoint, "size"),
                  cli::text_at(checkpoint, "root")};
}

std::optional<NodeProcesses::Leader> NodeProcesses::wait_for_leader(std::uint64_t above_term,
                                                                    milliseconds patience) const {
  std::optional<Leader> leader;
  const bool found = wait_for_condition(patience, [&] {
    for (std::size_t node = 0; node < voters(); ++node) {
      const auto seen = view(node);
      if (!seen || !seen->leads || seen->term <= above_term) continue;
      if (!leader || seen->term > leader->term) leader = Leader{node, seen->term};
    }
    return leader.has_value();
  });
  return found ? leader : std::nullopt;
}

bool NodeProcesses::wait_until_caught_up(milliseconds patience) const {
  std::uint64_t newest = 0;
  for (std::size_t node = 0; node < size(); ++node) {
    if (const auto seen = view(node)) newest = std::max(newest, seen->final_size);
  }
  std::size_t node = 0;
  return wait_for_condition(patience, [&] {
    for (; node < size(); ++node) {
      const auto seen = view(node);
      if (!seen || !seen->ready || seen->final_size < newest) return false;
    }
    return true;
  });
}

bool NodeProcesses::wait_until_equal(milliseconds patience) const {
  return wait_for_condition(patience, [&] {
    const auto first = view(0);
    if (!first || !first->ready) return false;
    for (std::size_t node = 1; node < size(); ++node) {
      const auto seen = view(node);
      if (!seen || !seen->ready || seen->final_size != first->final_size ||
          seen->final_root != first->final_root)
        return false;
    }
    return true;
  });
}

}  // namespace circula::e2e
