#include "node/finality.h"

#include <gtest/gtest.h>

#include "crypto/checkpoint.h"
#include "crypto/hash.h"
#include "tests/ledger/test_chain.h"

namespace circula::node {
namespace {

using ledger::testing::TestChain;

// Four voters: three cosignatures make a block final.
class FinalityTest : public ::testing::Test {
 protected:
  TestChain chain{{.voters = 4}};

  Finality node(NodeNumber id, Finality::Restored restored = {}) {
    const std::string name = id == 1 ? "node" : "node-" + std::to_string(id);
    return Finality(chain.genesis(), id, {&chain.key(name + ".cosign"), &chain.key(name + ".log")},
                    std::move(restored));
  }
  static Sealed block(std::uint64_t height, std::string_view root = "the root") {
    return {height, height * 10, crypto::sha256(root)};
  }
  // Executes and syncs the promise; what the node sends.
  static proto::Cosigned sign(Finality& node, const Sealed& block) {
    const auto executed = node.executed(block);
    EXPECT_EQ(executed.promises, std::vector{block});
    const auto promised = node.promised(block, 1'700'000'000);
    EXPECT_EQ(promised.to_send.size(), 1U);
    return promised.to_send.at(0);
  }
  // What nodes 2, 3 and 4 make of `block`, as a node sends it to others.
  proto::FinalNote final_note(const Sealed& block) {
    Finality two = node(2);
    Finality three = node(3);
    Finality four = node(4);
    (void)sign(two, block);
    (void)two.cosigned(3, sign(three, block));
    const auto outcome = two.cosigned(4, sign(four, block));
    EXPECT_TRUE(outcome.finalised);
    proto::FinalNote message;
    message.set_height(block.height);
    message.set_note(outcome.finalised->note);
    return message;
  }
};

TEST_F(FinalityTest, nothing_is_signed_before_its_promise_is_synced) {
  Finality one = node(1);
  const auto outcome = one.executed(block(1));
  EXPECT_EQ(outcome.promises.size(), 1U);
  EXPECT_TRUE(outcome.to_send.empty());
}

TEST_F(FinalityTest, three_of_four_make_a_block_final_and_two_do_not) {
  Finality one = node(1);
  Finality two = node(2);
  Finality three = node(3);
  (void)sign(one, block(1));
  EXPECT_FALSE(one.cosigned(2, sign(two, block(1))).finalised);
  const auto outcome = one.cosigned(3, sign(three, block(1)));
  ASSERT_TRUE(outcome.finalised);
  EXPECT_EQ(outcome.finalised->size, 10U);
  const auto note = crypto::Note::parse(outcome.finalised->note);
  ASSERT_TRUE(note);
  EXPECT_EQ(note->signatures.size(), 4U);  // the lowest node's log signature and three cosignatures
}

TEST_F(FinalityTest, a_later_block_makes_the_earlier_ones_final) {
  Finality one = node(1);
  Finality two = node(2);
  Finality three = node(3);
  for (Finality* each : {&two, &three}) (void)sign(*each, block(1));
  (void)sign(one, block(1));
  (void)sign(one, block(2));
  (void)one.cosigned(2, sign(two, block(2)));
  const auto outcome = one.cosigned(3, sign(three, block(2)));
  ASSERT_TRUE(outcome.finalised);
  EXPECT_EQ(outcome.finalised->height, 2U);
}

TEST_F(FinalityTest, a_forged_cosignature_counts_for_nothing) {
  Finality one = node(1);
  Finality two = node(2);
  Finality three = node(3);
  (void)sign(one, block(1));
  (void)one.cosigned(2, sign(two, block(1)));
  proto::Cosigned forged = sign(three, block(1));
  std::string bytes = forged.cosignature();
  bytes[5] = static_cast<char>(bytes[5] ^ 1);
  forged.set_cosignature(bytes);
  EXPECT_FALSE(one.cosigned(3, forged).finalised);
  // The right one is still welcome after it.
  EXPECT_FALSE(one.cosigned(4, forged).finalised);
  EXPECT_TRUE(one.cosigned(3, three.own_unfinished().at(0)).finalised);
}

TEST_F(FinalityTest, another_root_is_evidence_against_its_signer) {
  Finality one = node(1);
  Finality liar = node(2);
  (void)sign(one, block(1));
  const auto outcome = one.cosigned(2, sign(liar, block(1, "another root")));
  ASSERT_EQ(outcome.evidence.size(), 1U);
  EXPECT_EQ(outcome.evidence[0].signer(), 2U);
  EXPECT_FALSE(outcome.diverged) << "one voter of four does not prove us wrong";
}

TEST_F(FinalityTest, a_node_that_two_voters_contradict_stops) {
  Finality one = node(1);
  Finality two = node(2);
  Finality three = node(3);
  (void)sign(one, block(1));
  (void)one.cosigned(2, sign(two, block(1, "another root")));
  EXPECT_TRUE(one.cosigned(3, sign(three, block(1, "another root"))).diverged);
}

TEST_F(FinalityTest, a_final_note_of_another_root_stops_the_node) {
  Finality one = node(1);
  (void)one.executed(block(1, "what one executed"));
  EXPECT_TRUE(one.final_note(final_note(block(1))).diverged);
}

TEST_F(FinalityTest, after_a_restart_the_promised_root_must_come_out_again) {
  Finality kept = node(1, {.promise = block(3), .final_checkpoint = {}});
  EXPECT_TRUE(kept.executed(block(2)).promises.empty()) << "an older block is not signed again";
  EXPECT_EQ(kept.executed(block(3)).promises, std::vector{block(3)});
  Finality broken = node(1, {.promise = block(3), .final_checkpoint = {}});
  EXPECT_TRUE(broken.executed(block(3, "another root")).diverged);
}

TEST_F(FinalityTest, a_learner_signs_nothing_and_accepts_a_final_note) {
  Finality learner(chain.genesis(), 9, {}, {});
  const proto::FinalNote note = final_note(block(1));
  EXPECT_FALSE(learner.final_note(note).finalised) << "not before the block is executed here";
  EXPECT_EQ(learner.known_final_size(), 10U);
  const auto executed = learner.executed(block(1));
  EXPECT_TRUE(executed.promises.empty());
  EXPECT_TRUE(executed.finalised);
}

TEST_F(FinalityTest, a_note_with_too_few_cosignatures_is_no_final_note) {
  Finality one = node(1);
  proto::FinalNote message = final_note(block(1));
  auto note = crypto::Note::parse(message.note());
  note->signatures.pop_back();
  message.set_note(note->format());
  (void)one.final_note(message);
  EXPECT_EQ(one.known_final_size(), 0U);
}

// The height of a note travels beside it, unsigned: a peer that lies about it must neither stop a node nor
// make a learner execute what is not final.
TEST_F(FinalityTest, the_height_beside_a_note_means_nothing) {
  proto::FinalNote forged = final_note(block(1));
  forged.set_height(2);

  Finality ahead = node(1);
  (void)ahead.executed(block(1));
  (void)ahead.executed(block(2));
  const auto outcome = ahead.final_note(forged);
  EXPECT_FALSE(outcome.diverged);
  ASSERT_TRUE(outcome.finalised);
  EXPECT_EQ(outcome.finalised->height, 1U);

  Finality learner(chain.genesis(), 9, {}, {});
  forged.set_height(1'000'000);
  (void)learner.final_note(forged);
  EXPECT_EQ(learner.known_final_size(), 10U);
  EXPECT_TRUE(learner.executed(block(1)).finalised);
}

// The third cosignature of four makes a block final, so a fourth that contradicts comes after it.
TEST_F(FinalityTest, another_root_for_a_block_that_is_final_is_evidence) {
  Finality one = node(1);
  Finality two = node(2);
  Finality three = node(3);
  Finality liar = node(4);
  (void)sign(one, block(1));
  (void)one.cosigned(2, sign(two, block(1)));
  ASSERT_TRUE(one.cosigned(3, sign(three, block(1))).finalised);
  const auto lie = sign(liar, block(1, "another root"));
  const auto outcome = one.cosigned(4, lie);
  ASSERT_EQ(outcome.evidence.size(), 1U);
  EXPECT_EQ(outcome.evidence[0].signer(), 4U);
  EXPECT_FALSE(outcome.diverged);
  EXPECT_TRUE(one.cosigned(4, lie).evidence.empty()) << "once is enough";
}

TEST_F(FinalityTest, a_voter_that_signs_two_roots_leaves_evidence) {
  Finality one = node(1);
  Finality two = node(2);
  Finality two_faced = node(2);
  (void)sign(one, block(1));
  (void)one.cosigned(2, sign(two, block(1)));
  EXPECT_EQ(one.cosigned(2, sign(two_faced, block(1, "another root"))).evidence.size(), 1U);
}

TEST_F(FinalityTest, a_relayed_statement_is_looked_at_only_when_it_contradicts) {
  Finality one = node(1);
  Finality liar = node(2);
  Finality honest = node(3);
  (void)sign(one, block(1));
  EXPECT_TRUE(one.relayed(3, sign(honest, block(1))).evidence.empty());
  EXPECT_EQ(one.waiting_for(), "1 of 3 cosignatures for block 1: nodes 1");
  const auto lie = sign(liar, block(1, "another root"));
  EXPECT_TRUE(one.relayed(3, lie).evidence.empty()) << "not signed by node 3";
  EXPECT_EQ(one.relayed(2, lie).evidence.size(), 1U);
}

TEST_F(FinalityTest, an_older_final_note_of_another_root_stops_the_node) {
  Finality one = node(1);
  Finality two = node(2);
  Finality three = node(3);
  for (std::uint64_t height = 1; height <= 2; ++height) {
    (void)sign(one, block(height));
    (void)one.cosigned(2, sign(two, block(height)));
    ASSERT_TRUE(one.cosigned(3, sign(three, block(height))).finalised);
  }
  const auto outcome = one.final_note(final_note(block(1, "another root")));
  EXPECT_TRUE(outcome.diverged);
  EXPECT_EQ(outcome.evidence.size(), 1U);
}

// Ordering goes on while finality stands still (five voters, two lost): what is kept and sent again must not
// grow with the stall, and the newest block must still become final when the others are back.
TEST_F(FinalityTest, a_long_stall_is_bounded_and_ends_at_the_newest_block) {
  Finality one = node(1);
  Finality two = node(2);
  Finality three = node(3);
  const std::uint64_t newest = Finality::kHeightsMax + 100;
  for (std::uint64_t height = 1; height < newest; ++height) {
    const Sealed sealed = block(height);
    (void)one.executed(sealed);
    (void)one.promised(sealed, 1'700'000'000);
  }
  EXPECT_EQ(one.own_unfinished().size(), Finality::kResentMax);
  EXPECT_EQ(one.own_unfinished().back().height(), newest - 1);
  (void)sign(one, block(newest));
  (void)one.cosigned(2, sign(two, block(newest)));
  EXPECT_TRUE(one.cosigned(3, sign(three, block(newest))).finalised);
}

}  // namespace
}  // namespace circula::node
