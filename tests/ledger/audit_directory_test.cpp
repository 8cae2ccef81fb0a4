#include "ledger/audit_directory.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "ledger/leveldb_storage.h"
#include "tests/ledger/audit_sample.h"
#include "tests/ledger/scratch_directory.h"

namespace circula::ledger {
namespace {

using test::ScratchDirectory;
using testing::AuditSample;

TEST(AuditDirectory, checks_all_four_instances_of_a_node_that_is_down) {
  AuditSample sample;
  const ScratchDirectory scratch;
  sample.store(scratch / "node");
  EXPECT_TRUE(holds_a_chain(scratch / "node"));
  const auto report = audit_directory(scratch / "node", sample.genesis);
  ASSERT_TRUE(report) << report.error().detail;
  EXPECT_TRUE(report->good());
  EXPECT_EQ(report->blocks, 5U);
  EXPECT_EQ(report->roots_compared, 2U * 6 + 2 + 1);
}

TEST(AuditDirectory, of_an_empty_directory_has_nothing_to_audit_and_leaves_it_empty) {
  AuditSample sample(1);
  const ScratchDirectory scratch;
  EXPECT_FALSE(holds_a_chain(scratch.path().string()));
  EXPECT_EQ(name(audit_directory(scratch.path().string(), sample.genesis).error().code), "E_NOTHING");
  EXPECT_EQ(name(audit_directory(scratch / "nowhere", sample.genesis).error().code), "E_NOTHING");
  EXPECT_TRUE(std::filesystem::is_empty(scratch.path()));
}

TEST(AuditDirectory, waits_for_the_node_to_be_down) {
  AuditSample sample(1);
  const ScratchDirectory scratch;
  sample.store(scratch / "node");
  LevelDbOptions options;
  options.directory = scratch / "node/index";
  options.instance = Instance::kIndex;
  const auto running = LevelDbStorage::open(options);
  ASSERT_TRUE(running);
  EXPECT_EQ(name(audit_directory(scratch / "node", sample.genesis).error().code), "E_STORAGE_LOCKED");
}

TEST(AuditDirectory, finds_flipped_bytes_in_the_files_of_the_chain) {
  AuditSample sample(3);
  const ScratchDirectory scratch;
  sample.store(scratch / "node");
  std::filesystem::path log;
  for (const auto& entry : std::filesystem::directory_iterator(scratch / "node/chain")) {
    if (entry.path().extension() == ".log") log = entry.path();
  }
  ASSERT_FALSE(log.empty());
  const std::string whole = test::read_text(log);
  std::string broken = whole;
  broken[whole.size() / 3] ^= 1;
  test::write_text(log, broken);
  const auto report = audit_directory(scratch / "node", sample.genesis);
  ASSERT_TRUE(report) << report.error().detail;
  EXPECT_FALSE(report->good());
}

// What the four instances hold.
std::vector<Row> all_rows(const std::string& directory) {
  std::vector<Row> rows;
  for (const auto& [name, instance] :
       {std::pair("chain", Instance::kChain), std::pair("meta", Instance::kMeta),
        std::pair("state", Instance::kState), std::pair("index", Instance::kIndex)}) {
    LevelDbOptions options;
    options.instance = instance;
    options.directory = directory + "/" + name;
    const auto storage = LevelDbStorage::open(options);
    if (!storage) continue;
    EXPECT_TRUE((*storage)->scan(KeyRange::all(), Direction::kForward, [&](ByteView key, ByteView value) {
      rows.push_back({{key.begin(), key.end()}, {value.begin(), value.end()}});
      return true;
    }));
  }
  return rows;
}

// One bit of one file, wherever it stands: the audit fails, finds it, says that it cut the end of a file, or
// nothing that a node reads has changed.
TEST(AuditDirectory, finds_a_flipped_bit_in_any_file_or_it_changed_nothing) {
  AuditSample sample(3);
  const ScratchDirectory scratch;
  sample.store(scratch / "whole");
  const std::vector<Row> rows = all_rows(scratch / "whole");  // a second start: tables beside the log
  ASSERT_GT(rows.size(), 20U);
  namespace fs = std::filesystem;
  std::size_t flips = 0;
  std::size_t harmless = 0;
  for (const auto& entry : fs::recursive_directory_iterator(scratch / "whole")) {
    if (!entry.is_regular_file() || entry.file_size() == 0) continue;
    const std::string content = test::read_text(entry.path());
    const fs::path place = fs::path(scratch / "broken") / fs::relative(entry.path(), scratch / "whole");
    constexpr std::size_t kFlips = 5;
    for (std::size_t number = 0; number < kFlips; ++number) {
      // Spread over the file, with its first and last byte.
      const std::size_t at = number * (content.size() - 1) / (kFlips - 1);
      fs::remove_all(scratch / "broken");
      fs::copy(scratch / "whole", scratch / "broken", fs::copy_options::recursive);
      std::string broken = content;
      broken[at] = static_cast<char>(broken[at] ^ (1 << (number % 8)));
      test::write_text(place, broken);
      ++flips;
      const auto report = audit_directory(scratch / "broken", sample.genesis);
      if (!report || !report->good() || report->torn_tails > 0) continue;
      ++harmless;
      EXPECT_EQ(all_rows(scratch / "broken"), rows) << place << " byte " << at;
    }
  }
  EXPECT_GT(flips, 40U);
  EXPECT_LT(harmless, flips / 2) << flips;
}

TEST(AuditDirectory, finds_a_gap_in_the_chain) {
  AuditSample sample;
  const ScratchDirectory scratch;
  sample.store(scratch / "node");
  {
    LevelDbOptions options;
    options.instance = Instance::kChain;
    options.directory = scratch / "node/chain";
    const auto chain = LevelDbStorage::open(options);
    ASSERT_TRUE(chain);
    WriteBatch batch;
    batch.remove(chain_key(3));
    ASSERT_TRUE((*chain)->write(batch));
  }
  const auto report = audit_directory(scratch / "node", sample.genesis);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->findings.kept().front().rule, "I01");
  EXPECT_NE(report->findings.kept().front().text.find("block 3 is missing"), std::string::npos);
}

}  // namespace
}  // namespace circula::ledger
