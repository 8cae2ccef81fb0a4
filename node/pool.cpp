#include "node/pool.h"

#include <algorithm>

namespace circula::node {

using crypto::Digest;
using ledger::EnvelopePtr;

ledger::Result<void> RecordPool::add(EnvelopePtr envelope) {
  if (arrival_of_.contains(envelope->body_hash())) return {};
  const std::size_t size = envelope->bytes().size();
  if (by_arrival_.size() >= limits_.envelopes_max || bytes_ + size > limits_.bytes_max) {
    return ledger::error(ledger::Code::E_QUOTA, "this node's pool is full");
  }
  Share& share = shares_[envelope->keys().front()];
  const bool over = (share.envelopes + 1) * limits_.key_share_divisor > limits_.envelopes_max ||
                    (share.bytes + size) * limits_.key_share_divisor > limits_.bytes_max;
  if (over) {
    if (share.envelopes == 0) shares_.erase(envelope->keys().front());
    return ledger::error(ledger::Code::E_QUOTA, "this key has a tenth of the pool already");
  }
  share.bytes += size;
  ++share.envelopes;
  bytes_ += size;
  arrival_of_[envelope->body_hash()] = next_arrival_;
  bodies_of_[envelope->id()].push_back(envelope->body_hash());
  by_arrival_[next_arrival_++] = std::move(envelope);
  return {};
}

void RecordPool::remove(const Digest& body_hash) {
  const auto place = arrival_of_.find(body_hash);
  if (place == arrival_of_.end()) return;
  const auto node = by_arrival_.extract(place->second);
  const EnvelopePtr& envelope = node.mapped();
  arrival_of_.erase(place);
  bytes_ -= envelope->bytes().size();
  const auto share = shares_.find(envelope->keys().front());
  share->second.bytes -= envelope->bytes().size();
  if (--share->second.envelopes == 0) shares_.erase(share);
  const auto intent = bodies_of_.find(envelope->id());
  std::erase(intent->second, body_hash);
  if (intent->second.empty()) bodies_of_.erase(intent);
}

void RecordPool::remove_intent(const Digest& envelope_id) {
  const auto intent = bodies_of_.find(envelope_id);
  if (intent == bodies_of_.end()) return;
  const std::vector<Digest> bodies = intent->second;
  for (const Digest& body : bodies) remove(body);
}

EnvelopePtr RecordPool::find(const Digest& body_hash) const {
  const auto place = arrival_of_.find(body_hash);
  return place == arrival_of_.end() ? nullptr : by_arrival_.at(place->second);
}

bool RecordPool::holds_intent(const Digest& envelope_id) const { return bodies_of_.contains(envelope_id); }

void RecordPool::visit(const std::function<bool(const EnvelopePtr&)>& visit) const {
  for (const auto& [arrival, envelope] : by_arrival_) {
    if (!visit(envelope)) return;
  }
}

std::vector<EnvelopePtr> RecordPool::drop_expired(std::uint64_t ledger_time_ms) {
  std::vector<EnvelopePtr> expired;
  for (const auto& [arrival, envelope] : by_arrival_) {
    const bool all =
        std::all_of(envelope->records().begin(), envelope->records().end(),
                    [&](const auto& record) { return record.fields.expires_at_ms() <= ledger_time_ms; });
    if (all) expired.push_back(envelope);
  }
  for (const EnvelopePtr& envelope : expired) remove(envelope->body_hash());
  return expired;
}

std::vector<Digest> RecordPool::hashes() const {
  std::vector<Digest> all;
  all.reserve(arrival_of_.size());
  for (const auto& [arrival, envelope] : by_arrival_) all.push_back(envelope->body_hash());
  return all;
}

}  // namespace circula::node
