// Random sequences of registrations, certificates and moves of rights, good and bad mixed: each outcome is
// the one that the model predicts, every table sums to 1,000,000 after every block, and a replay of the
// chain comes to the same roots.
#include "tests/ledger/rights_scenario.h"
#include "tests/ledger/sequences.h"

namespace circula::ledger {
namespace {

using testing::RightsScenario;

TEST(RightsProperty, ten_thousand_records_come_out_as_the_model_says) {
  RightsScenario scenario(20'230'501);
  constexpr int kBlocks = 400;
  for (int block = 0; block < kBlocks; ++block) {
    ASSERT_NO_FATAL_FAILURE(scenario.run_block(25));
    if (block % 50 == 49) {
      ASSERT_NO_FATAL_FAILURE(scenario.check_all());
    }
  }
  ASSERT_NO_FATAL_FAILURE(scenario.check_titles());
  for (const char* code : {"E_OK",      "E_FORMAT",    "E_PI_FIELD",       "E_POLICY",        "E_ROLE",
                           "E_RELATED", "E_SCOPE",     "E_NOT_FOUND",      "E_ORG_SUSPENDED", "E_STATE",
                           "E_SOURCE",  "E_CORE_DATA", "E_NO_BASIS",       "E_DUP_CONTENT",   "E_NOTICE",
                           "E_CERT_NO", "E_TIME",      "E_GRADE_APPROVAL", "E_REF",           "E_NO_RIGHT",
                           "E_PPM"}) {
    EXPECT_GT(scenario.outcomes().contains(code) ? scenario.outcomes().at(code) : 0, 0) << code;
  }
  EXPECT_GT(scenario.outcomes().at("E_OK"), 4'000);
  if (::testing::Test::HasFailure()) {
    for (const auto& [code, count] : scenario.outcomes()) GTEST_LOG_(INFO) << code << " " << count;
  }

  MemoryStorage state;
  MemoryStorage index;
  const auto again = scenario.chain().replay(state, index);
  EXPECT_EQ(again->state_root(), scenario.chain().ledger().state_root());
  EXPECT_EQ(again->position().log.root(), scenario.chain().ledger().position().log.root());
}

// No sequence of records moves a ppm twice or makes a table differ from 1,000,000: from each of some chains
// that have assets in every state, many ways on.
TEST(RightsProperty, ten_thousand_sequences_come_out_as_the_model_says) {
  for (std::uint64_t chain = 1; chain <= testing::kChains; ++chain) {
    RightsScenario scenario(chain);
    for (int block = 0; block < 20; ++block) ASSERT_NO_FATAL_FAILURE(scenario.run_block(10));
    scenario.keep();
    for (std::uint64_t number = 1; number <= testing::kSequencesPerChain; ++number) {
      SCOPED_TRACE("chain " + std::to_string(chain) + " sequence " + std::to_string(number));
      ASSERT_NO_FATAL_FAILURE(scenario.branch(chain << 32 | number, 3, 3));
    }
    ASSERT_GT(static_cast<std::uint64_t>(scenario.outcomes().at("E_OK")),
              2 * testing::kSequencesPerChain / 5);
    ASSERT_NO_FATAL_FAILURE(scenario.check_all()) << "the chain is as it was kept";
  }
}

}  // namespace
}  // namespace circula::ledger
