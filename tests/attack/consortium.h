// The consortium that is attacked: four voters as processes, made and ended by `circula up` and `down`, and
// what can be read of them from outside.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/bench_target.h"
#include "crypto/ed25519.h"
#include "node/config.h"
#include "tests/e2e/circula_process.h"
#include "tests/ledger/scratch_directory.h"

namespace circula::attack {

// Of /proc/PID.
struct ProcessFigures {
  std::uint64_t resident_kib = 0;
  std::uint64_t descriptors = 0;
  std::uint64_t threads = 0;
};

struct Node {
  cli::BenchNode bench;
  node::NodeConfig config;

  [[nodiscard]] std::uint16_t http_port() const { return config.listen_http.port; }
  [[nodiscard]] std::uint16_t operator_port() const { return config.listen_operator.port; }
  [[nodiscard]] std::uint16_t peer_port() const { return config.listen_peers.port; }
  [[nodiscard]] crypto::SigningKey key(const std::string& name) const;  // "node", "transport", ...
};

class Consortium {
 public:
  static constexpr unsigned kVoters = 4;

  // Throws std::runtime_error when it does not come up.
  Consortium();
  ~Consortium();
  Consortium(const Consortium&) = delete;
  Consortium& operator=(const Consortium&) = delete;

  [[nodiscard]] const std::vector<Node>& nodes() const { return nodes_; }
  [[nodiscard]] const Node& node(unsigned id) const { return nodes_.at(id - 1); }
  [[nodiscard]] std::string file(const std::string& name) const { return scratch_ / name; }
  [[nodiscard]] std::string directory() const { return scratch_ / "net"; }
  // All nodes, or those without the last one.
  [[nodiscard]] cli::BenchTarget target(unsigned nodes = kVoters) const;

  // SIGKILL. The others may have to elect a leader.
  void kill(unsigned id);
  // `circula up` again: what is down is started, and everybody sees everybody when it returns.
  void start_what_is_down();
  [[nodiscard]] bool runs(unsigned id) const;

  [[nodiscard]] ProcessFigures figures(unsigned id) const;
  // A member of /v1/status, by JSON pointer.
  [[nodiscard]] std::string status(unsigned id, const std::string& pointer) const;
  [[nodiscard]] std::uint64_t log_file_bytes(unsigned id) const;
  [[nodiscard]] std::uint64_t evidence_bytes(unsigned id) const;
  [[nodiscard]] std::uint64_t refused_peers(unsigned id) const;

 private:
  void up();

  ledger::test::ScratchDirectory scratch_;
  std::vector<Node> nodes_;
};

}  // namespace circula::attack
