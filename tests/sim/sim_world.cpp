#include "tests/sim/sim_world.h"

#include <algorithm>
#include <cstdio>

#include "crypto/encoding.h"
#include "ledger/audit_rule.h"
#include "ledger/entry.h"
#include "ledger/proto/identity.pb.h"
#include "tests/sim/stand_in_signatures.h"

namespace circula::sim {
namespace {

constexpr std::uint64_t kTickUs = 10'000;
constexpr std::uint64_t kWarmUpUs = 15'000'000;
constexpr std::uint64_t kConvergeUs = 60'000'000;  // of virtual time: the bound on liveness after healing
constexpr std::uint64_t kQuietUs = 5'000'000;      // after the last request: everything is final everywhere

ledger::testing::TestChain::Options chain_options(const SimOptions& options) {
  ledger::testing::TestChain::Options chain;
  chain.voters = options.nodes;
  chain.learners = options.learners;
  return chain;
}

// Before the first key signs the genesis. One seed in twenty computes real Ed25519.
SimOptions with_signatures(const SimOptions& options) {
  use_signatures(options.seed % 20 == 0 ? Signatures::kEd25519 : Signatures::kStandIn, options.seed);
  return options;
}

}  // namespace

World::World(SimOptions options)
    : options_(with_signatures(options)), random_(options.seed), chain_(chain_options(options)) {
  for (NodeNumber id = 1; id <= options.nodes + options.learners; ++id) {
    nodes_.push_back(std::make_unique<SimNode>(*this, id, id <= options.nodes));
  }
  draw_plan();
}

World::~World() = default;

void World::draw_plan() {
  const auto on = [&] { return random_.chance(500'000); };
  // Now and then so many that a node which was down is far behind when it comes back.
  if (random_.chance(100'000)) plan_.client_mean_ms = 30;
  plan_.delay_min_us = random_.between(50, 2'000);
  plan_.delay_mean_us = on() ? random_.between(1'000, 60'000) : random_.between(200, 2'000);
  if (on()) plan_.loss_ppm = random_.between(1'000, 200'000);
  if (on()) plan_.duplicate_ppm = random_.between(1'000, 200'000);
  if (on()) plan_.crash_every_ms = random_.between(4'000, 30'000);
  if (on()) plan_.partition_every_ms = random_.between(5'000, 30'000);
  plan_.disk_mean_us = on() ? random_.between(200, 20'000) : 300;
  if (on()) plan_.disk_stall_ppm = random_.between(100, 5'000);
}

void World::at(std::uint64_t delay_us, std::function<void()> event) {
  events_.emplace(std::pair(now_us_ + delay_us, next_order_++), std::move(event));
}

void World::trace(NodeNumber node, std::string_view kind, crypto::ByteView bytes) {
  crypto::Bytes head;
  crypto::put_u64be(head, now_us_);
  crypto::put_u16be(head, node);
  crypto::put_bytes(head, kind);
  crypto::put_bytes(head, crypto::sha256(bytes).view());
  trace_.update(head);
  if (options_.trace) {
    std::printf("%10.3f ms node %u %.*s %zu bytes\n", static_cast<double>(now_us_) / 1000.0, node,
                static_cast<int>(kind.size()), kind.data(), bytes.size());
  }
}

bool World::connected(NodeNumber from, NodeNumber to) const { return !cut_.contains({from, to}); }

void World::send(NodeNumber from, NodeNumber to, std::shared_ptr<const crypto::Bytes> frame) {
  if (to == 0 || to > nodes_.size()) return;
  trace(from, "send", *frame);
  const std::uint64_t copies = faults_on_ && random_.chance(plan_.duplicate_ppm) ? 2 : 1;
  for (std::uint64_t copy = 0; copy < copies; ++copy) {
    if (!connected(from, to) || (faults_on_ && random_.chance(plan_.loss_ppm))) {
      ++report_.messages_lost;
      continue;
    }
    const std::uint64_t delay_us = plan_.delay_min_us + random_.below(2 * plan_.delay_mean_us);
    at(delay_us, [this, from, to, frame, life = node(from).life()] {
      // A channel dies with the process at either end, and what it carried with it.
      if (!node(to).alive() || !node(from).alive() || node(from).life() != life || !connected(from, to))
        return;
      trace(to, "deliver", *frame);
      node(to).deliver(from, frame);
    });
  }
}

void World::saw_leader(const SimNode& node, std::uint64_t term) {
  const auto [leader, fresh] = leaders_.try_emplace(term, node.id());
  if (leader->second != node.id()) {
    throw Violation("election-safety", "nodes " + std::to_string(leader->second) + " and " +
                                           std::to_string(node.id()) + " lead term " + std::to_string(term));
  }
  if (!fresh) return;
  ++report_.elections;
  // Each block stands on its parent, so the newest stands for all.
  if (executed_.empty()) return;
  const auto& [height, newest] = *executed_.rbegin();
  if (!node.has_in_log(height, newest.block_hash)) {
    throw Violation("leader-completeness", "node " + std::to_string(node.id()) + " leads term " +
                                               std::to_string(term) + " without the executed block " +
                                               std::to_string(height));
  }
}

void World::saw_saved(NodeNumber node, const consensus::HardState& before,
                      const consensus::HardState& saved) {
  if (saved.term < before.term)
    throw Violation("term-and-vote", "the term of node " + std::to_string(node) + " goes back");
  if (saved.vote == consensus::kNobody) return;
  const auto [vote, fresh] = votes_.try_emplace({node, saved.term.value}, saved.vote.value);
  if (!fresh && vote->second != saved.vote.value) {
    throw Violation("term-and-vote", "node " + std::to_string(node) + " votes twice in term " +
                                         std::to_string(saved.term.value));
  }
}

void World::saw_appended(NodeNumber node, const ledger::BlockFrame& frame, bool overwrites) {
  if (overwrites) ++report_.overwritten;
  const auto [made, fresh] = blocks_made_.try_emplace({frame.header.height, frame.header.term}, frame.hash);
  if (!fresh && made->second != frame.hash) {
    throw Violation("log-matching", "node " + std::to_string(node) + " appends another block of term " +
                                        std::to_string(frame.header.term) + " at height " +
                                        std::to_string(frame.header.height));
  }
}

void World::check_durable(std::uint64_t height, std::size_t voters, const char* what) const {
  const auto executed = executed_.find(height);
  if (executed == executed_.end()) return;
  std::size_t stored = 0;
  for (const auto& one : nodes_) {
    if (one->voter() && one->stores(height, executed->second.block_hash)) ++stored;
  }
  if (stored < voters) {
    throw Violation("durable-quorum", "block " + std::to_string(height) + " is " + what + " and on " +
                                          std::to_string(stored) + " disks of " + std::to_string(voters));
  }
}

void World::saw_executed(NodeNumber node, const ledger::ExecutedBlock& block, const crypto::Digest& hash) {
  const Fingerprint found{hash, block.state_root, block.log_root, block.time_ms};
  const auto [known, fresh] = executed_.try_emplace(block.height, found);
  if (!fresh && known->second != found) {
    throw Violation("state-safety", "node " + std::to_string(node) +
                                        " executes another block or root at height " +
                                        std::to_string(block.height));
  }
  const auto parent = executed_.find(block.height - 1);
  if (block.time_ms > wall_ms() || (parent != executed_.end() && block.time_ms < parent->second.time_ms))
    throw Violation("block-time", "block " + std::to_string(block.height));
  check_durable(block.height, consensus::majority(options_.nodes), "executed");
  report_.commits = std::max(report_.commits, block.height);
  trace(node, "executed", block.state_root.view());
}

void World::saw_final(NodeNumber node, const node::FinalCheckpoint& checkpoint) {
  const auto [known, fresh] = finals_.try_emplace(checkpoint.size, checkpoint.root);
  if (!fresh && known->second != checkpoint.root) {
    throw Violation("one-final", "two final roots for size " + std::to_string(checkpoint.size));
  }
  check_durable(checkpoint.height, ledger::finality_quorum(options_.nodes, 0), "final");
  trace(node, "final", checkpoint.root.view());
}

void World::tick_all() {
  for (const auto& one : nodes_) {
    if (one->alive()) one->tick();
  }
  if (clients_on_) client_turn();
  watch_acknowledgements();
  if (faults_on_) fault_turn();
  at(kTickUs, [this] { tick_all(); });
}

// An organisation renames itself; now and then in conflict with what it did before.
ledger::EnvelopePtr World::renaming() {
  static constexpr const char* kNames[] = {"provider", "vendor-b", "buyer", "merchant"};
  const std::string name = kNames[random_.below(4)];
  ledger::proto::Org body;
  body.mutable_update()->set_oid(chain_.oid(name));
  body.mutable_update()->mutable_profile()->set_name(name + " " + std::to_string(++requests_));
  chain_.set_time_ms(wall_ms());
  ledger::testing::RecordSpec spec = ledger::testing::spec(name, 1, body);
  if (random_.chance(300'000)) spec.expects[ledger::org_key(chain_.oid(name))] = 1;
  return chain_.envelope({spec});
}

// A client sends a record to a random node, mostly of a trade; now and then the same envelope to a second
// one.
void World::client_turn() {
  if (!random_.chance(kTickUs * 1'000 / plan_.client_mean_ms)) return;
  auto trading = random_.chance(800'000) ? trade_.next(random_, wall_ms()) : std::nullopt;
  const ledger::EnvelopePtr envelope = trading ? *trading : renaming();
  sent_.push_back({envelope->records()[0].id, now_us_, std::nullopt, 0});
  const std::uint64_t copies = random_.chance(200'000) ? 2 : 1;
  for (std::uint64_t copy = 0; copy < copies; ++copy) {
    SimNode& target = *nodes_[random_.below(nodes_.size())];
    if (target.alive()) target.submit(sent_.size(), envelope);
  }
}

// A client believes what a node calls final, and holds every node to it for ever.
void World::watch_acknowledgements() {
  const std::size_t from = sent_.size() > 200 ? sent_.size() - 200 : 0;
  for (std::size_t number = from; number < sent_.size(); ++number) {
    Sent& record = sent_[number];
    if (record.acknowledged_index) continue;
    SimNode& asked = *nodes_[random_.below(nodes_.size())];
    if (!asked.alive()) continue;
    auto index = asked.ledger().index().record(record.record_id);
    if (!index || !*index || **index >= asked.replica().finality().newest().size) continue;
    auto row = asked.ledger().index().entry(**index);
    const auto entry = ledger::decode_entry(crypto::as_bytes((*row)->entry()));
    record.acknowledged_index = **index;
    record.outcome = std::get<ledger::RecordEntry>(*entry).outcome;
    trade_.learned(record.record_id, record.outcome);
    ++report_.acknowledged;
    if (faults_on_) ++report_.acknowledged_during_faults;
  }
}

void World::fault_turn() {
  for (auto restart = restart_at_us_.begin(); restart != restart_at_us_.end();) {
    if (restart->second > now_us_) {
      ++restart;
      continue;
    }
    trace(restart->first, "restart", {});
    node(restart->first).start();
    for (const auto& one : nodes_) {
      if (one->alive() && one->id() != restart->first) {
        one->replica().on_peer_down(restart->first);
        one->replica().on_peer_up(restart->first);
        one->drain();
      }
    }
    restart = restart_at_us_.erase(restart);
  }
  if (plan_.crash_every_ms != 0 && random_.chance(kTickUs * 1'000 / plan_.crash_every_ms)) {
    // One node, often the leader; sometimes all at once.
    const bool all = random_.chance(50'000);
    const auto victim = static_cast<NodeNumber>(1 + random_.below(nodes_.size()));
    for (const auto& one : nodes_) {
      if (!one->alive() || (!all && one->id() != victim)) continue;
      trace(one->id(), "crash", {});
      one->crash();
      ++report_.crashes;
      restart_at_us_[one->id()] = now_us_ + random_.between(10'000, 8'000'000);
    }
  }
  if (!cut_.empty() && now_us_ >= partition_ends_us_) cut_.clear();
  if (cut_.empty() && plan_.partition_every_ms != 0 &&
      random_.chance(kTickUs * 1'000 / plan_.partition_every_ms)) {
    const bool asymmetric = random_.chance(300'000);
    std::set<NodeNumber> side;
    for (const auto& one : nodes_) {
      if (random_.chance(400'000)) side.insert(one->id());
    }
    for (const auto& left : nodes_) {
      for (const auto& right : nodes_) {
        if (side.contains(left->id()) == side.contains(right->id())) continue;
        if (!asymmetric || side.contains(left->id())) cut_.insert({left->id(), right->id()});
      }
    }
    partition_ends_us_ = now_us_ + random_.between(500'000, 10'000'000);
  }
}

void World::run_until(std::uint64_t end_us) {
  while (!events_.empty() && events_.begin()->first.first <= end_us) {
    auto next = events_.extract(events_.begin());
    now_us_ = next.key().first;
    next.mapped()();
  }
  now_us_ = end_us;
}

void World::heal() {
  faults_on_ = false;
  cut_.clear();
  plan_.disk_stall_ppm = 0;
  for (const auto& [id, when] : restart_at_us_) node(id).start();
  restart_at_us_.clear();
  for (const auto& one : nodes_) {
    for (const auto& other : nodes_) {
      if (one->id() == other->id()) continue;
      one->replica().on_peer_down(other->id());
      one->replica().on_peer_up(other->id());
    }
    one->drain();
  }
}

void World::audit() {
  std::uint64_t top = 0;
  for (const auto& one : nodes_) top = std::max(top, one->ledger().position().height);
  for (const auto& one : nodes_) {
    const ledger::Position& position = one->ledger().position();
    if (position.height != top || one->replica().finality().newest().height != top) {
      throw Violation("converges", "node " + std::to_string(one->id()) + " executed " +
                                       std::to_string(position.height) + ", final " +
                                       std::to_string(one->replica().finality().newest().height) +
                                       ", the furthest " + std::to_string(top) + "; " +
                                       one->replica().finality().waiting_for());
    }
    for (const Sent& record : sent_) {
      if (!record.acknowledged_index) continue;
      auto row = one->ledger().index().entry(*record.acknowledged_index);
      if (!row || !*row)
        throw Violation("nothing-lost",
                        "an acknowledged entry is missing on node " + std::to_string(one->id()));
      const auto entry =
          std::get<ledger::RecordEntry>(*ledger::decode_entry(crypto::as_bytes((*row)->entry())));
      if (entry.record_id != record.record_id || entry.outcome != record.outcome) {
        throw Violation("nothing-lost",
                        "another entry at an acknowledged index on node " + std::to_string(one->id()));
      }
    }
  }
  std::map<crypto::Digest, int> decided;
  auto read =
      nodes_.front()->ledger().index().entries(0, [&](std::uint64_t, const ledger::proto::IndexedEntry& row) {
        const auto entry = ledger::decode_entry(crypto::as_bytes(row.entry()));
        if (const auto* record = std::get_if<ledger::RecordEntry>(&*entry)) {
          if (record->outcome != static_cast<std::uint16_t>(ledger::Code::E_REPLAY))
            ++decided[record->record_id];
        }
        return true;
      });
  if (!read) throw Violation("storage", read.error().detail);
  for (const auto& [record, times] : decided) {
    if (times > 1)
      throw Violation("exactly-once", "a record has " + std::to_string(times) + " entries that decided");
  }
  audit_rules_hold();
}

// Money and rights after every entry of the one log that all have: no balance below zero, nothing made or
// lost.
void World::audit_rules_hold() {
  ledger::AuditFindings findings;
  const auto money = ledger::make_money_rule();
  const auto holders = ledger::make_holders_rule();
  const ledger::Ledger& ledger = nodes_.front()->ledger();
  auto read = ledger.index().entries(0, [&](std::uint64_t index, const ledger::proto::IndexedEntry& row) {
    const auto entry = ledger::decode_entry(crypto::as_bytes(row.entry()));
    std::vector<ledger::AppliedEffect> effects;
    for (const auto& effect : row.effects()) {
      const auto bytes = crypto::as_bytes(effect.effect());
      effects.push_back({effect.subject(), {bytes.begin(), bytes.end()}});
    }
    const ledger::AuditedEntry audited{index, row.height(), 0, *entry, nullptr, {}, effects};
    money->entry(audited, findings);
    holders->entry(audited, findings);
    return true;
  });
  if (!read) throw Violation("storage", read.error().detail);
  holders->finish(ledger, findings);
  if (findings.count() > 0)
    throw Violation("money-and-rights", findings.kept().front().rule + " " + findings.kept().front().text);
}

SimReport World::run() {
  for (const auto& one : nodes_) one->start();
  at(kTickUs, [this] { tick_all(); });
  run_until(kWarmUpUs);
  report_.had_traffic = report_.acknowledged > 0;
  if (!report_.had_traffic) throw Violation("converges", "nothing became final before the first fault");
  faults_on_ = true;
  run_until(kWarmUpUs + options_.virtual_s * 1'000'000);
  heal();
  run_until(now_us_ + kConvergeUs);
  clients_on_ = false;
  run_until(now_us_ + kQuietUs);
  audit();
  report_.settled = trade_.settled();
  report_.virtual_s = now_us_ / 1'000'000;
  report_.trace_hash = trace_.finish();
  return report_;
}

}  // namespace circula::sim
