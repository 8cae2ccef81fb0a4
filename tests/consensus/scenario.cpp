#include "scenario.h"

#include <algorithm>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <vector>

#include "cluster.h"

namespace circula::consensus::testing {
namespace {

// What is wrong with a line. Thrown and caught within this file.
struct Wrong : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Words {
 public:
  explicit Words(const std::string& line) {
    std::istringstream in(line);
    for (std::string word; in >> word;) words_.push_back(word);
  }
  [[nodiscard]] bool more() const { return next_ < words_.size(); }
  std::string word() {
    if (!more()) throw Wrong("an argument is missing");
    return words_[next_++];
  }
  [[nodiscard]] bool accept(const std::string& wanted) {
    if (!more() || words_[next_] != wanted) return false;
    ++next_;
    return true;
  }
  std::uint64_t number() {
    const std::string text = word();
    if (text.find_first_not_of("0123456789") != std::string::npos) throw Wrong("not a number: " + text);
    return std::stoull(text);
  }
  std::uint64_t number_or(std::uint64_t otherwise) { return more() ? number() : otherwise; }
  NodeId node() { return NodeId{static_cast<std::uint16_t>(number())}; }
  std::vector<NodeId> nodes() {
    std::vector<NodeId> nodes;
    std::istringstream in(word());
    for (std::string id; std::getline(in, id, ',');) {
      nodes.push_back(NodeId{static_cast<std::uint16_t>(std::stoul(id))});
    }
    return nodes;
  }
  std::string rest() {
    std::string text;
    while (more()) text += (text.empty() ? "" : " ") + word();
    return text;
  }

 private:
  std::vector<std::string> words_;
  std::size_t next_ = 0;
};

std::string name(ProposeResult result) {
  switch (result) {
    case ProposeResult::kAccepted:
      return "accepted";
    case ProposeResult::kNotLeader:
      return "not_leader";
    case ProposeResult::kStale:
      return "stale";
    case ProposeResult::kTransferring:
      return "transferring";
    case ProposeResult::kTooMuchUncommitted:
      return "too_much_uncommitted";
    case ProposeResult::kConfigurationTooEarly:
      return "configuration_too_early";
    case ProposeResult::kConfigurationOpen:
      return "configuration_open";
    case ProposeResult::kConfigurationInvalid:
      return "configuration_invalid";
  }
  return "unknown";
}

std::string name(TransferResult result) {
  switch (result) {
    case TransferResult::kStarted:
      return "started";
    case TransferResult::kNotLeader:
      return "not_leader";
    case TransferResult::kTransferring:
      return "transferring";
    case TransferResult::kNoTarget:
      return "no_target";
  }
  return "unknown";
}

std::string name(ReadResult result) {
  switch (result) {
    case ReadResult::kPending:
      return "pending";
    case ReadResult::kNoLeader:
      return "no_leader";
    case ReadResult::kTooMany:
      return "too_many";
  }
  return "unknown";
}

void expect(const std::string& what, const std::string& got, const std::string& wanted) {
  if (got != wanted) throw Wrong(what + " is " + got + ", not " + wanted);
}

void expect(const std::string& what, std::uint64_t got, std::uint64_t wanted) {
  expect(what, std::to_string(got), std::to_string(wanted));
}

class Scenario {
 public:
  Scenario() {
    add_world();
    add_links();
    add_nodes();
    add_requests();
    add_assertions();
  }

  void run(const std::string& line) {
    Words words(line);
    const std::string command = words.word();
    const auto found = commands_.find(command);
    if (found == commands_.end()) throw Wrong("unknown command: " + command);
    if (!cluster_ && command != "cluster" && command != "option") throw Wrong("no cluster yet");
    if (command.starts_with("assert_")) ++assertions_;
    found->second(words);
    if (words.more()) throw Wrong("too many arguments: " + words.rest());
    if (cluster_ && !cluster_->ghost().violation().empty()) throw Wrong(cluster_->ghost().violation());
  }

  [[nodiscard]] int assertions() const { return assertions_; }

 private:
  using Command = std::function<void(Words&)>;

  void add_world() {
    commands_["option"] = [this](Words& w) {
      const std::string option = w.word();
      const std::uint64_t value = w.number();
      if (option == "uncommitted_bytes")
        options_.uncommitted_bytes_max = value;
      else if (option == "append_bytes")
        options_.append_bytes_max = value;
      else if (option == "append_entries")
        options_.append_entries_max = value;
      else if (option == "inflight")
        options_.inflight_messages_max = value;
      else
        throw Wrong("unknown option: " + option);
    };
    commands_["cluster"] = [this](Words& w) {
      Configuration genesis;
      while (w.more() && !w.accept("learners")) genesis.voters.push_back(w.node());
      while (w.more()) genesis.learners.push_back(w.node());
      cluster_ = std::make_unique<Cluster>(genesis, 1);
      cluster_->options = options_;
      cluster_->start_all();
    };
    commands_["tick"] = [this](Words& w) {
      const std::uint64_t first = w.number();
      if (w.more()) {
        const std::uint64_t count = w.number();
        for (std::uint64_t i = 0; i < count; ++i) cluster_->tick(NodeId{static_cast<std::uint16_t>(first)});
      } else {
        for (std::uint64_t i = 0; i < first; ++i) cluster_->tick_all();
      }
    };
    commands_["settle"] = [this](Words&) {
      if (!cluster_->settle()) throw Wrong("the cluster does not settle");
    };
  }

  void add_links() {
    commands_["deliver"] = [this](Words& w) {
      if (!w.more()) {
        if (!cluster_->deliver_all()) throw Wrong("messages never end");
        return;
      }
      const NodeId from = w.node();
      const NodeId to = w.node();
      const std::uint64_t count = w.number_or(cluster_->link(from, to).size());
      for (std::uint64_t i = 0; i < count; ++i) {
        if (!cluster_->deliver_one(from, to)) throw Wrong("nothing to deliver");
      }
    };
    commands_["drop"] = [this](Words& w) {
      const NodeId from = w.node();
      auto& link = cluster_->link(from, w.node());
      const std::uint64_t count = w.number_or(link.size());
      if (count > link.size()) throw Wrong("nothing to drop");
      link.erase(link.begin(), link.begin() + static_cast<std::ptrdiff_t>(count));
    };
    commands_["dup"] = [this](Words& w) {
      const NodeId from = w.node();
      auto& link = cluster_->link(from, w.node());
      if (link.empty()) throw Wrong("nothing to repeat");
      link.push_back(link.front());
    };
    commands_["reorder"] = [this](Words& w) {
      const NodeId from = w.node();
      auto& link = cluster_->link(from, w.node());
      std::reverse(link.begin(), link.end());
    };
    commands_["partition"] = [this](Words& w) {
      const std::vector<NodeId> one = w.nodes();
      if (!w.accept("|")) throw Wrong("groups are parted by |");
      for (const NodeId there : w.nodes()) {
        for (const NodeId here : one) {
          cluster_->cut(here, there);
          cluster_->cut(there, here);
        }
      }
    };
    commands_["cut"] = [this](Words& w) {
      const NodeId from = w.node();
      cluster_->cut(from, w.node());
    };
    commands_["isolate"] = [this](Words& w) { cluster_->isolate(w.node()); };
    commands_["heal"] = [this](Words&) { cluster_->heal(); };
  }

  void add_nodes() {
    commands_["timeout"] = [this](Words& w) { cluster_->time_out(w.node()); };
    commands_["elect"] = [this](Words& w) {
      const NodeId node = w.node();
      if (!cluster_->elect(node)) throw Wrong("node " + std::to_string(node.value) + " is not elected");
    };
    commands_["pause"] = [this](Words& w) { cluster_->node(w.node()).paused = true; };
    commands_["resume"] = [this](Words& w) { cluster_->node(w.node()).paused = false; };
    commands_["connection_lost"] = [this](Words& w) {
      const NodeId node = w.node();
      cluster_->connection_lost(node, w.node());
    };
    commands_["crash"] = [this](Words& w) {
      const NodeId node = w.node();
      cluster_->crash(node, w.accept("keep") ? w.number() : 0);
    };
    commands_["restart"] = [this](Words& w) { cluster_->start(w.node()); };
    commands_["stall"] = [this](Words& w) { cluster_->node(w.node()).disk_stalled = true; };
    commands_["unstall"] = [this](Words& w) {
      const NodeId node = w.node();
      cluster_->node(node).disk_stalled = false;
      while (cluster_->complete_write(node)) continue;
    };
    commands_["complete"] = [this](Words& w) {
      const NodeId node = w.node();
      const std::uint64_t count = w.number_or(1);
      for (std::uint64_t i = 0; i < count; ++i) {
        if (!cluster_->complete_write(node)) throw Wrong("no write is under way");
      }
    };
    commands_["hold"] = [this](Words& w) { cluster_->node(w.node()).holds_back = true; };
    commands_["release"] = [this](Words& w) { cluster_->release(w.node()); };
    commands_["refuse"] = [this](Words& w) { cluster_->refuse(w.node()); };
    commands_["doubt"] = [this](Words& w) {
      const NodeId node = w.node();
      const bool on = w.word() == "on";
      cluster_->node(node).in_doubt_at_start = on;
      if (cluster_->node(node).up()) cluster_->set_in_doubt(node, on);
    };
  }

  void request(const std::string& command, const std::string& good,
               const std::function<std::string(Words&)>& ask) {
    commands_[command + "_try"] = [this, ask](Words& w) { result_ = ask(w); };
    commands_[command] = [this, ask, good, command](Words& w) {
      result_ = ask(w);
      expect(command, result_, good);
    };
  }

  void add_requests() {
    request("propose", "accepted", [this](Words& w) {
      const NodeId node = w.node();
      std::string result;
      for (std::uint64_t count = w.number_or(1); count > 0; --count) result = name(cluster_->propose(node));
      return result;
    });
    request("propose_size", "accepted", [this](Words& w) {
      const NodeId node = w.node();
      return name(cluster_->propose(node, static_cast<std::uint32_t>(w.number())));
    });
    request("configure", "accepted", [this](Words& w) {
      const NodeId node = w.node();
      Configuration next;
      next.voters = w.nodes();
      if (w.accept("&")) next.outgoing = w.nodes();
      if (w.accept("learners")) next.learners = w.nodes();
      return name(cluster_->propose(node, 100, next));
    });
    request("transfer", "started", [this](Words& w) {
      const NodeId node = w.node();
      return name(cluster_->transfer(node, w.more() ? w.node() : kNobody));
    });
    request("read", "pending", [this](Words& w) {
      const NodeId node = w.node();
      return name(cluster_->read(node, w.number()));
    });
  }

  void number_assertion(const std::string& what, const std::function<std::uint64_t(const Raft&)>& of) {
    commands_["assert_" + what] = [this, what, of](Words& w) {
      const NodeId node = w.node();
      expect(what + " of node " + std::to_string(node.value), of(cluster_->raft(node)), w.number());
    };
  }

  void add_assertions() {
    number_assertion("term", [](const Raft& raft) { return raft.term().value; });
    number_assertion("vote", [](const Raft& raft) { return raft.vote().value; });
    number_assertion("last", [](const Raft& raft) { return raft.log().last_index().value; });
    number_assertion("commit", [](const Raft& raft) { return raft.commit_index().value; });
    number_assertion("deliverable", [](const Raft& raft) { return raft.deliverable_index().value; });
    number_assertion("durable", [](const Raft& raft) { return raft.durable_index().value; });
    commands_["assert_leader"] = [this](Words& w) {
      expect("the leader", cluster_->leader().value, w.number());
    };
    commands_["assert_no_leader"] = [this](Words&) { expect("the leader", cluster_->leader().value, 0); };
    commands_["assert_role"] = [this](Words& w) {
      const NodeId node = w.node();
      expect("role of node " + std::to_string(node.value), role_name(cluster_->raft(node).role()), w.word());
    };
    commands_["assert_log"] = [this](Words& w) {
      const NodeId node = w.node();
      expect("log of node " + std::to_string(node.value), cluster_->log_text(node), w.rest());
    };
    commands_["assert_read"] = [this](Words& w) {
      const auto& reads = cluster_->node(w.node()).reads;
      const auto found = reads.find(w.number());
      std::string got = "pending";
      if (found != reads.end()) got = found->second ? std::to_string(found->second->value) : "failed";
      expect("the read", got, w.word());
    };
    commands_["assert_peer"] = [this](Words& w) {
      const Raft& leader = cluster_->raft(w.node());
      const auto found = leader.progress().find(w.node());
      if (found == leader.progress().end()) throw Wrong("no such follower");
      if (w.accept("match")) expect("match", found->second.match().value, w.number());
      if (w.accept("next")) expect("next", found->second.next().value, w.number());
    };
    commands_["assert_sent"] = [this](Words& w) {
      const NodeId from = w.node();
      const std::size_t sent = cluster_->link(from, w.node()).size();
      expect("messages under way", sent, w.number());
    };
    commands_["assert_alarms"] = [this](Words& w) {
      const auto& alarms = cluster_->node(w.node()).alarms;
      expect("alarms", alarms.size(), w.number());
    };
    commands_["assert_result"] = [this](Words& w) { expect("the result", result_, w.word()); };
  }

  std::map<std::string, Command> commands_;
  Options options_ = Cluster::quick_options();
  std::unique_ptr<Cluster> cluster_;
  std::string result_;
  int assertions_ = 0;
};

}  // namespace

std::string run_scenario(const std::string& path) {
  std::ifstream file(path);
  if (!file) return path + " cannot be read";
  Scenario scenario;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    line.erase(std::find(line.begin(), line.end(), '#'), line.end());
    if (line.find_first_not_of(" \t") == std::string::npos) continue;
    try {
      scenario.run(line);
    } catch (const Wrong& wrong) {
      return "line " + std::to_string(number) + ", " + line + ": " + wrong.what();
    }
  }
  return scenario.assertions() > 0 ? "" : "the scenario asserts nothing";
}

}  // namespace circula::consensus::testing
