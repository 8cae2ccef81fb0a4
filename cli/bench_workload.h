// Signed envelopes for `circula bench`: records of one kind, by keys that the chain knows.
//
//   asset  6 ASSET_REGISTER: two new subjects a record
//   org    1 ORG update with the profile that is there: one subject, the same for all records of a key
//
// Signing costs about half of what verifying does, so envelopes are made before the timed part.
// Thread rule: make() may be called from any thread.
#pragma once

#include <string>
#include <vector>

#include "cli/bench_target.h"
#include "crypto/ed25519.h"
#include "ledger/signing.h"
#include "node/http_client.h"

namespace circula::cli {

struct BenchEnvelope {
  crypto::Bytes bytes;
  std::vector<crypto::Digest> records;  // ids
};

class BenchWorkload {
 public:
  // Keeps those of `keys` that belong to an organisation of the chain and may author such records.
  [[nodiscard]] static Result<BenchWorkload> make(std::vector<crypto::SigningKey> keys,
                                                  const std::string& kind, std::size_t records_per_envelope,
                                                  node::HttpClient& client);

  // Envelope `number` is signed by the keys in turn.
  [[nodiscard]] BenchEnvelope envelope(std::uint64_t number) const;
  // Numbers 0 to count-1, on all cores.
  [[nodiscard]] std::vector<BenchEnvelope> prepare(std::uint64_t count) const;
  [[nodiscard]] std::size_t keys() const { return authors_.size(); }
  [[nodiscard]] std::string description() const;

 private:
  struct Author {
    crypto::SigningKey key;
    crypto::Bytes body;  // of an org update
  };
  BenchWorkload() = default;
  [[nodiscard]] crypto::Bytes record(const Author& author) const;

  std::vector<Author> authors_;
  std::string kind_;
  std::size_t records_per_envelope_ = 1;
  crypto::Digest chain_id_{};
  std::uint64_t created_at_ms_ = 0;
};

// Unencrypted key files: of each home of a cluster, or of one home.
[[nodiscard]] std::vector<std::string> key_files_of_cluster(const std::string& directory);
[[nodiscard]] std::vector<std::string> key_files_of_home(const std::string& directory);

}  // namespace circula::cli
