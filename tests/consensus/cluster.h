// A cluster in memory for tests: cores with disks that write late, links that hold messages until the test
// delivers them, and a shell for each node that does what effects.h and message.h demand. Every step is
// followed by the checks of ghost.h.
//
// Nothing happens by itself except: hard states are saved at once, and where `auto_first_block` is set the
// first block of a term is proposed when it is asked for. Writes complete when the test says so, or at once
// while `disk_stalled` is false and `auto_write` is true.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "consensus/raft.h"
#include "ghost.h"

namespace circula::consensus::testing {

// xorshift64*: equal on every platform.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15ull + 0x1234567ull) { (void)next(); }
  std::uint64_t next() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return state_ * 0x2545F4914F6CDD1Dull;
  }
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  bool chance(std::uint64_t permille) { return below(1000) < permille; }

 private:
  std::uint64_t state_;
};

struct Frame {
  Message message;
  std::vector<Block> blocks;  // of an append
};

struct Node {
  struct Write {
    AppendEffect effect;
    std::vector<Block> blocks;
  };

  // Survives a crash.
  HardState hard_state;
  Disk disk;
  Index executed;

  // Lost in a crash.
  std::unique_ptr<Raft> raft;
  std::vector<Block> log;
  std::deque<Write> writes;
  std::deque<std::pair<NodeId, Frame>> held;  // appends that the shell holds back, with their sender

  bool paused = false;
  bool disk_stalled = false;
  bool holds_back = false;
  bool in_doubt_at_start = false;

  std::vector<std::string> alarms;
  std::map<std::uint64_t, std::optional<Index>> reads;  // outcomes by context
  [[nodiscard]] bool up() const { return raft != nullptr; }
};

class Cluster {
 public:
  Cluster(Configuration genesis, std::uint64_t seed);

  // Short timeouts, so that a test has many elections: heartbeat 2, election [10, 20) ticks.
  static Options quick_options();

  Options options = quick_options();  // of nodes started from now on
  bool auto_write = true;
  bool auto_first_block = true;

  void start_all();
  void start(NodeId node);
  // The first `writes_kept` of the writes under way reach the disk, the others never.
  void crash(NodeId node, std::size_t writes_kept = 0);

  void tick(NodeId node);
  void tick_all();
  ProposeResult propose(NodeId node, std::uint32_t bytes = 100,
                        std::optional<Configuration> configuration = std::nullopt);
  ReadResult read(NodeId node, std::uint64_t context);
  TransferResult transfer(NodeId node, NodeId target);
  void refuse(NodeId node);
  void release(NodeId node);         // hands in what is held back
  bool complete_write(NodeId node);  // the oldest one; false when there is none
  void receive(NodeId to, NodeId from, const Frame& frame);
  void set_in_doubt(NodeId node, bool in_doubt);
  void connection_lost(NodeId node, NodeId peer);

  // Links. A cut one loses what is sent into it; what is on its way stays.
  void cut(NodeId from, NodeId to) { cut_.insert({from, to}); }
  void isolate(NodeId node);
  void heal() { cut_.clear(); }
  [[nodiscard]] std::deque<Frame>& link(NodeId from, NodeId to) { return links_[{from, to}]; }
  [[nodiscard]] std::map<std::pair<NodeId, NodeId>, std::deque<Frame>>& links() { return links_; }
  bool deliver_one(NodeId from, NodeId to);
  // All messages and writes until nothing moves; false after too many.
  bool deliver_all();

  // Runs node's election timeout out, without time passing for the others.
  void time_out(NodeId node);
  // Makes `node` leader with the help of all that are up.
  bool elect(NodeId node);
  // Time and messages for all until one leads and all that are up hold its log and know it committed.
  bool settle(std::uint64_t ticks_max = 2000);
  [[nodiscard]] bool settled() const;

  [[nodiscard]] Node& node(NodeId id) { return nodes_.at(id); }
  [[nodiscard]] const Node& node(NodeId id) const { return nodes_.at(id); }
  [[nodiscard]] Raft& raft(NodeId id) { return *nodes_.at(id).raft; }
  [[nodiscard]] std::map<NodeId, Node>& nodes() { return nodes_; }
  [[nodiscard]] NodeId leader() const;  // of the highest term, or kNobody
  [[nodiscard]] Ghost& ghost() { return ghost_; }
  [[nodiscard]] Random& random() { return random_; }

  // "1:1 2:3": term and index of each entry after genesis, as stored in memory.
  [[nodiscard]] std::string log_text(NodeId id) const;

 private:
  void absorb(NodeId id, const Append* append = nullptr, const std::vector<Block>* blocks = nullptr);
  void keep(NodeId id, const AppendEffect& effect, const Append* append, const std::vector<Block>* blocks);
  void post(NodeId from, const Outgoing& outgoing);
  void hand_in(NodeId to, NodeId from, const Frame& frame);
  [[nodiscard]] Log stored_log(const Disk& disk) const;
  static void apply(Disk& disk, const Node::Write& write);

  Configuration genesis_;
  Random random_;
  std::map<NodeId, Node> nodes_;
  std::map<std::pair<NodeId, NodeId>, std::deque<Frame>> links_;
  std::set<std::pair<NodeId, NodeId>> cut_;
  std::optional<Block> proposed_;
  std::uint64_t next_block_id_ = 1;
  Ghost ghost_;
};

}  // namespace circula::consensus::testing
