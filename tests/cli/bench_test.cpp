// The parts of `circula bench` that work without a cluster.
#include <gtest/gtest.h>

#include <fstream>
#include <numeric>

#include "cli/bench_lookup.h"
#include "cli/bench_report.h"
#include "cli/bench_target.h"
#include "tests/ledger/scratch_directory.h"

namespace circula::cli {
namespace {

TEST(BenchPercentiles, are_the_nearest_ranks_of_all_latencies) {
  std::vector<std::uint64_t> latencies(1'000);
  std::iota(latencies.rbegin(), latencies.rend(), 1);
  const BenchPercentiles found = percentiles(latencies);
  EXPECT_EQ(found.count, 1'000U);
  EXPECT_EQ(found.p50, 500U);
  EXPECT_EQ(found.p90, 900U);
  EXPECT_EQ(found.p99, 990U);
  EXPECT_EQ(found.p999, 999U);
  EXPECT_EQ(found.max, 1'000U);
}

TEST(BenchPercentiles, of_one_latency_are_that_latency) {
  const BenchPercentiles found = percentiles({7});
  EXPECT_EQ(found.p50, 7U);
  EXPECT_EQ(found.p999, 7U);
  EXPECT_EQ(percentiles({}).count, 0U);
}

TEST(BenchAcknowledgements, come_from_the_files_of_all_clients) {
  const ledger::test::ScratchDirectory scratch;
  const std::string one = scratch / "one", two = scratch / "two";
  std::ofstream(one) << "aa 5 0\nbb 6 803\n";
  std::ofstream(two) << "cc 5 0\n";
  const auto all = read_acknowledgements({one, two});
  ASSERT_TRUE(all);
  // Two records cannot have one index: both lines are kept, so that looking up finds the lie.
  EXPECT_EQ(all->count(5), 2U);
  ASSERT_EQ(all->count(6), 1U);
  EXPECT_EQ(all->find(6)->second.record, "bb");
  EXPECT_EQ(all->find(6)->second.outcome, 803);
}

TEST(BenchAcknowledgements, refuse_a_line_that_is_none) {
  const ledger::test::ScratchDirectory scratch;
  const std::string file = scratch / "torn";
  std::ofstream(file) << "aa 5 0\nbb six 0\n";
  EXPECT_FALSE(read_acknowledgements({file}));
  EXPECT_FALSE(read_acknowledgements({scratch / "absent"}));
}

TEST(BenchTarget, is_not_found_in_an_empty_directory) {
  const ledger::test::ScratchDirectory scratch;
  const auto target = BenchTarget::of_directory(scratch.path().string());
  ASSERT_FALSE(target);
  EXPECT_EQ(target.error().code, Code::E_NOT_FOUND);
}

}  // namespace
}  // namespace circula::cli
