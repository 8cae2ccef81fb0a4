#include "node/replica.h"

#include <algorithm>
#include <cassert>

#include "crypto/encoding.h"
#include "ledger/canonical.h"
#include "node/chain_store.h"
#include "node/consensus_codec.h"
#include "node/peer_message.h"

namespace circula::node {
namespace {

constexpr std::uint64_t kWindowBlocksMin = 64;  // executed blocks kept for followers that are a little behind
constexpr std::size_t kExecutedBodiesMax = 65'536;  // several seconds of gossip at full rate
constexpr std::uint64_t kRememberedBlocks = 256;    // read at a start, for what is sent again after it
constexpr std::uint64_t kRepeatMs = 1'000;          // cosignatures that did not become final are sent again
constexpr std::uint64_t kAtExecutionMax = 64;       // blocks handed over and not yet executed

}  // namespace

bool ReplicaEffects::empty() const {
  return !save && writes.empty() && promises.empty() && messages.empty() && verify.empty() &&
         execute.empty() && admissions.empty() && !finalised && evidence.empty() && alarms.empty() && !stop;
}

Replica::Replica(const ledger::Genesis& genesis, Options options, Restored restored)
    : genesis_(genesis),
      options_(std::move(options)),
      configuration_(genesis.configuration()),
      finality_(genesis, options_.self, options_.finality_keys, std::move(restored.finality)),
      pool_(options_.pool),
      tip_(restored.tip),
      committed_(restored.executed.height),
      handed_over_(restored.executed.height),
      executed_(restored.executed.height),
      learner_durable_(restored.tip.height),
      executed_size_(restored.executed.log.size()),
      executed_time_ms_(restored.executed.time_ms) {
  if (options_.voter) {
    options_.raft.self = {options_.self};
    options_.raft.random = options_.random;
    consensus::Log log = restored.log ? std::move(*restored.log) : consensus::Log(to_core(configuration_));
    raft_.emplace(options_.raft,
                  consensus::Restored{restored.hard_state, std::move(log), {executed_}, false});
  }
  remember_log();
  if (executed_ > 0) {
    apply_finality(
        finality_.executed({executed_, restored.executed.log.size(), restored.executed.log.root()}));
  }
  pump();
}

void Replica::tick(std::uint64_t mono_ms, std::uint64_t wall_ms) {
  now_ms_ = mono_ms;
  wall_ms_ = wall_ms;
  if (raft_) raft_->tick();
  pump();
  request_bodies();
  if (held_) advance_held();
  ask_for_stuck_block();
  if (!raft_) pull_blocks();
  if (now_ms_ >= last_repeat_ms_ + kRepeatMs) repeat_unfinished();
  build_blocks();
}

// What a lost message held up is sent again: own cosignatures above the final height, and the newest note.
void Replica::repeat_unfinished() {
  last_repeat_ms_ = now_ms_;
  // A leader that can write nothing holds everybody up until somebody takes over.
  if (read_only_) (void)hand_over();
  (void)pool_.drop_expired(executed_time_ms_);
  for (const proto::Cosigned& own : finality_.own_unfinished()) {
    proto::PeerMessage message;
    *message.mutable_cosigned() = own;
    broadcast(message, Audience::kVoters);
  }
}

void Replica::on_peer_message(NodeNumber from, ByteView frame) {
  const std::optional<proto::PeerMessage> read = read_peer_message(frame);
  if (!read) return;
  const proto::PeerMessage& message = *read;
  switch (message.kind_case()) {
    case proto::PeerMessage::kConsensus:
      on_consensus(from, message.consensus());
      break;
    case proto::PeerMessage::kBodies:
      on_bodies(from, message.bodies());
      break;
    case proto::PeerMessage::kAnnouncement:
      on_announcement(from, message.announcement());
      break;
    case proto::PeerMessage::kBodyRequest:
      on_body_request(from, message.body_request());
      break;
    case proto::PeerMessage::kCosigned:
      on_cosigned(from, message.cosigned());
      break;
    case proto::PeerMessage::kFinalNote:
      apply_finality(finality_.final_note(message.final_note()));
      break;
    case proto::PeerMessage::kBlockRequest:
      on_block_request(from, message.block_request());
      break;
    case proto::PeerMessage::kBlocks:
      on_blocks(from, message.blocks());
      break;
    case proto::PeerMessage::kEvidence:
      on_evidence(from, message.evidence());
      break;
    case proto::PeerMessage::KIND_NOT_SET:
      break;
  }
  pump();
}

void Replica::on_peer_up(NodeNumber peer) {
  peers_[peer].up = true;
  announce_pool(peer);
  for (const proto::Cosigned& own : finality_.own_unfinished()) {
    proto::PeerMessage message;
    *message.mutable_cosigned() = own;
    send(peer, message);
  }
  send_final_note(peer);
}

void Replica::send_final_note(NodeNumber to) {
  if (finality_.newest().note.empty()) return;
  proto::PeerMessage message;
  message.mutable_final_note()->set_height(finality_.newest().height);
  message.mutable_final_note()->set_note(finality_.newest().note);
  send(to, message);
}

// Who still cosigns what is final here has missed the others' cosignatures, which nobody sends any more.
void Replica::on_cosigned(NodeNumber from, const proto::Cosigned& message) {
  apply_finality(finality_.cosigned(from, message));
  PeerView& peer = peers_[from];
  if (message.height() > finality_.newest().height || now_ms_ < peer.note_sent_ms + kRepeatMs) return;
  peer.note_sent_ms = now_ms_;
  send_final_note(from);
}

void Replica::on_peer_down(NodeNumber peer) {
  peers_[peer].up = false;
  if (raft_) raft_->connection_lost({peer});
  if (pull_from_ == peer) pull_open_ = false;
  pump();
}

void Replica::on_durable(const consensus::AppendTicket& ticket) {
  if (raft_) {
    raft_->durable(ticket);
  } else {
    learner_durable_ = std::max(learner_durable_, ticket.last.index.value);
    commit_as_learner();
  }
  pump();
  build_blocks();
}

void Replica::on_promised(const Sealed& promise) {
  apply_finality(finality_.promised(promise, wall_ms_ / 1000));
}

void Replica::on_executed(const ledger::ExecutedBlock& block, std::optional<std::uint64_t> next_due_ms) {
  executed_ = block.height;
  executed_size_ = block.log_size;
  executed_time_ms_ = block.time_ms;
  next_due_ms_ = next_due_ms;
  if (const auto done = window_.find(block.height); done != window_.end()) {
    for (const ledger::EnvelopePtr& body : done->second->bodies) {
      in_log_.erase(body->body_hash());
      bodies_.erase(body->body_hash());
      remember_executed(body->body_hash());
      pool_.remove_intent(body->id());
    }
  }
  apply_finality(finality_.executed({block.height, block.log_size, block.log_root}));
  trim_window();
  execute_committed();
  pump();
  build_blocks();
}

void Replica::on_voters_changed(const ledger::proto::Configuration& configuration) {
  configuration_ = configuration;
  finality_.set_voters(configuration);
}

void Replica::set_read_only(bool read_only) {
  read_only_ = read_only;
  if (raft_) raft_->set_may_lead(!read_only_);
  if (read_only_) (void)hand_over();
}

bool Replica::hand_over() {
  if (!is_leader()) return false;
  const consensus::TransferResult started = raft_->transfer();
  pump();
  return started == consensus::TransferResult::kStarted ||
         started == consensus::TransferResult::kTransferring;
}

ReplicaEffects Replica::take_effects() {
  flush_gossip();
  ReplicaEffects taken = std::move(effects_);
  effects_ = {};
  return taken;
}

void Replica::pump() {
  while (raft_) {
    consensus::Effects effects = raft_->take_effects();
    if (effects.empty()) return;
    carry_out(std::move(effects));
  }
}

void Replica::carry_out(consensus::Effects effects) {
  if (effects.save) effects_.save = effects.save;
  for (const consensus::AppendEffect& append : effects.appends) write_blocks(append);
  for (const consensus::Outgoing& outgoing : effects.messages) send_consensus(outgoing);
  for (std::string& alarm : effects.alarms) effects_.alarms.push_back(std::move(alarm));
  if (effects.leadership && held_ && held_->term != effects.leadership->term) forget_held();
  if (effects.commit) {
    committed_ = std::max(committed_, effects.commit->value);
    execute_committed();
  }
  if (effects.first_block) build_first_block(*effects.first_block);
}

void Replica::write_blocks(const consensus::AppendEffect& append) {
  BlockWrite write{append.ticket, std::nullopt, {}};
  if (append.truncate_from) write.truncate_from = append.truncate_from->value;
  for (std::uint64_t height = append.first.value; height <= append.last.value; ++height) {
    auto block = arriving_.extract(height);
    place_block(std::move(block.mapped()));
    write.blocks.push_back(window_.at(height));
  }
  effects_.writes.push_back(std::move(write));
}

void Replica::send_consensus(const consensus::Outgoing& outgoing) {
  std::vector<ledger::BlockFrame> frames;
  std::vector<BlockPtr> old_blocks;
  if (const auto* append = std::get_if<consensus::Append>(&outgoing.message); append != nullptr) {
    std::uint64_t height = append->first_index().value;
    for (const consensus::Entry& entry : append->entries) {
      const BlockPtr block = block_at(height);
      if (block == nullptr || block->frame.header.term != entry.term.value) return;
      if (!window_.contains(height++)) old_blocks.push_back(block);
      frames.push_back(block->frame);
    }
  }
  proto::PeerMessage message;
  *message.mutable_consensus() = encode_consensus(outgoing.message, frames);
  send(outgoing.to.value, message);
  // A follower that is far behind was never sent these bodies, and no pool holds them any more. They follow
  // the frames, so that they are wanted when they come.
  for (const BlockPtr& block : old_blocks) push_old_bodies(outgoing.to.value, block);
}

void Replica::push_old_bodies(NodeNumber to, const BlockPtr& block) {
  proto::PeerMessage message;
  for (const ledger::EnvelopePtr& body : block->bodies) {
    message.mutable_bodies()->add_bodies(std::string(crypto::as_text(body->bytes())));
  }
  if (message.has_bodies()) send(to, message);
}

void Replica::send(NodeNumber to, const proto::PeerMessage& message) {
  auto frame = std::make_shared<Bytes>(message.ByteSizeLong());
  message.SerializeToArray(frame->data(), static_cast<int>(frame->size()));
  effects_.messages.push_back({to, std::move(frame)});
}

void Replica::broadcast(const proto::PeerMessage& message, Audience audience) {
  auto frame = std::make_shared<Bytes>(message.ByteSizeLong());
  message.SerializeToArray(frame->data(), static_cast<int>(frame->size()));
  for (const ledger::proto::Member& member : configuration_.members()) {
    const bool voter = member.role() == ledger::proto::MEMBER_ROLE_VOTER;
    if (member.node_id() == options_.self || (audience == Audience::kVoters && !voter) ||
        (audience == Audience::kLearners && voter)) {
      continue;
    }
    effects_.messages.push_back({static_cast<NodeNumber>(member.node_id()), frame});
  }
}

void Replica::apply_finality(Finality::Outcome outcome) {
  for (const Sealed& promise : outcome.promises) effects_.promises.push_back(promise);
  for (proto::Cosigned& own : outcome.to_send) {
    proto::PeerMessage message;
    *message.mutable_cosigned() = std::move(own);
    broadcast(message, Audience::kVoters);
  }
  for (proto::Evidence& evidence : outcome.evidence) {
    proto::PeerMessage message;
    *message.mutable_evidence() = evidence;
    broadcast(message, Audience::kAll);
    effects_.evidence.push_back(std::move(evidence));
  }
  if (outcome.finalised) effects_.finalised = std::move(outcome.finalised);
  if (outcome.diverged) effects_.stop = std::move(outcome.diverged);
  if (!raft_) commit_as_learner();
  watch_refused();
}

// A learner takes a block for committed when a final checkpoint covers it, and executes it when it is
// durable. How large the log is after a block shows only when the block is executed: one at a time.
void Replica::commit_as_learner() {
  const bool covered = handed_over_ == executed_ && executed_size_ < finality_.known_final_size();
  if (covered && executed_ < learner_durable_) committed_ = std::max(committed_, executed_ + 1);
  execute_committed();
}

void Replica::execute_committed() {
  while (handed_over_ < committed_ && handed_over_ < executed_ + kAtExecutionMax) {
    BlockPtr block = block_at(handed_over_ + 1);
    if (block == nullptr) return;
    ++handed_over_;
    window_[handed_over_] = block;
    effects_.execute.push_back(std::move(block));
  }
}

void Replica::trim_window() {
  while (!window_.empty() && window_.begin()->first + kWindowBlocksMin < executed_)
    window_.erase(window_.begin());
}

// Puts a complete block at its height; what stood there and above in another term is gone from the log, and
// its bodies may be proposed again.
void Replica::place_block(BlockPtr block) {
  const std::uint64_t height = block->frame.header.height;
  drop_window_from(height);
  tip_ = {height, block->frame.header.term, block->frame.hash, block->frame.header.time_ms};
  for (const ledger::EnvelopePtr& body : block->bodies) in_log_.insert(body->body_hash());
  window_[height] = std::move(block);
}

void Replica::drop_window_from(std::uint64_t height) {
  for (auto gone = window_.lower_bound(height); gone != window_.end(); gone = window_.erase(gone)) {
    for (const ledger::EnvelopePtr& body : gone->second->bodies) {
      in_log_.erase(body->body_hash());
      (void)pool_.add(body);
    }
  }
}

BlockPtr Replica::block_at(std::uint64_t height) const {
  if (const auto found = window_.find(height); found != window_.end()) return found->second;
  auto read = options_.read_block(height);
  return read ? *read : nullptr;
}

std::optional<ledger::ParentLink> Replica::link_at(std::uint64_t height) const {
  if (height == tip_.height) return tip_;
  if (height == 0) return ledger::ParentLink{0, 0, genesis_.chain_id(), genesis_.message().time_ms()};
  const BlockPtr block = block_at(height);
  if (block == nullptr) return std::nullopt;
  const ledger::BlockHeader& header = block->frame.header;
  return ledger::ParentLink{header.height, header.term, block->frame.hash, header.time_ms};
}

bool Replica::is_voter(NodeNumber node) const {
  const ledger::proto::Member* found = member(node);
  return found != nullptr && found->role() == ledger::proto::MEMBER_ROLE_VOTER;
}

const ledger::proto::Member* Replica::member(NodeNumber node) const {
  for (const ledger::proto::Member& one : configuration_.members()) {
    if (one.node_id() == node) return &one;
  }
  return nullptr;
}

void Replica::remember_executed(const Digest& body_hash) {
  if (!executed_bodies_.insert(body_hash).second) return;
  executed_bodies_order_.push_back(body_hash);
  if (executed_bodies_order_.size() <= kExecutedBodiesMax) return;
  executed_bodies_.erase(executed_bodies_order_.front());
  executed_bodies_order_.pop_front();
}

// At a start: a body that stands in the log, executed or not, is not proposed again when clients or peers
// send it once more.
void Replica::remember_log() {
  const std::uint64_t oldest = executed_ > kRememberedBlocks ? executed_ - kRememberedBlocks + 1 : 1;
  for (std::uint64_t height = oldest; height <= tip_.height; ++height) {
    BlockPtr block = block_at(height);
    if (block == nullptr) continue;
    if (height <= executed_) {
      for (const ledger::EnvelopePtr& body : block->bodies) remember_executed(body->body_hash());
      continue;
    }
    for (const ledger::EnvelopePtr& body : block->bodies) in_log_.insert(body->body_hash());
    // Those further on are read again when execution comes to them.
    if (height <= executed_ + kAtExecutionMax) window_[height] = std::move(block);
  }
}

NodeNumber Replica::leader() const { return raft_ ? raft_->leader().value : 0; }

bool Replica::is_pending(const Digest& envelope_id) const {
  if (pool_.holds_intent(envelope_id)) return true;
  for (auto block = window_.upper_bound(executed_); block != window_.end(); ++block) {
    for (const ledger::EnvelopePtr& body : block->second->bodies) {
      if (body->id() == envelope_id) return true;
    }
  }
  return false;
}

NodeStatus Replica::status() const {
  NodeStatus status;
  status.node_id = options_.self;
  status.role = raft_ ? consensus::role_name(raft_->role()) : "learner";
  // A learner hears no leader: it names the proposer of the newest block that it holds.
  status.leader = raft_             ? leader()
                  : window_.empty() ? NodeNumber{0}
                                    : window_.rbegin()->second->frame.header.proposer;
  status.term = raft_ ? raft_->term().value : tip_.term;
  status.committed_height = committed_;
  status.executed_height = executed_;
  status.ledger_time_ms = executed_time_ms_;
  status.pool_envelopes = pool_.size();
  status.pool_bytes = pool_.bytes();
  status.read_only = read_only_;
  status.checkpoint = finality_.newest();
  if (finality_.newest().height < executed_) status.why_not_final = finality_.waiting_for();
  for (const ledger::proto::Member& one : configuration_.members()) {
    const auto node = static_cast<NodeNumber>(one.node_id());
    const bool voter = one.role() == ledger::proto::MEMBER_ROLE_VOTER;
    const auto view = peers_.find(node);
    // The transport pings a silent channel and closes a dead one, so an open channel is a peer that is up.
    const bool up = node == options_.self || (view != peers_.end() && view->second.up);
    (voter ? status.voters : status.learners) += 1;
    if (up) (voter ? status.voters_up : status.learners_up) += 1;
    NodeStatus::Peer peer;
    peer.node_id = node;
    peer.role = voter ? "voter" : "learner";
    peer.up = up;
    peer.cosigned_height = finality_.newest_cosigned_height(node);
    if (raft_ && raft_->is_leader()) {
      if (const auto progress = raft_->progress().find({node}); progress != raft_->progress().end()) {
        peer.acknowledged_height = progress->second.match().value;
      }
    }
    status.peers.push_back(std::move(peer));
  }
  return status;
}

}  // namespace circula::node
