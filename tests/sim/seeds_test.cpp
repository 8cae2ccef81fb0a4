#include <gtest/gtest.h>

#include "crypto/ed25519.h"
#include "tests/sim/sim_world.h"

namespace circula::sim {
namespace {

// Seeds a test, so that two cores share the work. A sanitizer costs five times the time and looks for what
// any seed reaches, so a few are enough for it.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t kShare = 4;
#else
constexpr std::uint64_t kShare = 50;
#endif

void run_seeds(std::uint64_t first, unsigned nodes, unsigned learners) {
  ASSERT_TRUE(crypto::init());
  SimReport all;
  for (std::uint64_t seed = first; seed < first + kShare; ++seed) {
    SimOptions options;
    options.seed = seed;
    options.nodes = nodes;
    options.learners = learners;
    try {
      World world(options);
      const SimReport report = world.run();
      EXPECT_GT(report.acknowledged, 0U) << "seed " << seed;
      all.acknowledged_during_faults += report.acknowledged_during_faults;
      all.elections += report.elections;
      all.crashes += report.crashes;
      all.messages_lost += report.messages_lost;
      all.overwritten += report.overwritten;
      all.settled += report.settled;
    } catch (const Violation& violation) {
      ADD_FAILURE() << violation.what() << "\nreplay: circula-sim --seed " << seed << " --nodes " << nodes
                    << " --learners " << learners;
    }
  }
  // What the seeds are for did happen in them.
  EXPECT_GT(all.acknowledged_during_faults, kShare);
  EXPECT_GT(all.elections, 2 * kShare);
  EXPECT_GT(all.crashes, kShare);
  EXPECT_GT(all.messages_lost, kShare);
  EXPECT_GT(all.settled, 5 * kShare);
  if (kShare >= 50) {  // too rare for a few seeds
    EXPECT_GT(all.overwritten, 0U);
  }
}

TEST(Seeds, three_nodes_a) { run_seeds(1, 3, 0); }
TEST(Seeds, three_nodes_and_a_learner) { run_seeds(1001, 3, 1); }
TEST(Seeds, four_nodes) { run_seeds(2001, 4, 0); }
TEST(Seeds, five_nodes) { run_seeds(3001, 5, 0); }

// The same seed twice gives the same trace, byte for byte; another seed another one.
TEST(Seeds, a_seed_replays_exactly) {
  ASSERT_TRUE(crypto::init());
  const auto trace_of = [](std::uint64_t seed) {
    SimOptions options;
    options.seed = seed;
    World world(options);
    return world.run().trace_hash;
  };
  EXPECT_EQ(trace_of(7), trace_of(7));
  EXPECT_NE(trace_of(7), trace_of(8));
}

// A simulator that finds nothing may be looking at nothing: bugs that are put into the shell are found.
std::string first_violation(Plant plant, std::uint64_t seeds_max) {
  for (std::uint64_t seed = 1; seed <= seeds_max; ++seed) {
    SimOptions options;
    options.seed = seed;
    options.plant = plant;
    try {
      World world(options);
      (void)world.run();
    } catch (const Violation& violation) {
      return violation.name;
    }
  }
  return "";
}

TEST(PlantedBugs, an_acknowledgement_before_the_sync_is_found) {
  ASSERT_TRUE(crypto::init());
  EXPECT_EQ(first_violation(Plant::kAcknowledgeBeforeSync, 5), "durable-quorum");
}

TEST(PlantedBugs, a_vote_that_is_forgotten_in_a_power_cut_is_found) {
  ASSERT_TRUE(crypto::init());
  EXPECT_NE(first_violation(Plant::kForgetVote, 20), "");
}

}  // namespace
}  // namespace circula::sim
