// The follower's part of the replica: the leader's appends, held until their blocks are complete and valid.
#include <algorithm>

#include "crypto/encoding.h"
#include "node/consensus_codec.h"
#include "node/replica.h"

namespace circula::node {
namespace {

using consensus::EntryId;
using consensus::Index;
using consensus::Term;

constexpr std::uint64_t kHeldBlocksMax = 1024;     // more than the leader's window ever has in flight
constexpr std::uint64_t kStuckMs = 200;            // four rounds of asking by hash
constexpr std::uint64_t kStuckRoundsMax = 10;      // then a learner leaves a peer's blocks
constexpr std::uint64_t kExecutionLagMax = 128;    // blocks in memory; the leader pauses at half of it
constexpr std::size_t kRefusedMax = 64;            // of blocks that are remembered
constexpr std::uint64_t kClockAheadMaxMs = 5'000;  // design.md 4: a block further ahead is held back

}  // namespace

void Replica::on_consensus(NodeNumber from, const proto::Consensus& message) {
  // Learners have no core: what one of them says here is no word of consensus.
  if (!raft_ || !is_voter(from)) return;
  if (message.has_append()) {
    on_append(from, message);
    return;
  }
  if (const std::optional<consensus::Message> decoded = decode_consensus(message)) {
    raft_->receive({from}, *decoded);
    pump();
    build_blocks();
  }
}

void Replica::on_append(NodeNumber from, const proto::Consensus& message) {
  // Below the disk's reserve nothing is appended; heartbeats keep this node a follower.
  if (read_only_ && message.append().frames_size() > 0) return;
  if (!take_frames(from, message)) return;
  advance_held();
}

// Adds the message's frames to those that are held. False when the core has been asked instead, or nothing
// can be done with it.
bool Replica::take_frames(NodeNumber from, const proto::Consensus& message) {
  const proto::Append& append = message.append();
  auto bare = std::get<consensus::Append>(*decode_consensus(message));
  if (append.frames_size() != append.sizes_size()) return false;
  // Terms, roles and probes are the core's business.
  const bool another_leads =
      bare.term == raft_->term() && raft_->leader() != consensus::kNobody && raft_->leader().value != from;
  if (append.frames_size() == 0 || bare.term < raft_->term() || another_leads) {
    raft_->receive({from}, bare);
    return false;
  }
  std::vector<ledger::BlockFrame> frames;
  for (const auto& frame : append.frames()) {
    auto decoded = ledger::decode_frame(frame, genesis_.chain_id());
    if (!decoded || decoded->header.height != bare.prev.index.value + frames.size() + 1) {
      // No honest leader makes such a frame. Left unanswered it would lead for ever without a block.
      if (raft_->leader().value == from) refuse_leader(from, bare.term);
      return false;
    }
    frames.push_back(std::move(*decoded));
  }
  if (held_ && (held_->leader != from || held_->term != bare.term)) forget_held();

  // What the log holds already needs no second look: equal term and index are equal entries.
  EntryId prev = bare.prev;
  std::size_t known = 0;
  const auto id_of = [](const ledger::BlockFrame& frame) {
    return EntryId{Term{frame.header.term}, Index{frame.header.height}};
  };
  if (raft_->log().holds(prev)) {
    while (known < frames.size() && raft_->log().holds(id_of(frames[known]))) {
      const auto ours = window_.find(frames[known].header.height);
      if (ours != window_.end() && ours->second->frame.hash != frames[known].hash) {
        note_two_headers(ours->second->frame, frames[known]);
        return false;
      }
      prev = id_of(frames[known++]);
    }
    if (known == frames.size()) {
      for (std::size_t entry = 0; entry < known; ++entry) {
        bare.entries.push_back(
            {Term{frames[entry].header.term}, append.sizes(static_cast<int>(entry)), std::nullopt});
      }
      raft_->receive({from}, bare);
      return false;
    }
  }
  const bool joins = held_ && prev.index >= held_->prev.index &&
                     prev.index.value <= held_->prev.index.value + held_->frames.size() &&
                     (prev.index == held_->prev.index
                          ? prev == held_->prev
                          : prev == id_of(held_->frames[prev.index.value - held_->prev.index.value - 1]));
  if (!joins && !raft_->log().holds(prev)) {
    raft_->receive({from}, bare);  // rejected by prev alone; it says where to look
    return false;
  }
  if (!joins) {
    held_ = Held{from, bare.term, prev, {}, {}, {}, {}, false};
    reported_held_ = 0;
  }
  // A frame that stands there already stays; a different one cannot come from the same leader and term but
  // by its misconduct, which shows when the newer one is checked.
  std::size_t at = prev.index.value - held_->prev.index.value;
  for (std::size_t next = known; next < frames.size(); ++next, ++at) {
    if (at < held_->frames.size()) {
      if (held_->frames[at].hash == frames[next].hash) continue;
      note_two_headers(held_->frames[at], frames[next]);
      held_->frames.resize(at);
      held_->sizes.resize(at);
      if (at == 0) held_->found.clear();
    }
    if (held_->frames.size() >= kHeldBlocksMax) break;
    need_bodies(frames[next]);
    held_->frames.push_back(std::move(frames[next]));
    held_->sizes.push_back(append.sizes(static_cast<int>(next)));
  }
  held_->commit = std::max(held_->commit, bare.commit);
  return true;
}

// One that is being verified is asked for only if that takes long, or comes to nothing.
void Replica::need_body(const Digest& hash) {
  exchange_.need(hash, held_->leader, verifying_.contains(hash) ? now_ms_ + BodyExchange::kRetryMs : 0);
}

void Replica::need_bodies(const ledger::BlockFrame& frame) {
  for (const Digest& body : frame.body_hashes) {
    if (find_body(body) == nullptr) need_body(body);
  }
}

// Hands the longest complete beginning of what is held to the core, or to the disk of a learner.
void Replica::advance_held() {
  if (!held_) return;
  std::optional<ledger::ParentLink> parent = link_at(held_->prev.index.value);
  if (!parent || (raft_ && !raft_->log().holds(held_->prev))) {
    forget_held();
    return;
  }
  consensus::Append append{held_->term, held_->prev, {}, held_->commit};
  std::vector<BlockPtr> blocks;
  while (!held_->frames.empty()) {
    BlockPtr block;
    const Readiness readiness = complete(held_->frames.front(), *parent, block);
    if (readiness == Readiness::kInvalid) return;
    if (readiness == Readiness::kWaits) break;
    const ledger::BlockHeader& header = block->frame.header;
    parent = ledger::ParentLink{header.height, header.term, block->frame.hash, header.time_ms};
    append.entries.push_back({Term{header.term}, held_->sizes.front(), std::nullopt});
    blocks.push_back(std::move(block));
    held_->prev = {Term{header.term}, Index{header.height}};
    held_->prev_told = true;
    held_->found.clear();
    held_->frames.pop_front();
    held_->sizes.pop_front();
  }
  if (blocks.empty()) {
    tell_core_what_precedes();
  } else {
    const NodeNumber leader = held_->leader;
    for (const BlockPtr& block : blocks) {
      for (const ledger::EnvelopePtr& body : block->bodies) {
        bodies_.erase(body->body_hash());
        exchange_.got(body->body_hash());
      }
    }
    if (held_->frames.empty()) held_.reset();
    if (raft_) {
      // The core may know better than to take them: they enter the window when it appends them.
      for (const BlockPtr& block : blocks) arriving_[block->frame.header.height] = block;
      raft_->receive({leader}, append);
      pump();
      arriving_.clear();
    } else {
      for (const BlockPtr& block : blocks) place_block(block);
      const ledger::BlockHeader& last = blocks.back()->frame.header;
      effects_.writes.push_back(
          {{++learner_ticket_, {Term{last.term}, Index{last.height}}}, std::nullopt, std::move(blocks)});
    }
  }
  report_held();
}

// While blocks wait for execution to catch up, the core must learn that what precedes them agrees with the
// leader's log: only then it may commit that, which is what execution waits for.
void Replica::tell_core_what_precedes() {
  if (!raft_ || held_->prev_told || held_->frames.empty()) return;
  if (held_->frames.front().header.height <= executed_ + kExecutionLagMax) return;
  held_->prev_told = true;
  const NodeNumber leader = held_->leader;
  raft_->receive({leader}, consensus::Append{held_->term, held_->prev, {}, held_->commit});
  pump();
}

// A block is held back, neither valid nor invalid, while it is too far ahead of this node's clock or of what
// it has executed.
bool Replica::waits_for_time(const ledger::BlockFrame& frame) const {
  const bool early = genesis_.message().clock() == ledger::proto::CLOCK_WALL &&
                     frame.header.time_ms > wall_ms_ + kClockAheadMaxMs;
  return early || (raft_ && frame.header.height > executed_ + kExecutionLagMax);
}

Replica::Readiness Replica::complete(const ledger::BlockFrame& frame, const ledger::ParentLink& parent,
                                     BlockPtr& block) {
  std::vector<ledger::EnvelopePtr>& found = held_->found;
  while (found.size() < frame.body_hashes.size()) {
    const Digest& hash = frame.body_hashes[found.size()];
    ledger::EnvelopePtr body = find_body(hash);
    if (body == nullptr) {
      // It may have been in the pool when the frame came, and gone since with another body of its intent.
      need_body(hash);
      return Readiness::kWaits;
    }
    found.push_back(std::move(body));
  }
  if (waits_for_time(frame)) return Readiness::kWaits;
  auto whole = std::make_shared<ledger::Block>(ledger::Block{frame, found});
  if (judge(*whole, parent) == Readiness::kInvalid) return Readiness::kInvalid;
  block = std::move(whole);
  return Readiness::kReady;
}

// Validity is a function of the block's bytes, its parent and the configuration (design.md 3).
Replica::Readiness Replica::judge(const ledger::Block& block, const ledger::ParentLink& parent) {
  if (!signed_by_proposer(block.frame)) {
    refuse_held(block, held_->leader,
                ledger::error(ledger::Code::E_SIG, "the proposer's signature does not verify"));
    return Readiness::kInvalid;
  }
  const auto valid = ledger::check_block(block, parent, genesis_.message().clock(), configuration_);
  if (valid) return Readiness::kReady;
  refuse_held(block, block.frame.header.proposer, valid.error());
  return Readiness::kInvalid;
}

void Replica::refuse_held(const ledger::Block& block, NodeNumber signer, const ledger::Error& reason) {
  proto::Evidence evidence;
  evidence.set_kind("block");
  evidence.set_signer(signer);
  evidence.add_statements(block.frame.message().SerializeAsString());
  for (const ledger::EnvelopePtr& body : block.bodies)
    evidence.add_statements(std::string(crypto::as_text(body->bytes())));
  evidence.set_reason(std::string(ledger::name(reason.code)) + ": " + reason.detail);
  keep_evidence(std::move(evidence));
  if (refused_.size() < kRefusedMax || refused_.contains(block.frame.hash)) {
    Refused& refused = refused_[block.frame.hash];
    refused.height = block.frame.header.height;
    refused.leaders.insert(held_->leader);
  }
  const NodeNumber leader = held_->leader;
  const Term term = held_->term;
  if (raft_) {
    refuse_leader(leader, term);
  } else {
    forget_held();
    ask_another_peer();
  }
}

void Replica::refuse_leader(NodeNumber leader, Term term) {
  forget_held();
  raft_->refuse({leader}, term);
  pump();
  // Whether the others have made it final all the same: no block, but the note.
  proto::PeerMessage message;
  message.mutable_block_request()->set_from(UINT64_MAX);
  message.mutable_block_request()->set_final_height(finality_.newest().height);
  broadcast(message, Audience::kVoters);
  watch_refused();
}

// A block that was refused here, that leaders other than one have in their logs, and at whose height a quorum
// has gone on: this node's rule differs from the quorum's (design.md 3). One leader's word is not enough for
// it, nor two leaders' without the quorum's.
void Replica::watch_refused() {
  if (!raft_ || refused_.empty() || finality_.known_final_size() <= executed_size_) return;
  std::erase_if(refused_, [&](const auto& entry) { return entry.second.height <= executed_; });
  for (const auto& [hash, refused] : refused_) {
    if (refused.height != executed_ + 1 || refused.leaders.size() < 2) continue;
    effects_.stop = "block " + std::to_string(refused.height) +
                    " is final, and this node holds it to be invalid: its rule differs from the quorum's";
  }
}

void Replica::report_held() {
  if (!raft_) return;
  const std::uint64_t last = held_ ? held_->prev.index.value + held_->frames.size() : 0;
  if (last == reported_held_) return;
  reported_held_ = last;
  if (held_) raft_->hold_back(held_->term, {last});
  pump();
}

// Bodies are asked for by hash; but of a block that others executed long ago only chain/ has them, by height.
void Replica::ask_for_stuck_block() {
  if (!held_ || held_->frames.empty() || held_->found.size() == held_->frames.front().body_hashes.size()) {
    stuck_height_ = 0;
    return;
  }
  const std::uint64_t height = held_->frames.front().header.height;
  if (height != stuck_height_) {
    stuck_height_ = height;
    stuck_since_ms_ = now_ms_;
    stuck_rounds_ = 0;
    stuck_asked_ = 0;
    return;
  }
  if (now_ms_ < stuck_since_ms_ + kStuckMs) return;
  stuck_since_ms_ = now_ms_;
  if (!raft_ && ++stuck_rounds_ > kStuckRoundsMax) {
    // Nobody else has these bodies: the block is one that only that peer knows.
    forget_held();
    ask_another_peer();
    return;
  }
  stuck_asked_ = next_peer(stuck_asked_);
  if (stuck_asked_ == 0) return;
  proto::PeerMessage message;
  message.mutable_block_request()->set_from(height);
  message.mutable_block_request()->set_final_height(finality_.newest().height);
  send(stuck_asked_, message);
}

void Replica::forget_held() {
  // The leader must hear that these are not held any more, or it would wait for them for ever.
  if (raft_ && held_ && reported_held_ != 0) raft_->hold_back(held_->term, raft_->log().last_index());
  held_.reset();
  reported_held_ = 0;
  exchange_.forget_needed();
  bodies_.clear();
}

}  // namespace circula::node
