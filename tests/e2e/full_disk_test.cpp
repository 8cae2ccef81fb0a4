// A node whose disk is at its reserve reads and does not write, and says so to whoever sends it a record.
// How it comes to its reserve and back is told by disk_full.sh, which needs a small filesystem.
#include <thread>

#include "tests/e2e/consortium.h"
#include "tests/e2e/node_processes.h"

namespace circula::e2e {
namespace {

constexpr int kExitAgain = 6;  // not now: the same bytes may be sent again
// More than any disk has free.
const std::string kReserve =
    "\n[storage]\nreserve_bytes = 4611686018427387904\nresume_bytes = 4611686018427387904\n";

class FullDisk : public Consortium {};

TEST_F(FullDisk, refuses_records_with_a_code_of_its_own) {
  bring_up();
  ASSERT_EQ(run({"down", "--dir", net()}, variables()).exit, 0);
  write_text(net() + "/1/node.toml", read_text(net() + "/1/node.toml") + kReserve);
  auto cluster = cli::read_cluster(net());
  ASSERT_TRUE(cluster) << cluster.error().detail;
  NodeProcesses nodes(std::move(*cluster));
  nodes.start(0);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!nodes.view(0) && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  const Ended refused = run({"submit", "org", "update", "--name", "full", "--url", nodes.url(0),
                             "--no-dry-run", "--timeout", "1", "--json"},
                            variables());
  EXPECT_EQ(refused.exit, kExitAgain) << refused.err;
  const std::string problem = refused.err.substr(std::min(refused.err.find('{'), refused.err.size()));
  EXPECT_EQ(value_at(problem, "/code"), "E_DISK_FULL") << refused.err;
  EXPECT_EQ(value_at(problem, "/type"), "/errors/E_DISK_FULL");
  EXPECT_EQ(value_at(problem, "/status"), "503");
}

}  // namespace
}  // namespace circula::e2e
