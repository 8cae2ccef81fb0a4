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
  std::set<std::pair<std::string_view, unsigned>> subjects;
  for (const Family* family : families()) {
    for (const RecordType& type : family->records)
      EXPECT_TRUE(records.insert({type.number, type.version}).second) << type.name;
    for (const EffectType& type : family->effects)
      EXPECT_TRUE(effects.insert(type.number).second) << type.name << " " << type.number;
    for (const DueRule& rule : family->due_rules)
      EXPECT_TRUE(due_rules.insert(rule.number).second) << rule.name;
    for (const SubjectFields& row : family->subjects)
      EXPECT_TRUE(subjects.insert({row.key_prefix, row.parts}).second) << row.key_prefix;
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

TEST(Registry, subjects_of_one_kind_are_told_apart_by_their_parts) {
  const auto fields_of = [](std::string_view key) { return find_subject_fields(key)->fields()->name(); };
  EXPECT_EQ(fields_of("agreement/00"), "AgreementState");
  EXPECT_EQ(fields_of("agreement/00/1"), "AgreementVersionState");
  EXPECT_EQ(fields_of("event/00"), "EventState");
  EXPECT_EQ(fields_of("event/00/0.1"), "EventNodeState");
  EXPECT_EQ(fields_of("counter/00/id/2023-05"), "CounterState");
  EXPECT_EQ(find_subject_fields("agreement/00/1/2"), nullptr);
}

}  // namespace
}  // namespace circula::ledger
