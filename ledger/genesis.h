// Genesis: the first bytes of a chain, and everything that is agreed before the first record.
//
// chain_id is the SHA-256 of the canonical Genesis message; the file beside it carries the founders'
// signatures over "circula/v1/genesis\n" || chain_id by a record key of each founder: the organisations
// that run its voters (design.md 3, 10).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ledger/outcome.h"
#include "ledger/proto/genesis.pb.h"
#include "ledger/signing.h"

namespace circula::ledger {

inline constexpr std::uint32_t kFormatVersion = 1;  // of stored and signed bytes
inline constexpr std::uint32_t kRulesVersion = 1;   // of execution
inline constexpr std::size_t kVotersMax = 9;        // records.md 2.1: more would slow Raft and add nothing

class Genesis {
 public:
  // Checks form and sense: every list in its order, every key valid, proofs of possession good, at least one
  // voter, an officer key for each organisation.
  [[nodiscard]] static Result<Genesis> decode(Bytes canonical);

  [[nodiscard]] const Bytes& bytes() const { return bytes_; }
  [[nodiscard]] const Digest& chain_id() const { return chain_id_; }
  [[nodiscard]] const proto::Genesis& message() const { return message_; }
  [[nodiscard]] const proto::Configuration& configuration() const { return message_.configuration(); }
  // oids of the organisations that run a voter, ascending: each must sign.
  [[nodiscard]] std::vector<std::string> founders() const;
  // Each founder has signed with one of its own genesis keys.
  [[nodiscard]] Result<void> check_signatures(const std::map<PublicKey, Signature>& signatures) const;
  // Short form for people to compare by telephone: the chain id's first 16 bytes in groups of four hex.
  [[nodiscard]] std::string fingerprint() const;

 private:
  Genesis() = default;
  [[nodiscard]] Result<void> check() const;

  Bytes bytes_;
  Digest chain_id_{};
  proto::Genesis message_;
};

[[nodiscard]] Bytes genesis_statement(const Digest& chain_id);

// The waiting periods of a profile (design.md 4).
[[nodiscard]] proto::Parameters default_parameters(proto::Profile profile);

// Cosignatures that make a block final, for n voters (design.md 3).
[[nodiscard]] std::uint32_t finality_quorum(std::uint32_t voters, std::uint32_t extra);
[[nodiscard]] std::uint32_t voter_count(const proto::Configuration& configuration);

}  // namespace circula::ledger
