// What a replica does with the word of its peers, one event at a time; whole clusters under faults are the
// simulator's.
#include "node/replica.h"

#include <algorithm>

#include "tests/node/replica_harness.h"

namespace circula::node {
namespace {

using testing::kLearner;
using testing::ReplicaHarness;
using H = ReplicaHarness;

class ReplicaTest : public ::testing::Test {
 protected:
  ledger::testing::TestChain chain{{.learners = 1, .voters = 4}};
  ReplicaHarness node{chain};

  // Node 2 leads `term`; its first block is appended and durable.
  BlockPtr follow_node_2(std::uint64_t term) {
    BlockPtr first = node.block(node.genesis(), term, 2);
    node.receive(2, H::append(term, node.genesis(), {first}));
    node.sync(node.take());
    (void)node.take();
    return first;
  }
};

bool is_acknowledgement(const proto::PeerMessage& message) {
  return message.consensus().has_append_accepted();
}
bool is_refusal(const proto::PeerMessage& message) { return message.consensus().has_append_refused(); }
bool is_granted_vote(const proto::PeerMessage& message) {
  return message.consensus().vote_response().granted();
}
bool is_campaign(const proto::PeerMessage& message) {
  return message.consensus().has_pre_vote_request() || message.consensus().has_vote_request();
}
bool is_evidence(const proto::PeerMessage& message) { return message.has_evidence(); }
bool is_note(const proto::PeerMessage& message) { return message.has_final_note(); }

TEST_F(ReplicaTest, a_vote_goes_out_in_the_batch_that_saves_it_first) {
  node.receive(3, H::say(consensus::VoteRequest{{7}, {}, false}));
  const ReplicaEffects effects = node.take();
  ASSERT_EQ(H::count(effects, 3, is_granted_vote), 1U);
  ASSERT_TRUE(effects.save);
  EXPECT_EQ(*effects.save, (consensus::HardState{{7}, {3}}));
}

TEST_F(ReplicaTest, a_block_is_acknowledged_when_it_is_durable_and_not_before) {
  const BlockPtr first = node.block(node.genesis(), 1, 2);
  node.receive(2, H::append(1, node.genesis(), {first}));
  const ReplicaEffects written = node.take();
  ASSERT_EQ(written.writes.size(), 1U);
  EXPECT_EQ(H::count(written, 2, is_acknowledgement), 0U);
  node.sync(written);
  EXPECT_EQ(H::count(node.take(), 2, is_acknowledgement), 1U);
}

TEST_F(ReplicaTest, a_block_waits_for_its_bodies_and_they_are_asked_for) {
  const BlockPtr first = follow_node_2(1);
  const ledger::EnvelopePtr body = node.envelope();
  const BlockPtr second = node.block(H::link(first), 1, 2, {body});
  node.receive(2, H::append(1, H::link(first), {second}));
  node.tick();
  const ReplicaEffects waiting = node.take();
  EXPECT_TRUE(waiting.writes.empty());
  const auto asked = H::sent(waiting, 2);
  EXPECT_TRUE(std::any_of(asked.begin(), asked.end(), [&](const proto::PeerMessage& message) {
    return message.body_request().hashes_size() == 1 &&
           message.body_request().hashes(0) == body->body_hash().text();
  }));
  node.receive(3, H::bodies({body}));
  node.verify(node.take());
  EXPECT_EQ(node.take().writes.size(), 1U);
}

TEST_F(ReplicaTest, an_invalid_block_is_evidence_and_its_leader_is_left_for_the_term) {
  const BlockPtr first = follow_node_2(1);
  const BlockPtr backwards = node.block(H::link(first), 1, 2, {}, -1);
  node.receive(2, H::append(1, H::link(first), {backwards}));
  const ReplicaEffects refused = node.take();
  EXPECT_TRUE(refused.writes.empty());
  EXPECT_EQ(H::count(refused, 2, is_refusal), 1U);
  ASSERT_EQ(refused.evidence.size(), 1U);
  EXPECT_EQ(refused.evidence[0].kind(), "block");
  EXPECT_EQ(refused.evidence[0].signer(), 2U);
  EXPECT_EQ(refused.evidence[0].statements(0), backwards->frame.message().SerializeAsString());
  EXPECT_NE(refused.evidence[0].reason().find("time below"), std::string::npos);

  const BlockPtr good = node.block(H::link(first), 1, 2);
  node.receive(2, H::append(1, H::link(first), {good}));
  EXPECT_TRUE(node.take().writes.empty()) << "nothing more from that leader in that term";
  EXPECT_EQ(node.replica->raft()->log().last_index().value, 1U);
  const BlockPtr next = node.block(H::link(first), 2, 3);
  node.receive(3, H::append(2, H::link(first), {next}));
  EXPECT_EQ(node.take().writes.size(), 1U);
}

TEST_F(ReplicaTest, a_refused_leader_does_not_stop_the_election_timer) {
  const BlockPtr first = follow_node_2(1);
  node.receive(2, H::append(1, H::link(first), {node.block(H::link(first), 1, 2, {}, -1)}));
  (void)node.take();
  std::size_t campaigns = 0;
  for (int tick = 0; tick < 250; ++tick) {
    node.receive(2, H::say(consensus::Heartbeat{{1}, {1}, {2}, 0}));
    node.tick();
    campaigns += H::count(node.take(), 3, is_campaign);
  }
  EXPECT_GT(campaigns, 0U);
}

TEST_F(ReplicaTest, a_forged_header_is_evidence_against_who_sent_it) {
  const BlockPtr first = follow_node_2(1);
  auto forged = std::make_shared<ledger::Block>(*node.block(H::link(first), 1, 3));
  forged->frame.signature = node.block(H::link(first), 1, 2)->frame.signature;
  node.receive(2, H::append(1, H::link(first), {forged}));
  const ReplicaEffects refused = node.take();
  ASSERT_EQ(refused.evidence.size(), 1U);
  EXPECT_EQ(refused.evidence[0].signer(), 2U) << "node 3 signed nothing";
}

TEST_F(ReplicaTest, a_leader_of_malformed_frames_is_refused) {
  const BlockPtr first = follow_node_2(1);
  proto::PeerMessage message = H::append(1, H::link(first), {node.block(H::link(first), 1, 2)});
  message.mutable_consensus()->mutable_append()->mutable_frames(0)->set_header("not a header");
  node.receive(2, message);
  EXPECT_EQ(H::count(node.take(), 2, is_refusal), 1U);
}

// A follower that finds a block ahead of its clock holds it back: no acknowledgement, no evidence.
TEST_F(ReplicaTest, a_block_more_than_five_seconds_ahead_is_held_back) {
  const BlockPtr first = follow_node_2(1);
  const auto ahead_ms = static_cast<std::int64_t>(node.wall_ms + 5'020 - first->frame.header.time_ms);
  const BlockPtr early = node.block(H::link(first), 1, 2, {}, ahead_ms);
  node.receive(2, H::append(1, H::link(first), {early}));
  ReplicaEffects effects = node.take();
  EXPECT_TRUE(effects.writes.empty());
  EXPECT_TRUE(effects.evidence.empty());
  EXPECT_EQ(H::count(effects, 2, is_refusal), 0U);
  node.tick(10);
  EXPECT_TRUE(node.take().writes.empty());
  node.tick(10);
  EXPECT_EQ(node.take().writes.size(), 1U);
}

// A voter that does not lead sends a block for a height that is appended and not yet committed. When the true
// one commits, that one must execute.
TEST_F(ReplicaTest, only_what_the_core_appends_is_ever_executed) {
  const BlockPtr appended = follow_node_2(2);
  const BlockPtr foreign = node.block(node.genesis(), 1, 3);
  node.receive(3, H::append(2, node.genesis(), {foreign}));
  (void)node.take();
  node.receive(2, H::say(consensus::CommitNotice{{2}, {1}}));
  const ReplicaEffects effects = node.take();
  ASSERT_EQ(effects.execute.size(), 1U);
  EXPECT_EQ(effects.execute[0]->frame.hash, appended->frame.hash);
}

// The same from one who claims a higher term, so that the core does follow it, for a block that is committed
// and waits for execution.
TEST_F(ReplicaTest, a_committed_block_stays_what_it_is) {
  std::vector<BlockPtr> chain_blocks{follow_node_2(2)};
  for (int height = 2; height <= 100; ++height)
    chain_blocks.push_back(node.block(H::link(chain_blocks.back()), 2, 2));
  node.receive(2, H::append(2, H::link(chain_blocks[0]), {chain_blocks.begin() + 1, chain_blocks.end()}));
  node.sync(node.take());
  node.receive(2, H::say(consensus::CommitNotice{{2}, {100}}));
  ReplicaEffects effects = node.take();
  ASSERT_EQ(effects.execute.size(), 64U) << "no more are handed over at once";
  const BlockPtr foreign = node.block(H::link(chain_blocks[79]), 3, 3);
  node.receive(3, H::append(3, H::link(chain_blocks[79]), {foreign}));
  EXPECT_FALSE(node.take().alarms.empty());
  for (std::size_t done = 0; done < 100; ++done) {
    node.executed(chain_blocks[done]);
    for (const BlockPtr& next : node.take().execute)
      EXPECT_EQ(next->frame.hash, chain_blocks[next->frame.header.height - 1]->frame.hash);
  }
}

TEST_F(ReplicaTest, two_signed_headers_for_one_height_and_term_are_evidence) {
  const BlockPtr first = follow_node_2(1);
  const BlockPtr other = node.block(node.genesis(), 1, 2, {}, 2);
  node.receive(2, H::append(1, node.genesis(), {other}));
  const ReplicaEffects effects = node.take();
  ASSERT_EQ(effects.evidence.size(), 1U);
  EXPECT_EQ(effects.evidence[0].kind(), "headers");
  EXPECT_EQ(effects.evidence[0].signer(), 2U);
  EXPECT_EQ(H::count(effects, 4, is_evidence), 1U) << "the others hear of it";

  // Another node believes it because it checks it, and once.
  ReplicaHarness witness(chain);
  proto::PeerMessage told;
  *told.mutable_evidence() = effects.evidence[0];
  witness.receive(4, told);
  witness.receive(3, told);
  EXPECT_EQ(witness.take().evidence.size(), 1U);
  told.mutable_evidence()->set_signer(3);
  ReplicaHarness doubter(chain);
  doubter.receive(4, told);
  EXPECT_TRUE(doubter.take().evidence.empty());
}

TEST_F(ReplicaTest, evidence_that_shows_nothing_is_not_kept) {
  proto::PeerMessage told;
  told.mutable_evidence()->set_kind("block");
  told.mutable_evidence()->set_signer(3);
  told.mutable_evidence()->add_statements("anything");
  node.receive(2, told);
  told.mutable_evidence()->set_kind("headers");
  node.receive(2, told);
  told.mutable_evidence()->set_kind("cosignature");
  node.receive(2, told);
  told.mutable_evidence()->set_kind("checkpoint");
  node.receive(2, told);
  EXPECT_TRUE(node.take().evidence.empty());
}

TEST_F(ReplicaTest, a_conflicting_cosignature_is_kept_and_gossiped_and_the_node_goes_on) {
  const BlockPtr first = follow_node_2(1);
  node.receive(2, H::say(consensus::CommitNotice{{1}, {1}}));
  (void)node.take();
  node.executed(first);
  (void)node.take();
  Sealed lie = H::sealed(1);
  lie.root = crypto::sha256("another root");
  node.receive(3, node.cosigned(3, lie));
  const ReplicaEffects effects = node.take();
  ASSERT_EQ(effects.evidence.size(), 1U);
  EXPECT_EQ(effects.evidence[0].signer(), 3U);
  EXPECT_EQ(H::count(effects, 4, is_evidence), 1U);
  EXPECT_EQ(H::count(effects, kLearner, is_evidence), 1U);
  EXPECT_FALSE(effects.stop);
}

TEST_F(ReplicaTest, nothing_is_cosigned_before_its_promise_is_synced) {
  const BlockPtr first = follow_node_2(1);
  node.receive(2, H::say(consensus::CommitNotice{{1}, {1}}));
  (void)node.take();
  node.executed(first);
  const ReplicaEffects effects = node.take();
  const auto is_cosigned = [](const proto::PeerMessage& message) { return message.has_cosigned(); };
  ASSERT_EQ(effects.promises.size(), 1U);
  EXPECT_EQ(H::count(effects, 2, is_cosigned), 0U);
  node.replica->on_promised(effects.promises[0]);
  EXPECT_EQ(H::count(node.take(), 2, is_cosigned), 1U);
}

// Its cosignatures reached us and ours were lost on the way: without an answer it would wait until the next
// block, which may be tomorrow.
TEST_F(ReplicaTest, who_cosigns_what_is_final_is_sent_the_note) {
  const BlockPtr first = follow_node_2(1);
  node.receive(2, H::say(consensus::CommitNotice{{1}, {1}}));
  (void)node.take();
  node.executed(first);
  node.replica->on_promised(node.take().promises.at(0));
  node.receive(2, node.cosigned(2, H::sealed(1)));
  node.receive(3, node.cosigned(3, H::sealed(1)));
  ASSERT_TRUE(node.take().finalised);
  node.tick(2'000);
  (void)node.take();
  node.receive(4, node.cosigned(4, H::sealed(1)));
  node.receive(4, node.cosigned(4, H::sealed(1)));
  EXPECT_EQ(H::count(node.take(), 4, is_note), 1U) << "and at most one a second";
}

TEST_F(ReplicaTest, a_learner_has_no_word_in_consensus) {
  node.receive(kLearner, H::say(consensus::Heartbeat{{99}, {0}, {0}, 0}));
  node.receive(kLearner, H::append(99, node.genesis(), {node.block(node.genesis(), 99, 2)}));
  EXPECT_EQ(node.replica->raft()->term().value, 0U);
  EXPECT_TRUE(node.take().writes.empty());
}

// One small frame that lists a large body a hundred thousand times must not be answered a hundred thousand
// times.
TEST_F(ReplicaTest, a_body_listed_many_times_is_sent_once) {
  const ledger::EnvelopePtr body = node.envelope();
  node.receive(2, H::bodies({body}));
  node.verify(node.take());
  (void)node.take();
  proto::PeerMessage request;
  for (int times = 0; times < 1'000; ++times)
    request.mutable_body_request()->add_hashes(std::string(body->body_hash().text()));
  node.receive(3, request);
  int bodies = 0;
  for (const proto::PeerMessage& message : H::sent(node.take(), 3)) bodies += message.bodies().bodies_size();
  EXPECT_EQ(bodies, 1);
}

TEST_F(ReplicaTest, announcements_of_nothing_do_not_keep_a_block_from_its_bodies) {
  const BlockPtr first = follow_node_2(1);
  proto::PeerMessage nothing;
  for (int number = 0; number < 70'000; ++number) {
    nothing.mutable_announcement()->add_hashes(
        std::string(crypto::sha256("nothing " + std::to_string(number)).text()));
  }
  node.receive(3, nothing);
  const ledger::EnvelopePtr body = node.envelope();
  node.receive(2, H::append(1, H::link(first), {node.block(H::link(first), 1, 2, {body})}));
  node.tick();
  const auto asked = H::sent(node.take(), 2);
  EXPECT_TRUE(std::any_of(asked.begin(), asked.end(), [&](const proto::PeerMessage& message) {
    const auto& hashes = message.body_request().hashes();
    return std::find(hashes.begin(), hashes.end(), body->body_hash().text()) != hashes.end();
  }));
  // When each peer was asked once, nothing of it is left.
  for (int round = 0; round < 6; ++round) {
    node.tick(60);
    (void)node.take();
  }
  node.tick(60);
  std::size_t still_asked = 0;
  const ReplicaEffects effects = node.take();
  for (NodeNumber peer = 2; peer <= kLearner; ++peer) {
    for (const proto::PeerMessage& message : H::sent(effects, peer))
      still_asked += static_cast<std::size_t>(message.body_request().hashes_size());
  }
  EXPECT_LE(still_asked, 1U);
}

TEST_F(ReplicaTest, a_node_at_its_disk_reserve_does_not_campaign) {
  node.replica->set_read_only(true);
  std::size_t campaigns = 0;
  for (int tick = 0; tick < 500; ++tick) {
    node.tick();
    campaigns += H::count(node.take(), 2, is_campaign);
  }
  EXPECT_EQ(campaigns, 0U);
  node.replica->set_read_only(false);
  for (int tick = 0; tick < 250; ++tick) {
    node.tick();
    campaigns += H::count(node.take(), 2, is_campaign);
  }
  EXPECT_GT(campaigns, 0U);
}

// state/ was lost and chain/ holds many blocks: they are read back a window at a time.
TEST_F(ReplicaTest, a_long_chain_is_executed_a_window_at_a_time) {
  std::vector<BlockPtr> blocks{node.block(node.genesis(), 1, 2)};
  for (int height = 2; height <= 300; ++height) blocks.push_back(node.block(H::link(blocks.back()), 1, 2));
  node.start(blocks);
  const BlockPtr next = node.block(H::link(blocks.back()), 1, 2);
  node.receive(2, H::append(1, H::link(blocks.back()), {next}, 300));
  std::uint64_t done = 0;
  while (true) {
    const std::vector<BlockPtr> handed_over = node.take().execute;
    if (handed_over.empty()) break;
    ASSERT_LE(handed_over.size(), 64U);
    for (const BlockPtr& block : handed_over) {
      ASSERT_EQ(block->frame.header.height, ++done);
      node.executed(block);
    }
    node.tick();
  }
  EXPECT_EQ(done, 300U) << "also while a new block is held back behind them";
}

// The block of a deposed leader is overwritten; what it carried goes back to the pool and comes with another
// block, once (B35).
TEST_F(ReplicaTest, a_body_of_an_overwritten_block_may_come_again) {
  const BlockPtr first = follow_node_2(1);
  const ledger::EnvelopePtr body = node.envelope();
  node.receive(2, H::bodies({body}));
  node.verify(node.take());
  node.receive(2, H::append(1, H::link(first), {node.block(H::link(first), 1, 2, {body})}));
  ASSERT_EQ(node.take().writes.size(), 1U);
  const BlockPtr other = node.block(H::link(first), 2, 3);
  node.receive(3, H::append(2, H::link(first), {other}));
  ASSERT_EQ(node.take().writes.size(), 1U);
  EXPECT_TRUE(node.replica->is_pending(body->id()));
  const BlockPtr again = node.block(H::link(other), 2, 3, {body});
  node.receive(3, H::append(2, H::link(other), {again}));
  node.sync(node.take());
  node.receive(3, H::say(consensus::CommitNotice{{2}, {3}}));
  ASSERT_EQ(node.take().execute.size(), 3U);
  for (const BlockPtr& block : {first, other, again}) node.executed(block);
  EXPECT_FALSE(node.replica->is_pending(body->id()));
  EXPECT_TRUE(node.replica->pool().empty());
}

// A block that this node refuses and the quorum makes final: its rule differs from theirs, so it must stop.
// One leader's word must not suffice for it.
TEST_F(ReplicaTest, a_node_whose_rule_differs_from_the_quorums_stops) {
  const BlockPtr first = follow_node_2(1);
  node.receive(2, H::say(consensus::CommitNotice{{1}, {1}}));
  (void)node.take();
  node.executed(first);
  (void)node.take();
  const BlockPtr disputed = node.block(H::link(first), 1, 2, {}, -1);
  node.receive(2, H::append(1, H::link(first), {disputed}, 2));
  EXPECT_FALSE(node.take().stop);

  // The others executed it and went on; the note comes with the next leader.
  Finality voters[] = {{chain.genesis(), 2, {&chain.key("node-2.cosign"), &chain.key("node-2.log")}, {}},
                       {chain.genesis(), 3, {&chain.key("node-3.cosign"), &chain.key("node-3.log")}, {}},
                       {chain.genesis(), 4, {&chain.key("node-4.cosign"), &chain.key("node-4.log")}, {}}};
  proto::PeerMessage note;
  for (Finality& each : voters) {
    (void)each.executed(H::sealed(2));
    const auto own = each.promised(H::sealed(2), 1'700'000'000).to_send.at(0);
    if (&each == &voters[0]) continue;
    const auto outcome = voters[0].cosigned(static_cast<NodeNumber>(&each - voters + 2), own);
    if (outcome.finalised) note.mutable_final_note()->set_note(outcome.finalised->note);
  }
  ASSERT_TRUE(note.has_final_note());
  node.receive(2, note);
  EXPECT_FALSE(node.take().stop) << "another block may stand at that height";
  node.receive(3, H::append(2, H::link(first), {disputed}, 2));
  const ReplicaEffects effects = node.take();
  ASSERT_TRUE(effects.stop);
  EXPECT_NE(effects.stop->find("block 2"), std::string::npos);
}

}  // namespace
}  // namespace circula::node
