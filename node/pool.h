// Verified envelopes that wait for a block (design.md 6): bounded in bytes and number, with a bound for each
// submitting key, oldest first.
//
// Invariants: 1. a body hash stands once; 2. the bounds hold after every call: what does not fit is refused
// with E_QUOTA, never dropped in silence.
// Thread rule: belongs to the replica. Crash rule: lost; clients send again.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "ledger/envelope.h"

namespace circula::node {

class RecordPool {
 public:
  struct Limits {
    std::size_t bytes_max = 64UL * 1024 * 1024;
    std::size_t envelopes_max = 50'000;
    std::size_t key_share_divisor = 10;  // one key fills at most a tenth of either
  };

  RecordPool() : RecordPool(Limits{}) {}
  explicit RecordPool(Limits limits) : limits_(limits) {}

  // One that is there already is no error.
  [[nodiscard]] ledger::Result<void> add(ledger::EnvelopePtr envelope);
  void remove(const crypto::Digest& body_hash);
  // All bodies of an intent; a spent one would only become E_REPLAY.
  void remove_intent(const crypto::Digest& envelope_id);
  [[nodiscard]] ledger::EnvelopePtr find(const crypto::Digest& body_hash) const;
  [[nodiscard]] bool holds_intent(const crypto::Digest& envelope_id) const;
  // Oldest first, until `visit` returns false.
  void visit(const std::function<bool(const ledger::EnvelopePtr&)>& visit) const;
  // Takes out what can only expire now, and returns it.
  [[nodiscard]] std::vector<ledger::EnvelopePtr> drop_expired(std::uint64_t ledger_time_ms);
  [[nodiscard]] std::vector<crypto::Digest> hashes() const;

  [[nodiscard]] bool empty() const { return by_arrival_.empty(); }
  [[nodiscard]] std::size_t size() const { return by_arrival_.size(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  struct Share {
    std::size_t bytes = 0;
    std::size_t envelopes = 0;
  };
  Limits limits_;
  std::map<std::uint64_t, ledger::EnvelopePtr> by_arrival_;
  std::map<crypto::Digest, std::uint64_t> arrival_of_;               // by body hash
  std::map<crypto::Digest, std::vector<crypto::Digest>> bodies_of_;  // by envelope id
  std::map<crypto::PublicKey, Share> shares_;
  std::uint64_t next_arrival_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace circula::node
