// Drafts: records on their way to all who must sign them, as files that travel by mail (design.md 10).
//
//   {"format": "circula-draft-1", "chain_id": hex, "records": [base64], "view": [...],
//    "required": [{"key": hex, "oid", "signed"}], "signatures": [{"key": hex, "signature": base64}]}
//
// Invariants of a draft that was read
//  1. the records are canonical; who must sign is the union of their authors and signers, out of the bytes;
//  2. every signature is by one of these keys and verifies for these bytes and this chain: a changed byte is
//     E_SIG;
//  3. `view` and `required` are for people and never read, but for the organisations' codes beside the keys,
//     which are shown as hearsay.
#pragma once

#include <boost/json/fwd.hpp>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/ed25519.h"
#include "ledger/outcome.h"
#include "ledger/proto/envelope.pb.h"
#include "ledger/signing.h"

namespace circula::cli {

using ledger::Bytes;
using ledger::Digest;
using ledger::PublicKey;
using ledger::Signature;

struct DraftFile {
  Digest chain_id{};
  std::vector<Bytes> records;
  std::map<PublicKey, Signature> signatures;
  std::map<PublicKey, std::string> oid_hints;

  // E_CANONICAL when a record is not one.
  [[nodiscard]] ledger::Result<std::vector<ledger::proto::Record>> decode() const;
  [[nodiscard]] ledger::Result<std::vector<PublicKey>> required() const;  // ascending
  [[nodiscard]] ledger::Result<std::vector<PublicKey>> missing() const;   // ascending
  [[nodiscard]] Bytes signing_bytes() const;
  [[nodiscard]] std::vector<Digest> record_ids() const;
  // E_DRAFT when the key is none of those that must sign.
  [[nodiscard]] ledger::Result<void> sign(const crypto::SigningKey& key);
  // The envelope; E_DRAFT naming whose signature is missing.
  [[nodiscard]] ledger::Result<Bytes> seal() const;
  [[nodiscard]] std::string describe(const PublicKey& key) const;  // hex, and whose it is said to be
};

[[nodiscard]] std::string write_draft(const DraftFile& draft);
[[nodiscard]] ledger::Result<DraftFile> read_draft(std::string_view text);
[[nodiscard]] bool looks_like_draft(std::string_view text);

// Every field of a record, decoded from its bytes.
[[nodiscard]] boost::json::object record_view(const ledger::proto::Record& record);

// Puts the signatures of both together. E_DRAFT when they are of different records or chains.
[[nodiscard]] ledger::Result<DraftFile> merge_drafts(const DraftFile& left, const DraftFile& right);

}  // namespace circula::cli
