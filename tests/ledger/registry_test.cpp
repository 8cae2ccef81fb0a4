#include "ledger/registry.h"

#include <gtest/gtest.h>

#include <set>

#include "ledger/canonical.h"

namespace circula::ledger {
namespace {

TEST(Registry, numbers_are_given_once) {
  std::set<std::pair<std::uint16_t, std::uint16_t>> records;
  std::set<std::uint16_t> effects;
  std::set<std::uint16_t> due_rules;
  std::set<std::string_view> subjects;
  for (const Family* family : families()) {
    for (const RecordType& type : family->records)
      EXPECT_TRUE(records.insert({type.number, type.version}).second) << type.name;
    for (const EffectType& type : family->effects)
      EXPECT_TRUE(effects.insert(type.number).second) << type.name << " " << type.number;
    for (const DueRule& rule : family->due_rules)
      EXPECT_TRUE(due_rules.insert(rule.number).second) << rule.name;
    for (const SubjectFields& row : family->subjects)
      EXPECT_TRUE(subjects.insert(row.key_prefix).second) << row.key_prefix;
  }
}

TEST(Registry, every_message_has_a_canonical_form) {
  for (const Family* family : families()) {
    for (const RecordType& type : family->records) EXPECT_TRUE(check_schema(*type.body())) << type.name;
    for (const EffectType& type : family->effects) EXPECT_TRUE(check_schema(*type.fields())) << type.name;
    for (const SubjectFields& row : family->subjects)
      EXPECT_TRUE(check_schema(*row.fields())) << row.key_prefix;
  }
}

TEST(Registry, the_prefix_of_a_subject_is_that_of_its_kind) {
  for (const Family* family : families()) {
    for (const SubjectFields& row : family->subjects)
      EXPECT_EQ(find_kind(row.key_prefix), row.kind) << row.key_prefix;
  }
}

}  // namespace
}  // namespace circula::ledger
