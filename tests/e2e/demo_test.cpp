// `circula demo`, as a newcomer runs it: twice at once, and stopped in the middle of it by each signal that a
// terminal sends.
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "cli/process.h"
#include "tests/e2e/circula_process.h"
#include "tests/ledger/scratch_directory.h"

namespace circula::e2e {
namespace {

using ledger::test::read_text;

constexpr int kNodes = 5;
constexpr std::size_t kChecksMin = 20;

std::string last_line(const std::string& path) {
  std::ifstream file(path);
  std::string last;
  for (std::string line; std::getline(file, line);) last = line;
  return last;
}

// "N passed, 0 failed", and N.
std::size_t passed_of(const std::string& line) {
  const auto at = line.find(" passed, 0 failed");
  return at == std::string::npos || at + std::string(" passed, 0 failed").size() != line.size()
             ? 0
             : std::stoul(line.substr(0, at));
}

class Demo : public ::testing::Test {
 protected:
  [[nodiscard]] std::string directory(const std::string& name) const { return scratch_ / name; }
  [[nodiscard]] std::string log(const std::string& name) const { return scratch_ / (name + ".log"); }
  [[nodiscard]] pid_t start_demo(const std::string& name, std::vector<std::string> more = {}) const {
    std::vector<std::string> words{"demo", "--dir", directory(name)};
    words.insert(words.end(), more.begin(), more.end());
    return start_logged(words, log(name));
  }
  ledger::test::ScratchDirectory scratch_;
};

TEST_F(Demo, two_at_once_pass_every_check) {
  const pid_t first = start_demo("first", {"--once", "--seed", "1"});
  const pid_t second = start_demo("second", {"--once", "--seed", "2"});
  EXPECT_EQ(wait_for(first), 0);
  EXPECT_EQ(wait_for(second), 0);
  for (const char* name : {"first", "second"}) {
    EXPECT_GE(passed_of(last_line(log(name))), kChecksMin) << read_text(log(name));
    EXPECT_FALSE(std::filesystem::exists(directory(name)));
  }
}

class StoppedDemo : public Demo, public ::testing::WithParamInterface<int> {
 protected:
  // Of all nodes, once the load is under way; fewer when that does not come.
  std::vector<cli::ProcessName> wait_for_nodes(const std::string& name) {
    std::vector<cli::ProcessName> nodes;
    for (int tries = 0; tries < 600 && nodes.size() < kNodes; ++tries) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      nodes.clear();
      if (!std::filesystem::exists(directory(name) + "/acknowledged")) continue;
      for (int node = 1; node <= kNodes; ++node) {
        const auto process = cli::read_pid_file(directory(name) + "/" + std::to_string(node) + "/node.pid");
        if (process) nodes.push_back(*process);
      }
    }
    return nodes;
  }
};

TEST_P(StoppedDemo, leaves_no_process_and_no_directory) {
  const pid_t demo = start_demo("stopped");
  const std::vector<cli::ProcessName> nodes = wait_for_nodes("stopped");
  ASSERT_EQ(nodes.size(), std::size_t{kNodes}) << read_text(log("stopped"));
  kill(demo, GetParam());
  EXPECT_EQ(wait_for(demo), 130);
  for (const cli::ProcessName& node : nodes) EXPECT_FALSE(cli::is_running(node)) << node.pid;
  EXPECT_FALSE(std::filesystem::exists(directory("stopped")));
}

INSTANTIATE_TEST_SUITE_P(Signals, StoppedDemo, ::testing::Values(SIGINT, SIGTERM, SIGHUP),
                         [](const auto& signal) { return std::string(sigabbrev_np(signal.param)); });

}  // namespace
}  // namespace circula::e2e
