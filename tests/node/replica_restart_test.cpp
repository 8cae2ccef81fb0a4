// A voter that is started again has forgotten its pool, and clients send again what nobody answered. Once it
// leads it must not order a body that stands in its log: the second entry would be a replay. It did, for
// bodies above the executed height and for those executed before the start.
#include <gtest/gtest.h>

#include <algorithm>

#include "node/chain_store.h"
#include "node/replica.h"
#include "tests/ledger/asset_records.h"

namespace circula::node {
namespace {

using ledger::testing::TestChain;

// The only voter of a chain, without threads: what it wants written is written, nothing is executed.
class LoneVoter {
 public:
  LoneVoter(TestChain& chain, std::map<std::uint64_t, BlockPtr>& blocks, ledger::Position executed)
      : chain_(chain), blocks_(blocks) {
    const ledger::Genesis& genesis = chain.genesis();
    Replica::Options options;
    options.self = 1;
    options.random = [](std::uint64_t) { return std::uint64_t{0}; };
    options.read_block = [this](std::uint64_t height) -> ledger::Result<BlockPtr> {
      const auto found = blocks_.find(height);
      if (found == blocks_.end()) return ledger::error(ledger::Code::E_NOT_FOUND, "no such block");
      return found->second;
    };
    options.node_key = &chain.key("node");
    options.finality_keys = {&chain.key("node.cosign"), &chain.key("node.log")};
    Replica::Restored restored;
    consensus::Log log(to_core(genesis.configuration()));
    restored.tip = {0, 0, genesis.chain_id(), genesis.message().time_ms()};
    for (const auto& [height, block] : blocks) {
      const ledger::BlockHeader& header = block->frame.header;
      log.append({{header.term}, 1'000, std::nullopt});
      restored.tip = {height, header.term, block->frame.hash, header.time_ms};
      restored.hard_state.term = {header.term};
    }
    restored.log = std::move(log);
    restored.executed = std::move(executed);
    replica_.emplace(genesis, std::move(options), std::move(restored));
  }

  void submit(const ledger::EnvelopePtr& envelope) {
    replica_->submit(1, envelope);
    carry_out();
  }
  // Five seconds: an election, and all blocks that it wants to propose.
  void run() {
    constexpr std::uint64_t kTickMs = 10;
    for (int tick = 0; tick < 500; ++tick) {
      mono_ms_ += kTickMs;
      replica_->tick(mono_ms_, chain_.time_ms() + mono_ms_);
      carry_out();
    }
    ASSERT_TRUE(replica_->is_leader());
  }
  [[nodiscard]] const RecordPool& pool() const { return replica_->pool(); }

 private:
  void carry_out() {
    for (ReplicaEffects effects = replica_->take_effects(); !effects.empty();
         effects = replica_->take_effects()) {
      for (const BlockWrite& write : effects.writes) {
        if (write.truncate_from) blocks_.erase(blocks_.lower_bound(*write.truncate_from), blocks_.end());
        for (const BlockPtr& block : write.blocks) blocks_[block->frame.header.height] = block;
        replica_->on_durable(write.ticket);
      }
      for (const ledger::EnvelopePtr& envelope : effects.verify)
        replica_->on_verified(envelope->body_hash(), true);
    }
  }

  TestChain& chain_;
  std::map<std::uint64_t, BlockPtr>& blocks_;
  std::optional<Replica> replica_;
  std::uint64_t mono_ms_ = 0;
};

std::ptrdiff_t times_in(const std::map<std::uint64_t, BlockPtr>& blocks,
                        const ledger::EnvelopePtr& envelope) {
  std::ptrdiff_t times = 0;
  for (const auto& [height, block] : blocks)
    times += std::ranges::count(block->frame.body_hashes, envelope->body_hash());
  return times;
}

class ReplicaRestart : public ::testing::Test {
 protected:
  ledger::EnvelopePtr asset(const std::string& title) {
    return chain_.envelope({ledger::testing::spec("provider.cdo", ledger::testing::kAssetRegister,
                                                  ledger::testing::asset_body(title), {"provider"})});
  }

  TestChain chain_;
  std::map<std::uint64_t, BlockPtr> blocks_;
};

TEST_F(ReplicaRestart, orders_a_body_of_its_unexecuted_log_once) {
  const ledger::EnvelopePtr known = asset("roads");
  const ledger::EnvelopePtr fresh = asset("buses");
  LoneVoter before(chain_, blocks_, chain_.ledger().position());
  before.submit(known);
  before.run();
  ASSERT_EQ(times_in(blocks_, known), 1);

  LoneVoter after(chain_, blocks_, chain_.ledger().position());
  after.submit(known);
  after.submit(fresh);
  after.run();
  EXPECT_EQ(times_in(blocks_, fresh), 1);
  EXPECT_EQ(times_in(blocks_, known), 1);
}

TEST_F(ReplicaRestart, neither_orders_nor_keeps_a_body_that_was_executed_before_it) {
  const ledger::EnvelopePtr known = asset("roads");
  LoneVoter before(chain_, blocks_, chain_.ledger().position());
  before.submit(known);
  before.run();
  ASSERT_EQ(times_in(blocks_, known), 1);
  for (const auto& [height, block] : blocks_) ASSERT_TRUE(chain_.ledger().execute(*block));

  LoneVoter after(chain_, blocks_, chain_.ledger().position());
  after.submit(known);
  after.run();
  EXPECT_EQ(times_in(blocks_, known), 1);
  EXPECT_TRUE(after.pool().empty());
}

}  // namespace
}  // namespace circula::node
