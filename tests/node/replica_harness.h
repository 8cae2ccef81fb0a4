// One replica, node 1 of four voters and a learner (node 5), with fake seams: the test plays its disk, its
// verifiers, its executor and all its peers, and decides what happens when.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "crypto/encoding.h"
#include "crypto/hash.h"
#include "ledger/proto/identity.pb.h"
#include "node/chain_store.h"
#include "node/consensus_codec.h"
#include "node/replica.h"
#include "tests/ledger/test_chain.h"

namespace circula::node::testing {

using consensus::EntryId;
using consensus::Index;
using consensus::Term;
using ledger::testing::TestChain;

constexpr NodeNumber kLearner = 5;

class ReplicaHarness {
 public:
  explicit ReplicaHarness(TestChain& chain) : chain_(chain) { start({}); }

  // A node that has `blocks` on disk and has executed none of them.
  void start(const std::vector<BlockPtr>& blocks, bool voter = true) {
    Replica::Options options;
    options.self = voter ? 1 : kLearner;
    options.voter = voter;
    options.random = [](std::uint64_t bound) { return bound / 2; };
    options.read_block = [this](std::uint64_t height) -> ledger::Result<BlockPtr> {
      const auto found = disk.find(height);
      if (found == disk.end()) return ledger::error(ledger::Code::E_NOT_FOUND, "no such block");
      return found->second;
    };
    options.node_key = &chain_.key("node");
    if (voter) options.finality_keys = {&chain_.key("node.cosign"), &chain_.key("node.log")};
    const ledger::Genesis& genesis = chain_.genesis();
    Replica::Restored restored;
    consensus::Log log(to_core(genesis.configuration()));
    restored.tip = {0, 0, genesis.chain_id(), genesis.message().time_ms()};
    for (const BlockPtr& block : blocks) {
      const ledger::BlockHeader& header = block->frame.header;
      disk[header.height] = block;
      log.append({{header.term}, 0, std::nullopt});
      restored.tip = {header.height, header.term, block->frame.hash, header.time_ms};
      restored.hard_state.term = {header.term};
    }
    if (voter) restored.log = std::move(log);
    replica = std::make_unique<Replica>(genesis, std::move(options), std::move(restored));
    for (NodeNumber peer = 1; peer <= kLearner; ++peer) {
      if (peer != (voter ? 1 : kLearner)) replica->on_peer_up(peer);
    }
    now_ms = 1'000'000;
    wall_ms = chain_.genesis().message().time_ms() + 1'000;
    tick();
    (void)take();
  }

  void tick(std::uint64_t ms = 10) {
    now_ms += ms;
    wall_ms += ms;
    replica->tick(now_ms, wall_ms);
  }
  void receive(NodeNumber from, const proto::PeerMessage& message) {
    replica->on_peer_message(from, crypto::as_bytes(message.SerializeAsString()));
  }

  // Everything since the last take(); it stands in `all` as well.
  ReplicaEffects take() {
    ReplicaEffects taken = replica->take_effects();
    for (const BlockWrite& write : taken.writes) {
      for (const BlockPtr& block : write.blocks) disk[block->frame.header.height] = block;
    }
    return taken;
  }
  static std::vector<proto::PeerMessage> sent(const ReplicaEffects& effects, NodeNumber to) {
    std::vector<proto::PeerMessage> messages;
    for (const PeerOutput& output : effects.messages) {
      if (output.to != to) continue;
      proto::PeerMessage message;
      EXPECT_TRUE(message.ParseFromArray(output.frame->data(), static_cast<int>(output.frame->size())));
      messages.push_back(std::move(message));
    }
    return messages;
  }
  static std::size_t count(const ReplicaEffects& effects, NodeNumber to,
                           bool (*is)(const proto::PeerMessage&)) {
    const auto messages = sent(effects, to);
    return static_cast<std::size_t>(std::count_if(messages.begin(), messages.end(), is));
  }

  [[nodiscard]] ledger::ParentLink genesis() const {
    return {0, 0, chain_.genesis().chain_id(), chain_.genesis().message().time_ms()};
  }
  static ledger::ParentLink link(const BlockPtr& block) {
    const ledger::BlockHeader& header = block->frame.header;
    return {header.height, header.term, block->frame.hash, header.time_ms};
  }
  BlockPtr block(const ledger::ParentLink& parent, std::uint64_t term, NodeNumber proposer,
                 std::vector<ledger::EnvelopePtr> bodies = {}, std::int64_t time_after_ms = 1) {
    ledger::BlockHeader header;
    header.height = parent.height + 1;
    header.term = term;
    header.parent = parent.hash;
    header.time_ms = static_cast<std::uint64_t>(static_cast<std::int64_t>(parent.time_ms) + time_after_ms);
    header.proposer = proposer;
    std::vector<Digest> hashes;
    for (const auto& body : bodies) hashes.push_back(body->body_hash());
    const std::string key = proposer == 1 ? "node" : "node-" + std::to_string(proposer);
    auto made = std::make_shared<ledger::Block>();
    made->frame = ledger::make_frame(header, hashes, {}, chain_.genesis().chain_id(), chain_.key(key));
    made->bodies = std::move(bodies);
    return made;
  }
  ledger::EnvelopePtr envelope() {
    ledger::proto::Org body;
    body.mutable_update()->set_oid(chain_.oid("provider"));
    body.mutable_update()->mutable_profile()->set_name("provider " + std::to_string(++envelopes_));
    chain_.set_time_ms(wall_ms);
    return chain_.envelope({ledger::testing::spec("provider", 1, body)});
  }

  static proto::PeerMessage append(std::uint64_t term, const ledger::ParentLink& prev,
                                   const std::vector<BlockPtr>& blocks, std::uint64_t commit = 0) {
    consensus::Append append{Term{term}, {Term{prev.term}, Index{prev.height}}, {}, Index{commit}};
    std::vector<ledger::BlockFrame> frames;
    for (const BlockPtr& block : blocks) {
      append.entries.push_back({Term{block->frame.header.term}, 1'000, std::nullopt});
      frames.push_back(block->frame);
    }
    proto::PeerMessage message;
    *message.mutable_consensus() = encode_consensus(append, frames);
    return message;
  }
  static proto::PeerMessage say(const consensus::Message& said) {
    proto::PeerMessage message;
    *message.mutable_consensus() = encode_consensus(said, {});
    return message;
  }
  static proto::PeerMessage bodies(const std::vector<ledger::EnvelopePtr>& envelopes) {
    proto::PeerMessage message;
    for (const auto& one : envelopes)
      message.mutable_bodies()->add_bodies(std::string(crypto::as_text(one->bytes())));
    return message;
  }
  // Finishes every write of `effects`.
  void sync(const ReplicaEffects& effects) {
    for (const BlockWrite& write : effects.writes) replica->on_durable(write.ticket);
  }
  void verify(const ReplicaEffects& effects) {
    for (const auto& one : effects.verify) replica->on_verified(one->body_hash(), true);
  }
  // Says that `block` was executed; its log has ten entries a block.
  static Sealed sealed(std::uint64_t height) {
    return {height, height * 10, crypto::sha256("root of " + std::to_string(height))};
  }
  void executed(const BlockPtr& block) {
    const Sealed seal = sealed(block->frame.header.height);
    ledger::ExecutedBlock done;
    done.height = seal.height;
    done.time_ms = block->frame.header.time_ms;
    done.log_size = seal.size;
    done.log_root = seal.root;
    replica->on_executed(done, std::nullopt);
  }
  // What voter `node` says of a block.
  proto::PeerMessage cosigned(NodeNumber node, const Sealed& seal) {
    const std::string name = node == 1 ? "node" : "node-" + std::to_string(node);
    Finality voter(chain_.genesis(), node, {&chain_.key(name + ".cosign"), &chain_.key(name + ".log")}, {});
    (void)voter.executed(seal);
    proto::PeerMessage message;
    *message.mutable_cosigned() = voter.promised(seal, 1'700'000'000).to_send.at(0);
    return message;
  }

  std::unique_ptr<Replica> replica;
  std::map<std::uint64_t, BlockPtr> disk;
  std::uint64_t now_ms = 0;
  std::uint64_t wall_ms = 0;

 private:
  TestChain& chain_;
  unsigned envelopes_ = 0;
};

}  // namespace circula::node::testing
