#include "cli/demo_run.h"

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <thread>

#include "cli/demo_checks.h"
#include "cli/demo_rush.h"
#include "cli/generator_ledger_year.h"
#include "cli/key_store.h"
#include "cli/local_file.h"
#include "crypto/encoding.h"
#include "ledger/disk_calls.h"
#include "ledger/durable_file.h"
#include "ledger/json_field.h"
#include "ledger/object_id.h"

namespace circula::cli {
namespace {

constexpr int kInterrupted = 130;
constexpr std::chrono::milliseconds kPoll{100};
constexpr std::chrono::milliseconds kStopPatience{60'000};  // longer than `up` waits for its nodes
constexpr std::uint32_t kNoticeWorkingDays = 5;             // of production periods

// `up --foreground` as a process that does not outlive this one: it stops the nodes when we end, also when
// somebody kills us.
Result<ProcessName> bring_up(const std::string& directory) {
  auto made = ledger::create_directory(ledger::system_disk(), directory);
  if (!made) return error(Code::E_FILE, made.error().detail);
  const std::string log = directory + "/" + std::string(kUpLog);
  auto up =
      start_self({"up", "--dir", directory, "--voters", "4", "--learners", "1", "--clock", "scripted",
                  "--profile", "production", "--time", std::string(kGeneratedYearBegins) + "T08:00:00+08:00",
                  "--home", directory + "/cli", "--market", "--foreground", "--json"},
                 log, Outlives::kNo);
  if (!up) return up.error();
  // Its answer is one line, written when all nodes are ready; it gives up by itself when they are not.
  while (is_running(*up) && !interrupted()) {
    auto text = read_text(log);
    if (!text) return text.error();
    const auto answer = text->find("{\"schema\":\"circula.up/");
    if (answer != std::string::npos && text->find('\n', answer) != std::string::npos) return *up;
    std::this_thread::sleep_for(kPoll);
  }
  if (interrupted()) return *up;
  const auto text = read_text(log);
  return error(Code::E_UNAVAILABLE, "`circula up` ended:\n" + (text ? *text : std::string{}));
}

// Stops the nodes whatever happens, and removes what was made.
class Cleanup {
 public:
  Cleanup(Shell& shell, std::string directory, bool keep)
      : shell_(shell), directory_(std::move(directory)), keep_(keep) {}
  Cleanup(const Cleanup&) = delete;
  Cleanup& operator=(const Cleanup&) = delete;
  void stop_first(const ProcessName& up) { up_ = up; }
  ~Cleanup() {
    if (up_) (void)stop_processes({*up_}, kStopPatience);
    if (is_cluster(directory_)) (void)run_self({"down", "--dir", directory_, "--json"});
    if (keep_) {
      shell_.terminal().note("kept: " + directory_);
      return;
    }
    std::error_code failed;
    std::filesystem::remove_all(directory_, failed);
  }

 private:
  Shell& shell_;
  std::string directory_;
  bool keep_;
  std::optional<ProcessName> up_;
};

Result<ledger::proto::OrgKind> kind_named(const std::string& text) {
  const auto* kinds = ledger::proto::OrgKind_descriptor();
  for (int at = 0; at < kinds->value_count(); ++at) {
    if (ledger::enum_text(*kinds->value(at)) == text)
      return static_cast<ledger::proto::OrgKind>(kinds->value(at)->number());
  }
  return error(Code::E_FORMAT, "no kind " + text);
}

// The members with the keys that stand in their homes.
Result<GeneratedWorld> world_of(Shell& shell, const Cluster& cluster) {
  GeneratedWorld world;
  for (const ClusterMember& member : cluster.members) {
    auto kind = kind_named(member.kind);
    if (!kind) return kind.error();
    GeneratedOrganisation organisation;
    organisation.name = member.name;
    organisation.oid = member.oid;
    organisation.kinds = {*kind};
    for (const std::string_view name : kGeneratedKeyNames) {
      auto key = open_key_file(shell, cluster.home(member.name) + "/keys/" + std::string(name) + ".pem");
      if (!key) return key.error();
      organisation.keys.push_back(std::move(*key));
    }
    world.push_back(std::move(organisation));
  }
  return world;
}

std::string truth_file(const Cluster& cluster) { return cluster.directory + "/truth.json"; }

constexpr std::uint32_t kSmallScalePpm = 20'000;
constexpr std::int64_t kSmallLoadMaxMs = 60'000, kLoadMaxMs = 300'000;

// What to send; what must come out of it stands in the truth file alone.
Result<DemoData> generate_for(Shell& shell, const Cluster& cluster, const DemoPlan& wanted) {
  auto world = world_of(shell, cluster);
  if (!world) return world.error();
  auto chain = crypto::fixed_from_hex<crypto::Digest>(cluster.chain_id, "chain id");
  if (!chain) return error(Code::E_FORMAT, "the cluster's chain id is none");
  const GeneratorPlan plan{.seed = wanted.seed,
                           .scale_ppm = wanted.scale_ppm,
                           .chain_id = *chain,
                           .notice_working_days = kNoticeWorkingDays};
  auto year = generate_year(plan, *world);
  if (!year) return year.error();
  DemoData data;
  data.load_max_ms = wanted.scale_ppm <= kSmallScalePpm ? kSmallLoadMaxMs : kLoadMaxMs;
  data.rush_before = year->envelopes.size() / 2;
  data.rush = generate_rush(plan, *world, year->envelopes[data.rush_before].time_s, year->truth);
  data.year = std::move(year->envelopes);
  auto written = write_text(truth_file(cluster), pretty(truth_json(year->truth)));
  if (!written) return written.error();
  return data;
}

Result<GeneratorTruth> read_truth(const Cluster& cluster) {
  auto document = read_json(truth_file(cluster));
  if (!document) return document.error();
  return truth_from_json(*document);
}

void run_checks(DemoSubject& demo) {
  check_load(demo);
  check_same_root(demo);
  check_every_record(demo);
  check_chain_of_title(demo);
  check_income(demo);
  check_market(demo);
  check_refusals(demo);
  check_receipt(demo);
  check_kill(demo);
  check_audit(demo);
}

// The figures of the market, when the node that the audit had stopped answers again; or why not.
std::string market_of(const Cluster& cluster) {
  const auto deadline = std::chrono::steady_clock::now() + kStopPatience;
  while (true) {
    auto market = run_self({"market", "--home", cluster.home("regulator")});
    if (market) return *market;
    if (std::chrono::steady_clock::now() >= deadline || interrupted()) return market.error().detail;
    std::this_thread::sleep_for(kPoll);
  }
}

// vendor-b's account where it has most money.
std::string account_command(const std::string& circula, const Cluster& cluster, const GeneratorTruth& truth) {
  const auto vendor = std::ranges::find(cluster.members, "vendor-b", &ClusterMember::name);
  const ClusterMember* richest = nullptr;
  std::int64_t most = 0;
  for (const ClusterMember& member : cluster.members) {
    const auto account = truth.accounts.find({vendor->oid, member.oid});
    if (account == truth.accounts.end() || account->second <= most) continue;
    most = account->second;
    richest = &member;
  }
  if (richest == nullptr) return {};
  return "\n  " + circula + " statement --account --org @vendor-b --exchange @" + richest->name +
         " --month 2023-05 --home " + cluster.home("vendor-b");
}

void stay(Shell& shell, const Cluster& cluster, const DemoSubject& demo) {
  (void)start_node(cluster, cluster.nodes.back());
  const std::string circula = "build/release/bin/circula";
  const std::string node = cluster.nodes.back().url();
  const auto most =
      std::ranges::max_element(demo.truth.moves, {}, [](const auto& row) { return row.second; });
  shell.terminal().print("\n" + market_of(cluster) + "\n");
  const std::string asset = ledger::object_text(ledger::ObjectKind::kAsset, most->first.first);
  shell.terminal().note(
      "try, in another terminal\n  " + circula + " status --home " + cluster.home("regulator") + "\n  " +
      circula + " history " + asset + " --right " + std::string(1, most->first.second) + " --home " +
      cluster.home("provider") + "\n  " + circula + " statement --income --org @vendor-b --home " +
      cluster.home("vendor-b") + account_command(circula, cluster, demo.truth) + "\n  " + circula +
      " market --home " + cluster.home("regulator") + "\n  " + circula + " verify " + cluster.directory +
      "/demo.receipt.json --policy " + cluster.directory + "/policy.txt\nCtrl-C stops all nodes");
  while (!interrupted()) std::this_thread::sleep_for(kPoll);
}

}  // namespace

Result<int> run_demo(Shell& shell, const DemoPlan& plan) {
  auto directory = absolute_path(plan.directory);
  if (!directory) return directory.error();
  if (exists(*directory))
    return error(Code::E_FILE, *directory + " is there already: choose another --dir or remove it");
  watch_for_interrupts();
  shell.terminal().note("a consortium of four voters and a learner in " + *directory +
                        ": founded, used for a ledger year, its leader killed, checked; 1 to 2 minutes");
  Cleanup cleanup(shell, *directory, plan.keep);
  const Progress progress = [&](const std::string& step, const std::string& text) {
    shell.terminal().note("  " + step + "  " + text);
  };
  auto up = bring_up(*directory);
  if (up) cleanup.stop_first(*up);
  if (interrupted()) return kInterrupted;
  if (!up) return up.error();
  auto cluster = read_cluster(*directory);
  if (!cluster) return cluster.error();
  auto data = generate_for(shell, *cluster, plan);
  if (!data) return data.error();
  progress("data", std::to_string(data->year.size() + data->rush.size()) + " envelopes from seed " +
                       std::to_string(plan.seed) + ", truth in " + truth_file(*cluster));
  auto load = load_year(shell, *cluster, *data, progress);
  if (interrupted()) return kInterrupted;
  if (!load) return load.error();
  auto truth = read_truth(*cluster);
  if (!truth) return truth.error();
  auto acknowledged = read_acknowledged(load->acknowledged);
  if (!acknowledged) return acknowledged.error();
  DemoReport report(shell.terminal());
  DemoSubject demo{shell, *cluster, *truth, *acknowledged, *load, report};
  run_checks(demo);
  if (interrupted()) return kInterrupted;
  shell.terminal().print(report.summary() + "\n");
  if (!plan.once) stay(shell, *cluster, demo);
  return report.failed() == 0 ? 0 : 1;
}

}  // namespace circula::cli
