#include "ledger/directory.h"

#include <gtest/gtest.h>

#include "tests/ledger/scratch_directory.h"

namespace circula::ledger {
namespace {

TEST(Directory, is_open_once_also_within_one_process) {
  test::ScratchDirectory scratch;
  const std::string directory = scratch / "deep/state";
  {
    const auto first = DirectoryLock::take(system_disk(), directory);
    ASSERT_TRUE(first);
    const auto second = DirectoryLock::take(system_disk(), directory);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Code::E_STORAGE_LOCKED);
  }
  EXPECT_TRUE(DirectoryLock::take(system_disk(), directory));
}

TEST(Directory, remembers_its_versions) {
  test::ScratchDirectory scratch;
  const std::string directory = scratch / "state";
  ASSERT_TRUE(claim_directory(system_disk(), directory, {.format = 1, .rules = 1}));
  EXPECT_EQ(test::read_text(directory + "/VERSION"), "circula directory\nformat 1\nrules 1\n");
  EXPECT_TRUE(claim_directory(system_disk(), directory, {.format = 1, .rules = 1}));
}

TEST(Directory, stops_at_another_version_and_names_both) {
  test::ScratchDirectory scratch;
  const std::string directory = scratch / "state";
  ASSERT_TRUE(claim_directory(system_disk(), directory, {.format = 3, .rules = 7}));
  const auto before = test::contents_of(directory);
  const auto claimed = claim_directory(system_disk(), directory, {.format = 4, .rules = 9});
  ASSERT_FALSE(claimed);
  EXPECT_EQ(claimed.error().code, Code::E_FORMAT_VERSION);
  EXPECT_NE(claimed.error().detail.find("format 3, rules 7"), std::string::npos);
  EXPECT_NE(claimed.error().detail.find("format 4, rules 9"), std::string::npos);
  EXPECT_NE(claimed.error().detail.find("move the directory away"), std::string::npos);
  EXPECT_EQ(test::contents_of(directory), before);
}

TEST(Directory, does_not_adopt_a_directory_that_is_not_ours) {
  test::ScratchDirectory scratch;
  test::write_text(scratch / "CURRENT", "MANIFEST-000004\n");
  const auto claimed = claim_directory(system_disk(), scratch.path().string(), kVersions);
  ASSERT_FALSE(claimed);
  EXPECT_EQ(claimed.error().code, Code::E_FORMAT_VERSION);
  EXPECT_NE(claimed.error().detail.find("CURRENT"), std::string::npos);
}

TEST(Directory, refuses_a_damaged_version_file) {
  const std::string good = "circula directory\nformat 1\nrules 1\n";
  for (const std::string& bad :
       {std::string(), std::string(good.size(), '\0'), good.substr(0, good.size() - 1), good + "x",
        std::string("circula directory\nformat \nrules 1\n"), std::string(5000, 'x')}) {
    test::ScratchDirectory scratch;
    test::write_text(scratch / "VERSION", bad);
    const auto claimed = claim_directory(system_disk(), scratch.path().string(), kVersions);
    ASSERT_FALSE(claimed) << bad;
    EXPECT_EQ(claimed.error().code, Code::E_STORAGE_CORRUPT) << bad;
  }
}

TEST(Directory, survives_a_crash_before_its_version_was_in_place) {
  test::ScratchDirectory scratch;
  test::write_text(scratch / "VERSION.new", "circ");
  ASSERT_TRUE(claim_directory(system_disk(), scratch.path().string(), kVersions));
  EXPECT_EQ(test::read_text(scratch / "VERSION"), "circula directory\nformat 1\nrules 1\n");
}

}  // namespace
}  // namespace circula::ledger
