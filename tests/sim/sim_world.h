// A deterministic world for replicas: virtual time, one thread, one seed (reliability.md 1). Whole replicas
// with the real ledger and real frames run over a network and disks that fail as the seed says.
//
// Invariants are checked after every step; the first that breaks ends the run with its name:
//   election-safety      at most one leader a term                                                (R1)
//   term-and-vote        what a node saved never goes back, and it votes once a term, across restarts
//   log-matching         one block for a (height, term) in all logs, each on its parent       (R2, R3)
//   leader-completeness  who comes to lead has every block that was executed anywhere             (R4)
//   state-safety         one block hash, state root and log root a height, for ever           (R5, L2)
//   durable-quorum       what is executed is on the disks of a majority, what is final on those of a
//                        finality quorum                                                      (L1, L9)
//   block-time           block times never fall and are not ahead of the clock                    (L6)
//   one-final            one root a checkpoint size                                        (promise 2)
//   nothing-lost         an acknowledged record stands at its index with its outcome on every node (L1)
//   exactly-once         every record of a client has at most one entry that decided              (L4)
//   converges            after healing, all nodes reach one height and one final checkpoint in a bound
// A seed in which nothing became final before the first fault is no seed. Planted bugs (Plant) show that the
// invariants are not empty.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "crypto/hash.h"
#include "ledger/memory_storage.h"
#include "node/replica.h"
#include "tests/ledger/trade_chain.h"
#include "tests/sim/random.h"
#include "tests/sim/trade_clients.h"

namespace circula::sim {

using node::NodeNumber;

// A broken invariant: its name, and what was seen.
struct Violation : std::runtime_error {
  Violation(std::string invariant, const std::string& what)
      : std::runtime_error(invariant + ": " + what), name(std::move(invariant)) {}
  std::string name;
};

// A bug in the shell that the invariants must find.
enum class Plant : std::uint8_t {
  kNone,
  kAcknowledgeBeforeSync,  // a write is called durable when it begins
  kForgetVote,             // term and vote are not on disk when the power is cut
};

struct SimOptions {
  std::uint64_t seed = 1;
  unsigned nodes = 3;
  unsigned learners = 0;
  std::uint64_t virtual_s = 120;  // of the phase with faults
  bool trace = false;
  Plant plant = Plant::kNone;
};

struct SimReport {
  crypto::Digest trace_hash{};
  std::uint64_t virtual_s = 0;
  std::uint64_t commits = 0;  // blocks executed by the furthest node
  std::uint64_t acknowledged = 0;
  std::uint64_t elections = 0;
  std::uint64_t crashes = 0;
  std::uint64_t messages_lost = 0;
  std::uint64_t overwritten = 0;                 // writes that replaced blocks of a deposed leader
  std::uint64_t acknowledged_during_faults = 0;  // of those acknowledged
  std::uint64_t settled = 0;                     // sales, by clients that trade
  bool had_traffic = false;                      // something was acknowledged before the first fault
};

// Faults of one seed: each family is off entirely in half of the seeds (swarm testing).
struct FaultPlan {
  std::uint64_t delay_min_us = 100;
  std::uint64_t delay_mean_us = 1'000;
  std::uint64_t loss_ppm = 0;
  std::uint64_t duplicate_ppm = 0;
  std::uint64_t crash_every_ms = 0;      // mean; 0: never
  std::uint64_t partition_every_ms = 0;  // mean
  std::uint64_t client_mean_ms = 400;
  std::uint64_t disk_mean_us = 300;
  std::uint64_t disk_stall_ppm = 0;  // of writes: half a second to three
};

class World;

// One node: what survives a power cut, and what runs.
class SimNode {
 public:
  SimNode(World& world, NodeNumber id, bool voter);

  void start();
  // Power cut: the process and every write in flight are gone; a write may have reached the disk all the
  // same.
  void crash();
  [[nodiscard]] bool alive() const { return replica_ != nullptr; }
  [[nodiscard]] NodeNumber id() const { return id_; }
  [[nodiscard]] node::Replica& replica() { return *replica_; }
  [[nodiscard]] ledger::Ledger& ledger() { return *ledger_; }
  [[nodiscard]] std::uint64_t life() const { return life_; }
  [[nodiscard]] bool voter() const { return voter_; }
  // Whether the block stands on the disk, and whether in the log, which is ahead of it.
  [[nodiscard]] bool stores(std::uint64_t height, const crypto::Digest& hash) const;
  [[nodiscard]] bool has_in_log(std::uint64_t height, const crypto::Digest& hash) const;

  void tick();
  void deliver(NodeNumber from, const std::shared_ptr<const crypto::Bytes>& frame);
  void submit(std::uint64_t token, const ledger::EnvelopePtr& envelope);
  void drain();  // carries out the replica's effects

 private:
  void carry_out(node::ReplicaEffects effects);
  void write(const node::BlockWrite& write);
  void check_parents(const node::BlockWrite& write);
  [[nodiscard]] const node::BlockPtr* in_log(std::uint64_t height) const;
  [[nodiscard]] const node::BlockPtr* stored(std::uint64_t height) const;
  void recover();

  World& world_;
  NodeNumber id_;
  bool voter_;
  std::uint64_t life_ = 0;  // grows with each start: events of an earlier life are void

  // Durable.
  std::map<std::uint64_t, node::BlockPtr> chain_;
  consensus::HardState hard_state_;
  consensus::HardState hard_state_before_;
  std::optional<node::Sealed> promise_;
  node::FinalCheckpoint final_;
  ledger::MemoryStorage state_;
  ledger::MemoryStorage index_;

  // Of this life.
  std::unique_ptr<ledger::Ledger> ledger_;
  std::unique_ptr<node::Replica> replica_;
  std::vector<node::BlockWrite> in_flight_;
  std::uint64_t disk_free_at_us_ = 0;
  std::uint64_t flushed_at_us_ = 0;
};

class World {
 public:
  explicit World(SimOptions options);
  ~World();

  // The whole seed: warm-up, faults, healing, audit. Throws Violation.
  SimReport run();

  [[nodiscard]] std::uint64_t now_us() const { return now_us_; }
  [[nodiscard]] std::uint64_t wall_ms() const {
    return chain_.genesis().message().time_ms() + now_us_ / 1000;
  }
  [[nodiscard]] ledger::testing::TradeChain& chain() { return chain_; }
  [[nodiscard]] Random& random() { return random_; }
  [[nodiscard]] const FaultPlan& plan() const { return plan_; }
  [[nodiscard]] bool voter(NodeNumber node) const { return node <= options_.nodes; }
  [[nodiscard]] Plant plant() const { return options_.plant; }
  [[nodiscard]] std::size_t size() const { return nodes_.size(); }

  void at(std::uint64_t delay_us, std::function<void()> event);
  void send(NodeNumber from, NodeNumber to, std::shared_ptr<const crypto::Bytes> frame);
  void trace(NodeNumber node, std::string_view kind, crypto::ByteView bytes);

  // What nodes tell of themselves.
  void saw_leader(const SimNode& node, std::uint64_t term);
  void saw_saved(NodeNumber node, const consensus::HardState& before, const consensus::HardState& saved);
  void saw_appended(NodeNumber node, const ledger::BlockFrame& frame, bool overwrites);
  void saw_executed(NodeNumber node, const ledger::ExecutedBlock& block, const crypto::Digest& hash);
  void saw_final(NodeNumber node, const node::FinalCheckpoint& checkpoint);

 private:
  struct Sent {
    crypto::Digest record_id{};
    std::uint64_t submitted_us = 0;
    std::optional<std::uint64_t> acknowledged_index;
    std::uint16_t outcome = 0;
  };
  struct Fingerprint {
    crypto::Digest block_hash{};
    crypto::Digest state_root{};
    crypto::Digest log_root{};
    std::uint64_t time_ms = 0;
    bool operator==(const Fingerprint&) const = default;
  };

  void draw_plan();
  void run_until(std::uint64_t end_us);
  void tick_all();
  void client_turn();
  [[nodiscard]] ledger::EnvelopePtr renaming();
  void watch_acknowledgements();
  void check_durable(std::uint64_t height, std::size_t voters, const char* what) const;
  void fault_turn();
  void heal();
  void audit();
  void audit_rules_hold();
  [[nodiscard]] bool connected(NodeNumber from, NodeNumber to) const;
  [[nodiscard]] SimNode& node(NodeNumber id) { return *nodes_[id - 1]; }

  SimOptions options_;
  Random random_;
  FaultPlan plan_;
  ledger::testing::TradeChain chain_;
  TradeClients trade_{chain_};
  std::vector<std::unique_ptr<SimNode>> nodes_;
  std::multimap<std::pair<std::uint64_t, std::uint64_t>, std::function<void()>>
      events_;  // by time, then order
  std::uint64_t now_us_ = 0;
  std::uint64_t next_order_ = 0;
  bool faults_on_ = false;
  bool clients_on_ = true;
  std::set<std::pair<NodeNumber, NodeNumber>> cut_;  // from, to
  std::uint64_t partition_ends_us_ = 0;
  std::map<NodeNumber, std::uint64_t> restart_at_us_;

  std::map<std::uint64_t, NodeNumber> leaders_;
  std::map<std::pair<NodeNumber, std::uint64_t>, NodeNumber> votes_;               // by node and term
  std::map<std::pair<std::uint64_t, std::uint64_t>, crypto::Digest> blocks_made_;  // by height and term
  std::map<std::uint64_t, Fingerprint> executed_;
  std::map<std::uint64_t, crypto::Digest> finals_;
  std::vector<Sent> sent_;
  std::uint64_t requests_ = 0;
  crypto::Sha256 trace_;
  SimReport report_;
};

}  // namespace circula::sim
