#include "node/config.h"

#include <gtest/gtest.h>

namespace circula::node {
namespace {

TEST(NodeConfig, every_default_is_good) {
  const auto config = parse_config("node_id = 3", "/somewhere");
  ASSERT_TRUE(config) << config.error().detail;
  EXPECT_EQ(config->node_id, 3);
  EXPECT_EQ(config->genesis, "/somewhere/genesis.json");
  EXPECT_EQ(config->reserve_bytes, 268'435'456U);
}

TEST(NodeConfig, an_unknown_key_is_refused_with_the_nearest_name) {
  const auto config = parse_config("node_id = 3\n[listen]\npeer = \"127.0.0.1:1\"", "/");
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().code, ledger::Code::E_CONFIG);
  EXPECT_NE(config.error().detail.find("listen.peers"), std::string::npos) << config.error().detail;
}

TEST(NodeConfig, says_the_line_that_does_not_parse) {
  const auto config = parse_config("node_id = 3\nlisten =", "/");
  ASSERT_FALSE(config);
  EXPECT_NE(config.error().detail.find("line 2"), std::string::npos) << config.error().detail;
}

TEST(NodeConfig, checks_each_value) {
  for (const char* text :
       {"", "node_id = 0", "node_id = 70000", "node_id = \"1\"", "node_id = 1\ngenesis = 7",
        "node_id = 1\n[listen]\nhttp = \"127.0.0.1\"", "node_id = 1\n[listen]\nhttp = \":80\"",
        "node_id = 1\n[listen]\nhttp = \"a:99999\"", "node_id = 1\n[[peers]]\nid = 1",
        "node_id = 1\npeers = 4", "node_id = 1\n[[peers]]\nid = 0\naddress = \"a:1\"",
        "node_id = 1\n[[peers]]\nid = 2\naddress = \"a:1\"\n[[peers]]\nid = 2\naddress = \"b:1\"",
        "node_id = 1\n[log]\nlevel = \"inof\"", "node_id = 1\n[log]\nformat = \"xml\"",
        "node_id = 1\n[http]\nhosts = \"node.example\"", "node_id = 1\nlog = \"info\"",
        "node_id = 1\n[storage]\nreserve_bytes = -1",
        "node_id = 1\n[storage]\nreserve_bytes = 10\nresume_bytes = 9"}) {
    const auto config = parse_config(text, "/");
    ASSERT_FALSE(config) << text;
    EXPECT_EQ(config.error().code, ledger::Code::E_CONFIG) << text;
  }
}

TEST(NodeConfig, reads_peers) {
  const auto config = parse_config("node_id = 1\n[[peers]]\nid = 2\naddress = \"10.0.0.2:7401\"", "/");
  ASSERT_TRUE(config) << config.error().detail;
  ASSERT_EQ(config->peers.size(), 1U);
  EXPECT_EQ(config->peers[0].address.host, "10.0.0.2");
  EXPECT_EQ(config->peers[0].address.port, 7401);
}

TEST(NodeConfig, every_key_of_the_table_is_documented) {
  for (const ConfigKey& key : config_keys()) EXPECT_FALSE(key.meaning.empty()) << key.name;
}

}  // namespace
}  // namespace circula::node
