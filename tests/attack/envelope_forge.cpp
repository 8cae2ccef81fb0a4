#include "tests/attack/envelope_forge.h"

#include <set>

#include "ledger/canonical.h"
#include "ledger/envelope.h"

namespace circula::attack {

EnvelopeForge::EnvelopeForge(const cli::BenchWorkload& workload, const crypto::Digest& chain_id,
                             std::vector<crypto::SigningKey> keys)
    : workload_(workload), chain_id_(chain_id) {
  for (crypto::SigningKey& key : keys) {
    const crypto::PublicKey name = key.public_key();
    keys_.emplace(name, std::move(key));
  }
}

std::string EnvelopeForge::good() const { return std::string(crypto::as_text(workload_.envelope(0).bytes)); }

ledger::proto::Record EnvelopeForge::record() const {
  ledger::proto::Record record;
  record.ParseFromString(parsed(good()).records(0));
  return record;
}

std::string EnvelopeForge::sealed(const std::vector<ledger::proto::Record>& records) const {
  return sealed_for(chain_id_, records);
}

std::string EnvelopeForge::sealed_for(const crypto::Digest& chain,
                                      const std::vector<ledger::proto::Record>& records) const {
  std::vector<crypto::Bytes> bytes;
  std::set<crypto::PublicKey> authors;
  for (const ledger::proto::Record& record : records) {
    bytes.push_back(ledger::serialise_canonical(record));
    authors.insert(crypto::PublicKey::from(crypto::as_bytes(record.author())));
  }
  std::vector<const crypto::SigningKey*> keys;
  for (const crypto::PublicKey& author : authors) keys.push_back(&keys_.at(author));
  return std::string(crypto::as_text(ledger::seal_envelope(chain, bytes, keys)));
}

std::string EnvelopeForge::by_a_stranger() const {
  const crypto::SigningKey stranger = crypto::SigningKey::generate();
  ledger::proto::Record altered = record();
  altered.set_author(std::string(stranger.public_key().text()));
  return std::string(
      crypto::as_text(ledger::seal_envelope(chain_id_, {ledger::serialise_canonical(altered)}, {&stranger})));
}

ledger::proto::Envelope parsed(const std::string& envelope) {
  ledger::proto::Envelope message;
  message.ParseFromString(envelope);
  return message;
}

std::string written(const ledger::proto::Envelope& envelope) {
  return std::string(crypto::as_text(ledger::serialise_canonical(envelope)));
}

}  // namespace circula::attack
