#include "ledger/outcome.h"

#include <gtest/gtest.h>

#include <set>

namespace circula::ledger {
namespace {

TEST(Outcome, numbers_are_frozen) {
  // From records.md and design.md: what a log of any age says must mean the same for ever.
  EXPECT_EQ(static_cast<int>(Code::E_FORMAT), 1);
  EXPECT_EQ(static_cast<int>(Code::E_REPLAY), 6);
  EXPECT_EQ(static_cast<int>(Code::E_CONFLICT), 7);
  EXPECT_EQ(static_cast<int>(Code::E_NO_RIGHT), 1101);
  EXPECT_EQ(static_cast<int>(Code::E_NO_AGREEMENT), 2705);
  EXPECT_EQ(static_cast<int>(Code::E_DISK_FULL), 9001);
}

TEST(Outcome, a_name_stands_once_and_leads_back_to_its_number) {
  std::set<std::string_view> names;
  for (const OutcomeRow& row : outcome_table()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_EQ(code_from_name(row.name), row.code);
    EXPECT_EQ(code_from_number(static_cast<std::uint16_t>(row.code)), row.code);
  }
}

TEST(Outcome, conditions_of_a_node_never_have_a_number_of_the_log) {
  for (const OutcomeRow& row : outcome_table()) {
    const bool in_log = row.stage == Stage::kExecution || row.stage == Stage::kAdmission;
    EXPECT_EQ(in_log, static_cast<int>(row.code) < 9000) << row.name;
  }
}

TEST(Outcome, an_unknown_number_is_no_code) { EXPECT_FALSE(code_from_number(9999).has_value()); }

}  // namespace
}  // namespace circula::ledger
