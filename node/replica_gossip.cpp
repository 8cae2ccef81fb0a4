// Bodies and blocks between peers (design.md 6): a body is pushed to all voters at once and announced to
// learners; whoever lacks one asks for it; learners pull committed blocks.
#include <algorithm>

#include "crypto/encoding.h"
#include "node/replica.h"

namespace circula::node {
namespace {

using ledger::Code;
using ledger::EnvelopePtr;

constexpr std::size_t kMessageBytesMax = 2 * 1024 * 1024;  // of payload; a frame takes 4 MiB
constexpr std::size_t kReplyBytesMax = 8 * 1024 * 1024;    // half of a peer's send queue
constexpr std::size_t kHashesMax = 65'536;                 // 2 MiB of hashes
constexpr std::size_t kVerifyingMax = 65'536;  // bodies at the verifiers; more are asked for again
constexpr std::size_t kVerifyingBytesMax = 64UL * 1024 * 1024;  // as much as the pool
constexpr std::uint64_t kServedBytesMax = 64UL * 1024 * 1024;   // a second and peer: more than it can verify
constexpr std::uint64_t kServedIntervalMs = 1'000;
constexpr std::uint64_t kLearnerAheadMax = 128;  // blocks in memory that wait for a final checkpoint
constexpr std::uint64_t kPullIntervalMs = 50;
constexpr std::uint64_t kPullTimeoutMs = 2'000;

Digest to_digest(const std::string& bytes) { return Digest::from(crypto::as_bytes(bytes)); }

Bytes to_bytes(const std::string& text) {
  const ByteView view = crypto::as_bytes(text);
  return {view.begin(), view.end()};
}

}  // namespace

void Replica::submit(std::uint64_t token, EnvelopePtr envelope) {
  if (auto refusal = judge_submission(*envelope)) {
    effects_.admissions.push_back({token, std::move(refusal)});
    return;
  }
  const Digest hash = envelope->body_hash();
  if (pool_.find(hash) != nullptr || in_log_.contains(hash) || was_executed(hash)) {
    effects_.admissions.push_back({token, std::nullopt});
    return;
  }
  submitters_[hash].push_back(token);
  verify_body(std::move(envelope));
}

// Faults that no block could cure. Rules are never judged here (design.md 3 "Admission").
std::optional<ledger::Error> Replica::judge_submission(const ledger::Envelope& envelope) const {
  if (read_only_) return ledger::error(Code::E_DISK_FULL, "this node's disk is at its reserve");
  if (verifying_.size() >= kVerifyingMax || verifying_bytes_ >= kVerifyingBytesMax)
    return ledger::error(Code::E_QUOTA, "too many envelopes wait for verification");
  const bool scripted = genesis_.message().clock() == ledger::proto::CLOCK_SCRIPTED;
  const std::uint64_t now_ms = scripted ? executed_time_ms_ : std::max(executed_time_ms_, wall_ms_);
  const std::uint64_t ahead_ms = scripted ? ledger::kScriptedJumpMaxMs : ledger::kEarlyToleranceMs;
  const std::uint64_t lifetime_max_ms = genesis_.message().parameters().record_lifetime_max_ms();
  bool all_expired = true;
  for (const ledger::SignedRecord& record : envelope.records()) {
    const std::uint64_t created = record.fields.created_at_ms();
    const std::uint64_t expires = record.fields.expires_at_ms();
    if (expires <= created || expires - created > lifetime_max_ms) {
      return ledger::error(
          Code::E_TIME, "a record lives more than 0 and at most " + std::to_string(lifetime_max_ms) + " ms",
          "expires_at_ms");
    }
    if (created > now_ms + ahead_ms) {
      return ledger::error(Code::E_EARLY,
                           "created at " + std::to_string(created) + " ms, it is " + std::to_string(now_ms),
                           "created_at_ms");
    }
    all_expired = all_expired && expires <= now_ms;
  }
  if (all_expired) {
    return ledger::error(Code::E_EXPIRED,
                         "expired at " + std::to_string(envelope.earliest_expiry_ms()) + " ms, it is " +
                             std::to_string(now_ms),
                         "expires_at_ms");
  }
  return std::nullopt;
}

void Replica::verify_body(EnvelopePtr envelope) {
  const Digest hash = envelope->body_hash();
  if (!verifying_.try_emplace(hash, envelope).second) return;
  verifying_bytes_ += envelope->bytes().size();
  effects_.verify.push_back(std::move(envelope));
}

void Replica::on_verified(const Digest& body_hash, bool good) {
  const auto place = verifying_.find(body_hash);
  if (place == verifying_.end()) return;
  const EnvelopePtr envelope = std::move(place->second);
  verifying_.erase(place);
  verifying_bytes_ -= envelope->bytes().size();
  std::vector<std::uint64_t> tokens;
  if (auto waiting = submitters_.extract(body_hash); !waiting.empty()) tokens = std::move(waiting.mapped());
  std::optional<ledger::Error> refusal;
  if (!good) {
    refusal = ledger::error(Code::E_SIG, "a signature does not verify for this chain", "signatures");
  } else {
    const bool needed = exchange_.needs(body_hash);
    exchange_.got(body_hash);
    // It may have been executed while its signatures were checked: no block takes it out of the pool then.
    const bool spent = was_executed(body_hash);
    if (auto added = spent ? ledger::Result<void>() : pool_.add(envelope); !added) refusal = added.error();
    if ((refusal || spent) && needed) bodies_[body_hash] = envelope;
    if (!refusal && !spent && !tokens.empty()) to_gossip_.push_back(envelope);
  }
  for (const std::uint64_t token : tokens) effects_.admissions.push_back({token, refusal});
  if (held_) advance_held();
  build_blocks();
}

void Replica::take_body(EnvelopePtr envelope) {
  const Digest& hash = envelope->body_hash();
  if (find_body(hash) != nullptr) return;
  // An executed body is of use only when a later block lists it again: a leader that has forgotten it may do
  // so.
  const bool needed = exchange_.needs(hash);
  if (executed_bodies_.contains(hash) && !needed) return;
  if (verifying_.size() >= kVerifyingMax || (verifying_bytes_ >= kVerifyingBytesMax && !needed)) return;
  verify_body(std::move(envelope));
}

EnvelopePtr Replica::find_body(const Digest& hash) const {
  if (EnvelopePtr pooled = pool_.find(hash)) return pooled;
  if (const auto found = bodies_.find(hash); found != bodies_.end()) return found->second;
  return nullptr;
}

void Replica::on_bodies(NodeNumber, const proto::Bodies& message) {
  for (const std::string& body : message.bodies()) {
    auto envelope = ledger::Envelope::decode(to_bytes(body), genesis_.chain_id());
    if (envelope) take_body(std::move(*envelope));
  }
}

void Replica::on_announcement(NodeNumber from, const proto::Announcement& message) {
  for (const std::string& hash : message.hashes()) {
    if (hash.size() != Digest::kSize) return;
    const Digest body = to_digest(hash);
    if (find_body(body) == nullptr && !executed_bodies_.contains(body) && !in_log_.contains(body) &&
        !verifying_.contains(body)) {
      exchange_.announced(body, from);
    }
  }
}

void Replica::on_body_request(NodeNumber from, const proto::BodyRequest& message) {
  if (!may_serve(from)) return;
  proto::PeerMessage reply;
  std::size_t bytes = 0;
  std::size_t bytes_total = 0;
  const auto add = [&](const EnvelopePtr& body) {
    if (bytes_total + body->bytes().size() > kReplyBytesMax) return;  // the rest is asked for again
    bytes_total += body->bytes().size();
    if (bytes + body->bytes().size() > kMessageBytesMax) {
      send(from, reply);
      reply.Clear();
      bytes = 0;
    }
    reply.mutable_bodies()->add_bodies(std::string(crypto::as_text(body->bytes())));
    bytes += body->bytes().size();
  };
  std::set<Digest> missing;
  for (const std::string& hash : message.hashes()) {
    if (hash.size() != Digest::kSize || missing.size() >= kHashesMax) return;
    missing.insert(to_digest(hash));
  }
  std::erase_if(missing, [&](const Digest& hash) {
    const EnvelopePtr body = find_body(hash);
    if (body != nullptr) add(body);
    return body != nullptr;
  });
  const auto search = [&](const BlockPtr& block) {
    for (const EnvelopePtr& body : block->bodies) {
      if (missing.erase(body->body_hash()) > 0) add(body);
    }
  };
  for (auto block = window_.begin(); block != window_.end() && !missing.empty(); ++block)
    search(block->second);
  if (reply.has_bodies()) send(from, reply);
  peers_[from].served_bytes += bytes_total;
}

bool Replica::may_serve(NodeNumber peer) {
  PeerView& view = peers_[peer];
  if (now_ms_ >= view.served_since_ms + kServedIntervalMs) {
    view.served_since_ms = now_ms_;
    view.served_bytes = 0;
  }
  return view.served_bytes < kServedBytesMax;
}

NodeNumber Replica::next_peer(NodeNumber after) const {
  const std::set<NodeNumber> up = peers_up();
  const auto next = up.upper_bound(after);
  if (next != up.end()) return *next;
  return up.empty() ? NodeNumber{0} : *up.begin();
}

std::set<NodeNumber> Replica::peers_up() const {
  std::set<NodeNumber> up;
  for (const auto& [peer, view] : peers_) {
    if (view.up) up.insert(peer);
  }
  return up;
}

void Replica::request_bodies() {
  for (const auto& [peer, hashes] : exchange_.due(now_ms_, peers_up())) {
    proto::PeerMessage message;
    for (const Digest& hash : hashes) {
      if (static_cast<std::size_t>(message.body_request().hashes_size()) >= kHashesMax) break;
      message.mutable_body_request()->add_hashes(std::string(hash.text()));
    }
    send(peer, message);
  }
}

void Replica::flush_gossip() {
  if (to_gossip_.empty()) return;
  proto::PeerMessage bodies;
  proto::PeerMessage announcement;
  std::size_t bytes = 0;
  for (const EnvelopePtr& envelope : to_gossip_) {
    if (bytes + envelope->bytes().size() > kMessageBytesMax) {
      broadcast(bodies, Audience::kVoters);
      bodies.Clear();
      bytes = 0;
    }
    bodies.mutable_bodies()->add_bodies(std::string(crypto::as_text(envelope->bytes())));
    announcement.mutable_announcement()->add_hashes(std::string(envelope->body_hash().text()));
    bytes += envelope->bytes().size();
  }
  broadcast(bodies, Audience::kVoters);
  broadcast(announcement, Audience::kLearners);
  to_gossip_.clear();
}

void Replica::announce_pool(NodeNumber to) {
  proto::PeerMessage message;
  for (const Digest& hash : pool_.hashes())
    message.mutable_announcement()->add_hashes(std::string(hash.text()));
  if (message.has_announcement()) send(to, message);
}

void Replica::on_block_request(NodeNumber from, const proto::BlockRequest& message) {
  if (message.from() == 0 || !may_serve(from)) return;
  proto::PeerMessage reply;
  reply.mutable_blocks()->set_committed(committed_);
  std::size_t bytes = 0;
  for (std::uint64_t height = message.from(); height <= committed_ && bytes < kMessageBytesMax / 2;
       ++height) {
    const BlockPtr block = block_at(height);
    if (block == nullptr) break;
    auto& stored = *reply.mutable_blocks()->add_blocks();
    *stored.mutable_frame() = block->frame.message();
    for (const EnvelopePtr& body : block->bodies) {
      stored.add_bodies(std::string(crypto::as_text(body->bytes())));
      bytes += body->bytes().size();
    }
    bytes += block->frame.header_bytes.size() + block->frame.body_hashes.size() * Digest::kSize;
  }
  send(from, reply);
  peers_[from].served_bytes += bytes;
  if (finality_.newest().height > message.final_height()) send_final_note(from);
}

// Of a block that is held already only the bodies are wanted: which block stands where is settled.
void Replica::take_bodies_of(const proto::Blocks& message) {
  for (const ledger::proto::StoredBlock& stored : message.blocks()) {
    for (const std::string& body : stored.bodies()) {
      auto envelope = ledger::Envelope::decode(to_bytes(body), genesis_.chain_id());
      if (envelope && exchange_.needs((*envelope)->body_hash())) take_body(std::move(*envelope));
    }
  }
}

void Replica::pull_blocks() {
  const std::uint64_t waits_ms = pull_open_ ? kPullTimeoutMs : kPullIntervalMs;
  if (held_ || now_ms_ < pulled_at_ms_ + waits_ms) return;
  // The next peer in turn after one that did not answer, or not well.
  if (pull_open_ || !peers_up().contains(pull_from_)) pull_from_ = next_peer(pull_from_);
  if (pull_from_ == 0) return;
  pull_open_ = true;
  pulled_at_ms_ = now_ms_;
  proto::PeerMessage message;
  // Far ahead of what is final only the note is of use.
  const bool far_ahead = tip_.height >= executed_ + kLearnerAheadMax;
  message.mutable_block_request()->set_from(far_ahead ? UINT64_MAX : tip_.height + 1);
  message.mutable_block_request()->set_final_height(finality_.newest().height);
  send(pull_from_, message);
}

void Replica::ask_another_peer() {
  pull_open_ = true;
  pulled_at_ms_ = 0;
}

void Replica::on_blocks(NodeNumber from, const proto::Blocks& message) {
  if (raft_ || held_) {
    take_bodies_of(message);
    return;
  }
  if (from != pull_from_) return;
  pull_open_ = false;
  std::uint64_t expected = tip_.height + 1;
  Held held{from, {}, {{tip_.term}, {tip_.height}}, {}, {}, {}, {}, false};
  std::vector<EnvelopePtr> bodies;
  for (const ledger::proto::StoredBlock& stored : message.blocks()) {
    auto frame = ledger::decode_frame(stored.frame(), genesis_.chain_id());
    if (!frame || frame->header.height != expected++) {
      ask_another_peer();
      return;
    }
    for (const std::string& body : stored.bodies()) {
      auto envelope = ledger::Envelope::decode(to_bytes(body), genesis_.chain_id());
      if (!envelope) {
        ask_another_peer();
        return;
      }
      bodies.push_back(std::move(*envelope));
    }
    held.frames.push_back(std::move(*frame));
    held.sizes.push_back(0);
  }
  if (held.frames.empty()) return;
  pulled_at_ms_ = 0;  // more may be waiting
  held_ = std::move(held);
  for (const EnvelopePtr& body : bodies) {
    if (find_body(body->body_hash()) != nullptr) continue;
    exchange_.need(body->body_hash(), from);
    verify_body(body);
  }
  advance_held();
}

}  // namespace circula::node
