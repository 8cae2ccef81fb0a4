#include <gtest/gtest.h>

#include "crypto/ed25519.h"
#include "tests/sim/sim_world.h"

namespace circula::sim {
namespace {

constexpr std::uint64_t kShare = 50;  // seeds a test, so that two cores share the work

void run_seeds(std::uint64_t first, unsigned nodes, unsigned learners) {
  ASSERT_TRUE(crypto::init());
  for (std::uint64_t seed = first; seed < first + kShare; ++seed) {
    SimOptions options;
    options.seed = seed;
    options.nodes = nodes;
    options.learners = learners;
    try {
      World world(options);
      const SimReport report = world.run();
      EXPECT_GT(report.acknowledged, 0U) << "seed " << seed;
    } catch (const Violation& violation) {
      ADD_FAILURE() << violation.what() << "\nreplay: circula-sim --seed " << seed << " --nodes " << nodes
                    << " --learners " << learners;
    }
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

}  // namespace
}  // namespace circula::sim
