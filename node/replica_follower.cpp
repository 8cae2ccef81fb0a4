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
constexpr std::uint64_t kClockAheadMaxMs = 5'000;  // design.md 4: a block further ahead is held back

}  // namespace

void Replica::on_consensus(NodeNumber from, const proto::Consensus& message) {
  if (!raft_) return;
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
  if (append.frames_size() == 0 || bare.term < raft_->term()) {
    raft_->receive({from}, bare);
    return false;
  }
  std::vector<ledger::BlockFrame> frames;
  for (const auto& frame : append.frames()) {
    auto decoded = ledger::decode_frame(frame, genesis_.chain_id());
    if (!decoded || decoded->header.height != bare.prev.index.value + frames.size() + 1) return false;
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
    while (known < frames.size() && raft_->log().holds(id_of(frames[known]))) prev = id_of(frames[known++]);
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
  if (!joins) held_ = Held{from, bare.term, prev, {}, {}, {}};
  // A frame that stands there already stays; a different one cannot come from the same leader and term but
  // by its misconduct, which shows when the newer one is checked.
  std::size_t at = prev.index.value - held_->prev.index.value;
  for (std::size_t next = known; next < frames.size(); ++next, ++at) {
    if (at < held_->frames.size() && held_->frames[at].hash == frames[next].hash) continue;
    held_->frames.resize(std::min(at, held_->frames.size()));
    held_->sizes.resize(held_->frames.size());
    if (held_->frames.size() >= kHeldBlocksMax) break;
    held_->frames.push_back(std::move(frames[next]));
    held_->sizes.push_back(append.sizes(static_cast<int>(next)));
  }
  held_->commit = std::max(held_->commit, bare.commit);
  for (const ledger::BlockFrame& frame : held_->frames) {
    for (const Digest& body : frame.body_hashes) {
      if (find_body(body) == nullptr && !verifying_.contains(body)) exchange_.want(body, from);
    }
  }
  return true;
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
    held_->frames.pop_front();
    held_->sizes.pop_front();
  }
  if (!blocks.empty()) {
    const NodeNumber leader = held_->leader;
    for (const BlockPtr& block : blocks) {
      for (const ledger::EnvelopePtr& body : block->bodies) bodies_.erase(body->body_hash());
      place_block(block);
    }
    if (held_->frames.empty()) held_.reset();
    if (raft_) {
      raft_->receive({leader}, append);
      pump();
    } else {
      const ledger::BlockHeader& last = blocks.back()->frame.header;
      effects_.writes.push_back(
          {{++learner_ticket_, {Term{last.term}, Index{last.height}}}, std::nullopt, std::move(blocks)});
    }
  }
  report_held();
}

// Validity is a function of the block's bytes, its parent and the configuration (design.md 3). A block too
// far ahead of this node's clock is neither valid nor invalid: it waits.
Replica::Readiness Replica::complete(const ledger::BlockFrame& frame, const ledger::ParentLink& parent,
                                     BlockPtr& block) {
  auto whole = std::make_shared<ledger::Block>();
  for (const Digest& hash : frame.body_hashes) {
    ledger::EnvelopePtr body = find_body(hash);
    if (body == nullptr) {
      // It may have been in the pool when the frame came, and gone since with another body of its intent.
      if (!verifying_.contains(hash)) exchange_.want(hash, held_->leader);
      return Readiness::kWaits;
    }
    whole->bodies.push_back(std::move(body));
  }
  whole->frame = frame;
  const ledger::proto::Member* proposer = member(frame.header.proposer);
  const ledger::proto::Clock clock = genesis_.message().clock();
  if (auto valid = ledger::check_block(*whole, parent, clock, configuration_); !valid) {
    refuse(frame, valid.error());
    return Readiness::kInvalid;
  }
  const crypto::VerifyJob job =
      ledger::signature_job(whole->frame, crypto::PublicKey::from(crypto::as_bytes(proposer->node_key())));
  if (!crypto::verify_batch({&job, 1})[0]) {
    refuse(frame, ledger::error(ledger::Code::E_SIG, "the proposer's signature does not verify"));
    return Readiness::kInvalid;
  }
  if (clock == ledger::proto::CLOCK_WALL && frame.header.time_ms > wall_ms_ + kClockAheadMaxMs)
    return Readiness::kWaits;
  block = std::move(whole);
  return Readiness::kReady;
}

void Replica::refuse(const ledger::BlockFrame& frame, const ledger::Error& reason) {
  proto::Evidence evidence;
  evidence.set_kind("block");
  evidence.set_signer(frame.header.proposer);
  evidence.add_statements(frame.message().SerializeAsString());
  evidence.set_reason(std::string(ledger::name(reason.code)) + ": " + reason.detail);
  effects_.evidence.push_back(std::move(evidence));
  const NodeNumber leader = held_->leader;
  const Term term = held_->term;
  forget_held();
  if (raft_) {
    raft_->refuse({leader}, term);
    pump();
  } else {
    pull_open_ = false;  // another peer is asked next
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
  if (!held_ || held_->frames.empty()) {
    stuck_height_ = 0;
    return;
  }
  const std::uint64_t height = held_->frames.front().header.height;
  if (height != stuck_height_) {
    stuck_height_ = height;
    stuck_since_ms_ = now_ms_;
    return;
  }
  if (now_ms_ < stuck_since_ms_ + kStuckMs) return;
  stuck_since_ms_ = now_ms_;
  proto::PeerMessage message;
  message.mutable_block_request()->set_from(height);
  message.mutable_block_request()->set_final_height(finality_.known_final_height());
  send(held_->leader, message);
}

void Replica::forget_held() {
  // The leader must hear that these are not held any more, or it would wait for them for ever.
  if (raft_ && held_ && reported_held_ != 0) raft_->hold_back(held_->term, raft_->log().last_index());
  held_.reset();
  reported_held_ = 0;
  exchange_.forget_all();
  bodies_.clear();
}

}  // namespace circula::node
