#include "ledger/envelope.h"

#include <algorithm>
#include <set>

#include "crypto/encoding.h"
#include "crypto/hash.h"
#include "ledger/canonical.h"

namespace circula::ledger {
namespace {

std::string numbered(std::string_view what, std::size_t number) {
  return std::string(what) + "[" + std::to_string(number) + "]";
}

Result<void> check_key(const std::string& bytes, const std::string& field) {
  if (bytes.size() == PublicKey::kSize) return {};
  return error(Code::E_CANONICAL, "a public key has 32 bytes, this one " + std::to_string(bytes.size()),
               field);
}

Result<void> check_record(const proto::Record& record, const std::string& field) {
  if (auto good = check_key(record.author(), field + ".author"); !good) return good;
  const std::string* previous = nullptr;
  for (const std::string& signer : record.signers()) {
    if (auto good = check_key(signer, field + ".signers"); !good) return good;
    if (signer == record.author() || (previous != nullptr && !(*previous < signer))) {
      return error(Code::E_CANONICAL, "signers are ascending, each once, without the author",
                   field + ".signers");
    }
    previous = &signer;
  }
  if (record.nonce().size() != ShortId::kSize) {
    return error(Code::E_CANONICAL, "a nonce has 16 bytes", field + ".nonce");
  }
  if (!record.delegation().empty() && record.delegation().size() != ShortId::kSize) {
    return error(Code::E_CANONICAL, "a delegation has 16 bytes, or is absent", field + ".delegation");
  }
  if (record.type() == 0 || record.type() > kTypeMax || record.version() == 0 ||
      record.version() > kTypeMax) {
    return error(Code::E_CANONICAL, "type and version are 1 to 65,535", field + ".type");
  }
  if (static_cast<std::size_t>(record.expects_size()) > kExpectationsMax) {
    return error(Code::E_LIMIT, "at most 64 expectations", field + ".expects");
  }
  for (int item = 1; item < record.expects_size(); ++item) {
    if (!(record.expects(item - 1).subject() < record.expects(item).subject())) {
      return error(Code::E_CANONICAL, "expectations are ascending by subject, each once", field + ".expects");
    }
  }
  return {};
}

}  // namespace

Bytes envelope_signing_bytes(const Digest& chain_id, std::uint32_t count, const Digest& root) {
  Bytes rest;
  crypto::put_u32be(rest, count);
  crypto::put_bytes(rest, root.view());
  return statement(kEnvelopeContext, chain_id, rest);
}

Bytes envelope_signing_bytes(const Digest& chain_id, const std::vector<Digest>& record_ids) {
  return envelope_signing_bytes(chain_id, static_cast<std::uint32_t>(record_ids.size()),
                                crypto::tree_head(record_ids));
}

Result<std::shared_ptr<const Envelope>> Envelope::decode(Bytes bytes, const Digest& chain_id) {
  if (bytes.size() > kEnvelopeBytesMax) {
    return error(Code::E_SIZE,
                 "an envelope has at most 1 MiB, this one " + std::to_string(bytes.size()) + " bytes");
  }
  std::shared_ptr<Envelope> envelope(new Envelope(std::move(bytes)));
  if (auto good = envelope->read(chain_id); !good) return good.error();
  return std::shared_ptr<const Envelope>(std::move(envelope));
}

Result<void> Envelope::read(const Digest& chain_id) {
  auto message = parse_canonical<proto::Envelope>(bytes_, Code::E_CANONICAL);
  if (!message) return message.error();
  if (message->suite() != kSuiteEd25519) {
    return error(Code::E_SUITE, "suite 1 expected, " + std::to_string(message->suite()) + " found", "suite");
  }
  const auto count = static_cast<std::size_t>(message->records_size());
  if (count == 0 || count > kEnvelopeRecordsMax) {
    return error(Code::E_LIMIT, "an envelope has 1 to 4,096 records, this one " + std::to_string(count),
                 "records");
  }
  if (static_cast<std::size_t>(message->signatures_size()) > kEnvelopeSignaturesMax) {
    return error(Code::E_LIMIT, "an envelope has at most 32 signatures", "signatures");
  }

  records_.reserve(count);
  std::vector<Digest> ids;
  ids.reserve(count);
  std::size_t offset = 0;
  for (std::size_t number = 0; number < count; ++number) {
    const std::string& bytes = message->records(static_cast<int>(number));
    const std::string field = numbered("records", number);
    if (bytes.size() > kRecordBytesMax) return error(Code::E_SIZE, "a record has at most 32 KiB", field);
    // The record's place in the envelope's own bytes: fields stand in order, so it begins after the last.
    const auto place = std::search(bytes_.begin() + static_cast<std::ptrdiff_t>(offset), bytes_.end(),
                                   crypto::as_bytes(bytes).begin(), crypto::as_bytes(bytes).end());
    offset = static_cast<std::size_t>(place - bytes_.begin());
    const ByteView view = ByteView(bytes_).subspan(offset, bytes.size());
    offset += bytes.size();
    auto record = parse_canonical<proto::Record>(view, Code::E_CANONICAL);
    if (!record) {
      const std::string& inside = record.error().field;
      return error(record.error().code, record.error().detail, inside.empty() ? field : field + "." + inside);
    }
    if (auto good = check_record(*record, field); !good) return good;
    ids.push_back(crypto::leaf_hash(view));
    records_.push_back({view, std::move(*record), ids.back()});
  }
  if (auto good = check_signers(*message); !good) return good;
  signing_bytes_ = envelope_signing_bytes(chain_id, ids);
  id_ = crypto::sha256(signing_bytes_);
  body_hash_ = crypto::sha256(bytes_);
  return {};
}

Result<void> Envelope::check_signers(const proto::Envelope& message) {
  std::set<std::string> expected;
  for (const SignedRecord& record : records_) {
    expected.insert(record.fields.author());
    expected.insert(record.fields.signers().begin(), record.fields.signers().end());
  }
  if (expected.size() != static_cast<std::size_t>(message.signatures_size())) {
    return error(Code::E_SIGNERS,
                 std::to_string(expected.size()) + " keys must sign, " +
                     std::to_string(message.signatures_size()) + " signatures found",
                 "signatures");
  }
  int number = 0;
  for (const std::string& key : expected) {  // a set is ascending
    const proto::EnvelopeSignature& found = message.signatures(number);
    const std::string field = numbered("signatures", static_cast<std::size_t>(number++));
    if (found.public_key() != key) {
      return error(Code::E_SIGNERS,
                   "signature of " + crypto::to_hex(crypto::as_bytes(key)) + " expected, " +
                       crypto::to_hex(crypto::as_bytes(found.public_key())) + " found",
                   field);
    }
    if (found.signature().size() != Signature::kSize) {
      return error(Code::E_CANONICAL, "a signature has 64 bytes", field);
    }
    keys_.push_back(PublicKey::from(crypto::as_bytes(key)));
    signatures_.push_back(Signature::from(crypto::as_bytes(found.signature())));
  }
  return {};
}

std::uint64_t Envelope::latest_created_at_ms() const {
  std::uint64_t latest = 0;
  for (const SignedRecord& record : records_) latest = std::max(latest, record.fields.created_at_ms());
  return latest;
}

std::uint64_t Envelope::earliest_expiry_ms() const {
  std::uint64_t earliest = UINT64_MAX;
  for (const SignedRecord& record : records_) earliest = std::min(earliest, record.fields.expires_at_ms());
  return earliest;
}

std::vector<crypto::VerifyJob> Envelope::signature_jobs() const {
  std::vector<crypto::VerifyJob> jobs;
  jobs.reserve(keys_.size());
  for (std::size_t number = 0; number < keys_.size(); ++number) {
    jobs.push_back({keys_[number], signing_bytes_, signatures_[number]});
  }
  return jobs;
}

Bytes seal_envelope(const Digest& chain_id, const std::vector<Bytes>& records,
                    const std::vector<const crypto::SigningKey*>& keys) {
  std::vector<Digest> ids;
  proto::Envelope message;
  message.set_suite(kSuiteEd25519);
  for (const Bytes& record : records) {
    ids.push_back(crypto::leaf_hash(record));
    message.add_records(std::string(crypto::as_text(record)));
  }
  const Bytes signing_bytes = envelope_signing_bytes(chain_id, ids);
  std::vector<const crypto::SigningKey*> ordered = keys;
  std::sort(ordered.begin(), ordered.end(),
            [](const auto* left, const auto* right) { return left->public_key() < right->public_key(); });
  for (const crypto::SigningKey* key : ordered) {
    proto::EnvelopeSignature& signature = *message.add_signatures();
    signature.set_public_key(std::string(key->public_key().text()));
    signature.set_signature(std::string(key->sign(signing_bytes).text()));
  }
  return serialise_canonical(message);
}

}  // namespace circula::ledger
