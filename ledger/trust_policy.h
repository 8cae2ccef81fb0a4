// The trust policy of a chain: which checkpoints count as final, as the one file that a reader gets out of
// band (design.md 3 "A checkpoint", formats.md 1.6, 5).
//
//   log      <origin> with the log key of each voter: any one suffices
//   witness  node-<id> with the cosigning key of the voter, named <origin>/node/<id> in its lines
//   group    finality: finality_quorum of the witnesses; the quorum
//
// Thread rule: values.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "crypto/policy.h"
#include "ledger/genesis.h"
#include "ledger/verdict.h"

namespace circula::ledger {

// The name in the signature lines of a voter's cosignatures.
[[nodiscard]] std::string cosigner_name(std::string_view origin, std::uint32_t node_id);

[[nodiscard]] crypto::Policy make_policy(std::string_view origin, const proto::Configuration& configuration,
                                         std::uint32_t finality_extra);
[[nodiscard]] crypto::Policy make_policy(const Genesis& genesis);
// policy.txt: the policy of genesis under two lines of comment that name the chain.
[[nodiscard]] std::string policy_file(const Genesis& genesis);
[[nodiscard]] Result<crypto::Policy> read_policy(std::string_view text);  // E_TRUST

// The note with the lines of keys that the policy knows, each once, for files without slack. E_TRUST when
// the rest does not satisfy the policy.
[[nodiscard]] Result<std::string> strip_note(const crypto::Policy& policy, std::string_view signed_note);
// The two steps by which every proof file ends in the policy: "checkpoint" (each signature line is by a key
// that the policy knows, none stands twice, all are good, so nothing in the note can be changed) and
// "quorum". Nothing when one of them fails.
[[nodiscard]] std::optional<crypto::AcceptedCheckpoint> verify_final_note(const crypto::Policy& policy,
                                                                          std::string_view signed_note,
                                                                          Verdict& verdict);

}  // namespace circula::ledger
