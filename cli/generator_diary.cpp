#include "cli/generator_diary.h"

#include <algorithm>
#include <cassert>

#include "crypto/encoding.h"
#include "crypto/hash.h"
#include "ledger/canonical.h"
#include "ledger/envelope.h"

namespace circula::cli {
namespace {

constexpr std::uint64_t kLifetimeMs = 20ULL * 24 * 3600 * 1000;  // below the 30 days of the parameters
constexpr std::size_t kEnvelopeBytes = 512 * 1024;               // half of what an envelope may have

}  // namespace

void GeneratorDiary::begin_day(std::int64_t time_s) {
  assert(time_s >= now_s_);
  if (time_s == now_s_) return;
  seal();
  now_s_ = time_s;
}

crypto::Digest GeneratorDiary::write(std::uint16_t type, const google::protobuf::Message& body,
                                     const Signers& signers, ledger::Code outcome, std::string_view what) {
  ledger::proto::Record record;
  record.set_author(std::string(signers.front()->public_key().text()));
  std::map<crypto::PublicKey, const crypto::SigningKey*> named;
  for (const crypto::SigningKey* key : signers) named[key->public_key()] = key;
  for (const auto& [public_key, key] : named) {
    if (key != signers.front()) record.add_signers(std::string(public_key.text()));
  }
  record.set_created_at_ms(static_cast<std::uint64_t>(now_s_) * 1000);
  record.set_expires_at_ms(record.created_at_ms() + kLifetimeMs);
  crypto::Bytes nonce;
  crypto::put_u64be(nonce, nonces_.next());
  crypto::put_u64be(nonce, nonces_.next());
  record.set_nonce(std::string(crypto::as_text(nonce)));
  record.set_type(type);
  record.set_version(1);
  record.set_body(std::string(crypto::as_text(ledger::serialise_canonical(body))));
  crypto::Bytes bytes = ledger::serialise_canonical(record);

  auto keys = keys_;
  keys.insert(named.begin(), named.end());
  if (keys.size() > ledger::kEnvelopeSignaturesMax || records_.size() == kGeneratedEnvelopeRecords ||
      bytes_ + bytes.size() > kEnvelopeBytes) {
    seal();
  }
  keys_.insert(named.begin(), named.end());
  const crypto::Digest id = crypto::leaf_hash(bytes);
  bytes_ += bytes.size();
  records_.push_back(std::move(bytes));
  ids_.push_back(id);
  truth_.records.push_back({id, outcome, type, std::string(what)});
  return id;
}

void GeneratorDiary::seal() {
  if (records_.empty()) return;
  std::vector<const crypto::SigningKey*> keys;
  for (const auto& [public_key, key] : keys_) keys.push_back(key);
  envelopes_.push_back({now_s_, std::move(ids_), ledger::seal_envelope(chain_id_, records_, keys)});
  records_.clear();
  ids_.clear();
  keys_.clear();
  bytes_ = 0;
}

std::vector<GeneratedEnvelope> GeneratorDiary::finish() {
  seal();
  return std::move(envelopes_);
}

ledger::ShortId object_of(const crypto::Digest& record) {
  return ledger::ShortId::from(record.view().first(ledger::ShortId::kSize));
}

std::string bytes_of(const ledger::ShortId& id) { return std::string(id.text()); }

}  // namespace circula::cli
