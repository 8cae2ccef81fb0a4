// In each program whose tests ledger/outcome_tests.inc lists: they are there.
#include <errno.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "ledger/outcome.h"

namespace circula {
namespace {

std::set<std::string> tests_of_this_program() {
  const ::testing::UnitTest& all = *::testing::UnitTest::GetInstance();
  std::set<std::string> names;
  for (int suite = 0; suite < all.total_test_suite_count(); ++suite) {
    const ::testing::TestSuite& tests = *all.GetTestSuite(suite);
    for (int test = 0; test < tests.total_test_count(); ++test)
      names.insert(std::string(tests.name()) + "." + tests.GetTestInfo(test)->name());
  }
  return names;
}

TEST(ListedTests, are_in_this_program) {
  const std::string prefix = std::string(program_invocation_short_name) + ".";
  const std::set<std::string> tests = tests_of_this_program();
  int listed = 0;
  for (const ledger::OutcomeRow& row : ledger::outcome_table()) {
    if (!row.test.starts_with(prefix)) continue;
    ++listed;
    EXPECT_TRUE(tests.contains(std::string(row.test.substr(prefix.size()))))
        << row.name << ": there is no " << row.test;
  }
  EXPECT_GT(listed, 0) << "no test of " << prefix << " is listed";
}

}  // namespace
}  // namespace circula
