// Bundles: what a subject is, was, or went through, in a file that anybody checks offline with nothing but
// the trust policy (formats.md 4). All of them rest on one chain of proofs:
//
//   final checkpoint > block entry of height h > state root > the subject's value (count, history root) >
//   leaves of its history, each with the index of its entry in the main log
//
//   state      the value as of block h
//   absence    there is no such subject as of block h, whatever was asked
//   history    all leaves: nothing is missing, added or in another order
//   period     all leaves posted in [from, to), with the neighbours on both sides: they and the outermost
//              leaves of the period come with the block entries whose times decide
//   history-to the leaves up to a height, with the one after them: what rebuilds a subject as it was then,
//              where effects say what changed (the period [0, time) does the same for a time)
//   as-of      the last leaf before a time, or up to a height, with the leaf after it
//
// The state proof is cut by the execution thread between two blocks (Ledger::prove); the rest is made from
// the index by any thread once a final checkpoint covers block h.
//
// Invariants of a good bundle: 1. as receipt.h, one changed byte is refused; 2. the block entries in it are
// exactly those that its claim needs; 3. its subject is a key that a subject can have (subject_key.h).
// Thread rule: values.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "crypto/policy.h"
#include "ledger/entry.h"
#include "ledger/ledger.h"
#include "ledger/log_index.h"
#include "ledger/verdict.h"

namespace circula::ledger {

// Leaves in one bundle; a longer history is asked for in periods. 65,536 leaves are some 30 MB of JSON.
inline constexpr std::uint64_t kBundleLeavesMax = 65'536;

struct AskState {
  bool operator==(const AskState&) const = default;
};
struct AskHistory {
  bool operator==(const AskHistory&) const = default;
};
struct AskPeriod {
  std::uint64_t from_ms = 0;  // posting time: ledger time of the block
  std::uint64_t to_ms = 0;    // not in it
  bool operator==(const AskPeriod&) const = default;
};
struct AskBefore {
  std::uint64_t before_ms = 0;
  bool operator==(const AskBefore&) const = default;
};
struct AskHeight {
  std::uint64_t height = 0;
  bool operator==(const AskHeight&) const = default;
};
struct AskHistoryTo {
  std::uint64_t height = 0;
  bool operator==(const AskHistoryTo&) const = default;
};
using BundleQuestion = std::variant<AskState, AskHistory, AskPeriod, AskBefore, AskHeight, AskHistoryTo>;

// A block entry with its inclusion path in the bundle's checkpoint.
struct BlockProof {
  BlockEntry entry;
  crypto::HashPath path;

  [[nodiscard]] std::uint64_t index() const { return entry.first + entry.entries; }
};

struct Bundle {
  BundleQuestion question;
  SubjectKey subject;
  std::optional<Bytes> value;  // none: absence
  crypto::StateProof state_proof;
  BlockProof block;
  std::vector<HistoryRow> leaves;  // consecutive
  crypto::HashPath history_path;   // of the range of leaves
  std::vector<BlockProof> blocks;  // of the outermost leaves, ascending, each once
  std::string checkpoint;          // signed note

  [[nodiscard]] std::string_view kind() const;
  [[nodiscard]] std::string shows() const;
  [[nodiscard]] std::string does_not_show() const;
};

// What a good bundle establishes.
struct BundleFacts {
  std::optional<StateValue> value;  // none: absence
  crypto::AcceptedCheckpoint checkpoint;
  // The leaves that answer: the history, those of the period, or the last one before the time or height.
  std::vector<HistoryRow> answer;
  std::optional<HistoryRow> before;  // period: the neighbour before; its running totals are the opening
  std::optional<HistoryRow> after;
  // When the outermost leaves of the answer were posted, as far as the bundle proves it.
  std::optional<std::uint64_t> answer_first_ms;
  std::optional<std::uint64_t> answer_last_ms;
  bool settled = true;  // false: the asked time is after block h, so that more may follow
};

struct BundleVerdict : Verdict {
  std::optional<Bundle> bundle;  // when its form is good
  std::optional<BundleFacts> facts;
};

struct ProofSource {
  const StateAnswer& state;  // of Ledger::prove()
  const LogIndex& index;     // may be ahead of it
  std::string_view final_note;
  const crypto::Policy& policy;  // lines of other keys are left out of the note
};

// E_FINALITY_STALLED when the checkpoint does not cover the state's block; E_LIMIT above kBundleLeavesMax;
// E_NOT_FOUND for a height after the state's block, for histories of replay/..., which no index keeps, and
// for a key that no subject can have.
[[nodiscard]] Result<std::string> make_bundle(const ProofSource& source, const BundleQuestion& question);

// Steps: form, checkpoint, quorum, block, state, history, range, words; the last but one only where asked.
[[nodiscard]] BundleVerdict verify_bundle(std::string_view text, const crypto::Policy& policy);
// What a node answered, for whoever asked it: a good bundle may be about another subject, or prove that
// nothing is missing from a shorter period. One more step: question. A subject that does not exist answers
// every question.
[[nodiscard]] BundleVerdict verify_answer(std::string_view text, const crypto::Policy& policy,
                                          std::string_view subject, const BundleQuestion& question);

}  // namespace circula::ledger
