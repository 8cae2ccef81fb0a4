// `circula audit` of a node's directory.
#include "tests/cli/command_run.h"
#include "tests/ledger/audit_sample.h"
#include "tests/ledger/scratch_directory.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace circula::cli::testing {
namespace {

TEST(AuditCommand, has_a_code_for_what_it_finds) {
  const ledger::testing::AuditSample sample(3);
  const ledger::test::ScratchDirectory scratch;
  sample.store(scratch / "whole");
  sample.store(scratch / "broken");
  ledger::test::write_text(scratch / "genesis.json", ledger::write_genesis_file(sample.genesis));
  EXPECT_EQ(run({"audit", "--dir", scratch / "whole"}).exit, 0);
  for (const auto& file : std::filesystem::directory_iterator(scratch / "broken/chain")) {
    if (file.path().extension() != ".log") continue;
    std::string bytes = ledger::test::read_text(file.path());
    bytes[bytes.size() / 3] ^= 1;
    ledger::test::write_text(file.path(), bytes);
  }
  const CommandRun found = run({"audit", "--dir", scratch / "broken", "--json"});
  EXPECT_EQ(found.exit, 8);
  EXPECT_NE(found.err.find("\"code\":\"E_FINDINGS\""), std::string::npos) << found.err;
  EXPECT_EQ(found.out.find("\"findings\":0"), std::string::npos) << found.out;
}

}  // namespace
}  // namespace circula::cli::testing
