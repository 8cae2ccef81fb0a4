#include "ledger/subject_key.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ledger/subject.h"
#include "tests/ledger/golden.h"
#include "tests/ledger/test_chain.h"

namespace circula::ledger {
namespace {

TEST(SubjectKey, takes_one_of_each_kind) {
  for (const testing::Golden& row : testing::golden("subject_keys").list()) {
    EXPECT_TRUE(is_subject_key(row["key"].text())) << row["key"].text();
  }
  for (const testing::Golden& row : testing::golden("state").list()) {
    EXPECT_TRUE(is_subject_key(row["key"].text())) << row["key"].text();
  }
  const ShortId id{};
  EXPECT_TRUE(is_subject_key(counter_key(id, "@2", "royalty_steps", IncomeOrigin::kPosted)));
  EXPECT_TRUE(is_subject_key(income_key("lei:5493001KJTIIGC8Y1R17", "CNY")));
}

TEST(SubjectKey, takes_nothing_else) {
  const std::string id(32, '0');
  const std::string digest(64, '0');
  const std::vector<std::string> wrong = {std::string(),
                                          std::string("org"),
                                          std::string("org/"),
                                          std::string("org/a/b"),
                                          "asset/" + id + "0",
                                          "asset/" + std::string(32, 'F'),
                                          "asset//" + id,
                                          "asset/" + id + "/",
                                          "asset/" + digest,
                                          "/" + id,
                                          "right/" + id,
                                          "right/" + id + "/o",
                                          "right/" + id + "/HU",
                                          "agreement/" + id + "/01",
                                          "agreement/" + id + "/1/2",
                                          "event/" + id + "/",
                                          "counter/" + id,
                                          "income/x",
                                          "income/x/CNYX",
                                          "replay/x",
                                          "unique/" + digest,
                                          "serial/GD/20x3",
                                          std::string("config/a b"),
                                          std::string("config/\n"),
                                          std::string("config/\x7f"),
                                          std::string("config/\xc3\xa9"),
                                          "config/" + std::string(249, 'a'),
                                          "Asset/" + id};
  for (const std::string& key : wrong) {
    EXPECT_FALSE(is_subject_key(key)) << key;
  }
  EXPECT_TRUE(is_subject_key("config/" + std::string(248, 'a')));
}

// The shape that this program writes is the shape that it reads: every subject of a lived-in chain has it.
TEST(SubjectKey, of_every_subject_of_a_chain) {
  testing::TestChain chain;
  const LogIndex index(chain.index());
  ASSERT_TRUE(chain.ledger().flush());
  const auto keys = index.subjects("", "", 1000);
  ASSERT_TRUE(keys);
  EXPECT_GT(keys->size(), 20U);
  for (const SubjectKey& key : *keys) EXPECT_TRUE(is_subject_key(key)) << key;
}

}  // namespace
}  // namespace circula::ledger
