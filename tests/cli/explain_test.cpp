// `circula explain --all`: every code, and for programs the test that provokes it.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "ledger/outcome.h"
#include "tests/cli/command_run.h"

namespace circula::cli::testing {
namespace {

TEST(Explain, lists_each_code_with_the_test_that_provokes_it) {
  const CommandRun done = run({"explain", "--all", "--json"});
  ASSERT_EQ(done.exit, 0) << done.err;
  const boost::json::value answer = boost::json::parse(done.out);
  const boost::json::array& rows = answer.at("errors").as_array();
  ASSERT_EQ(rows.size(), ledger::outcome_table().size());
  for (const boost::json::value& row : rows) {
    const bool reserved = row.at("reserved").as_bool();
    EXPECT_EQ(row.at("test").is_null(), reserved) << row;
    EXPECT_EQ(row.at("test").is_string(), !reserved) << row;
    if (reserved) continue;
    const boost::json::string& code = row.at("code").as_string();
    const bool of_a_record = row.at("stage") != "node" && row.at("stage") != "client" && code != "E_OK";
    if (!of_a_record || code == "E_DUP_EVENT") continue;  // of `circula revenue evaluate`
    EXPECT_EQ(row.at("test").as_string(), "node_test.Codes." + std::string(code));
  }
}

TEST(Explain, shows_people_every_code_and_no_test) {
  const CommandRun done = run({"explain", "--all"});
  for (const ledger::OutcomeRow& row : ledger::outcome_table())
    EXPECT_NE(done.out.find(std::string(row.name) + " ("), std::string::npos) << row.name;
  EXPECT_EQ(done.out.find("node_test"), std::string::npos);
}

}  // namespace
}  // namespace circula::cli::testing
