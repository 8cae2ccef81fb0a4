// A node whose chain/ was lost, or replaced by an older copy, has forgotten what it acknowledged. It does not
// start: as a voter it would help to elect a leader that lacks acknowledged records.
#include <filesystem>

#include "tests/e2e/consortium.h"

namespace circula::e2e {
namespace {

namespace fs = std::filesystem;

constexpr int kExitCorrupt = 20;

class LostBlocks : public Consortium {
 protected:
  void SetUp() override {
    bring_up();
    (void)submit_asset("first");
    ASSERT_EQ(run({"down", "--dir", net()}, variables()).exit, 0);
    fs::copy(net() + "/1/chain", file("older"));
    ASSERT_EQ(run({"up", "--dir", net()}, variables()).exit, 0);
    (void)submit_asset("second");
    ASSERT_EQ(run({"down", "--dir", net()}, variables()).exit, 0);
    fs::remove_all(net() + "/1/chain");
  }
  void expect_no_start() const {
    const Ended ended = run({"node", "run", "--config", net() + "/1/node.toml"}, variables());
    EXPECT_EQ(ended.exit, kExitCorrupt) << ended.err;
    EXPECT_NE((ended.out + ended.err).find("E_STORAGE_CORRUPT"), std::string::npos) << ended.out << ended.err;
  }
};

TEST_F(LostBlocks, a_node_without_its_chain_does_not_start) { expect_no_start(); }

TEST_F(LostBlocks, a_node_with_an_older_chain_does_not_start) {
  fs::copy(file("older"), net() + "/1/chain");
  expect_no_start();
}

TEST_F(LostBlocks, a_node_without_chain_and_meta_does_not_start) {
  fs::remove_all(net() + "/1/meta");
  expect_no_start();
}

}  // namespace
}  // namespace circula::e2e
