#include "ledger/receipt.h"

#include <algorithm>
#include <set>

#include "crypto/encoding.h"
#include "crypto/hash.h"
#include "ledger/canonical.h"
#include "ledger/receipt_file.h"
#include "ledger/trust_policy.h"

namespace circula::ledger {
namespace {

Error wrong(std::string detail) { return error(Code::E_PROOF, std::move(detail)); }

std::string counted(std::size_t count, std::string_view what) {
  return std::to_string(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

// The first line of the checkpoint: the log's origin.
std::string origin_of(const crypto::TlogProof& proof) {
  return proof.checkpoint.substr(0, proof.checkpoint.find('\n'));
}

Result<crypto::Checkpoint> checkpoint_of(const crypto::TlogProof& proof) {
  auto note = crypto::Note::parse(proof.checkpoint);
  if (!note) return wrong(note.error().detail);
  auto checkpoint = crypto::Checkpoint::parse(note->text);
  if (!checkpoint) return wrong(checkpoint.error().detail);
  return std::move(*checkpoint);
}

// Author and signers, ascending: the keys whose signatures count for the record.
std::set<std::string> keys_of(const proto::Record& record) {
  std::set<std::string> keys(record.signers().begin(), record.signers().end());
  keys.insert(record.author());
  return keys;
}

// Verifies one receipt, one member function a step.
class ReceiptCheck {
 public:
  ReceiptCheck(const ReceiptFile& file, const crypto::Policy& policy, ReceiptVerdict& verdict)
      : file_(file), receipt_(file.receipt), policy_(policy), verdict_(verdict) {}

  void run() {
    if (!verdict_.add("record", record())) return;
    if (!verdict_.add("signatures", signatures())) return;
    if (!verdict_.add("effects", effects())) return;
    if (!verdict_.add("inclusion", inclusion())) return;
    verdict_.checkpoint = verify_final_note(policy_, receipt_.proof.checkpoint, verdict_);
    if (!verdict_.checkpoint) return;
    verdict_.add("words", words());
  }

 private:
  Result<std::string> record() {
    auto entry = decode_entry(receipt_.entry);
    const auto* found = entry ? std::get_if<RecordEntry>(&*entry) : nullptr;
    if (found == nullptr) return wrong("the entry is not a record's entry");
    // The salt of each effect is a hash of the whole record: both are bounded before any is made.
    if (receipt_.record.size() > kRecordBytesMax) return wrong("a record has at most 32 KiB");
    constexpr std::size_t kEffectsMax = kSubjectsPerEntryMax + 1;  // and `spent`
    if (found->effects > kEffectsMax) return wrong("more effects than a record can have");
    auto record = parse_canonical<proto::Record>(receipt_.record, Code::E_PROOF);
    if (!record) return wrong("the record: " + record.error().detail);
    const Digest id = crypto::leaf_hash(receipt_.record);
    if (id != found->record_id) {
      return wrong("the record's id is " + crypto::to_hex(id.view()) + ", the entry names " +
                   crypto::to_hex(found->record_id.view()));
    }
    if (record->type() != found->type || record->version() != found->type_version) {
      return wrong("the record has another type than the entry says");
    }
    const auto code = code_from_number(found->outcome);
    if (receipt_.outcome != found->outcome || !code || name(*code) != receipt_.outcome_name) {
      return wrong("the entry says outcome " + std::to_string(found->outcome) +
                   (code ? " " + std::string(name(*code)) : ", which this program does not know") +
                   ", the receipt says " + std::to_string(receipt_.outcome) + " " + receipt_.outcome_name);
    }
    verdict_.entry = *found;
    verdict_.record = std::move(*record);
    return crypto::to_hex(id.view()) + ", outcome " + receipt_.outcome_name;
  }

  // The signatures stand for the envelope; the path shows that the record is part of it.
  Result<std::string> signatures() {
    const Bytes message =
        envelope_signing_bytes(receipt_.chain_id, receipt_.envelope_records, receipt_.envelope_root);
    if (crypto::sha256(message) != verdict_.entry->envelope_id) {
      return wrong("chain, count and root of the envelope do not give the envelope id of the entry");
    }
    if (auto included = crypto::verify_inclusion(verdict_.entry->record_id, verdict_.entry->position,
                                                 receipt_.envelope_records, receipt_.envelope_path,
                                                 receipt_.envelope_root);
        !included) {
      return wrong("the record's path in its envelope: " + included.error().detail);
    }
    const std::set<std::string> keys = keys_of(*verdict_.record);
    if (!std::equal(
            keys.begin(), keys.end(), receipt_.signatures.begin(), receipt_.signatures.end(),
            [](const std::string& key, const Receipt::Signed& one) { return key == one.key.text(); })) {
      return wrong("not exactly the signatures of the record's author and signers");
    }
    std::vector<crypto::VerifyJob> jobs;
    for (const Receipt::Signed& one : receipt_.signatures) jobs.push_back({one.key, message, one.signature});
    const std::vector<bool> good = crypto::verify_batch(jobs);
    for (std::size_t number = 0; number < jobs.size(); ++number) {
      if (!good[number]) {
        return wrong("the signature of " + crypto::to_hex(jobs[number].key.view()) + " does not verify");
      }
    }
    return counted(jobs.size(), "signature") + " by author and signers over the envelope of " +
           counted(receipt_.envelope_records, "record");
  }

  Result<std::string> effects() {
    if (receipt_.effects.size() != verdict_.entry->effects) {
      return wrong("the entry has " + counted(verdict_.entry->effects, "effect") + ", the receipt " +
                   std::to_string(receipt_.effects.size()));
    }
    std::vector<Digest> leaves;
    for (const Receipt::Effect& effect : receipt_.effects) {
      leaves.push_back(effect_leaf(receipt_.record, static_cast<std::uint16_t>(leaves.size()), effect.subject,
                                   effect.effect));
    }
    if (crypto::tree_head(leaves) != verdict_.entry->effects_root) {
      return wrong("the effects do not give the effects root of the entry");
    }
    return counted(leaves.size(), "effect") + " as the entry commits";
  }

  Result<std::string> inclusion() {
    auto tree = checkpoint_of(receipt_.proof);
    if (!tree) return tree.error();
    if (auto included = crypto::verify_inclusion(crypto::leaf_hash(receipt_.entry), receipt_.proof.index,
                                                 tree->size, receipt_.proof.path, tree->root);
        !included) {
      return wrong(included.error().detail);
    }
    return "entry " + std::to_string(receipt_.proof.index) + " of " + std::to_string(tree->size) + ", " +
           std::to_string(receipt_.proof.path.size()) + " hashes";
  }

  Result<std::string> words() {
    if (file_.shows != receipt_.shows() || file_.does_not_show != receipt_.does_not_show()) {
      return wrong("the sentences of the receipt do not say what it shows");
    }
    return receipt_.shows();
  }

  const ReceiptFile& file_;
  const Receipt& receipt_;
  const crypto::Policy& policy_;
  ReceiptVerdict& verdict_;
};

}  // namespace

std::string Receipt::shows() const {
  const auto decoded = decode_entry(entry);
  const auto* found = decoded ? std::get_if<RecordEntry>(&*decoded) : nullptr;
  if (found == nullptr) return {};
  return "Record " + crypto::to_hex(found->record_id.view()) + " of type " + std::to_string(found->type) +
         " is entry " + std::to_string(proof.index) + " of the log " + origin_of(proof) +
         ", signed by the keys in this file, with outcome " + outcome_name + " and exactly these " +
         counted(effects.size(), "effect") + ".";
}

std::string Receipt::does_not_show() const {
  return "It does not show what later records did to the same subjects, nor that a list of records is "
         "complete: ask for a bundle of the subject.";
}

Result<std::string> make_receipt(const LogIndex& index, std::uint64_t log_index, const Digest& chain_id,
                                 const Envelope& body, std::string_view final_note,
                                 const crypto::Policy& policy) {
  auto row = index.entry(log_index);
  if (!row) return row.error();
  if (!*row) return error(Code::E_NOT_FOUND, "no entry " + std::to_string(log_index));
  const ByteView entry = crypto::as_bytes((*row)->entry());
  auto decoded = decode_entry(entry);
  const auto* found = decoded ? std::get_if<RecordEntry>(&*decoded) : nullptr;
  if (found == nullptr) {
    return error(Code::E_NOT_FOUND, "entry " + std::to_string(log_index) + " is no record");
  }
  if (found->body_hash != body.body_hash() || found->position >= body.records().size()) {
    return error(Code::E_NOT_FOUND, "another envelope than that of entry " + std::to_string(log_index));
  }

  auto note = strip_note(policy, final_note);
  if (!note) return note.error();
  Receipt receipt;
  receipt.proof.index = log_index;
  receipt.proof.checkpoint = std::move(*note);
  auto tree = checkpoint_of(receipt.proof);
  if (!tree) return tree.error();
  if (tree->size <= log_index) {
    return error(Code::E_FINALITY_STALLED, "entry " + std::to_string(log_index) + " is not final yet");
  }
  auto path = crypto::prove_inclusion(*index.log_hashes(), log_index, tree->size);
  if (!path) return error(Code::E_STORAGE_CORRUPT, path.error().detail);
  receipt.proof.path = std::move(*path);

  const SignedRecord& record = body.records()[found->position];
  receipt.entry.assign(entry.begin(), entry.end());
  receipt.record.assign(record.bytes.begin(), record.bytes.end());
  receipt.outcome = found->outcome;
  receipt.outcome_name = std::string(name(static_cast<Code>(found->outcome)));
  for (const proto::IndexedEffect& effect : (*row)->effects()) {
    const ByteView bytes = crypto::as_bytes(effect.effect());
    receipt.effects.push_back({effect.subject(), Bytes(bytes.begin(), bytes.end())});
  }

  crypto::MemoryTree envelope;
  for (const SignedRecord& one : body.records()) envelope.append(one.id);
  auto envelope_path = crypto::prove_inclusion(envelope, found->position, envelope.size());
  if (!envelope_path) return error(Code::E_STORAGE_CORRUPT, envelope_path.error().detail);
  receipt.envelope_path = std::move(*envelope_path);
  receipt.envelope_root = envelope.root();
  receipt.envelope_records = static_cast<std::uint32_t>(envelope.size());
  receipt.chain_id = chain_id;
  const std::set<std::string> keys = keys_of(record.fields);
  for (const crypto::VerifyJob& job : body.signature_jobs()) {
    if (keys.contains(std::string(job.key.text()))) receipt.signatures.push_back({job.key, job.signature});
  }
  return write_receipt(receipt);
}

ReceiptVerdict verify_receipt(std::string_view text, const crypto::Policy& policy) {
  ReceiptVerdict verdict;
  auto file = read_receipt(text);
  if (!verdict.add("form", file ? Result<std::string>(counted(text.size(), "byte") + ", in their one form")
                                : Result<std::string>(file.error()))) {
    return verdict;
  }
  verdict.receipt = file->receipt;
  ReceiptCheck(*file, policy, verdict).run();
  return verdict;
}

}  // namespace circula::ledger
