// Reliability.md 7 against a running consortium: bad requests, bad frames and slow clients, with honest
// clients beside them. What must hold: every bad request gets its code or nothing, the honest commit rate
// stays at nine tenths of what is offered, and afterwards memory, descriptors and threads are as before, all
// nodes have one root, and an envelope sent again has the answer that it had.
#include <gtest/gtest.h>
#include <sys/utsname.h>

#include <cstdio>
#include <fstream>

#include "crypto/encoding.h"
#include "tests/attack/consortium.h"
#include "tests/attack/envelope_forge.h"
#include "tests/attack/honest_load.h"
#include "tests/attack/http_attack.h"
#include "tests/attack/peer_attack.h"
#include "tests/attack/slow_clients.h"

namespace circula::attack {
namespace {

constexpr std::uint64_t kMemoryKibMax = 32 * 1024;  // the bound for what an attack may leave behind
constexpr std::uint64_t kClients = 16;
constexpr std::uint64_t kWarmUpTimes = 6;
constexpr std::size_t kEnvelopesSentAgain = 20;
// Above the server's deadlines, so that what an attack left open is closed.
constexpr std::chrono::seconds kSettle{30};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
// A sanitizer keeps freed memory back and slows everything down; figures of memory and rate say nothing.
constexpr bool kIsMeasured = false;
#else
constexpr bool kIsMeasured = true;
#endif

struct Scale {
  std::uint64_t requests, frames;
  std::size_t slow_clients;
  std::uint64_t records_per_second;
  std::uint64_t warm_seconds, quiet_seconds, attack_seconds;
};

struct Sent {
  std::string envelope;
  std::string answer;
};

// Says how long a part of the test took.
class Stopwatch {
 public:
  explicit Stopwatch(const char* what) : what_(what) {}
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;
  ~Stopwatch() {
    const auto took = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - began_);
    std::printf("%s: %ld s with the quiet window before\n", what_, static_cast<long>(took.count()));
  }

 private:
  using Clock = std::chrono::steady_clock;
  const char* what_;
  Clock::time_point began_ = Clock::now();
};

class Attack : public ::testing::Test {
 protected:
  void run(const Scale& scale);

 private:
  void under_http_attack();
  void under_peer_attack();
  void under_slow_attack();
  void remember_answers();
  void expect_same_answers();
  void expect_one_root();
  void expect_as_before(const std::vector<unsigned>& nodes);
  void expect_rate(const char* during, const LoadFigures& quiet, const LoadFigures& loaded);
  LoadFigures quiet(const char* name, std::uint64_t seconds, unsigned nodes);
  void row(const char* name, const LoadFigures& figures);
  static void expect_none(const std::vector<std::string>& faults);
  [[nodiscard]] static std::string machine();

  Scale scale_{};
  Consortium consortium_;
  HonestLoad load_{consortium_, 1, kClients};
  std::optional<EnvelopeForge> forge_;
  std::vector<Sent> sent_;
  std::map<unsigned, ProcessFigures> before_;
};

std::string Attack::machine() {
  utsname system{};
  uname(&system);
  std::ifstream info("/proc/cpuinfo");
  std::string model, line;
  while (std::getline(info, line) && model.empty()) {
    if (line.starts_with("model name")) model = line.substr(line.find(':') + 2);
  }
  return model + ", " + std::to_string(std::thread::hardware_concurrency()) + " cores, " + system.sysname +
         " " + system.release;
}

void Attack::row(const char* name, const LoadFigures& figures) {
  std::printf("| %s | %.1f | %.1f | %lu | %lu | %lu |", name, figures.offered_rate(), figures.commit_rate(),
              figures.median_ms, figures.worst_ms, figures.lost + figures.refused);
  for (unsigned id = 1; id <= Consortium::kVoters; ++id) {
    std::printf(" %.1f |", static_cast<double>(consortium_.figures(id).resident_kib) / 1024);
  }
  std::printf("\n");
  std::fflush(stdout);
}

LoadFigures Attack::quiet(const char* name, std::uint64_t seconds, unsigned nodes) {
  load_.start(seconds, nodes);
  const LoadFigures figures = load_.finish();
  row(name, figures);
  return figures;
}

void Attack::expect_rate(const char* during, const LoadFigures& before, const LoadFigures& loaded) {
  EXPECT_EQ(loaded.lost, 0U) << during;
  EXPECT_EQ(loaded.refused, 0U) << during;
  if (!kIsMeasured) return;
  EXPECT_GE(loaded.commit_rate(), 0.9 * loaded.offered_rate()) << during;
  EXPECT_GE(loaded.commit_rate(), 0.9 * before.commit_rate()) << during;
}

void Attack::expect_none(const std::vector<std::string>& faults) {
  for (const std::string& fault : faults) ADD_FAILURE() << fault;
}

void Attack::remember_answers() {
  auto client = node::HttpClient::make({.url = consortium_.node(1).bench.url}).value();
  for (std::size_t n = 0; n < kEnvelopesSentAgain; ++n) {
    const std::string envelope = forge_->good();
    auto reply = client.post("/v1/records", "application/octet-stream", envelope).value();
    ASSERT_EQ(reply.status, 201) << reply.body;
    sent_.push_back({envelope, reply.body});
  }
}

void Attack::expect_same_answers() {
  for (const Node& node : consortium_.nodes()) {
    auto client = node::HttpClient::make({.url = node.bench.url}).value();
    for (const Sent& sent : sent_) {
      auto reply = client.post("/v1/records", "application/octet-stream", sent.envelope).value();
      EXPECT_EQ(reply.status, 200);
      EXPECT_EQ(reply.body, sent.answer) << "node " << node.bench.id;
    }
  }
}

void Attack::expect_one_root() {
  const auto root = [this](unsigned id) {
    return consortium_.status(id, "/checkpoint/size") + " " + consortium_.status(id, "/checkpoint/root");
  };
  // The last checkpoint may be under way.
  const auto same = [&] {
    for (unsigned id = 2; id <= Consortium::kVoters; ++id) {
      if (root(id) != root(1)) return false;
    }
    return true;
  };
  EXPECT_TRUE(node::testing::eventually(same, std::chrono::seconds(20)));
  for (unsigned id = 1; id <= Consortium::kVoters; ++id) EXPECT_EQ(root(id), root(1)) << "node " << id;
}

void Attack::expect_as_before(const std::vector<unsigned>& nodes) {
  std::printf(
      "\n| node | memory before | after, KiB | descriptors | after | threads | after | log file, KiB |\n"
      "|---|---|---|---|---|---|---|---|\n");
  for (const unsigned id : nodes) {
    const ProcessFigures& before = before_.at(id);
    ProcessFigures after;
    // Descriptors of LevelDB come and go by a few with its files; memory is given back every ten seconds.
    const auto settled = [&] {
      after = consortium_.figures(id);
      return after.descriptors <= before.descriptors + 12 &&
             (!kIsMeasured || after.resident_kib <= before.resident_kib + kMemoryKibMax);
    };
    EXPECT_TRUE(node::testing::eventually(settled, kSettle)) << "node " << id;
    std::printf("| %u | %lu | %lu | %lu | %lu | %lu | %lu | %lu |\n", id, before.resident_kib,
                after.resident_kib, before.descriptors, after.descriptors, before.threads, after.threads,
                consortium_.log_file_bytes(id) / 1024);
    EXPECT_EQ(after.threads, before.threads) << "node " << id;
    if (kIsMeasured) {
      EXPECT_LE(after.resident_kib, before.resident_kib + kMemoryKibMax) << "node " << id;
    }
  }
}

void Attack::under_http_attack() {
  std::vector<HttpCase> cases = framing_cases();
  for (std::vector<HttpCase>& more :
       std::array{routing_cases(), submission_cases(*forge_, sent_[0].envelope)})
    std::move(more.begin(), more.end(), std::back_inserter(cases));
  const Stopwatch watch("bad requests");
  HttpAttackPlan plan;
  plan.requests = scale_.requests;
  plan.duration = std::chrono::seconds(scale_.attack_seconds);
  for (const Node& node : consortium_.nodes()) plan.ports.push_back(node.http_port());
  const LoadFigures before = quiet("quiet, four voters", scale_.quiet_seconds, 4);
  load_.start(scale_.attack_seconds, 4);
  const HttpAttackResult result = attack_http(plan, cases, *forge_);
  const LoadFigures loaded = load_.finish();
  row("bad requests", loaded);
  std::printf("%lu bad requests of %zu kinds and drawn ones, slowest answer %ld ms\n", result.sent,
              cases.size(), static_cast<long>(result.slowest.count()));
  for (const auto& [answer, count] : result.answers) std::printf("  %s: %lu\n", answer.c_str(), count);
  EXPECT_EQ(result.sent, scale_.requests);
  expect_none(result.faults);
  expect_rate("bad requests", before, loaded);
}

void Attack::under_peer_attack() {
  const Stopwatch watch("bad frames");
  const PeerAttackPlan plan{scale_.frames, std::chrono::seconds(scale_.attack_seconds), 1, 4};
  consortium_.kill(plan.hostile);
  const LoadFigures before = quiet("quiet, three voters", scale_.quiet_seconds, 3);
  load_.start(scale_.attack_seconds, 3);
  const PeerAttackResult result = attack_peers(plan, consortium_);
  const LoadFigures loaded = load_.finish();
  row("bad frames", loaded);
  std::printf("%lu bad frames in %ld ms, %lu connections as voter %u, %lu strangers refused\n", result.sent,
              static_cast<long>(result.took.count()), result.connections, plan.hostile,
              result.refused_strangers);
  for (const auto& [kind, count] : result.kinds) std::printf("  %s: %lu\n", kind.c_str(), count);
  expect_none(result.faults);
  expect_rate("bad frames", before, loaded);
  for (unsigned id = 1; id <= 3; ++id) {
    EXPECT_TRUE(consortium_.runs(id)) << "node " << id;
    EXPECT_GT(consortium_.refused_peers(id), 0U);
    std::printf("node %u: evidence %lu KiB, log file %lu KiB\n", id, consortium_.evidence_bytes(id) / 1024,
                consortium_.log_file_bytes(id) / 1024);
  }
  consortium_.start_what_is_down();
  expect_one_root();  // the voter is itself again, and has what it missed
}

void Attack::under_slow_attack() {
  const Stopwatch watch("slow clients");
  SlowPlan plan;
  plan.clients = scale_.slow_clients;
  plan.duration = std::chrono::seconds(scale_.attack_seconds);
  plan.http_port = consortium_.node(1).http_port();
  plan.peer_port = consortium_.node(1).peer_port();
  const LoadFigures before = quiet("quiet, four voters", scale_.quiet_seconds, 4);
  load_.start(scale_.attack_seconds, 4);
  const SlowResult result = attack_slowly(plan);
  const LoadFigures loaded = load_.finish();
  row("slow clients", loaded);
  std::printf("%zu slow clients at a time, %lu connections, longest stay %ld ms\n", plan.clients,
              result.connections, static_cast<long>(result.longest_stay.count()));
  for (const auto& [end, count] : result.ends) std::printf("  %s: %lu\n", end.c_str(), count);
  expect_none(result.faults);
  EXPECT_GE(result.connections, plan.clients);
  expect_rate("slow clients", before, loaded);

  load_.start(scale_.quiet_seconds, 4);
  const FloodResult flooded = flood(plan.http_port, consortium_.node(1).operator_port(), 1'200);
  const LoadFigures during = load_.finish();
  row("1,200 at once", during);
  std::printf("1,200 connections at once: %zu made, %zu turned away\n", flooded.connections,
              flooded.turned_away);
  EXPECT_EQ(flooded.connections, 1'200U);
  EXPECT_GE(flooded.turned_away, 1'200U - 1'024U);
  EXPECT_TRUE(flooded.operator_answered);
  expect_rate("1,200 connections at once", before, during);
}

void Attack::run(const Scale& scale) {
  scale_ = scale;
  const auto chain = crypto::fixed_from_hex<crypto::Digest>(consortium_.status(1, "/chain_id")).value();
  forge_.emplace(load_.workload(), chain, member_keys(consortium_));
  std::printf(
      "%s; commit %s\n"
      "| window | offered/s | final/s | median ms | worst ms | lost | MiB of node 1 | 2 | 3 | 4 |\n"
      "|---|---|---|---|---|---|---|---|---|---|\n",
      machine().c_str(), CIRCULA_COMMIT);
  // At several times the rate, so that buffers, caches and the code itself are in memory.
  load_.set_rate(kWarmUpTimes * scale.records_per_second);
  (void)quiet("warm-up", scale.warm_seconds, 4);
  load_.set_rate(scale.records_per_second);
  remember_answers();
  for (unsigned id = 1; id <= Consortium::kVoters; ++id) before_[id] = consortium_.figures(id);

  under_http_attack();
  under_peer_attack();
  before_.erase(4);  // is another process since
  under_slow_attack();

  for (unsigned id = 1; id <= Consortium::kVoters; ++id) ASSERT_TRUE(consortium_.runs(id)) << "node " << id;
  expect_one_root();
  expect_same_answers();
  expect_as_before({1, 2, 3});
}

TEST_F(Attack, brief) { run({1'000, 1'000, 100, 25, 2, 1, 6}); }
TEST_F(Attack, full) { run({10'000, 10'000, 1'000, 40, 6, 4, 14}); }

}  // namespace
}  // namespace circula::attack
