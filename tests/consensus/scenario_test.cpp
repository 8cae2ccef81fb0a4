// Runs every file of scenarios/: each is a test of its own, named like the file.
#include "scenario.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <vector>

namespace circula::consensus::testing {
namespace {

const std::string kFolder = CIRCULA_SOURCE "/tests/consensus/scenarios";

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
class ScenarioTool : public ::testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(ScenarioTool, fails_on_what_it_does_not_check) {
  const std::string path = ::testing::TempDir() + "/scenario_tool_" +
                           std::to_string(::testing::UnitTest::GetInstance()->random_seed()) +
                           std::to_string(reinterpret_cast<std::uintptr_t>(GetParam().first)) + ".txt";
  std::ofstream(path) << GetParam().first;
  EXPECT_NE(run_scenario(path).find(GetParam().second), std::string::npos) << run_scenario(path);
  std::filesystem::remove(path);
}

INSTANTIATE_TEST_SUITE_P(Mistakes, ScenarioTool,
                         ::testing::Values(std::pair{"cluster 1\nassert_leadr 1\n", "unknown command"},
                                           std::pair{"cluster 1\n", "asserts nothing"},
                                           std::pair{"cluster 1\nassert_term 1\n", "argument is missing"},
                                           std::pair{"cluster 1\nassert_term 1 0 7\n", "too many arguments"},
                                           std::pair{"cluster 1\nassert_term 1 5\n", "is 0, not 5"},
                                           std::pair{"assert_term 1 0\n", "no cluster yet"}));

}  // namespace
}  // namespace circula::consensus::testing
