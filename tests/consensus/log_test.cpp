#include "consensus/log.h"

#include <gtest/gtest.h>

#include "cluster.h"

namespace circula::consensus {
namespace {

Configuration voters(std::initializer_list<std::uint16_t> values) {
  Configuration configuration;
  for (const std::uint16_t value : values) configuration.voters.push_back({value});
  return configuration;
}

TEST(Log, begins_with_genesis) {
  const Log log(voters({1}));
  EXPECT_EQ(log.last(), (EntryId{Term{0}, Index{0}}));
  EXPECT_TRUE(log.holds({Term{0}, Index{0}}));
  EXPECT_FALSE(log.holds({Term{0}, Index{1}}));
  EXPECT_EQ(log.last_at_or_below(Index{9}, Term{5}), Index{0});
}

TEST(Log, finds_where_two_terms_may_meet) {
  Log log(voters({1}));
  for (const std::uint64_t term : {1, 1, 3, 3, 3, 6}) log.append({Term{term}, 1, {}});
  EXPECT_EQ(log.last_at_or_below(Index{6}, Term{6}), Index{6});
  EXPECT_EQ(log.last_at_or_below(Index{6}, Term{5}), Index{5});
  EXPECT_EQ(log.last_at_or_below(Index{4}, Term{5}), Index{4});
  EXPECT_EQ(log.last_at_or_below(Index{6}, Term{2}), Index{2});
  EXPECT_EQ(log.last_at_or_below(Index{6}, Term{0}), Index{0});
  EXPECT_EQ(log.terms().runs().size(), 4u);
}

// B17: truncation brings the earlier configuration back.
TEST(Log, truncation_uncovers_the_earlier_configuration) {
  Log log(voters({1, 2}));
  log.append({Term{1}, 1, {}});
  log.append({Term{1}, 1, voters({1, 2, 3})});
  log.append({Term{1}, 1, {}});
  EXPECT_EQ(log.configuration(), voters({1, 2, 3}));
  EXPECT_EQ(log.configuration_index(), Index{2});
  EXPECT_EQ(log.previous_configuration(), voters({1, 2}));
  log.truncate_from(Index{3});
  EXPECT_EQ(log.configuration_index(), Index{2});
  log.truncate_from(Index{2});
  EXPECT_EQ(log.configuration(), voters({1, 2}));
  EXPECT_EQ(log.configuration_index(), Index{0});
}

TEST(Log, restored_without_old_sizes_takes_them_for_large) {
  const Log log({{Index{1}, Term{2}}, {Index{5}, Term{7}}}, Index{6}, {{Index{0}, voters({1})}}, {10, 20});
  EXPECT_EQ(log.last(), (EntryId{Term{7}, Index{6}}));
  EXPECT_EQ(log.term_at(Index{4}), Term{2});
  EXPECT_EQ(log.bytes_at(Index{6}), 20u);
  EXPECT_EQ(log.bytes_at(Index{4}), Log::kUnknownBytes);
  EXPECT_EQ(log.bytes_between(Index{3}, Index{6}), Log::kUnknownBytes + 30ull);
  EXPECT_EQ(log.bytes_between(Index{6}, Index{6}), 0u);
}

// Against a plain vector.
TEST(Log, agrees_with_a_list_of_entries) {
  testing::Random random(7);
  Log log(voters({1}));
  std::vector<Entry> list{{Term{0}, 0, {}}};
  for (int step = 0; step < 20'000; ++step) {
    if (random.below(10) == 0 && list.size() > 1) {
      const std::uint64_t from = 1 + random.below(list.size() - 1);
      log.truncate_from(Index{from});
      list.resize(from);
    } else {
      const Entry entry{Term{list.back().term.value + random.below(8) / 7},
                        static_cast<std::uint32_t>(random.below(99)),
                        {}};
      log.append(entry);
      list.push_back(entry);
    }
    ASSERT_EQ(log.last_index(), Index{list.size() - 1});
    const Index index{1 + random.below(list.size())};
    if (index > log.last_index()) continue;
    ASSERT_EQ(log.entry_at(index), list[index.value]);
    const Term term{random.below(list.back().term.value + 2)};
    std::uint64_t expected = index.value;
    while (expected > 0 && list[expected].term > term) --expected;
    ASSERT_EQ(log.last_at_or_below(index, term), Index{expected});
    std::uint64_t bytes = 0;
    for (std::uint64_t i = index.value + 1; i < list.size(); ++i) bytes += list[i].bytes;
    ASSERT_EQ(log.bytes_between(index, log.last_index()), bytes);
  }
}

}  // namespace
}  // namespace circula::consensus
