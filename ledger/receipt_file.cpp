#include "ledger/receipt_file.h"

#include "ledger/proof_json.h"

namespace circula::ledger {
namespace {

namespace json = boost::json;

constexpr std::string_view kReceiptFormat = "circula-receipt-1";

std::string write(const ReceiptFile& file) {
  const Receipt& receipt = file.receipt;
  json::array effects;
  for (const Receipt::Effect& effect : receipt.effects) {
    effects.push_back({{"subject", effect.subject}, {"effect", json_base64(effect.effect)}});
  }
  json::array signatures;
  for (const Receipt::Signed& one : receipt.signatures) {
    signatures.push_back(
        {{"key", json_hex(one.key.view())}, {"signature", json_base64(one.signature.view())}});
  }
  return proof_text(json::object{
      {"format", kReceiptFormat},
      {"shows", file.shows},
      {"does_not_show", file.does_not_show},
      {"outcome", {{"number", json_number(receipt.outcome)}, {"name", receipt.outcome_name}}},
      {"entry", json_base64(receipt.entry)},
      {"record", json_base64(receipt.record)},
      {"effects", std::move(effects)},
      {"envelope", json::object{{"chain_id", json_hex(receipt.chain_id.view())},
                                {"records", json_number(receipt.envelope_records)},
                                {"root", json_hex(receipt.envelope_root.view())},
                                {"path", json_path(receipt.envelope_path)},
                                {"signatures", std::move(signatures)}}},
      {"tlog_proof", receipt.proof.format()},
  });
}

}  // namespace

std::string write_receipt(const Receipt& receipt) {
  return write({receipt, receipt.shows(), receipt.does_not_show()});
}

Result<ReceiptFile> read_receipt(std::string_view text) {
  auto parsed = parse_proof_text(text);
  if (!parsed) return parsed.error();
  std::optional<Error> fault;
  ProofFields fields(*parsed, "", fault);
  if (const std::string format = fields.text("format"); !fault && format != kReceiptFormat) {
    return error(Code::E_PROOF,
                 "not a receipt of this version: " + std::string(kReceiptFormat) + " expected");
  }
  ReceiptFile file;
  Receipt& receipt = file.receipt;
  file.shows = fields.text("shows");
  file.does_not_show = fields.text("does_not_show");
  ProofFields outcome = fields.object("outcome");
  receipt.outcome = static_cast<std::uint16_t>(outcome.number("number"));
  receipt.outcome_name = outcome.text("name");
  receipt.entry = fields.base64("entry");
  receipt.record = fields.base64("record");
  for (ProofFields& effect : fields.objects("effects")) {
    receipt.effects.push_back({effect.text("subject"), effect.base64("effect")});
  }
  ProofFields envelope = fields.object("envelope");
  receipt.chain_id = envelope.hex<Digest>("chain_id");
  receipt.envelope_records = static_cast<std::uint32_t>(envelope.number("records"));
  receipt.envelope_root = envelope.hex<Digest>("root");
  receipt.envelope_path = envelope.path("path");
  for (ProofFields& one : envelope.objects("signatures")) {
    const auto key = one.hex<PublicKey>("key");
    const Bytes signature = one.base64("signature");
    if (signature.size() != Signature::kSize) return error(Code::E_PROOF, "a signature has 64 bytes");
    receipt.signatures.push_back({key, Signature::from(signature)});
  }
  auto proof = crypto::TlogProof::parse(fields.text("tlog_proof"));
  if (fault) return *fault;
  if (!proof) return error(Code::E_PROOF, proof.error().detail);
  receipt.proof = std::move(*proof);
  if (!receipt.proof.extra.empty()) return error(Code::E_PROOF, "a receipt's proof has no extra data");
  // Numbers that do not fit are cut above; the comparison finds them, and whatever else was not read.
  if (auto same = check_proof_text(text, write(file)); !same) return same.error();
  return file;
}

}  // namespace circula::ledger
