#include "cli/demo_load.h"

#include <atomic>
#include <boost/json.hpp>
#include <csignal>
#include <thread>

#include "crypto/encoding.h"

namespace circula::cli {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kGiveUp{60'000};
constexpr milliseconds kPause{50};
constexpr std::size_t kRestartAfter = 15;  // envelopes that the others order alone

milliseconds since(Clock::time_point began) {
  return std::chrono::duration_cast<milliseconds>(Clock::now() - began);
}

// Waits until a request is likely in flight, then SIGKILL.
class Killer {
 public:
  Killer() = default;
  Killer(const Killer&) = delete;
  Killer& operator=(const Killer&) = delete;
  ~Killer() {
    if (thread_.joinable()) thread_.join();
  }
  void start(const ProcessName& process) {
    thread_ = std::thread([this, process] {
      std::this_thread::sleep_for(milliseconds(5));
      if (is_running(process)) ::kill(process.pid, SIGKILL);
      killed_at_ = Clock::now();
      done_ = true;
    });
  }
  [[nodiscard]] bool done() const { return done_; }
  [[nodiscard]] Clock::time_point killed_at() const { return killed_at_; }  // REQUIRES: done()

 private:
  std::thread thread_;
  Clock::time_point killed_at_;
  std::atomic<bool> done_ = false;
};

Result<std::uint64_t> leader_of(Shell& shell, const Cluster& cluster) {
  auto client = NodeClient::make_for(shell, cluster.nodes.front().url());
  if (!client) return client.error();
  auto status = client->get("/v1/status");
  if (!status) return status.error();
  return number_at(*status, "leader");
}

// Sends the same bytes, each time to the next voter, until they are final.
class Submitter {
 public:
  Submitter(const Cluster& cluster, std::vector<NodeClient> clients)
      : cluster_(cluster), clients_(std::move(clients)) {}

  [[nodiscard]] Result<Acknowledged> submit(const GeneratedEnvelope& envelope) {
    const Clock::time_point began = Clock::now();
    Error last = error(Code::E_TIMEOUT, "not final in 60 s");
    while (since(began) < kGiveUp && !interrupted()) {
      next_ = (next_ + 1) % clients_.size();
      sent_at_ = Clock::now();
      auto answer = clients_[next_].post_bytes("/v1/records?wait=final&timeout_ms=3000", envelope.bytes);
      if (answer && text_at(*answer, "status") == "final")
        return Acknowledged{text_at(*answer, "envelope"), cluster_.nodes[next_].id, envelope.records};
      if (!answer) {
        last = answer.error();
        if (!ledger::outcome_row(last.code).retryable) return last;
      }
      std::this_thread::sleep_for(kPause);
    }
    return last;
  }
  [[nodiscard]] Clock::time_point sent_at() const { return sent_at_; }

 private:
  const Cluster& cluster_;
  std::vector<NodeClient> clients_;  // of the voters, which come first among the nodes
  std::size_t next_ = 0;
  Clock::time_point sent_at_;
};

}  // namespace

const ClusterNode& node_of(const Cluster& cluster, std::uint64_t id) {
  for (const ClusterNode& node : cluster.nodes) {
    if (node.id == id) return node;
  }
  return cluster.nodes.front();
}

Result<void> start_node(const Cluster& cluster, const ClusterNode& node) {
  const std::string directory = cluster.node_directory(node);
  auto process = start_self({"node", "run", "--config", directory + "/node.toml"}, directory + "/node.log",
                            Outlives::kNo);
  if (!process) return process.error();
  return write_pid_file(cluster.pid_file(node), *process);
}

Result<DemoLoad> load_year(Shell& shell, const Cluster& cluster,
                           const std::vector<GeneratedEnvelope>& envelopes, const Progress& progress) {
  std::vector<NodeClient> clients;
  for (const ClusterNode& node : cluster.nodes) {
    if (!node.voter) continue;
    auto client = NodeClient::make_for(shell, node.url());
    if (!client) return client.error();
    clients.push_back(std::move(*client));
  }
  Submitter submitter(cluster, std::move(clients));
  Killer killer;
  DemoLoad load;
  const std::size_t kill_at = envelopes.size() / 2;
  for (std::size_t at = 0; at < envelopes.size(); ++at) {
    if (at == kill_at) {
      auto leader = leader_of(shell, cluster);
      if (!leader) return leader.error();
      const auto process = read_pid_file(cluster.pid_file(node_of(cluster, *leader)));
      if (!process) return error(Code::E_NOT_FOUND, "the leader's process is not known");
      load.killed = static_cast<std::uint16_t>(*leader);
      killer.start(*process);
    }
    auto acknowledged = submitter.submit(envelopes[at]);
    if (!acknowledged) return acknowledged.error();
    load.acknowledged.push_back(std::move(*acknowledged));
    if (load.ordered_again_ms < 0 && killer.done() && submitter.sent_at() > killer.killed_at())
      load.ordered_again_ms = since(killer.killed_at()).count();
    if (at == kill_at + kRestartAfter) {
      if (auto started = start_node(cluster, node_of(cluster, load.killed)); !started) return started.error();
    }
    if (at % 50 == 49 || at + 1 == envelopes.size())
      progress("load", std::to_string(at + 1) + " of " + std::to_string(envelopes.size()) + " envelopes");
  }
  return load;
}

}  // namespace circula::cli
