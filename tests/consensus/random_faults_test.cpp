// Seeded clusters under loss, repetition, reordering, cuts, crashes that lose unsynced writes, late writes,
// pauses, held-back and refused appends, transfers and reads; the checks of ghost.h after every step; then
// the faults end and the cluster must settle. CIRCULA_SEEDS sets the number of seeds, CIRCULA_SEED runs one.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "cluster.h"

namespace circula::consensus::testing {
namespace {

// A sanitizer takes ten times as long for each.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t kSeeds = 250;
#else
constexpr std::uint64_t kSeeds = 1000;
#endif

// Each kind of fault is left out in half of the seeds, else its rate is drawn once (in permille a step).
struct Faults {
  std::uint64_t lose, repeat, reorder, cut, heal, crash, pause, late_write, hold, refuse, transfer,
      reconfigure, read, connection;

  explicit Faults(Random& random) {
    const auto rate = [&](std::uint64_t most) { return random.chance(500) ? 0 : random.below(most) + 1; };
    lose = rate(150);
    repeat = rate(150);
    reorder = rate(300);
    cut = rate(8);
    heal = rate(20) + 3;
    crash = rate(8);
    pause = rate(5);
    late_write = rate(900);
    hold = rate(5);
    refuse = rate(2);
    transfer = rate(4);
    reconfigure = rate(10);
    read = rate(100);
    connection = rate(5);
  }
};

struct Tally {
  std::uint64_t committed = 0, leaders = 0, crashes = 0, reads = 0, refusals = 0, transfers = 0,
                reconfigurations = 0;
};

class FaultyRun {
 public:
  explicit FaultyRun(std::uint64_t seed)
      : random_(seed), cluster_(membership(random_), seed ^ 0xABCDEF), faults_(random_) {
    cluster_.auto_write = false;
    cluster_.options.inflight_messages_max = 1 + random_.below(8);
    cluster_.options.append_entries_max = 1 + random_.below(8);
    cluster_.options.append_bytes_max = 150 + random_.below(1000);
    cluster_.options.uncommitted_bytes_max = 500 + random_.below(5000);
    cluster_.start_all();
    for (const auto& [id, node] : cluster_.nodes()) ids_.push_back(id);
  }

  // The first violation, or nothing.
  std::string run(std::uint64_t steps, Tally& tally) {
    for (std::uint64_t i = 0; i < steps; ++i) {
      step(tally);
      if (!cluster_.ghost().violation().empty()) return cluster_.ghost().violation();
    }
    for (auto& [id, node] : cluster_.nodes()) {
      for (const std::string& alarm : node.alarms) return "a false alarm: " + alarm;
    }
    return recover(tally);
  }

 private:
  static Configuration membership(Random& random) {
    Configuration configuration;
    const std::uint64_t voters = 1 + random.below(5);
    for (std::uint16_t i = 1; i <= voters; ++i) configuration.voters.push_back({i});
    if (random.chance(400)) configuration.learners.push_back({static_cast<std::uint16_t>(voters + 1)});
    return configuration;
  }

  NodeId any() { return ids_[random_.below(ids_.size())]; }

  void step(Tally& tally) {
    for (const NodeId id : ids_) {
      if (random_.chance(900)) cluster_.tick(id);
    }
    for (const NodeId id : ids_) client(id, tally);
    for (const NodeId id : ids_) trouble(id, tally);
    for (std::size_t i = 0; i < 2 * ids_.size() * ids_.size(); ++i) move_one();
    for (const NodeId id : ids_) {
      while (!random_.chance(faults_.late_write) && cluster_.complete_write(id)) continue;
    }
  }

  void client(NodeId id, Tally& tally) {
    Node& node = cluster_.node(id);
    if (!node.up() || node.paused) return;
    const NodeId leader = node.raft->leader();
    if (node.raft->is_leader() && random_.chance(300)) {
      (void)cluster_.propose(id, static_cast<std::uint32_t>(random_.below(200)));
    }
    if (node.raft->is_leader() && random_.chance(faults_.reconfigure)) reconfigure(id, tally);
    if (leader != kNobody && random_.chance(faults_.read)) {
      ++tally.reads;
      (void)cluster_.read(id, next_context_++);
    }
    if (node.raft->is_leader() && random_.chance(faults_.transfer)) {
      if (cluster_.transfer(id, random_.chance(500) ? kNobody : any()) == TransferResult::kStarted)
        ++tally.transfers;
    }
  }

  // Opens a change to any set of voters, or closes the open one.
  void reconfigure(NodeId id, Tally& tally) {
    const Configuration& now = cluster_.raft(id).configuration();
    Configuration next;
    if (now.joint()) {
      next.voters = now.voters;
    } else {
      next.outgoing = now.voters;
      while (next.voters.empty()) {
        for (const NodeId node : ids_) {
          if (random_.chance(600)) next.voters.push_back(node);
        }
      }
    }
    for (const NodeId node : ids_) {
      if (!next.is_voter(node)) next.learners.push_back(node);
    }
    if (cluster_.propose(id, 50, next) == ProposeResult::kAccepted) ++tally.reconfigurations;
  }

  void trouble(NodeId id, Tally& tally) {
    Node& node = cluster_.node(id);
    if (!node.up()) {
      if (random_.chance(50)) cluster_.start(id);
      return;
    }
    if (random_.chance(faults_.crash)) {
      ++tally.crashes;
      cluster_.crash(id, random_.below(node.writes.size() + 1));
      if (random_.chance(500)) node.executed = Index{random_.below(node.executed.value + 1)};
      return;
    }
    if (node.paused ? random_.chance(30) : random_.chance(faults_.pause)) node.paused = !node.paused;
    if (random_.chance(faults_.cut)) cluster_.cut(id, any());
    if (random_.chance(faults_.cut / 2)) cluster_.isolate(id);
    if (random_.chance(faults_.heal)) cluster_.heal();
    if (random_.chance(faults_.connection)) cluster_.connection_lost(id, any());
    if (node.holds_back && random_.chance(60)) cluster_.release(id);
    if (random_.chance(faults_.hold)) node.holds_back = true;
    if (random_.chance(faults_.refuse) && node.raft->leader() != kNobody && !node.raft->is_leader()) {
      ++tally.refusals;
      refusers_.insert(id);
      cluster_.refuse(id);
    }
  }

  void move_one() {
    const NodeId from = any();
    const NodeId to = any();
    auto& queue = cluster_.link(from, to);
    if (queue.empty()) return;
    if (random_.chance(faults_.reorder)) std::swap(queue.front(), queue[random_.below(queue.size())]);
    if (random_.chance(faults_.repeat)) queue.push_back(queue.front());
    if (random_.chance(faults_.lose)) {
      queue.pop_front();
      return;
    }
    (void)cluster_.deliver_one(from, to);
  }

  std::string recover(Tally& tally) {
    cluster_.heal();
    cluster_.auto_write = true;
    // Whoever refused a leader for no reason stays away from it as long as its term lasts, or until a
    // restart.
    for (const NodeId id : refusers_) cluster_.crash(id, cluster_.node(id).writes.size());
    for (auto& [id, node] : cluster_.nodes()) {
      node.paused = false;
      cluster_.start(id);
      while (cluster_.complete_write(id)) continue;
      cluster_.release(id);
    }
    const bool settled = cluster_.settle(500);
    if (!cluster_.ghost().violation().empty()) return cluster_.ghost().violation();
    if (!settled) return "14: the cluster does not settle:" + describe();
    const NodeId leader = cluster_.leader();
    tally.committed += cluster_.ghost().committed().value;
    tally.leaders += cluster_.raft(leader).term().value;
    const auto result = cluster_.propose(leader);
    if (result != ProposeResult::kAccepted && result != ProposeResult::kTransferring) {
      return "14: a settled leader accepts nothing: " + std::to_string(static_cast<int>(result));
    }
    return cluster_.settle(100) ? "" : "14: a settled cluster commits nothing";
  }

  std::string describe() {
    std::string text;
    for (const NodeId id : ids_) {
      const Raft& raft = cluster_.raft(id);
      text += "\nnode " + std::to_string(id.value) + ": " + role_name(raft.role()) + ", term " +
              std::to_string(raft.term().value) + ", last " + std::to_string(raft.log().last_index().value) +
              ", durable " + std::to_string(raft.durable_index().value) + ", committed " +
              std::to_string(raft.commit_index().value) + "; " + raft.why_not_leader().text + "; " +
              raft.why_not_committed(raft.log().last_index()).text;
      for (const Status::Peer& peer : raft.status().peers) {
        text += "\n  to " + std::to_string(peer.node.value) + ": match " + std::to_string(peer.match.value) +
                ", next " + std::to_string(peer.next.value) + ", in flight " +
                std::to_string(peer.inflight_messages) + ", state " +
                std::to_string(static_cast<int>(peer.state));
      }
    }
    return text;
  }

  Random random_;
  Cluster cluster_;
  Faults faults_;
  std::vector<NodeId> ids_;
  std::set<NodeId> refusers_;
  std::uint64_t next_context_ = 1;
};

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST(RandomFaults, keep_every_invariant_and_end_in_a_working_cluster) {
  const std::uint64_t only = number_from_environment("CIRCULA_SEED", 0);
  const std::uint64_t seeds = only ? 1 : number_from_environment("CIRCULA_SEEDS", kSeeds);
  Tally tally;
  for (std::uint64_t i = 1; i <= seeds; ++i) {
    const std::uint64_t seed = only ? only : i;
    FaultyRun run(seed);
    const std::string violation = run.run(600, tally);
    ASSERT_EQ(violation, "") << "seed " << seed;
  }
  RecordProperty("committed", std::to_string(tally.committed));
  std::printf(
      "%lu seeds: %lu committed, %lu terms, %lu crashes, %lu reads, %lu transfers, %lu refusals, "
      "%lu changes of configuration\n",
      seeds, tally.committed, tally.leaders, tally.crashes, tally.reads, tally.transfers, tally.refusals,
      tally.reconfigurations);
  // A run in which nothing happens proves nothing (B44).
  if (only == 0 && seeds >= 100) {
    EXPECT_GT(tally.committed, 20 * seeds);
    EXPECT_GT(tally.leaders, 3 * seeds);
    EXPECT_GT(tally.crashes, seeds);
    EXPECT_GT(tally.transfers, seeds / 4);
    EXPECT_GT(tally.refusals, seeds / 4);
    EXPECT_GT(tally.reconfigurations, seeds / 2);
  }
}

}  // namespace
}  // namespace circula::consensus::testing
