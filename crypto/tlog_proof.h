// Proof files: c2sp.org/tlog-proof. An entry's place in a log, provable offline with the trust policy alone.
//
//   c2sp.org/tlog-proof@v1 LF ["extra " base64 LF] "index " <decimal> LF {base64(<hash>) LF} LF <signed
//   checkpoint>
//
// `extra` is not authenticated by the proof.
// Thread rule: values.
#pragma once

#include "crypto/merkle.h"
#include "crypto/policy.h"

namespace circula::crypto {

struct TlogProof {
  static constexpr std::size_t kMaxBytes = 1024 * 1024;  // mostly `extra`

  Bytes extra;  // empty: no such line
  std::uint64_t index = 0;
  HashPath path;           // the leaf's sibling first
  std::string checkpoint;  // the signed note, verbatim

  [[nodiscard]] std::string format() const;
  [[nodiscard]] static Result<TlogProof> parse(std::string_view text);

  // The checkpoint satisfies the policy and its tree has this leaf at `index`.
  [[nodiscard]] Result<AcceptedCheckpoint> verify(const Policy& policy, const Digest& leaf) const;

  friend bool operator==(const TlogProof&, const TlogProof&) = default;
};

}  // namespace circula::crypto
