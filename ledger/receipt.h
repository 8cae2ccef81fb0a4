// Receipts, X.receipt.json: one record's entry in the log, in a file that anybody checks offline with nothing
// but the trust policy (design.md 10).
//
// It carries the entry, the record, the outcome, the effects with the keys of their subjects, the signatures
// that count for the record with the record's path in its envelope, and a tlog-proof: index, inclusion path
// and signed checkpoint. Two sentences say what it shows and what it does not.
//
// Invariants of a good receipt
//  1. its text is the one form of its content (proof_json.h), and every value in it is bound to a signature,
//     to the signed root, or follows from such values: one changed byte is refused;
//  2. nothing is taken from the node that made it but what the proofs bear out.
// Thread rule: values.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "crypto/policy.h"
#include "crypto/tlog_proof.h"
#include "ledger/entry.h"
#include "ledger/envelope.h"
#include "ledger/log_index.h"
#include "ledger/verdict.h"

namespace circula::ledger {

struct Receipt {
  struct Effect {
    SubjectKey subject;
    Bytes effect;
  };
  struct Signed {
    PublicKey key{};
    Signature signature{};
  };

  Bytes entry;   // RecordEntry
  Bytes record;  // as it was signed
  std::uint16_t outcome = 0;
  std::string outcome_name;
  std::vector<Effect> effects;
  Digest chain_id{};
  std::uint32_t envelope_records = 0;
  Digest envelope_root{};
  crypto::HashPath envelope_path;
  std::vector<Signed> signatures;  // of the record's author and signers, ascending by key
  crypto::TlogProof proof;

  [[nodiscard]] std::string shows() const;
  [[nodiscard]] std::string does_not_show() const;
};

struct ReceiptVerdict : Verdict {
  std::optional<Receipt> receipt;  // when its form is good
  std::optional<RecordEntry> entry;
  std::optional<proto::Record> record;
  std::optional<crypto::AcceptedCheckpoint> checkpoint;
};

// The receipt of the record at `log_index`. `body` is the envelope that brought it, `final_note` a checkpoint
// that covers it and satisfies `policy`; lines of other keys are left out. E_NOT_FOUND when there is no
// record there, E_FINALITY_STALLED when the checkpoint is too small.
[[nodiscard]] Result<std::string> make_receipt(const LogIndex& index, std::uint64_t log_index,
                                               const Digest& chain_id, const Envelope& body,
                                               std::string_view final_note, const crypto::Policy& policy);

// Steps: form, record, signatures, effects, inclusion, checkpoint, quorum, words.
[[nodiscard]] ReceiptVerdict verify_receipt(std::string_view text, const crypto::Policy& policy);

}  // namespace circula::ledger
