// A voter whose disk fails a write or a sync ends with the exit code of disks, tries no sync twice, and is
// missed by nobody; started again on a disk that works, it catches up.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>
#include <map>

#include "tests/e2e/circula_process.h"
#include "tests/e2e/node_processes.h"
#include "tests/ledger/scratch_directory.h"

namespace circula::e2e {
namespace {

using ledger::test::write_text;

constexpr std::chrono::milliseconds kPatience{60'000};
constexpr int kExitDisk = 21;        // reliability.md 5
constexpr std::size_t kFailing = 1;  // node 2

class FailingDisk : public ::testing::Test {
 protected:
  void SetUp() override {
    const Ended made = run({"up", "--dir", net(), "--voters", "4", "--learners", "0", "--json"}, variables());
    ASSERT_EQ(made.exit, 0) << made.err;
    ASSERT_EQ(run({"down", "--dir", net()}, variables()).exit, 0);
    auto cluster = cli::read_cluster(net());
    ASSERT_TRUE(cluster) << cluster.error().detail;
    nodes_.emplace(std::move(*cluster));
  }
  void start_all(const Variables& of_failing = {}) {
    nodes_->start(kFailing, of_failing);
    nodes_->start_those_down();
    ASSERT_TRUE(nodes_->wait_until_equal(kPatience));
  }
  void submit(const std::string& name) {
    const Ended submitted =
        run({"submit", "org", "update", "--name", name, "--url", nodes_->url(0), "--json"}, variables());
    ASSERT_EQ(submitted.exit, 0) << submitted.err;
    EXPECT_EQ(value_at(submitted.out, "/status"), "final");
  }
  void expect_end_and_return() {
    submit("with a disk that fails");
    EXPECT_EQ(nodes_->wait_for_end(kFailing, kPatience), kExitDisk);
    submit("without the node");
    nodes_->start(kFailing);
    EXPECT_TRUE(nodes_->wait_until_equal(kPatience));
    EXPECT_TRUE(nodes_->ended_by_themselves().empty());
  }
  [[nodiscard]] std::string net() const { return scratch_ / "net"; }
  [[nodiscard]] Variables variables() const {
    return {{"CIRCULA_HOME", scratch_ / "home"}, {"LC_ALL", "C.UTF-8"}};
  }

  ledger::test::ScratchDirectory scratch_;
  std::optional<NodeProcesses> nodes_;
};

TEST_F(FailingDisk, ends_a_node_when_a_write_fails) {
  // No file of the node may grow any more: write(2) fails with EFBIG. The signal that comes with it would end
  // the process by itself; what is ignored stays so in what is executed.
  ASSERT_NE(std::signal(SIGXFSZ, SIG_IGN), SIG_ERR);
  start_all();
  const rlimit none{0, 0};
  ASSERT_EQ(prlimit(nodes_->pid(kFailing), RLIMIT_FSIZE, &none, nullptr), 0);
  expect_end_and_return();
}

TEST_F(FailingDisk, ends_a_node_when_a_sync_fails_and_syncs_no_file_again) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer must be the first library of a process";
#endif
  const std::string trigger = scratch_ / "syncs";
  start_all({{"LD_PRELOAD", FAILING_SYNC_LIBRARY}, {"FAILING_SYNC", trigger}});
  write_text(trigger, "");
  expect_end_and_return();
  std::map<std::string, int> syncs;
  std::ifstream file(trigger);
  for (std::string path; std::getline(file, path);) ++syncs[path];
  EXPECT_FALSE(syncs.empty());
  for (const auto& [path, times] : syncs) EXPECT_EQ(times, 1) << path;
}

}  // namespace
}  // namespace circula::e2e
