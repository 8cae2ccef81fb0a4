// Runs every file of scenarios/: each is a test of its own, named like the file.
#include "scenario.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <vector>

#include "tests/paths.h"

namespace circula::consensus::testing {
namespace {

const std::string kFolder = paths::source("tests/consensus/scenarios");

std::vector<std::string> scenario_names() {
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(kFolder)) {
    if (file.path().extension() == ".txt") names.push_back(file.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class Scenarios : public ::testing::TestWithParam<std::string> {};

TEST_P(Scenarios, holds) { EXPECT_EQ(run_scenario(kFolder + "/" + GetParam() + ".txt"), ""); }

INSTANTIATE_TEST_SUITE_P(Files, Scenarios, ::testing::ValuesIn(scenario_names()),
                         [](const auto& file) { return file.param; });

// B44: a tool that skips what it does not understand verifies nothing.
TEST(ScenarioTool, fails_on_what_it_does_not_check) {
  const std::vector<std::pair<std::string, std::string>> mistakes{
      {"cluster 1\nassert_leadr 1\n", "unknown command"},
      {"cluster 1\n", "asserts nothing"},
      {"cluster 1\nassert_term 1\n", "argument is missing"},
      {"cluster 1\nassert_term 1 0 7\n", "too many arguments"},
      {"cluster 1\nassert_term 1 5\n", "is 0, not 5"},
      {"assert_term 1 0\n", "no cluster yet"},
  };
  for (const auto& [text, complaint] : mistakes) {
    const std::string path = ::testing::TempDir() + "/circula_scenario_mistake_" + std::to_string(::getpid());
    std::ofstream(path) << text;
    const std::string answer = run_scenario(path);
    EXPECT_NE(answer.find(complaint), std::string::npos) << text << answer;
    std::filesystem::remove(path);
  }
  EXPECT_NE(run_scenario(kFolder + "/no_such_file.txt"), "");
}

TEST(ScenarioTool, finds_the_scenarios) { EXPECT_GE(scenario_names().size(), 40u); }

}  // namespace
}  // namespace circula::consensus::testing
