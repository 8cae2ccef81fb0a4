// up, down: a whole consortium on this machine (cli/cluster.h).
#include <sys/wait.h>

#include <algorithm>
#include <boost/json.hpp>
#include <thread>

#include "cli/cluster.h"
#include "cli/command.h"
#include "cli/local_file.h"
#include "cli/node_client.h"
#include "cli/problem.h"
#include "cli/shell.h"
#include "ledger/directory.h"

namespace circula::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kReadyTimeout{60'000};  // twenty elections
constexpr std::chrono::milliseconds kStopPatience{20'000};
constexpr std::chrono::milliseconds kPoll{100};
constexpr int kInterrupted = 130;
// Somebody else may take a port between the moment it was found free and the one when its node listens.
constexpr int kPortAttempts = 3;
constexpr std::size_t kContextsMax = 22;  // nine exchanges and one of each other kind

// The processes that this command started, stopped again when it does not come to its end.
class Started {
 public:
  Started() = default;
  Started(const Started&) = delete;
  Started& operator=(const Started&) = delete;
  ~Started() {
    if (!kept_) stop();
  }
  void add(const ProcessName& process) { processes_.push_back(process); }
  void keep() { kept_ = true; }
  void stop() {
    (void)stop_processes(processes_, kStopPatience);
    processes_.clear();
  }
  struct Ended {
    std::size_t at = 0;  // its place in the order of starting
    int exit_code = -1;  // -1 when a signal ended it
  };
  [[nodiscard]] std::optional<Ended> ended() const {
    for (std::size_t at = 0; at < processes_.size(); ++at) {
      int status = 0;
      if (waitpid(processes_[at].pid, &status, WNOHANG) == processes_[at].pid)
        return Ended{at, WIFEXITED(status) ? WEXITSTATUS(status) : -1};
    }
    return std::nullopt;
  }

 private:
  std::vector<ProcessName> processes_;
  bool kept_ = false;
};

std::string last_lines(const std::string& path) {
  constexpr std::size_t kShown = 1'500;
  auto text = read_text(path);
  if (!text) return {};
  return text->size() <= kShown ? *text : text->substr(text->size() - kShown);
}

std::string log_file(const Cluster& cluster, const ClusterNode& node) {
  return cluster.node_directory(node) + "/node.log";
}

// Starts the nodes that are down; which ones.
Result<std::vector<ClusterNode>> start_nodes(const Cluster& cluster, Outlives outlives, Started& started) {
  std::vector<ClusterNode> begun;
  for (const ClusterNode& node : cluster.nodes) {
    if (read_pid_file(cluster.pid_file(node))) continue;
    const std::string config = cluster.node_directory(node) + "/node.toml";
    auto process = start_self({"node", "run", "--config", config}, log_file(cluster, node), outlives);
    if (!process) return process.error();
    started.add(*process);
    if (auto written = write_pid_file(cluster.pid_file(node), *process); !written) return written.error();
    begun.push_back(node);
  }
  return begun;
}

bool is_ready(Shell& shell, const Cluster& cluster, const ClusterNode& node) {
  auto client = NodeClient::make_for(shell, node.url());
  if (!client) return false;
  auto status = client->get("/v1/status");
  if (!status) return false;
  std::uint64_t learners = 0;
  for (const ClusterNode& each : cluster.nodes) learners += each.voter ? 0 : 1;
  // A learner need not know who leads: it pulls what is committed from anybody.
  return flag_at(*status, "ready") && (!node.voter || number_at(*status, "leader") != 0) &&
         number_at(*status, "voters_up") == cluster.nodes.size() - learners &&
         number_at(*status, "learners_up") == learners;
}

// The leader's node id, when every node is ready and sees all others. E_CONNECT when one could not listen.
Result<std::uint64_t> wait_until_ready(Shell& shell, const Cluster& cluster, const Started& started,
                                       const std::vector<ClusterNode>& begun) {
  const auto deadline = Clock::now() + kReadyTimeout;
  std::size_t ready = 0;
  while (ready < cluster.nodes.size()) {
    if (interrupted()) return error(Code::E_UNAVAILABLE, "interrupted");
    if (const auto ended = started.ended()) {
      const ClusterNode& node = begun[ended->at];
      return error(ended->exit_code == exit_code(Code::E_CONNECT) ? Code::E_CONNECT : Code::E_UNAVAILABLE,
                   "node " + std::to_string(node.id) + " ended:\n" + last_lines(log_file(cluster, node)));
    }
    if (is_ready(shell, cluster, cluster.nodes[ready])) {
      ++ready;
      continue;
    }
    if (Clock::now() > deadline) {
      const ClusterNode& late = cluster.nodes[ready];
      return error(Code::E_TIMEOUT, "node " + std::to_string(late.id) + " was not ready in 60 s; see " +
                                        log_file(cluster, late));
    }
    std::this_thread::sleep_for(kPoll);
  }
  auto client = NodeClient::make_for(shell, cluster.nodes.front().url());
  if (!client) return client.error();
  auto status = client->get("/v1/status");
  if (!status) return status.error();
  return number_at(*status, "leader");
}

// Names for the homes, of a market only for those that a small consortium has; the provider's is selected,
// since it is the one that begins.
Result<void> select_contexts(const std::string& base, const Cluster& cluster) {
  auto contexts = read_contexts(base);
  if (!contexts) return contexts.error();
  std::erase_if(contexts->entries,
                [&](const ContextEntry& entry) { return entry.cluster == cluster.directory; });
  contexts->current.reset();
  for (std::size_t at = 0; at < std::min(cluster.members.size(), kContextsMax); ++at) {
    const ClusterMember& member = cluster.members[at];
    if (member.name == "provider") contexts->current = contexts->entries.size();
    contexts->entries.push_back({cluster.directory, member.name, cluster.home(member.name)});
  }
  return write_contexts(base, *contexts);
}

struct Running {
  Cluster cluster;
  std::uint64_t leader = 0;
  bool founded = false;
};

Result<void> move_taken_ports(Terminal& terminal, Cluster& cluster) {
  auto moved = settle_ports(cluster);
  if (!moved) return moved.error();
  for (const auto& [before, now] : *moved) {
    terminal.note("  " + terminal.attention() + " port " + std::to_string(before) + " is now " +
                  std::to_string(now));
  }
  return {};
}

struct Begun {
  std::size_t nodes = 0;
  std::uint64_t leader = 0;
};

Result<Begun> start_until_ready(Shell& shell, Cluster& cluster, Outlives outlives, Started& started) {
  for (int attempt = 1;; ++attempt) {
    auto begun = start_nodes(cluster, outlives, started);
    if (!begun) return begun.error();
    auto leader = wait_until_ready(shell, cluster, started, *begun);
    if (leader) return Begun{begun->size(), *leader};
    if (leader.error().code != Code::E_CONNECT || attempt == kPortAttempts) return leader.error();
    started.stop();
    if (auto done = move_taken_ports(shell.terminal(), cluster); !done) return done.error();
  }
}

Result<Running> bring_up(Shell& shell, const std::string& directory, const ClusterPlan& plan,
                         Outlives outlives, Started& started) {
  Terminal& terminal = shell.terminal();
  auto began = Clock::now();
  const Progress progress = [&](const std::string& step, const std::string& text) {
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began);
    began = Clock::now();
    std::string name = step;
    name.resize(9, ' ');
    terminal.note("  " + terminal.good() + " " + name + " " + text + "  (" + std::to_string(took.count()) +
                  " ms)");
  };
  Running running;
  running.founded = !is_cluster(directory);
  auto cluster = running.founded ? found_cluster(directory, plan, progress) : read_cluster(directory);
  if (!cluster) return cluster.error();
  if (!running.founded) {
    if (auto done = move_taken_ports(terminal, *cluster); !done) return done.error();
  }
  auto begun = start_until_ready(shell, *cluster, outlives, started);
  if (!begun) return begun.error();
  progress("nodes", std::to_string(begun->nodes) + " started, " +
                        std::to_string(cluster->nodes.size() - begun->nodes) + " were running; node " +
                        std::to_string(begun->leader) + " leads");
  running.leader = begun->leader;
  running.cluster = std::move(*cluster);
  return running;
}

boost::json::object running_json(const Running& running) {
  boost::json::array nodes;
  for (const ClusterNode& node : running.cluster.nodes) {
    nodes.push_back(
        boost::json::object{{"id", node.id},
                            {"member", node.member},
                            {"role", node.voter ? "voter" : "learner"},
                            {"url", node.url()},
                            {"operator", "http://127.0.0.1:" + std::to_string(node.operator_port)},
                            {"dir", running.cluster.node_directory(node)}});
  }
  return {{"dir", running.cluster.directory},
          {"chain_id", running.cluster.chain_id},
          {"origin", running.cluster.origin},
          {"leader", running.leader},
          {"policy", running.cluster.directory + "/policy.txt"},
          {"genesis", running.cluster.directory + "/genesis.json"},
          {"nodes", std::move(nodes)}};
}

std::string running_text(const Terminal& terminal, const Running& running, const std::string& context) {
  std::string text = running.cluster.origin + "  durability fsync\n";
  for (const ClusterNode& node : running.cluster.nodes) {
    text += "  node " + std::to_string(node.id) + "  " + (node.voter ? "voter    " : "learner  ") +
            node.url() + "  " + node.member + (node.id == running.leader ? "  (leader)" : "") + "\n";
  }
  text += "  trust policy  " + running.cluster.directory + "/policy.txt\n";
  if (!context.empty())
    text += "context " + context + " selected; others: " + terminal.command({"context", "list"}) + "\n";
  // A file that is there wherever this is pasted.
  const std::string content = exists("README.md") ? "README.md" : running.cluster.directory + "/policy.txt";
  return text + "next: " + terminal.command({"submit", "asset", "--title", "Bus GPS", "--content", content}) +
         "\nstop: " + terminal.command({"down", "--dir", running.cluster.directory}) + "\n";
}

Result<ClusterPlan> plan_of(const Arguments& arguments) {
  ClusterPlan plan;
  auto voters = arguments.number("voters", plan.voters);
  auto learners = arguments.number("learners", plan.learners);
  if (!voters) return voters.error();
  if (!learners) return learners.error();
  plan.voters = *voters;
  plan.learners = *learners;
  plan.profile = arguments.text("profile", plan.profile);
  plan.clock = arguments.text("clock", plan.clock);
  plan.time = arguments.text("time");
  plan.market = arguments.has("market");
  return plan;
}

// What was asked for must be what stands there: a consortium is founded once.
Result<void> check_same_plan(const std::string& directory, const Arguments& arguments) {
  auto cluster = read_cluster(directory);
  if (!cluster) return cluster.error();
  const auto voters = static_cast<std::uint64_t>(
      std::ranges::count_if(cluster->nodes, [](const ClusterNode& node) { return node.voter; }));
  for (const auto& [option, there] :
       {std::pair("voters", std::to_string(voters)),
        std::pair("learners", std::to_string(cluster->nodes.size() - voters)),
        std::pair("profile", cluster->profile), std::pair("clock", cluster->clock)}) {
    if (!arguments.has(option) || arguments.text(option) == there) continue;
    return error(Code::E_USAGE, "the consortium in " + directory + " was founded with --" + option + " " +
                                    there + ", not " + arguments.text(option) +
                                    "; leave the option out, or found another one in another --dir");
  }
  return {};
}

// Waits in the foreground; a node that ends is told of, and the others go on.
void wait_for_interrupt(Shell& shell) {
  shell.terminal().note("Ctrl-C stops all nodes");
  while (!interrupted()) {
    while (waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    std::this_thread::sleep_for(kPoll);
  }
}

std::vector<ProcessName> running_nodes(const Cluster& cluster) {
  std::vector<ProcessName> processes;
  for (const ClusterNode& node : cluster.nodes) {
    if (const auto process = read_pid_file(cluster.pid_file(node))) processes.push_back(*process);
  }
  return processes;
}

Result<int> run_cluster(Shell& shell, const Arguments& arguments, const std::string& given, bool foreground) {
  auto directory = absolute_path(given);
  if (!directory) return directory.error();
  auto plan = plan_of(arguments);
  if (!plan) return plan.error();
  watch_for_interrupts();
  if (is_cluster(*directory)) {
    if (auto same = check_same_plan(*directory, arguments); !same) return same.error();
  } else {
    if (auto fit = check_founding_place(*directory); !fit) return fit.error();
    shell.terminal().note("making a consortium in " + *directory + ": organisations, keys, genesis, " +
                          std::to_string(plan->voters + plan->learners) + " nodes; some seconds");
  }
  auto lock = ledger::DirectoryLock::take(ledger::system_disk(), *directory);
  if (!lock) {
    const bool taken = lock.error().code == Code::E_STORAGE_LOCKED;
    return error(taken ? Code::E_STORAGE_LOCKED : Code::E_FILE, lock.error().detail);
  }
  Started started;
  auto running = bring_up(shell, *directory, *plan, foreground ? Outlives::kNo : Outlives::kYes, started);
  if (interrupted()) return kInterrupted;
  if (!running) return running.error();
  std::string context = "provider";
  if (auto selected = select_contexts(shell.base_directory(), running->cluster); !selected) {
    shell.terminal().note("contexts could not be saved (" + selected.error().detail + "); use --home " +
                          running->cluster.home("provider"));
    context.clear();
  }
  shell.answer("up", running_json(*running), running_text(shell.terminal(), *running, context));
  if (!foreground) {
    started.keep();
    return 0;
  }
  wait_for_interrupt(shell);
  (void)stop_processes(running_nodes(running->cluster), kStopPatience);
  started.keep();
  shell.terminal().note("stopped");
  return kInterrupted;
}

Result<int> up(Shell& shell, const Arguments& arguments) {
  return run_cluster(shell, arguments, arguments.text("dir", "circula-net"), arguments.has("foreground"));
}

Result<int> down(Shell& shell, const Arguments& arguments) {
  auto directory = absolute_path(arguments.text("dir", "circula-net"));
  if (!directory) return directory.error();
  if (!is_cluster(*directory)) return error(Code::E_NOT_FOUND, "no consortium in " + *directory);
  auto cluster = read_cluster(*directory);
  if (!cluster) return cluster.error();
  const auto processes = running_nodes(*cluster);
  const std::size_t killed = stop_processes(processes, kStopPatience);
  shell.answer("down", {{"dir", *directory}, {"stopped", processes.size()}, {"killed", killed}},
               std::to_string(processes.size()) + (processes.size() == 1 ? " node" : " nodes") + " stopped" +
                   (killed == 0 ? "" : ", " + std::to_string(killed) + " of them by force") +
                   "\nagain: " + shell.terminal().command({"up", "--dir", *directory}) + "\n");
  return 0;
}

constexpr Option kUpOptions[] = {
    {"--dir", "DIR", "Where everything goes (circula-net)"},
    {"--voters", "N", "Exchanges with a voting node (4)"},
    {"--learners", "N", "Nodes that do not vote: regulator, auditor, bank (1)"},
    {"--profile", "PROFILE", "rehearsal (default) or production: the waiting periods"},
    {"--clock", "CLOCK", "wall (default) or scripted"},
    {"--time", "TIME", "Of a scripted chain: the time of its genesis"},
    {"--market", "", "With the institutions of a national market: 48 exchanges, 32 regulators and more",
     Take::kFlag},
    {"--foreground", "", "Stay, and stop all nodes on Ctrl-C, SIGTERM or a closed terminal", Take::kFlag},
};
constexpr Option kDownOptions[] = {{"--dir", "DIR", "The directory of `up` (circula-net)"}};

const Command kCommands[] = {
    {"up", "Make or start a whole consortium on this machine", kUpOptions, &up,
     "--dir D --voters 4 --learners 1",
     "An organisation of each kind gets a home with keys below DIR/homes; exchanges run the voters, the\n"
     "regulator the first learner. The genesis is made by `org init`, `genesis assemble`, `sign` and "
     "`genesis\n"
     "finish`, as members do. Run again, it starts what is down and overwrites nothing."},
    {"down", "Stop the nodes of a consortium", kDownOptions, &down, "--dir D"},
};

}  // namespace

std::span<const Command> up_commands() { return kCommands; }

}  // namespace circula::cli
