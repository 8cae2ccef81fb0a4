#include "cli/draft_file.h"

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "cli/local_file.h"
#include "crypto/encoding.h"
#include "crypto/hash.h"
#include "ledger/canonical.h"
#include "ledger/envelope.h"
#include "ledger/json_text.h"
#include "ledger/json_view.h"
#include "ledger/registry.h"
#include "ledger/subject_view.h"

namespace circula::cli {
namespace {

using ledger::Code;
using ledger::error;
using ledger::Result;
namespace proto = ledger::proto;

constexpr std::string_view kFormat = "circula-draft-1";

std::string_view text_of(const boost::json::object& object, std::string_view key) {
  const boost::json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string()) : std::string_view{};
}

ledger::Error malformed(std::string detail, std::string field) {
  return error(Code::E_DRAFT, std::move(detail), std::move(field));
}

Result<void> read_signatures(const boost::json::object& object, DraftFile& draft) {
  const boost::json::value* list = object.if_contains("signatures");
  if (list == nullptr) return {};
  if (!list->is_array()) return malformed("a list is expected", "signatures");
  for (const boost::json::value& item : list->get_array()) {
    if (!item.is_object()) return malformed("a signature is {\"key\", \"signature\"}", "signatures");
    auto key = crypto::fixed_from_hex<PublicKey>(text_of(item.get_object(), "key"), "key");
    auto signature = crypto::to_fixed<Signature>(crypto::from_base64(text_of(item.get_object(), "signature")),
                                                 "signature");
    if (!key) return malformed(key.error().detail, "signatures");
    if (!signature) return malformed(signature.error().detail, "signatures");
    draft.signatures[*key] = *signature;
  }
  return {};
}

void read_hints(const boost::json::object& object, DraftFile& draft) {
  const boost::json::value* list = object.if_contains("required");
  if (list == nullptr || !list->is_array()) return;
  for (const boost::json::value& item : list->get_array()) {
    if (!item.is_object()) continue;
    auto key = crypto::fixed_from_hex<PublicKey>(text_of(item.get_object(), "key"), "key");
    if (key) draft.oid_hints[*key] = std::string(text_of(item.get_object(), "oid"));
  }
}

Result<void> check_signatures(const DraftFile& draft) {
  auto required = draft.required();
  if (!required) return required.error();
  const Bytes bytes = draft.signing_bytes();
  for (const auto& [key, signature] : draft.signatures) {
    const std::string hex = crypto::to_hex(key.view());
    if (!std::binary_search(required->begin(), required->end(), key)) {
      return error(Code::E_SIG, "a signature by " + hex + ", which none of the records names", "signatures");
    }
    const crypto::VerifyJob job{key, bytes, signature};
    if (!crypto::verify_batch({&job, 1})[0]) {
      return error(Code::E_SIG,
                   "the signature by " + draft.describe(key) + " is not for these bytes and this chain: " +
                       "the draft was altered after it was signed, or is of another chain",
                   "signatures");
    }
  }
  return {};
}

}  // namespace

Result<std::vector<proto::Record>> DraftFile::decode() const {
  std::vector<proto::Record> decoded;
  for (const Bytes& bytes : records) {
    if (bytes.size() > ledger::kRecordBytesMax) return error(Code::E_SIZE, "a record has at most 32 KiB");
    auto record = ledger::parse_canonical<proto::Record>(bytes, Code::E_CANONICAL);
    if (!record) return record.error();
    decoded.push_back(std::move(*record));
  }
  return decoded;
}

Result<std::vector<PublicKey>> DraftFile::required() const {
  auto decoded = decode();
  if (!decoded) return decoded.error();
  std::set<PublicKey> keys;
  for (const proto::Record& record : *decoded) {
    std::vector<std::string> named(record.signers().begin(), record.signers().end());
    named.push_back(record.author());
    for (const std::string& bytes : named) {
      if (bytes.size() != PublicKey::kSize) return malformed("a key has 32 bytes", "records");
      keys.insert(PublicKey::from(crypto::as_bytes(bytes)));
    }
  }
  return std::vector<PublicKey>(keys.begin(), keys.end());
}

Result<std::vector<PublicKey>> DraftFile::missing() const {
  auto keys = required();
  if (!keys) return keys.error();
  std::erase_if(*keys, [&](const PublicKey& key) { return signatures.contains(key); });
  return *keys;
}

std::vector<Digest> DraftFile::record_ids() const {
  std::vector<Digest> ids;
  for (const Bytes& record : records) ids.push_back(crypto::leaf_hash(record));
  return ids;
}

Bytes DraftFile::signing_bytes() const { return ledger::envelope_signing_bytes(chain_id, record_ids()); }

Result<void> DraftFile::sign(const crypto::SigningKey& key) {
  auto keys = required();
  if (!keys) return keys.error();
  if (!std::binary_search(keys->begin(), keys->end(), key.public_key())) {
    std::string who;
    for (const PublicKey& wanted : *keys) who += (who.empty() ? "" : ", ") + describe(wanted);
    return error(Code::E_DRAFT, "the draft does not ask for the key " +
                                    crypto::to_hex(key.public_key().view()) + "; it asks for " + who);
  }
  signatures[key.public_key()] = key.sign(signing_bytes());
  return {};
}

Result<Bytes> DraftFile::seal() const {
  auto absent = missing();
  if (!absent) return absent.error();
  if (!absent->empty()) {
    std::string who;
    for (const PublicKey& key : *absent) who += (who.empty() ? "" : ", ") + describe(key);
    return error(Code::E_DRAFT, "not signed by " + who, "signatures");
  }
  proto::Envelope envelope;
  envelope.set_suite(ledger::kSuiteEd25519);
  for (const Bytes& record : records) envelope.add_records(std::string(crypto::as_text(record)));
  for (const auto& [key, signature] : signatures) {
    proto::EnvelopeSignature& entry = *envelope.add_signatures();
    entry.set_public_key(std::string(key.text()));
    entry.set_signature(std::string(signature.text()));
  }
  return ledger::serialise_canonical(envelope);
}

std::string DraftFile::describe(const PublicKey& key) const {
  const std::string hex = crypto::to_hex(key.view());
  const auto hint = oid_hints.find(key);
  if (hint == oid_hints.end() || hint->second.empty()) return hex;
  return hint->second + " (" + hex.substr(0, 16) + "…)";
}

boost::json::object record_view(const proto::Record& record) {
  boost::json::object view = ledger::json_view(record);
  view.erase("body");
  view.erase("type");
  view.erase("version");
  boost::json::object out =
      ledger::body_view(record.type(), record.version(), crypto::as_bytes(record.body()));
  for (auto& [key, value] : view) out[key] = std::move(value);
  return out;
}

std::string write_draft(const DraftFile& draft) {
  boost::json::object out{{"format", kFormat}, {"chain_id", crypto::to_hex(draft.chain_id.view())}};
  boost::json::array records;
  for (const Bytes& record : draft.records) records.emplace_back(crypto::to_base64(record));
  out["records"] = std::move(records);
  boost::json::array view;
  if (auto decoded = draft.decode(); decoded) {
    for (const proto::Record& record : *decoded) view.push_back(record_view(record));
  }
  out["view"] = std::move(view);
  boost::json::array required;
  if (auto keys = draft.required(); keys) {
    for (const PublicKey& key : *keys) {
      boost::json::object entry{{"key", crypto::to_hex(key.view())}};
      if (const auto hint = draft.oid_hints.find(key);
          hint != draft.oid_hints.end() && !hint->second.empty()) {
        entry["oid"] = hint->second;
      }
      entry["signed"] = draft.signatures.contains(key);
      required.push_back(std::move(entry));
    }
  }
  out["required"] = std::move(required);
  boost::json::array signatures;
  for (const auto& [key, signature] : draft.signatures) {
    signatures.push_back(boost::json::object{{"key", crypto::to_hex(key.view())},
                                             {"signature", crypto::to_base64(signature.view())}});
  }
  out["signatures"] = std::move(signatures);
  return pretty(out);
}

bool looks_like_draft(std::string_view text) {
  const auto parsed = ledger::parse_json(text);
  const auto* object = parsed ? parsed->if_object() : nullptr;
  return object != nullptr && text_of(*object, "format") == kFormat;
}

Result<DraftFile> read_draft(std::string_view text) {
  const auto parsed = ledger::parse_json(text);
  if (!parsed) return malformed("not a draft: " + parsed.error().detail, parsed.error().field);
  const auto* object = parsed->if_object();
  if (object == nullptr || text_of(*object, "format") != kFormat) {
    return malformed("not a draft: \"format\": \"" + std::string(kFormat) + "\" is expected", "format");
  }
  DraftFile draft;
  auto chain = crypto::fixed_from_hex<Digest>(text_of(*object, "chain_id"), "chain id");
  if (!chain) return malformed(chain.error().detail, "chain_id");
  draft.chain_id = *chain;
  const boost::json::value* records = object->if_contains("records");
  if (records == nullptr || !records->is_array() || records->get_array().empty() ||
      records->get_array().size() > ledger::kEnvelopeRecordsMax) {
    return malformed("a list of 1 to 4,096 records is expected", "records");
  }
  for (const boost::json::value& item : records->get_array()) {
    auto bytes =
        crypto::from_base64(item.is_string() ? std::string_view(item.get_string()) : std::string_view("?"));
    if (!bytes) return malformed(bytes.error().detail, "records");
    draft.records.push_back(std::move(*bytes));
  }
  read_hints(*object, draft);
  if (auto read = read_signatures(*object, draft); !read) return read.error();
  // An altered record may no longer be canonical; where it was signed, that is an altered signature first.
  if (auto good = check_signatures(draft); !good) {
    if (good.error().code == Code::E_CANONICAL && !draft.signatures.empty()) {
      return error(Code::E_SIG, "the signed bytes were altered: " + good.error().detail, "records");
    }
    return good.error();
  }
  return draft;
}

Result<DraftFile> merge_drafts(const DraftFile& left, const DraftFile& right) {
  if (left.chain_id != right.chain_id) return error(Code::E_DRAFT, "the drafts are of different chains");
  if (left.records != right.records) return error(Code::E_DRAFT, "the drafts hold different records");
  DraftFile merged = left;
  merged.signatures.insert(right.signatures.begin(), right.signatures.end());
  merged.oid_hints.insert(right.oid_hints.begin(), right.oid_hints.end());
  return merged;
}

}  // namespace circula::cli
