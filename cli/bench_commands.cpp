// bench: load on a running cluster, what it took, and whether everything acknowledged is there.
#include <sys/resource.h>

#include <boost/json.hpp>
#include <filesystem>
#include <thread>

#include "cli/bench_finality.h"
#include "cli/bench_load.h"
#include "cli/bench_lookup.h"
#include "cli/bench_report.h"
#include "cli/bench_target.h"
#include "cli/bench_workload.h"
#include "cli/command.h"
#include "cli/shell.h"
#include "crypto/key_file.h"

namespace circula::cli {
namespace {

namespace fs = std::filesystem;
using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr std::uint64_t kSecondsMax = 3'600;
constexpr std::uint64_t kClientsMax = 900;  // a node takes 1,024 connections
constexpr std::uint64_t kRateMax = 1'000'000;
constexpr std::uint64_t kOpenLoopClients = 128;
constexpr std::uint64_t kClosedLoopClients = 32;
constexpr std::uint64_t kDefaultSeconds = 10;
constexpr std::uint64_t kPreparedBytesMax =
    std::uint64_t{256} * 1024 * 1024;             // the rest is signed on the way
constexpr std::uint64_t kRecordBytesAbout = 420;  // in memory, with signature and id
// What a closed loop is prepared for, in records a second.
constexpr std::uint64_t kClosedLoopSingles = 6'000;
constexpr std::uint64_t kClosedLoopBatched = 30'000;
constexpr int kLost = 7;  // as for a proof that does not hold

Result<BenchPlan> plan_of(const Arguments& arguments) {
  BenchPlan plan;
  const auto within = [&](std::string_view name, std::uint64_t otherwise, std::uint64_t least,
                          std::uint64_t most) -> Result<std::uint64_t> {
    auto value = arguments.number(name, otherwise);
    if (value && arguments.has(name) && (*value < least || *value > most))
      return error(Code::E_USAGE, "--" + std::string(name) + " is from " + std::to_string(least) + " to " +
                                      std::to_string(most));
    return value;
  };
  auto rate = within("rate", 0, 1, kRateMax);
  if (!rate) return rate.error();
  auto seconds = within("seconds", kDefaultSeconds, 1, kSecondsMax);
  if (!seconds) return seconds.error();
  auto clients = within("clients", *rate == 0 ? kClosedLoopClients : kOpenLoopClients, 1, kClientsMax);
  if (!clients) return clients.error();
  auto batch = within("records-per-envelope", 1, 1, 1'000);
  if (!batch) return batch.error();
  plan.records_per_second = *rate;
  plan.seconds = *seconds;
  plan.clients = *clients;
  plan.records_per_envelope = *batch;
  plan.wait = arguments.text("wait", plan.wait);
  if (plan.wait != "ordered" && plan.wait != "final")
    return error(Code::E_USAGE, "--wait is ordered or final");
  return plan;
}

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin < list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    if (end > begin) parts.push_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

// --dir, else the cluster in which the selected home stands (D/homes/NAME), else the URLs.
Result<BenchTarget> target_of(Shell& shell, const Arguments& arguments) {
  if (arguments.has("dir")) return BenchTarget::of_directory(arguments.text("dir"));
  auto home = shell.home();
  if (home) {
    const fs::path cluster = fs::path(home->directory).parent_path().parent_path();
    std::error_code failed;
    if (fs::exists(cluster / "cluster.json", failed)) return BenchTarget::of_directory(cluster.string());
  }
  auto urls = shell.url();
  if (!urls) return urls.error();
  return BenchTarget::of_urls(split(*urls));
}

Result<std::vector<crypto::SigningKey>> keys_of(Shell& shell, const Arguments& arguments,
                                                const BenchTarget& target) {
  std::vector<std::string> files = arguments.list("key");
  const bool given = !files.empty();
  if (!given && target.is_local()) files = key_files_of_cluster(target.directory);
  if (files.empty()) {
    auto home = shell.home();
    if (!home) return home.error();
    files = key_files_of_home(home->directory);
  }
  std::vector<crypto::SigningKey> keys;
  for (const std::string& file : files) {
    auto encrypted = crypto::key_file_is_encrypted(file);
    std::string passphrase;
    if (encrypted && *encrypted) {
      if (!given) continue;
      auto asked = shell.passphrase();
      if (!asked) return asked.error();
      passphrase = *asked;
    }
    auto key = crypto::read_key_file(file, passphrase);
    if (!key) return error(Code::E_KEY_FILE, file + ": " + key.error().detail);
    keys.push_back(std::move(*key));
  }
  if (keys.empty()) return error(Code::E_KEY_FILE, "no key file: --key FILE");
  return keys;
}

double own_cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

// What the nodes of this machine have used up to a moment.
struct Meter {
  std::vector<std::optional<pid_t>> processes;
  std::vector<std::optional<double>> cpu;
  std::vector<std::optional<std::uint64_t>> sent;
  std::vector<std::uint64_t> disk;
  double own_cpu = 0;

  static Meter read(const BenchTarget& target) {
    Meter meter;
    for (const BenchNode& node : target.nodes) {
      const auto process = target.is_local() ? node_process(node) : std::nullopt;
      meter.processes.push_back(process);
      meter.cpu.push_back(process ? cpu_seconds(*process) : std::nullopt);
      meter.sent.push_back(peer_bytes_out(node));
      meter.disk.push_back(target.is_local() ? directory_bytes(node.data_directory) : 0);
    }
    meter.own_cpu = own_cpu_seconds();
    return meter;
  }
};

BenchCost cost_of(const Meter& before, const Meter& after, std::uint64_t records, double own_cpu_seconds) {
  BenchCost cost;
  if (records == 0) return cost;
  const double count = static_cast<double>(records);
  double cpu = 0, disk = 0, sent = 0;
  std::size_t measured = 0;
  bool all_sent = true;
  for (std::size_t node = 0; node < before.processes.size(); ++node) {
    const bool same = before.processes[node] && before.processes[node] == after.processes[node];
    if (same && before.cpu[node] && after.cpu[node]) {
      cpu += *after.cpu[node] - *before.cpu[node];
      disk += static_cast<double>(after.disk[node]) - static_cast<double>(before.disk[node]);
      ++measured;
    }
    if (same && before.sent[node] && after.sent[node]) {
      sent += static_cast<double>(*after.sent[node]) - static_cast<double>(*before.sent[node]);
    } else {
      all_sent = false;
    }
  }
  cost.cpu_us_record_client = own_cpu_seconds * 1e6 / count;
  if (measured > 0) {
    cost.cpu_us_record_node = cpu * 1e6 / count / static_cast<double>(measured);
    cost.disk_bytes_record_node = disk / count / static_cast<double>(measured);
  }
  if (all_sent) cost.wire_bytes_record = sent / count;
  return cost;
}

// Kills the leader in the middle of the run and starts it again when records are ordered without it.
class LeaderKill {
 public:
  LeaderKill(const BenchTarget& target, BenchLoad& load, milliseconds after)
      : thread_([this, &target, &load, after] { run(target, load, after); }) {}

  // What happened; waits for it.
  [[nodiscard]] std::string text() {
    thread_.join();
    return text_;
  }

 private:
  static constexpr milliseconds kRestartDelay{1'000};  // some of the load without it
  static constexpr milliseconds kPatience{30'000};
  static constexpr milliseconds kPoll{10};

  void run(const BenchTarget& target, BenchLoad& load, milliseconds after) {
    std::this_thread::sleep_for(after);
    const auto leader = find_leader(target);
    if (!leader) {
      text_ = "nobody: no leader was known";
      return;
    }
    const BenchNode& node = target.nodes[*leader];
    const std::string name = "node " + std::to_string(node.id) + ", the leader";
    load.mark_kill();
    if (auto killed = kill_node(node); !killed) {
      text_ = name + ": " + killed.error().detail;
      return;
    }
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (!load.ordered_again() && !load.is_over() && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(kPoll);
    std::this_thread::sleep_for(kRestartDelay);
    auto started = start_node(node);
    text_ = name + (started ? "; started again" : "; it stays down: " + started.error().detail);
  }

  std::string text_;
  std::thread thread_;
};

struct Latencies {
  std::vector<std::uint64_t> ordered, final;
};
Latencies latencies_of(const BenchLoadResult& load, const BenchFinality& finality, const BenchPlan& plan) {
  Latencies latencies;
  const auto us = [](auto duration) {
    return static_cast<std::uint64_t>(
        std::max<std::int64_t>(0, duration_cast<microseconds>(duration).count()));
  };
  for (const BenchSample& sample : load.samples) {
    if (plan.wait == "final") {
      latencies.final.push_back(us(sample.acknowledged - sample.due));
      continue;
    }
    latencies.ordered.push_back(us(sample.acknowledged - sample.due));
    // The watched node may learn of it a moment before the client's answer has come.
    if (const auto final_at = finality.final_at(sample.last_index)) {
      latencies.final.push_back(us(std::max(*final_at, sample.acknowledged) - sample.due));
    }
  }
  return latencies;
}

std::uint64_t envelopes_to_prepare(const BenchPlan& plan) {
  const std::uint64_t expected = plan.records_per_envelope == 1 ? kClosedLoopSingles : kClosedLoopBatched;
  const std::uint64_t rate = plan.records_per_second == 0 ? expected : plan.records_per_second;
  const std::uint64_t records = std::min(rate * plan.seconds, kPreparedBytesMax / kRecordBytesAbout);
  return records / plan.records_per_envelope;
}

Result<void> describe_cluster(node::HttpClient& client, BenchReport& report) {
  auto reply = client.get("/v1/status");
  if (!reply) return reply.error();
  boost::system::error_code failed;
  const auto status = boost::json::parse(reply->body, failed);
  if (reply->status != 200 || failed || !status.is_object())
    return error(Code::E_UNAVAILABLE, "/v1/status answered " + std::to_string(reply->status));
  const auto* voters = status.as_object().if_contains("voters");
  const auto* durability = status.as_object().if_contains("durability");
  if (voters != nullptr && voters->is_int64()) report.voters = static_cast<std::uint64_t>(voters->as_int64());
  if (durability != nullptr && durability->is_string()) report.durability = durability->as_string();
  return {};
}

Result<BenchReport> measure(Shell& shell, const BenchTarget& target, const BenchWorkload& workload,
                            const BenchPlan& plan, bool kill_leader, const std::string& directory) {
  BenchReport report;
  report.machine = this_machine();
  report.plan = plan;
  report.workload = workload.description();
  auto client = node::HttpClient::make({.url = target.nodes.front().url});
  if (!client) return client.error();
  if (auto described = describe_cluster(*client, report); !described) return described.error();
  auto prepared = workload.prepare(envelopes_to_prepare(plan));
  shell.terminal().note(std::to_string(prepared.size()) + " envelopes are signed; " +
                        std::to_string(plan.seconds) + " s of load begin");

  BenchFinality finality(target);
  finality.start();
  const Meter before = Meter::read(target);
  BenchLoad load(target, workload, plan, std::move(prepared), directory);
  std::optional<LeaderKill> kill;
  if (kill_leader) kill.emplace(target, load, milliseconds(plan.seconds * 500));
  auto result = load.run();
  const double own_cpu = own_cpu_seconds() - before.own_cpu;
  if (kill) report.killed_text = kill->text();
  report.killed = kill_leader;
  if (!result) {
    finality.stop();
    return result.error();
  }
  shell.terminal().note("looking up every acknowledgement on every node");
  auto acknowledgements = read_acknowledgements(result->files);
  if (!acknowledgements) {
    finality.stop();
    return acknowledgements.error();
  }
  // Everything is final everywhere before the costs are counted; the asking is counted with them.
  const Meter after = Meter::read(target);
  auto lookup = look_up(target, *acknowledgements, result->unanswered);
  finality.stop();
  if (!lookup) return lookup.error();
  const Meter settled = Meter::read(target);
  Meter costs = after;
  costs.disk = settled.disk;
  report.cost = cost_of(before, costs, lookup->acknowledged, own_cpu);
  report.lookup = std::move(*lookup);
  report.nodes = report.lookup.nodes.size();
  Latencies latencies = latencies_of(*result, finality, plan);
  report.ordered = percentiles(std::move(latencies.ordered));
  report.final = percentiles(std::move(latencies.final));
  BenchTime last = result->started;
  for (const BenchSample& sample : result->samples) last = std::max(last, sample.acknowledged);
  report.seconds = std::chrono::duration<double>(last - result->started).count();
  report.load = std::move(*result);
  if (const auto again = load.ordered_again())
    report.ordered_again_ms = static_cast<std::uint64_t>(duration_cast<milliseconds>(*again).count());
  return report;
}

Result<int> bench(Shell& shell, const Arguments& arguments) {
  auto plan = plan_of(arguments);
  if (!plan) return plan.error();
  auto target = target_of(shell, arguments);
  if (!target) return target.error();
  const bool kill_leader = arguments.has("kill-leader");
  if (kill_leader && !target->is_local())
    return error(Code::E_USAGE, "--kill-leader needs the cluster's directory on this machine: --dir DIR");
  const std::string kind = arguments.text("record", "asset");
  if (kind != "asset" && kind != "org") return error(Code::E_USAGE, "--record is asset or org");
  auto keys = keys_of(shell, arguments, *target);
  if (!keys) return keys.error();
  auto client = node::HttpClient::make({.url = target->nodes.front().url});
  if (!client) return client.error();
  auto workload = BenchWorkload::make(std::move(*keys), kind, plan->records_per_envelope, *client);
  if (!workload) return workload.error();

  const auto stamp = std::chrono::system_clock::now().time_since_epoch() / milliseconds(1);
  const fs::path base = target->is_local() ? fs::path(target->directory) : fs::path(shell.base_directory());
  const std::string directory = (base / ("bench-" + std::to_string(stamp))).string();
  auto report = measure(shell, *target, *workload, *plan, kill_leader, directory);
  if (!report) return report.error();
  const bool good = report->lookup.lost_count == 0 && report->lookup.contradictions.empty();
  std::error_code failed;
  if (good) {
    fs::remove_all(directory, failed);
  } else {
    shell.terminal().note("the acknowledgements are kept in " + directory);
  }
  shell.answer("bench", report_json(*report), report_text(*report));
  if (!good) return kLost;
  return kill_leader && !report->ordered_again_ms ? 1 : 0;
}

constexpr Option kOptions[] = {
    {"--rate", "N", "Open loop: so many records a second, whatever the answers take"},
    {"--seconds", "N", "How long (10)"},
    {"--clients", "N", "Connections (32; 128 in an open loop)"},
    {"--records-per-envelope", "N", "Records under one signature (1)"},
    {"--record", "KIND", "asset (default): two new subjects each; org: an update of the organisation"},
    {"--wait", "STATUS", "What a client waits for: ordered (default) or final"},
    {"--kill-leader", "", "Kill the leader's process in the middle, and start it again", Take::kFlag},
    {"--dir", "DIR", "The cluster's directory, as `circula up` made it (the context's)"},
    {"--key", "FILE", "Sign with these keys (all of the cluster that may)", Take::kList},
};

constexpr std::string_view kDetails =
    "Without --rate each client sends when its last record is acknowledged. With --rate latency counts from\n"
    "when a record was due. Every acknowledgement is kept in a synced file and looked up on every node\n"
    "afterwards. Exit code 7 when one is missing or nodes differ.";

const Command kCommands[] = {
    {"bench", "Load a running cluster and measure it", kOptions, bench,
     "--rate 500 --seconds 30 --kill-leader", kDetails},
};

}  // namespace

std::span<const Command> bench_commands() { return kCommands; }

}  // namespace circula::cli
