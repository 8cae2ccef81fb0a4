#include "ledger/bundle_file.h"

#include "crypto/encoding.h"
#include "ledger/proof_json.h"

namespace circula::ledger {
namespace {

namespace json = boost::json;

constexpr std::string_view kBundleFormat = "circula-bundle-1";

json::object write_block(const BlockProof& block) {
  return {{"entry", json_base64(encode(Entry(block.entry)))}, {"path", json_path(block.path)}};
}

json::object write_question(const BundleQuestion& question) {
  json::object out;
  if (const auto* period = std::get_if<AskPeriod>(&question)) {
    out["from_ms"] = json_number(period->from_ms);
    out["to_ms"] = json_number(period->to_ms);
  } else if (const auto* before = std::get_if<AskBefore>(&question)) {
    out["before_ms"] = json_number(before->before_ms);
  } else if (const auto* height = std::get_if<AskHeight>(&question)) {
    out["height"] = json_number(height->height);
  } else if (const auto* up_to = std::get_if<AskHistoryTo>(&question)) {
    out["history_to"] = json_number(up_to->height);
  } else if (std::holds_alternative<AskHistory>(question)) {
    out["history"] = "all";
  }
  return out;
}

BundleQuestion read_question(ProofFields& fields) {
  if (fields.has("from_ms")) return AskPeriod{fields.number("from_ms"), fields.number("to_ms")};
  if (fields.has("before_ms")) return AskBefore{fields.number("before_ms")};
  if (fields.has("height")) return AskHeight{fields.number("height")};
  if (fields.has("history_to")) return AskHistoryTo{fields.number("history_to")};
  if (fields.has("history")) return AskHistory{};
  return AskState{};
}

std::string write(const BundleFile& file) {
  const Bundle& bundle = file.bundle;
  json::object out{{"format", kBundleFormat},   {"kind", bundle.kind()},
                   {"shows", file.shows},       {"does_not_show", file.does_not_show},
                   {"subject", bundle.subject}, {"question", write_question(bundle.question)}};
  if (bundle.value) out["value"] = json_base64(*bundle.value);
  out["state_proof"] = json_base64(bundle.state_proof.encode());
  out["block"] = write_block(bundle.block);
  if (!bundle.leaves.empty()) {
    json::array leaves;
    for (const HistoryRow& leaf : bundle.leaves) {
      leaves.push_back({{"entry", json_number(leaf.log_index)}, {"effect", json_base64(leaf.effect)}});
    }
    json::array blocks;
    for (const BlockProof& block : bundle.blocks) blocks.emplace_back(write_block(block));
    out["history"] = json::object{{"begin", json_number(bundle.leaves.front().seq)},
                                  {"leaves", std::move(leaves)},
                                  {"path", json_path(bundle.history_path)},
                                  {"blocks", std::move(blocks)}};
  }
  out["checkpoint"] = bundle.checkpoint;
  return proof_text(out);
}

BlockProof read_block(ProofFields fields, std::optional<Error>& fault) {
  BlockProof block;
  const auto entry = decode_entry(fields.base64("entry"));
  const auto* found = entry ? std::get_if<BlockEntry>(&*entry) : nullptr;
  if (found != nullptr) {
    block.entry = *found;
  } else if (!fault) {
    fault = error(Code::E_PROOF, "not a block entry");
  }
  block.path = fields.path("path");
  return block;
}

void read_history(ProofFields fields, Bundle& bundle, std::optional<Error>& fault) {
  std::uint64_t seq = fields.number("begin");
  for (ProofFields& leaf : fields.objects("leaves")) {
    bundle.leaves.push_back({seq++, leaf.number("entry"), leaf.base64("effect")});
  }
  bundle.history_path = fields.path("path");
  for (ProofFields& block : fields.objects("blocks")) bundle.blocks.push_back(read_block(block, fault));
}

}  // namespace

std::string write_bundle(const Bundle& bundle) {
  return write({bundle, bundle.shows(), bundle.does_not_show()});
}

Result<BundleFile> read_bundle(std::string_view text) {
  auto parsed = parse_proof_text(text);
  if (!parsed) return parsed.error();
  std::optional<Error> fault;
  ProofFields fields(*parsed, "", fault);
  if (const std::string format = fields.text("format"); !fault && format != kBundleFormat) {
    return error(Code::E_PROOF, "not a bundle of this version: " + std::string(kBundleFormat) + " expected");
  }
  BundleFile file;
  Bundle& bundle = file.bundle;
  file.shows = fields.text("shows");
  file.does_not_show = fields.text("does_not_show");
  bundle.subject = fields.text("subject");
  ProofFields question = fields.object("question");
  bundle.question = read_question(question);
  if (fields.has("value")) bundle.value = fields.base64("value");
  auto state_proof = crypto::StateProof::decode(fields.base64("state_proof"));
  bundle.block = read_block(fields.object("block"), fault);
  if (fields.has("history")) read_history(fields.object("history"), bundle, fault);
  bundle.checkpoint = fields.text("checkpoint");
  if (fault) return *fault;
  if (!state_proof) return error(Code::E_PROOF, state_proof.error().detail);
  bundle.state_proof = std::move(*state_proof);
  if (auto same = check_proof_text(text, write(file)); !same) return same.error();
  return file;
}

bool looks_like_bundle(std::string_view text) {
  return text.substr(0, 256).find(kBundleFormat) != std::string_view::npos;
}

}  // namespace circula::ledger
