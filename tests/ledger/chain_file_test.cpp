#include "ledger/chain_file.h"

#include <gtest/gtest.h>

#include "ledger/audit_directory.h"
#include "tests/ledger/audit_sample.h"
#include "tests/ledger/scratch_directory.h"

namespace circula::ledger {
namespace {

using test::ScratchDirectory;
using testing::AuditSample;

TEST(ChainFile, holds_everything_that_an_audit_needs) {
  AuditSample sample;
  const ScratchDirectory scratch;
  sample.store(scratch / "node");
  const auto count = export_directory(scratch / "node", sample.genesis, scratch / "x.chain");
  ASSERT_TRUE(count) << count.error().detail;
  EXPECT_EQ(*count, 5U);
  const auto report = audit_file(scratch / "x.chain");
  ASSERT_TRUE(report) << report.error().detail;
  EXPECT_TRUE(report->good());
  EXPECT_EQ(report->blocks, 5U);
  EXPECT_EQ(report->chain_id, sample.chain.genesis().chain_id());
  EXPECT_EQ(report->checkpoint_size, sample.chain.ledger().position().log.size());
  EXPECT_EQ(report->roots_compared, 1U);
  EXPECT_FALSE(std::filesystem::exists(scratch / "x.chain.part"));
}

TEST(ChainFile, refuses_any_other_bytes) {
  AuditSample sample(2);
  const ScratchDirectory scratch;
  auto writer = ChainFileWriter::create(scratch / "x.chain", sample.genesis, sample.note);
  ASSERT_TRUE(writer);
  for (const Bytes& block : sample.blocks) ASSERT_TRUE((*writer)->block(block));
  ASSERT_TRUE((*writer)->finish());
  const std::string whole = test::read_text(scratch / "x.chain");
  const auto is_good = [&](const std::string& content) {
    test::write_text(scratch / "y.chain", content);
    const auto report = audit_file(scratch / "y.chain");
    return report && report->good();
  };
  EXPECT_TRUE(is_good(whole));
  for (std::size_t at = 0; at < whole.size(); at += 31) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ (1 << (at % 8)));
    EXPECT_FALSE(is_good(changed)) << "byte " << at;
    EXPECT_FALSE(is_good(whole.substr(0, at))) << "cut at " << at;
  }
  EXPECT_FALSE(is_good(whole.substr(0, whole.size() - 37)));  // without its end, whole frames
  EXPECT_FALSE(is_good(whole + "x"));
}

TEST(ChainFile, is_not_there_until_it_is_whole) {
  AuditSample sample(1);
  const ScratchDirectory scratch;
  {
    auto writer = ChainFileWriter::create(scratch / "x.chain", sample.genesis, "");
    ASSERT_TRUE(writer);
    ASSERT_TRUE((*writer)->block(sample.blocks[0]));
  }
  EXPECT_TRUE(std::filesystem::is_empty(scratch.path()));
}

}  // namespace
}  // namespace circula::ledger
