#include "cluster.h"

#include <algorithm>

namespace circula::consensus::testing {

Cluster::Cluster(Configuration genesis, std::uint64_t seed) : genesis_(std::move(genesis)), random_(seed) {
  for (const NodeId id : genesis_.members()) nodes_[id].disk = {Block{}};
}

Options Cluster::quick_options() {
  Options options;
  options.heartbeat_ticks = 2;
  options.election_ticks_min = 10;
  options.election_ticks_max = 20;
  options.stall_ticks = 20;
  options.disk_stall_ticks = 20;
  return options;
}

void Cluster::start_all() {
  for (auto& [id, node] : nodes_) start(id);
}

Log Cluster::stored_log(const Disk& disk) const {
  std::vector<TermRuns::Run> runs;
  std::map<Index, Configuration> configurations{{Index{0}, genesis_}};
  std::vector<std::uint32_t> sizes;
  for (std::uint64_t i = 1; i < disk.size(); ++i) {
    if (disk[i].term != disk[i - 1].term) runs.push_back({Index{i}, disk[i].term});
    if (disk[i].configuration) configurations.emplace(Index{i}, *disk[i].configuration);
    sizes.push_back(disk[i].bytes);
  }
  return Log(runs, Index{disk.size() - 1}, std::move(configurations), sizes);
}

void Cluster::start(NodeId id) {
  Node& node = nodes_[id];
  if (node.up()) return;
  if (node.disk.empty()) node.disk = {Block{}};
  Options mine = options;
  mine.self = id;
  mine.random = [this](std::uint64_t bound) { return random_.below(bound); };
  node.log = node.disk;
  node.raft = std::make_unique<Raft>(
      mine, Restored{node.hard_state, stored_log(node.disk), node.executed, node.in_doubt_at_start});
  ghost_.restarted(id);
  absorb(id);
}

void Cluster::crash(NodeId id, std::size_t writes_kept) {
  Node& node = nodes_.at(id);
  for (std::size_t i = 0; i < writes_kept && i < node.writes.size(); ++i) apply(node.disk, node.writes[i]);
  node.raft.reset();
  node.log.clear();
  node.writes.clear();
  node.held.clear();
  node.reads.clear();
}

void Cluster::apply(Disk& disk, const Node::Write& write) {
  disk.resize(write.effect.first.value);
  disk.insert(disk.end(), write.blocks.begin(), write.blocks.end());
}

void Cluster::tick(NodeId id) {
  Node& node = nodes_.at(id);
  if (!node.up() || node.paused) return;
  node.raft->tick();
  absorb(id);
}

void Cluster::tick_all() {
  for (auto& [id, node] : nodes_) tick(id);
}

ProposeResult Cluster::propose(NodeId id, std::uint32_t bytes, std::optional<Configuration> configuration) {
  Node& node = nodes_.at(id);
  const Index index = node.raft->next_index();
  proposed_ = Block{node.raft->term(), next_block_id_, node.log.back().id, bytes, configuration};
  const ProposeResult result = node.raft->propose(node.raft->term(), index, bytes, std::move(configuration));
  if (result == ProposeResult::kAccepted) {
    ++next_block_id_;
    ghost_.block_made(index, *proposed_);
  }
  absorb(id);
  return result;
}

ReadResult Cluster::read(NodeId id, std::uint64_t context) {
  ghost_.read_began(id, context);
  const ReadResult result = nodes_.at(id).raft->read_index(context);
  absorb(id);
  return result;
}

TransferResult Cluster::transfer(NodeId id, NodeId target) {
  const TransferResult result = nodes_.at(id).raft->transfer(target);
  absorb(id);
  return result;
}

void Cluster::set_in_doubt(NodeId id, bool in_doubt) {
  nodes_.at(id).raft->set_in_doubt(in_doubt);
  absorb(id);
}

void Cluster::connection_lost(NodeId id, NodeId peer) {
  nodes_.at(id).raft->connection_lost(peer);
  absorb(id);
}

void Cluster::refuse(NodeId id) {
  Raft& raft = *nodes_.at(id).raft;
  raft.refuse(raft.leader(), raft.term());
  absorb(id);
}

void Cluster::release(NodeId id) {
  Node& node = nodes_.at(id);
  node.holds_back = false;
  while (!node.held.empty()) {
    const auto [from, frame] = node.held.front();
    node.held.pop_front();
    hand_in(id, from, frame);
  }
}

bool Cluster::complete_write(NodeId id) {
  Node& node = nodes_.at(id);
  if (!node.up() || node.writes.empty()) return false;
  apply(node.disk, node.writes.front());
  const AppendTicket ticket = node.writes.front().effect.ticket;
  node.writes.pop_front();
  node.raft->durable(ticket);
  absorb(id);
  return true;
}

void Cluster::receive(NodeId to, NodeId from, const Frame& frame) {
  Node& node = nodes_.at(to);
  if (!node.up()) return;
  if (const auto* append = std::get_if<Append>(&frame.message); append && node.holds_back) {
    node.raft->hold_back(append->term, append->last_index());
    node.held.emplace_back(from, frame);
    return;
  }
  hand_in(to, from, frame);
}

void Cluster::hand_in(NodeId to, NodeId from, const Frame& frame) {
  Node& node = nodes_.at(to);
  const auto* append = std::get_if<Append>(&frame.message);
  if (append != nullptr) ghost_.handed_in(to, *append);
  node.raft->receive(from, frame.message);
  absorb(to, append, append ? &frame.blocks : nullptr);
}

// Carries out what the core of `id` wants; `append` with its blocks is what was handed in, if anything.
void Cluster::absorb(NodeId id, const Append* append, const std::vector<Block>* blocks) {
  Node& node = nodes_.at(id);
  const Effects effects = node.raft->take_effects();
  if (effects.save) {
    node.hard_state = *effects.save;
    ghost_.vote_saved(id, node.hard_state);
  }
  for (const AppendEffect& effect : effects.appends) keep(id, effect, append, blocks);
  for (const Outgoing& outgoing : effects.messages) post(id, outgoing);
  if (effects.commit) node.executed = *effects.commit;
  for (const ReadOutcome& read : effects.reads) {
    node.reads[read.context] = read.index;
    if (read.index) ghost_.read_done(id, read.context, *read.index);
  }
  node.alarms.insert(node.alarms.end(), effects.alarms.begin(), effects.alarms.end());

  std::map<NodeId, const Disk*> disks;
  for (const auto& [other, state] : nodes_) disks[other] = &state.disk;
  ghost_.stepped(*node.raft, node.log, disks);

  if (effects.first_block && auto_first_block) (void)propose(id, 0);
  if (auto_write && !node.disk_stalled) {
    while (complete_write(id)) continue;
  }
}

void Cluster::keep(NodeId id, const AppendEffect& effect, const Append* append,
                   const std::vector<Block>* blocks) {
  Node& node = nodes_.at(id);
  Node::Write write{effect, {}};
  node.log.resize(effect.first.value);
  for (Index index = effect.first; index <= effect.last; index = index.next()) {
    const Block block = append == nullptr ? *proposed_ : blocks->at(distance(append->first_index(), index));
    if (append != nullptr) ghost_.block_stored(id, index, node.log.back(), block);
    node.log.push_back(block);
    write.blocks.push_back(block);
  }
  node.writes.push_back(std::move(write));
}

void Cluster::post(NodeId from, const Outgoing& outgoing) {
  const Node& node = nodes_.at(from);
  ghost_.sent(from, outgoing.message, node.log, node.disk);
  Frame frame{outgoing.message, {}};
  if (const auto* append = std::get_if<Append>(&outgoing.message)) {
    const auto first = node.log.begin() + static_cast<std::ptrdiff_t>(append->first_index().value);
    frame.blocks.assign(first, first + static_cast<std::ptrdiff_t>(append->entries.size()));
  }
  if (!cut_.contains({from, outgoing.to})) links_[{from, outgoing.to}].push_back(std::move(frame));
}

void Cluster::isolate(NodeId node) {
  for (const auto& [other, state] : nodes_) {
    if (other == node) continue;
    cut(node, other);
    cut(other, node);
  }
}

bool Cluster::deliver_one(NodeId from, NodeId to) {
  auto& queue = links_[{from, to}];
  const auto node = nodes_.find(to);
  if (queue.empty() || (node != nodes_.end() && node->second.paused)) return false;
  const Frame frame = std::move(queue.front());
  queue.pop_front();
  if (node != nodes_.end()) receive(to, from, frame);
  return true;
}

bool Cluster::deliver_all() {
  constexpr int kStepsMax = 100'000;
  bool moved = true;
  for (int steps = 0; moved; ++steps) {
    if (steps > kStepsMax) return false;
    moved = false;
    std::vector<std::pair<NodeId, NodeId>> ends;
    for (const auto& [link, queue] : links_) {
      if (!queue.empty()) ends.push_back(link);
    }
    for (const auto& [from, to] : ends) moved = deliver_one(from, to) || moved;
  }
  return true;
}

void Cluster::time_out(NodeId id) {
  const Term term = raft(id).term();
  for (std::uint64_t i = 0; i < 4 * options.election_ticks_max; ++i) {
    tick(id);
    if (raft(id).role() != Role::kFollower || raft(id).term() != term) return;
  }
}

bool Cluster::elect(NodeId id) {
  for (auto& [other, state] : nodes_) {
    if (!state.up() || other == id || state.raft->is_leader()) continue;
    using Reason = WhyNotLeader::Reason;
    while (state.raft->why_not_leader().reason == Reason::kFollowsALeader ||
           (state.raft->leader() != kNobody && !state.raft->configuration().is_voter(other))) {
      const auto links = links_;
      tick(other);
      // Its own timeout may have come first: whom it asks then shall not hear it.
      if (state.raft->role() != Role::kFollower) links_ = links;
    }
  }
  time_out(id);
  return deliver_all() && raft(id).is_leader();
}

NodeId Cluster::leader() const {
  NodeId leader = kNobody;
  Term term;
  for (const auto& [id, node] : nodes_) {
    if (!node.up() || !node.raft->is_leader() || node.raft->term() < term) continue;
    leader = id;
    term = node.raft->term();
  }
  return leader;
}

bool Cluster::settled() const {
  const NodeId leading = leader();
  if (leading == kNobody) return false;
  const Raft& best = *node(leading).raft;
  if (best.commit_index() != best.log().last_index() || !best.committed_in_term()) return false;
  for (const NodeId id : best.configuration().members()) {
    const auto found = nodes_.find(id);
    if (found == nodes_.end() || !found->second.up()) continue;
    const Raft& raft = *found->second.raft;
    if (raft.term() != best.term() || raft.leader() != leading) return false;
    if (raft.deliverable_index() != best.commit_index()) return false;
    if (found->second.log.back().id != node(leading).log.back().id) return false;
  }
  return true;
}

bool Cluster::settle(std::uint64_t ticks_max) {
  for (std::uint64_t i = 0; i < ticks_max; ++i) {
    if (!deliver_all()) return false;
    if (settled()) return true;
    tick_all();
  }
  return false;
}

std::string Cluster::log_text(NodeId id) const {
  std::string text;
  const auto& log = node(id).log;
  for (std::size_t i = 1; i < log.size(); ++i) {
    text += (i == 1 ? "" : " ") + std::to_string(log[i].term.value) + ":" + std::to_string(i);
  }
  return text;
}

}  // namespace circula::consensus::testing
