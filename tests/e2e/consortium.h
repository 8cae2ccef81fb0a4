// A consortium in a directory of its own, used as its members use it: each command is a process, each member
// has a home.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/e2e/circula_process.h"
#include "tests/ledger/scratch_directory.h"

namespace circula::e2e {

using ledger::test::read_text;
using ledger::test::write_text;

class Consortium : public ::testing::Test {
 protected:
  void bring_up(const std::vector<std::string>& more = {}) {
    std::vector<std::string> words{"up", "--dir", net(), "--voters", "4", "--learners", "1", "--json"};
    words.insert(words.end(), more.begin(), more.end());
    const Ended ended = run(words, variables());
    ASSERT_EQ(ended.exit, 0) << ended.err;
    up_ = true;
  }
  void TearDown() override {
    if (up_) (void)run({"down", "--dir", net()}, variables());
  }
  [[nodiscard]] std::string net() const { return scratch_ / "net"; }
  [[nodiscard]] std::string file(const std::string& name) const { return scratch_ / name; }
  [[nodiscard]] Variables variables(const std::string& context = {}) const {
    Variables all{{"CIRCULA_HOME", scratch_ / "home"}, {"LC_ALL", "C.UTF-8"}};
    if (!context.empty()) all["CIRCULA_CTX"] = context;
    return all;
  }
  [[nodiscard]] Ended as(const std::string& context, const std::vector<std::string>& words) const {
    return run(words, variables(context));
  }
  // The id of a new asset of the provider's.
  std::string submit_asset(const std::string& title) {
    write_text(file(title), "data of " + title);
    const Ended ended =
        as("provider", {"submit", "asset", "--title", title, "--content", file(title), "--json"});
    EXPECT_EQ(ended.exit, 0) << ended.err;
    return value_at(ended.out, "/id");
  }
  std::string certified_asset(const std::string& title) {
    const std::string asset = submit_asset(title);
    EXPECT_EQ(as("registrar", {"submit", "certify", "notice", asset}).exit, 0);
    const Ended issued = as("registrar", {"submit", "certify", "issue", asset, "--valid-to", "2090-01-01",
                                          "--holders", "@provider=1000000"});
    EXPECT_EQ(issued.exit, 0) << issued.err;
    return asset;
  }
  void sign(const std::string& context, const std::string& draft) {
    const Ended ended = as(context, {"sign", draft, "--yes", "--quiet"});
    ASSERT_EQ(ended.exit, 0) << context << ": " << ended.err;
  }

  ledger::test::ScratchDirectory scratch_;
  bool up_ = false;
};

}  // namespace circula::e2e
