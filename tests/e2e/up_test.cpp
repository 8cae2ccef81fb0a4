// `up`, `down` and `demo` as processes: what they leave running, what they leave alone.
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <memory>
#include <thread>

#include "tests/e2e/consortium.h"

namespace circula::e2e {
namespace {

using std::chrono::milliseconds;

bool eventually(const std::function<bool()>& holds) {
  constexpr int kTriesMax = 600;  // a minute
  for (int tries = 0; tries < kTriesMax; ++tries) {
    if (holds()) return true;
    std::this_thread::sleep_for(milliseconds(100));
  }
  return false;
}

// A zombie has ended: where nothing reaps orphans it stays in /proc.
bool is_running(pid_t process) {
  const std::string path = "/proc/" + std::to_string(process) + "/stat";
  std::ifstream file(path);
  std::string line;
  return std::getline(file, line) && line.find(") Z") == std::string::npos;
}

// Somebody else on a port of 127.0.0.1; port 0 is any free one.
class ListeningSocket {
 public:
  explicit ListeningSocket(std::uint16_t port) : number_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int yes = 1;
    setsockopt(number_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listens_ = bind(number_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
               listen(number_, 1) == 0;
  }
  ListeningSocket(const ListeningSocket&) = delete;
  ListeningSocket& operator=(const ListeningSocket&) = delete;
  ~ListeningSocket() { close(number_); }

  [[nodiscard]] bool listens() const { return listens_; }
  [[nodiscard]] std::uint16_t port() const {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    getsockname(number_, reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin_port);
  }

 private:
  int number_;
  bool listens_ = false;
};

class Up : public Consortium {
 protected:
  // The processes of all nodes, when each has its pid file.
  static std::vector<pid_t> nodes_of(const std::string& cluster, int count) {
    std::vector<pid_t> nodes;
    for (int node = 1; node <= count; ++node) {
      const std::string file = cluster + "/" + std::to_string(node) + "/node.pid";
      std::ifstream stream(file);
      pid_t process = 0;
      if (stream >> process) nodes.push_back(process);
    }
    return nodes;
  }
  static bool none_runs(const std::vector<pid_t>& nodes) {
    return std::none_of(nodes.begin(), nodes.end(), &is_running);
  }
  // One voter is enough for what is not about consensus.
  [[nodiscard]] Ended up_alone(const std::vector<std::string>& more = {}) {
    std::vector<std::string> words{"up", "--dir", net()};
    words.insert(words.end(), more.begin(), more.end());
    Ended ended = run(words, variables());
    up_ = up_ || ended.exit == 0;
    return ended;
  }
};

TEST_F(Up, in_the_foreground_stops_its_nodes_when_it_is_told_to) {
  const pid_t parent =
      start({"up", "--dir", net(), "--voters", "2", "--learners", "0", "--foreground"}, variables());
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(scratch_ / "home/contexts.json"); }));
  const auto nodes = nodes_of(net(), 2);
  ASSERT_EQ(nodes.size(), 2u);
  kill(parent, SIGTERM);
  EXPECT_EQ(wait_for(parent), 130);
  EXPECT_TRUE(none_runs(nodes));
}

TEST_F(Up, in_the_foreground_leaves_no_node_behind_when_it_is_killed) {
  const pid_t parent =
      start({"up", "--dir", net(), "--voters", "2", "--learners", "0", "--foreground"}, variables());
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(scratch_ / "home/contexts.json"); }));
  const auto nodes = nodes_of(net(), 2);
  ASSERT_EQ(nodes.size(), 2u);
  kill(parent, SIGKILL);
  EXPECT_EQ(wait_for(parent), 128 + SIGKILL);
  EXPECT_TRUE(eventually([&] { return none_runs(nodes); }));
}

// The demo has no way left to stop its nodes: the system tells them.
TEST_F(Up, a_killed_demo_leaves_no_node_behind) {
  const std::string demo = file("demo");
  const pid_t parent = start({"demo", "--dir", demo}, variables());
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(demo + "/truth.json"); }));
  const auto nodes = nodes_of(demo, 5);
  ASSERT_EQ(nodes.size(), 5u);
  kill(parent, SIGKILL);
  EXPECT_EQ(wait_for(parent), 128 + SIGKILL);
  EXPECT_TRUE(eventually([&] { return none_runs(nodes); }));
}

// An operator's edits were lost at each start: the files were written again from cluster.json.
TEST_F(Up, keeps_what_an_operator_wrote) {
  ASSERT_EQ(up_alone({"--voters", "2", "--learners", "0"}).exit, 0);
  ASSERT_EQ(run({"down", "--dir", net()}, variables()).exit, 0);
  const std::string config = net() + "/1/node.toml";
  const std::string peer_port = value_at(read_text(net() + "/cluster.json"), "/nodes/0/peers_port");
  const std::string peer_config = read_text(net() + "/2/node.toml");
  ASSERT_NE(peer_config.find("\"127.0.0.1:" + peer_port + "\""), std::string::npos) << peer_config;
  write_text(config, read_text(config) + "\n[log]\nlevel = \"warn\"  # less of it\n");
  const std::string aliases = net() + "/homes/provider/aliases.json";
  write_text(aliases, "{\"me\": \"919900000000000091\"}");

  const Ended again = up_alone({"--voters", "2"});
  ASSERT_EQ(again.exit, 0) << again.err;
  EXPECT_NE(read_text(config).find("level = \"warn\"  # less of it"), std::string::npos);
  EXPECT_EQ(read_text(net() + "/2/node.toml"), peer_config);
  EXPECT_EQ(read_text(aliases), "{\"me\": \"919900000000000091\"}");
}

// A port that somebody else took meanwhile, and one that the operator chose: files and homes follow.
TEST_F(Up, moves_ports_and_nothing_else) {
  ASSERT_EQ(up_alone({"--voters", "2", "--learners", "0"}).exit, 0);
  ASSERT_EQ(run({"down", "--dir", net()}, variables()).exit, 0);
  const std::string cluster = read_text(net() + "/cluster.json");
  const auto address = [&](const std::string& pointer) {
    return "\"127.0.0.1:" + value_at(cluster, pointer) + "\"";
  };
  const std::string config = net() + "/1/node.toml";
  std::string text = "# mine\n" + read_text(config);

  const ListeningSocket taken(
      static_cast<std::uint16_t>(std::stoul(value_at(cluster, "/nodes/1/peers_port"))));
  ASSERT_TRUE(taken.listens());
  const std::string chosen = std::to_string(ListeningSocket(0).port());
  const std::string http = address("/nodes/0/http_port");
  text.replace(text.find(http), http.size(), "\"127.0.0.1:" + chosen + "\"");
  write_text(config, text);

  const Ended again = up_alone();
  ASSERT_EQ(again.exit, 0) << again.err;
  const std::string moved = read_text(config);
  EXPECT_TRUE(moved.starts_with("# mine\n"));
  EXPECT_NE(moved.find("\"127.0.0.1:" + chosen + "\""), std::string::npos);
  EXPECT_EQ(moved.find(address("/nodes/1/peers_port")), std::string::npos) << moved;
  const Ended status = run({"status", "--json"}, variables("exchange-a"));
  EXPECT_EQ(value_at(status.out, "/node"), "1") << status.err;
}

// Somebody who is quicker than the last node: it is told from the log of the first that ports were settled.
TEST_F(Up, moves_a_port_that_was_taken_while_nodes_started) {
  constexpr int kTries = 10;
  ASSERT_EQ(up_alone({"--voters", "3", "--learners", "1"}).exit, 0);
  for (int tried = 0; tried < kTries; ++tried) {
    ASSERT_EQ(run({"down", "--dir", net()}, variables()).exit, 0);
    const std::string first_log = net() + "/1/node.log";
    const auto port = static_cast<std::uint16_t>(
        std::stoul(value_at(read_text(net() + "/cluster.json"), "/nodes/3/http_port")));
    std::filesystem::remove(first_log);
    auto taken = std::async(std::launch::async, [&] {
      const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
      while (!std::filesystem::exists(first_log) && std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(std::chrono::microseconds(100));
      return std::make_unique<ListeningSocket>(port);
    });
    const Ended again = up_alone();
    ASSERT_EQ(again.exit, 0) << again.err;
    if (!taken.get()->listens()) continue;  // the node was quicker
    EXPECT_NE(again.err.find("port " + std::to_string(port) + " is now "), std::string::npos) << again.err;
    return;
  }
  GTEST_SKIP() << "the node was quicker each time";
}

TEST_F(Up, founds_in_an_empty_directory_only) {
  std::filesystem::create_directory(net());
  write_text(net() + "/letter.txt", "mine");
  const Ended refused = up_alone();
  EXPECT_EQ(refused.exit, 9);
  EXPECT_NE(refused.err.find("letter.txt"), std::string::npos) << refused.err;
  const auto names = std::filesystem::directory_iterator(net());
  EXPECT_EQ(std::distance(begin(names), end(names)), 1) << "nothing was put beside it";
}

TEST_F(Up, interrupted_while_it_founds_takes_back_what_it_made) {
  const pid_t founding = start({"up", "--dir", net()}, variables());
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(net() + "/homes/exchange-a/member.json"); }));
  kill(founding, SIGINT);
  EXPECT_EQ(wait_for(founding), 130);
  EXPECT_FALSE(std::filesystem::exists(net() + "/homes"));
  EXPECT_EQ(up_alone({"--voters", "1", "--learners", "0"}).exit, 0) << "and the next one founds";
}

TEST_F(Up, does_not_found_a_consortium_twice) {
  ASSERT_EQ(up_alone({"--voters", "1", "--learners", "0"}).exit, 0);
  const Ended other = up_alone({"--voters", "4"});
  EXPECT_EQ(other.exit, 2);
  EXPECT_NE(other.err.find("founded with --voters 1, not 4"), std::string::npos) << other.err;
  const Ended same = up_alone({"--voters", "1"});
  EXPECT_EQ(same.exit, 0) << same.err;
  for (const char* stopped : {"1 node", "0 nodes"}) {
    const Ended down = run({"down", "--dir", net()}, variables());
    EXPECT_EQ(down.exit, 0);
    EXPECT_TRUE(down.out.starts_with(std::string(stopped))) << down.out;
  }
}

}  // namespace
}  // namespace circula::e2e
