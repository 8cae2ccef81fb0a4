#include "cli/demo_load.h"

#include <atomic>
#include <boost/json.hpp>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <thread>

#include "cli/demo_acknowledged.h"

namespace circula::cli {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kGiveUp{60'000};
constexpr milliseconds kPause{50};
constexpr std::size_t kRestartAfter = 15;  // envelopes that the others order alone
constexpr std::size_t kRushClients = 4;

milliseconds between(Clock::time_point began, Clock::time_point ended) {
  return std::chrono::duration_cast<milliseconds>(ended - began);
}

Result<std::uint64_t> leader_of(Shell& shell, const Cluster& cluster) {
  auto client = NodeClient::make_for(shell, cluster.nodes.front().url());
  if (!client) return client.error();
  auto status = client->get("/v1/status");
  if (!status) return status.error();
  return number_at(*status, "leader");
}

// One client: sends the same bytes, each time to the next voter, until they are final, and keeps the answer.
class Submitter {
 public:
  Submitter(const Cluster& cluster, std::vector<NodeClient> clients, AcknowledgementFile file,
            std::size_t first)
      : cluster_(cluster), clients_(std::move(clients)), file_(std::move(file)), next_(first) {}

  [[nodiscard]] static Result<Submitter> make(Shell& shell, const Cluster& cluster,
                                              const std::string& directory, const std::string& name,
                                              std::size_t first) {
    std::vector<NodeClient> clients;
    for (const ClusterNode& node : cluster.nodes) {
      if (!node.voter) continue;
      auto client = NodeClient::make_for(shell, node.url());
      if (!client) return client.error();
      clients.push_back(std::move(*client));
    }
    auto file = AcknowledgementFile::create(directory, name);
    if (!file) return file.error();
    return Submitter(cluster, std::move(clients), std::move(*file), first);
  }

  [[nodiscard]] Result<void> submit(const GeneratedEnvelope& envelope) {
    const Clock::time_point began = Clock::now();
    Error last = error(Code::E_TIMEOUT, "not final in 60 s");
    while (Clock::now() < began + kGiveUp && !interrupted()) {
      next_ = (next_ + 1) % clients_.size();
      auto answer = clients_[next_].post_bytes("/v1/records?wait=final&timeout_ms=3000", envelope.bytes);
      if (answer && text_at(*answer, "status") == "final") return keep(*answer);
      if (!answer) {
        last = answer.error();
        if (!ledger::outcome_row(last.code).retryable) return last;
      }
      std::this_thread::sleep_for(kPause);
    }
    return last;
  }

 private:
  Result<void> keep(const boost::json::object& answer) {
    std::vector<AcknowledgedRecord> records;
    for (const boost::json::value& item : array_at(answer, "records")) {
      const boost::json::object& row = item.get_object();
      records.push_back({text_at(row, "record"), number_at(row, "index"), number_at(row, "outcome"),
                         text_at(answer, "envelope"), cluster_.nodes[next_].id});
    }
    return file_.keep(records);
  }

  const Cluster& cluster_;
  std::vector<NodeClient> clients_;  // of the voters, which come first among the nodes
  AcknowledgementFile file_;
  std::size_t next_;
};

// Several clients at once, and the leader killed among them.
class Rush {
 public:
  Rush(const std::vector<GeneratedEnvelope>& envelopes, std::vector<Submitter> clients)
      : envelopes_(envelopes), clients_(std::move(clients)) {}

  [[nodiscard]] Result<void> run(const ProcessName& leader, DemoLoad& load) {
    std::vector<std::jthread> threads;
    for (Submitter& client : clients_) threads.emplace_back([this, &client] { serve(client); });
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] {
        return failed_ || (acknowledged_ >= envelopes_.size() / 4 && under_way_ == clients_.size());
      });
      if (!failed_ && is_running(leader)) ::kill(leader.pid, SIGKILL);
      killed_at_ = Clock::now();
      load.in_flight = under_way_;
    }
    threads.clear();
    if (failed_) return *failed_;
    if (again_at_) load.ordered_again_ms = between(*killed_at_, *again_at_).count();
    return {};
  }

 private:
  void serve(Submitter& client) {
    while (const GeneratedEnvelope* envelope = next()) {
      const Clock::time_point sent = Clock::now();
      const auto done = client.submit(*envelope);
      const std::lock_guard lock(mutex_);
      --under_way_;
      if (done) {
        ++acknowledged_;
        if (killed_at_ && sent > *killed_at_ && !again_at_) again_at_ = Clock::now();
      } else if (!failed_) {
        failed_ = done.error();
      }
      changed_.notify_all();
    }
  }

  const GeneratedEnvelope* next() {
    const std::lock_guard lock(mutex_);
    if (failed_ || next_ == envelopes_.size()) return nullptr;
    ++under_way_;
    changed_.notify_all();
    return &envelopes_[next_++];
  }

  const std::vector<GeneratedEnvelope>& envelopes_;
  std::vector<Submitter> clients_;
  std::mutex mutex_;  // guards the below
  std::condition_variable changed_;
  std::size_t next_ = 0, under_way_ = 0, acknowledged_ = 0;
  std::optional<Clock::time_point> killed_at_, again_at_;
  std::optional<Error> failed_;
};

Result<void> run_rush(Shell& shell, const Cluster& cluster, const DemoData& data, DemoLoad& load) {
  auto leader = leader_of(shell, cluster);
  if (!leader) return leader.error();
  const auto process = read_pid_file(cluster.pid_file(node_of(cluster, *leader)));
  if (!process) return error(Code::E_NOT_FOUND, "the leader's process is not known");
  load.killed = static_cast<std::uint16_t>(*leader);
  std::vector<Submitter> clients;
  for (std::size_t number = 0; number < kRushClients; ++number) {
    auto client =
        Submitter::make(shell, cluster, load.acknowledged, "client-" + std::to_string(number), number);
    if (!client) return client.error();
    clients.push_back(std::move(*client));
  }
  return Rush(data.rush, std::move(clients)).run(*process, load);
}

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

Result<DemoLoad> load_year(Shell& shell, const Cluster& cluster, const DemoData& data,
                           const Progress& progress) {
  DemoLoad load;
  load.acknowledged = cluster.directory + "/acknowledged";
  load.took_max_ms = data.load_max_ms;
  const Clock::time_point began = Clock::now();
  auto client = Submitter::make(shell, cluster, load.acknowledged, "year", 0);
  if (!client) return client.error();
  for (std::size_t at = 0; at < data.year.size(); ++at) {
    if (at == data.rush_before) {
      if (auto done = run_rush(shell, cluster, data, load); !done) return done.error();
      progress("load", std::to_string(data.rush.size()) + " envelopes by " + std::to_string(kRushClients) +
                           " clients at once, node " + std::to_string(load.killed) + " killed among them");
    }
    if (auto done = client->submit(data.year[at]); !done) return done.error();
    if (at == data.rush_before + kRestartAfter) {
      if (auto started = start_node(cluster, node_of(cluster, load.killed)); !started) return started.error();
    }
    if (at % 50 == 49 || at + 1 == data.year.size())
      progress("load", std::to_string(at + 1) + " of " + std::to_string(data.year.size()) + " envelopes");
  }
  load.took_ms = between(began, Clock::now()).count();
  return load;
}

}  // namespace circula::cli
