// Envelopes and records: what clients sign and send (design.md 3, "Records, envelopes, bodies").
//
// Invariants of a decoded Envelope
//  1. its bytes are canonical and within the limits below, at every depth but the record bodies, which are
//     opaque until their type is known;
//  2. it carries exactly one signature for each key in the union of its records' authors and signers,
//     ascending by key; whether they verify is asked with signature_jobs();
//  3. the bytes are kept as received: hashed, stored and gossiped as they are, never encoded again.
//
// Thread rule: immutable after decode().
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "crypto/ed25519.h"
#include "crypto/merkle.h"
#include "ledger/outcome.h"
#include "ledger/proto/envelope.pb.h"
#include "ledger/signing.h"

namespace circula::ledger {

inline constexpr std::uint32_t kSuiteEd25519 = 1;
inline constexpr std::size_t kRecordBytesMax = 32 * 1024;
inline constexpr std::size_t kEnvelopeBytesMax = 1024 * 1024;
inline constexpr std::size_t kEnvelopeRecordsMax = 4096;
inline constexpr std::size_t kEnvelopeSignaturesMax = 32;
inline constexpr std::size_t kExpectationsMax = 64;
inline constexpr std::uint32_t kTypeMax = 65535;

struct SignedRecord {
  ByteView bytes;        // inside the envelope's bytes
  proto::Record fields;  // decoded from them
  Digest id;             // RFC 9162 leaf hash of the bytes
};

class Envelope {
 public:
  // Faults of form: E_SIZE, E_CANONICAL, E_SUITE, E_SIGNERS, E_LIMIT.
  [[nodiscard]] static Result<std::shared_ptr<const Envelope>> decode(Bytes bytes, const Digest& chain_id);

  Envelope(const Envelope&) = delete;
  Envelope& operator=(const Envelope&) = delete;

  [[nodiscard]] ByteView bytes() const { return bytes_; }
  [[nodiscard]] const std::vector<SignedRecord>& records() const { return records_; }
  [[nodiscard]] const Digest& id() const { return id_; }                // of the intent: what is signed
  [[nodiscard]] const Digest& body_hash() const { return body_hash_; }  // of the bytes
  [[nodiscard]] std::uint64_t latest_created_at_ms() const;
  [[nodiscard]] std::uint64_t earliest_expiry_ms() const;
  [[nodiscard]] const std::vector<PublicKey>& keys() const { return keys_; }

  // One job a signature; the views live as long as the envelope.
  [[nodiscard]] std::vector<crypto::VerifyJob> signature_jobs() const;

 private:
  explicit Envelope(Bytes bytes) : bytes_(std::move(bytes)) {}
  [[nodiscard]] Result<void> read(const Digest& chain_id);
  [[nodiscard]] Result<void> check_signers(const proto::Envelope& message);

  Bytes bytes_;
  std::vector<SignedRecord> records_;
  std::vector<PublicKey> keys_;
  std::vector<Signature> signatures_;
  Bytes signing_bytes_;
  Digest id_{};
  Digest body_hash_{};
};

// Shared by the pool, the blocks in flight and execution: an envelope is decoded and verified once.
using EnvelopePtr = std::shared_ptr<const Envelope>;

// What every signature of an envelope covers:
//   "circula/v1/envelope\n" || chain_id[32] || u32be(count) || RFC 9162 head over the records
[[nodiscard]] Bytes envelope_signing_bytes(const Digest& chain_id, std::uint32_t count, const Digest& root);
[[nodiscard]] Bytes envelope_signing_bytes(const Digest& chain_id, const std::vector<Digest>& record_ids);

// Builds and signs envelopes, on the client's side. `keys` are all authors and signers, in any order.
[[nodiscard]] Bytes seal_envelope(const Digest& chain_id, const std::vector<Bytes>& records,
                                  const std::vector<const crypto::SigningKey*>& keys);

}  // namespace circula::ledger
