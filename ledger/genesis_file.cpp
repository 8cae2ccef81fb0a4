#include "ledger/genesis_file.h"

#include <boost/json.hpp>

#include "crypto/encoding.h"
#include "ledger/canonical.h"
#include "ledger/json_text.h"
#include "ledger/json_view.h"
#include "ledger/proto/genesis.pb.h"

namespace circula::ledger {
namespace {

constexpr std::string_view kGenesisFormat = "circula-genesis-1";

}  // namespace

std::string write_genesis_file(const GenesisFile& file) {
  boost::json::object out;
  out["format"] = kGenesisFormat;
  out["genesis"] = crypto::to_base64(file.genesis);
  boost::json::array signatures;
  for (const auto& [key, signature] : file.signatures) {
    signatures.push_back(boost::json::object{{"key", crypto::to_hex(key.view())},
                                             {"signature", crypto::to_base64(signature.view())}});
  }
  out["signatures"] = std::move(signatures);
  if (auto message = parse_canonical<proto::Genesis>(file.genesis, Code::E_FORMAT); message) {
    out["view"] = json_view(*message);
  }
  return boost::json::serialize(out) + "\n";
}

Result<GenesisFile> read_genesis_file(std::string_view text) {
  const auto parsed = parse_json(text);
  if (!parsed)
    return error(Code::E_FORMAT, "not a genesis file: " + parsed.error().detail, parsed.error().field);
  const auto* object = parsed->if_object();
  const auto* genesis = object == nullptr ? nullptr : object->if_contains("genesis");
  const auto* signatures = object == nullptr ? nullptr : object->if_contains("signatures");
  const auto* format = object == nullptr ? nullptr : object->if_contains("format");
  if (format == nullptr || !format->is_string() || format->get_string() != kGenesisFormat) {
    return error(Code::E_FORMAT_VERSION,
                 "not a genesis file of this version: " + std::string(kGenesisFormat) + " expected");
  }
  if (genesis == nullptr || !genesis->is_string() || signatures == nullptr || !signatures->is_array()) {
    return error(Code::E_FORMAT,
                 "not a genesis file: an object with \"genesis\" and \"signatures\" expected");
  }
  GenesisFile file;
  auto bytes = crypto::from_base64(std::string_view(genesis->get_string()));
  if (!bytes) return error(Code::E_FORMAT, bytes.error().detail, "genesis");
  file.genesis = std::move(*bytes);
  for (const boost::json::value& item : signatures->get_array()) {
    const auto* entry = item.if_object();
    const auto* key = entry == nullptr ? nullptr : entry->if_contains("key");
    const auto* signature = entry == nullptr ? nullptr : entry->if_contains("signature");
    if (key == nullptr || !key->is_string() || signature == nullptr || !signature->is_string()) {
      return error(Code::E_FORMAT, "a signature is {\"key\", \"signature\"}", "signatures");
    }
    auto key_bytes = crypto::fixed_from_hex<PublicKey>(std::string_view(key->get_string()), "key");
    auto signature_bytes = crypto::to_fixed<Signature>(
        crypto::from_base64(std::string_view(signature->get_string())), "signature");
    if (!key_bytes || !signature_bytes)
      return error(Code::E_FORMAT, "a key or signature has a wrong form", "signatures");
    if (!file.signatures.emplace(*key_bytes, *signature_bytes).second)
      return error(Code::E_FORMAT, "a key signs once", "signatures");
  }
  return file;
}

}  // namespace circula::ledger
