// Envelopes out of good ones: altered, wrongly signed, wrongly encoded.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cli/bench_workload.h"
#include "crypto/ed25519.h"
#include "ledger/proto/envelope.pb.h"

namespace circula::attack {

class EnvelopeForge {
 public:
  // Keys of the consortium's members: among them all that author the workload's records.
  EnvelopeForge(const cli::BenchWorkload& workload, const crypto::Digest& chain_id,
                std::vector<crypto::SigningKey> keys);

  [[nodiscard]] const crypto::Digest& chain_id() const { return chain_id_; }
  // A good envelope that was not sent yet.
  [[nodiscard]] std::string good() const;
  // Its only record, to be altered.
  [[nodiscard]] ledger::proto::Record record() const;
  // Signed by the records' own authors, for this chain or another.
  [[nodiscard]] std::string sealed(const std::vector<ledger::proto::Record>& records) const;
  [[nodiscard]] std::string sealed_for(const crypto::Digest& chain,
                                       const std::vector<ledger::proto::Record>& records) const;
  // By a key that nobody registered.
  [[nodiscard]] std::string by_a_stranger() const;

 private:
  const cli::BenchWorkload& workload_;
  crypto::Digest chain_id_;
  std::map<crypto::PublicKey, crypto::SigningKey> keys_;
};

[[nodiscard]] ledger::proto::Envelope parsed(const std::string& envelope);
[[nodiscard]] std::string written(const ledger::proto::Envelope& envelope);

}  // namespace circula::attack
