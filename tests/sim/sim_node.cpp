#include <algorithm>
#include <utility>

#include "crypto/encoding.h"
#include "node/chain_store.h"
#include "tests/sim/sim_world.h"

namespace circula::sim {
namespace {

constexpr std::uint64_t kFlushUs = 1'000'000;  // as the daemon: at most a second of blocks

std::string key_name(NodeNumber id, std::string_view suffix) {
  return (id == 1 ? "node" : "node-" + std::to_string(id)) + std::string(suffix);
}

}  // namespace

SimNode::SimNode(World& world, NodeNumber id, bool voter) : world_(world), id_(id), voter_(voter) {}

void SimNode::start() {
  ++life_;
  auto opened = ledger::Ledger::open(world_.chain().genesis(), state_, index_);
  if (!opened) throw Violation("recovery", "node " + std::to_string(id_) + ": " + opened.error().detail);
  ledger_ = std::move(*opened);
  while (ledger_->position().height < final_.height) {
    const auto block = chain_.find(ledger_->position().height + 1);
    if (block == chain_.end()) throw Violation("recovery", "a final block is not in chain/");
    if (auto executed = ledger_->execute(*block->second); !executed)
      throw Violation("recovery", executed.error().detail);
  }
  recover();
  for (NodeNumber peer = 1; peer <= world_.size(); ++peer) {
    if (peer != id_) replica_->on_peer_up(peer);
  }
  drain();
}

void SimNode::recover() {
  node::Replica::Options options;
  options.self = id_;
  options.voter = voter_;
  options.random = [this](std::uint64_t bound) { return world_.random().below(bound); };
  options.read_block = [this](std::uint64_t height) -> ledger::Result<node::BlockPtr> {
    const auto found = chain_.find(height);
    if (found == chain_.end()) return ledger::error(ledger::Code::E_NOT_FOUND, "no such block");
    return found->second;
  };
  options.pool = {.bytes_max = 1'000'000, .envelopes_max = 400, .key_share_divisor = 10};
  options.node_key = &world_.chain().key(key_name(id_, ""));
  if (voter_) {
    options.finality_keys = {&world_.chain().key(key_name(id_, ".cosign")),
                             &world_.chain().key(key_name(id_, ".log"))};
  }
  const ledger::Genesis& genesis = world_.chain().genesis();
  node::Replica::Restored restored;
  restored.hard_state = hard_state_;
  consensus::Log log(node::to_core(genesis.configuration()));
  restored.tip = {0, 0, genesis.chain_id(), genesis.message().time_ms()};
  for (const auto& [height, block] : chain_) {
    const ledger::BlockHeader& header = block->frame.header;
    log.append({{header.term}, 1'000, std::nullopt});
    restored.tip = {height, header.term, block->frame.hash, header.time_ms};
  }
  if (voter_) restored.log = std::move(log);
  restored.executed = ledger_->position();
  restored.finality = {promise_, final_};
  replica_ = std::make_unique<node::Replica>(genesis, std::move(options), std::move(restored));
}

void SimNode::crash() {
  // What was in flight reached the disk or did not, one write after the other, never a later one alone.
  for (const node::BlockWrite& pending : in_flight_) {
    if (world_.random().chance(500'000)) break;
    write(pending);
  }
  in_flight_.clear();
  if (world_.plant() == Plant::kForgetVote) hard_state_ = hard_state_before_;
  replica_.reset();
  ledger_.reset();
  disk_free_at_us_ = 0;
}

void SimNode::write(const node::BlockWrite& write) {
  if (write.truncate_from) chain_.erase(chain_.lower_bound(*write.truncate_from), chain_.end());
  for (const node::BlockPtr& block : write.blocks) chain_[block->frame.header.height] = block;
}

const node::BlockPtr* SimNode::in_log(std::uint64_t height) const {
  for (auto pending = in_flight_.rbegin(); pending != in_flight_.rend(); ++pending) {
    for (const node::BlockPtr& block : pending->blocks) {
      if (block->frame.header.height == height) return &block;
    }
    if (pending->truncate_from && height >= *pending->truncate_from) return nullptr;
  }
  return stored(height);
}

const node::BlockPtr* SimNode::stored(std::uint64_t height) const {
  const auto found = chain_.find(height);
  return found == chain_.end() ? nullptr : &found->second;
}

bool SimNode::stores(std::uint64_t height, const crypto::Digest& hash) const {
  const node::BlockPtr* block = stored(height);
  return block != nullptr && (*block)->frame.hash == hash;
}

bool SimNode::has_in_log(std::uint64_t height, const crypto::Digest& hash) const {
  const node::BlockPtr* block = in_log(height);
  return block != nullptr && (*block)->frame.hash == hash;
}

// `write` stands at the end of in_flight_.
void SimNode::check_parents(const node::BlockWrite& write) {
  for (const node::BlockPtr& block : write.blocks) {
    const ledger::BlockHeader& header = block->frame.header;
    world_.saw_appended(id_, block->frame, write.truncate_from.has_value());
    if (header.height > 1 && !has_in_log(header.height - 1, header.parent))
      throw Violation("log-matching", "a block stands on another parent than the log has");
  }
}

void SimNode::tick() {
  replica_->tick(world_.now_us() / 1000, world_.wall_ms());
  if (world_.now_us() >= flushed_at_us_ + kFlushUs) {
    flushed_at_us_ = world_.now_us();
    if (auto flushed = ledger_->flush(); !flushed) throw Violation("storage", flushed.error().detail);
  }
  drain();
}

void SimNode::deliver(NodeNumber from, const std::shared_ptr<const crypto::Bytes>& frame) {
  replica_->on_peer_message(from, *frame);
  drain();
}

void SimNode::submit(std::uint64_t token, const ledger::EnvelopePtr& envelope) {
  replica_->submit(token, envelope);
  drain();
}

void SimNode::drain() {
  while (alive()) {
    node::ReplicaEffects effects = replica_->take_effects();
    if (effects.empty()) return;
    carry_out(std::move(effects));
    if (alive() && replica_->is_leader()) world_.saw_leader(*this, replica_->raft()->term().value);
  }
}

void SimNode::carry_out(node::ReplicaEffects effects) {
  if (effects.stop)
    throw Violation("state-safety", "node " + std::to_string(id_) + " stops: " + *effects.stop);
  for (const std::string& alarm : effects.alarms) throw Violation("alarm", alarm);
  for (const auto& evidence : effects.evidence) {
    throw Violation("honest-nodes-make-no-evidence", evidence.reason());
  }
  if (effects.save) {
    world_.saw_saved(id_, hard_state_, *effects.save);
    hard_state_before_ = std::exchange(hard_state_, *effects.save);
  }
  const std::uint64_t life = life_;
  const auto in_this_life = [this, life](std::function<void()> event) {
    return [this, life, event = std::move(event)] {
      if (!alive() || life_ != life) return;
      event();
      drain();
    };
  };
  for (node::BlockWrite& write_effect : effects.writes) {
    std::uint64_t takes_us = 50 + world_.random().below(2 * world_.plan().disk_mean_us);
    if (world_.random().chance(world_.plan().disk_stall_ppm))
      takes_us += world_.random().between(500'000, 3'000'000);
    disk_free_at_us_ = std::max(disk_free_at_us_, world_.now_us()) + takes_us;
    in_flight_.push_back(write_effect);
    check_parents(write_effect);
    if (world_.plant() == Plant::kAcknowledgeBeforeSync) {
      world_.at(0, in_this_life([this, ticket = write_effect.ticket] { replica_->on_durable(ticket); }));
    }
    world_.at(disk_free_at_us_ - world_.now_us(), in_this_life([this, ticket = write_effect.ticket] {
                write(in_flight_.front());
                in_flight_.erase(in_flight_.begin());
                replica_->on_durable(ticket);
              }));
  }
  if (!effects.promises.empty()) {
    world_.at(100 + world_.random().below(world_.plan().disk_mean_us),
              in_this_life([this, promises = effects.promises] {
                promise_ = promises.back();
                for (const node::Sealed& promise : promises) replica_->on_promised(promise);
              }));
  }
  for (const node::PeerOutput& output : effects.messages) world_.send(id_, output.to, output.frame);
  for (const ledger::EnvelopePtr& envelope : effects.verify) {
    const std::vector<bool> good = crypto::verify_batch(envelope->signature_jobs());
    const bool all = std::find(good.begin(), good.end(), false) == good.end();
    world_.at(60 + world_.random().below(200),
              in_this_life([this, hash = envelope->body_hash(), all] { replica_->on_verified(hash, all); }));
  }
  for (const node::BlockPtr& block : effects.execute) {
    world_.at(20 + world_.random().below(500), in_this_life([this, block] {
                // Hand-overs of different delay still execute in order: each takes the next block.
                const std::uint64_t height = ledger_->position().height + 1;
                const auto next = block->frame.header.height == height ? block : chain_.at(height);
                auto executed = ledger_->execute(*next);
                if (!executed) throw Violation("execution", executed.error().detail);
                world_.saw_executed(id_, *executed, next->frame.hash);
                auto due = ledger_->next_due_ms();
                replica_->on_executed(*executed, *due);
              }));
  }
  if (effects.finalised) {
    final_ = *effects.finalised;
    world_.saw_final(id_, final_);
  }
}

}  // namespace circula::sim
