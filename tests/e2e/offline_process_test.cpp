// What the demonstration calls "without a network" is enforced by the system: here the process that is run is
// this test program itself, with a case of its own.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <csignal>

#include "cli/process.h"

namespace circula::e2e {
namespace {

std::vector<std::string> case_of_this_program(const std::string& name) {
  return {"--gtest_also_run_disabled_tests", "--gtest_filter=OfflineProcess.DISABLED_" + name};
}

TEST(OfflineProcess, DISABLED_computes) { EXPECT_EQ(1 + 1, 2); }
TEST(OfflineProcess, DISABLED_makes_a_socket) { EXPECT_GE(socket(AF_INET, SOCK_STREAM, 0), 0); }

TEST(OfflineProcess, ends_when_it_makes_a_socket) {
  const auto computes = cli::run_offline(case_of_this_program("computes"));
  ASSERT_TRUE(computes) << computes.error().detail;
  EXPECT_EQ(computes->exit_code, 0);
  const auto asks = cli::run_offline(case_of_this_program("makes_a_socket"));
  ASSERT_TRUE(asks) << asks.error().detail;
  if (!asks->guarded) GTEST_SKIP() << "this system does not let a process forbid itself sockets";
  EXPECT_EQ(asks->exit_code, 128 + SIGSYS);
}

}  // namespace
}  // namespace circula::e2e
