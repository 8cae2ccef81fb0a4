// No sequence of records distributes a unit more or less than was reported: from each of some chains with
// open deals many short ways on, and one long one.
#include "tests/ledger/income_market.h"
#include "tests/ledger/sequences.h"

namespace circula::ledger {
namespace {

using testing::Market;
using testing::Seen;

// Of two records each.
constexpr int kBlocksBefore = 50;
constexpr int kBlocksOfSequence = 2;
constexpr int kBlocksAfter = 200;

TEST(IncomeProperties, ten_thousand_sequences_leave_what_the_engine_leaves) {
  Seen seen;
  for (std::uint64_t seed = 1; seed <= testing::kChains; ++seed) {
    Market market(seed, seen);
    market.run(kBlocksBefore);
    market.keep();
    for (std::uint64_t number = 1; number <= testing::kSequencesPerChain; ++number) {
      market.branch(seed << 32 | number, kBlocksOfSequence);
      ASSERT_FALSE(HasFailure()) << "seed " << seed << " sequence " << number;
    }
    market.run(kBlocksAfter);
    market.replay();
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
  }
  for (const char* what : {"agreement E_OK",
                           "agreement E_VERSION",
                           "agreement E_SHARE_SUM",
                           "agreement E_CYCLE",
                           "agreement E_COSIGN",
                           "agreement without a reason to refuse it",
                           "contract E_OK",
                           "contract E_NO_AGREEMENT",
                           "contract E_POLICY",
                           "contract E_SCHEDULE_SUM",
                           "settle E_OK",
                           "settle E_SETTLED",
                           "settle E_EXCEEDS_HOLD",
                           "refund E_OK",
                           "refund E_REFUND_EXCEEDS",
                           "refund E_AMOUNT",
                           "close E_OK",
                           "close E_CLOSED",
                           "close E_ROLE",
                           "close E_PERIOD_OPEN",
                           "top-up",
                           "carry",
                           "cascade"}) {
    EXPECT_GT(seen[what], testing::kSeenMin) << what;
  }
  EXPECT_GT(seen["settle E_NO_AGREEMENT"], 0U);
  for (const char* what : {"contract E_CYCLE", "settle E_CYCLE"}) {
    EXPECT_EQ(seen[what], 0U) << what << ": a registration should have been refused";
  }
  std::string counts;
  for (const auto& [what, count] : seen) counts += what + " " + std::to_string(count) + "\n";
  RecordProperty("seen", counts);
}

}  // namespace
}  // namespace circula::ledger
