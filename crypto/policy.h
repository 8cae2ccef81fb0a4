// The trust policy: c2sp.org/tlog-policy. The one file that a verifier gets out of band; it says which logs
// are known and whose cosignatures make a checkpoint good.
//
//   log <vkey> [<url>]
//   witness <name> <vkey> [<url>]
//   group <name> <k|all|any> <name>...
//   quorum <name|none>
//
// Invariants of a parsed policy: 1. every key is a valid point and stands in one log and one witness line at
// most; 2. a name is defined once, before its use, and is a member of one group at most, so that each witness
// counts in one way only; 3. there is one quorum.
// Thread rule: immutable after parsing.
#pragma once

#include <optional>

#include "crypto/checkpoint.h"

namespace circula::crypto {

// A checkpoint that satisfied a policy, and by whom.
struct AcceptedCheckpoint {
  struct Cosigner {
    std::string name;  // in the policy file
    std::uint64_t time_s = 0;
  };
  Checkpoint checkpoint;
  std::vector<Cosigner> cosigners;  // all known witnesses that signed, in the policy's order
};

struct Policy {
  // The specification asks for 32 of each at least.
  static constexpr std::size_t kMaxLines = 256;  // of each kind
  static constexpr std::size_t kMaxBytes = 256 * 1024;
  static constexpr std::string_view kNoQuorum = "none";

  struct Log {
    VerifierKey key;
    std::string url;  // empty: none given
  };
  struct Witness {
    std::string name;
    VerifierKey key;
    std::string url;
  };
  struct Group {
    std::string name;
    std::size_t threshold = 0;  // of members
    std::vector<std::string> members;
  };

  std::vector<Log> logs;
  std::vector<Witness> witnesses;
  std::vector<Group> groups;  // in the order of definition
  std::string quorum;

  [[nodiscard]] static Result<Policy> parse(std::string_view text);
  [[nodiscard]] std::string format() const;

  // Is this signed checkpoint good: signed by a listed key of the log that it names, and by the quorum? The
  // error names who is missing.
  [[nodiscard]] Result<AcceptedCheckpoint> accept(std::string_view signed_note) const;
};

}  // namespace circula::crypto
