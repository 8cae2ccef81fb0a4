#include "tests/ledger/test_chain.h"

#include <algorithm>
#include <stdexcept>

#include "crypto/checkpoint.h"
#include "crypto/encoding.h"
#include "crypto/hash.h"
#include "ledger/organisation_code.h"
#include "ledger/registry.h"
#include "ledger/trust_policy.h"

namespace circula::ledger::testing {
namespace {

struct TestOrganisation {
  std::string_view name;
  std::vector<proto::OrgKind> kinds;
  std::string_view registrar_code;
};

const std::vector<TestOrganisation>& organisations() {
  static const std::vector<TestOrganisation> all = {
      {"exchange", {proto::ORG_KIND_EXCHANGE}, ""},     {"exchange-2", {proto::ORG_KIND_EXCHANGE}, ""},
      {"registrar", {proto::ORG_KIND_REGISTRAR}, "R1"}, {"bank", {proto::ORG_KIND_BANK}, ""},
      {"regulator", {proto::ORG_KIND_REGULATOR}, ""},   {"auditor", {proto::ORG_KIND_AUDITOR}, ""},
      {"provider", {proto::ORG_KIND_PROVIDER}, ""},     {"vendor-b", {proto::ORG_KIND_PROVIDER}, ""},
      {"buyer", {proto::ORG_KIND_BUYER}, ""},           {"merchant", {proto::ORG_KIND_MERCHANT}, ""},
      {"broker", {proto::ORG_KIND_BROKER}, ""},         {"department", {proto::ORG_KIND_DEPARTMENT}, ""},
      {"tax", {proto::ORG_KIND_TAX_AUTHORITY}, ""},     {"registrar-2", {proto::ORG_KIND_REGISTRAR}, "R2"},
      {"registrar-3", {proto::ORG_KIND_REGISTRAR}, ""}, {"arbitrator", {proto::ORG_KIND_ARBITRATOR}, ""},
  };
  return all;
}

std::string text(const PublicKey& key) { return std::string(key.text()); }

}  // namespace

crypto::SigningKey named_key(std::string_view name) {
  const Digest seed = crypto::Sha256().update("circula test key ").update(name).finish();
  return crypto::SigningKey::from_seed(std::span<const std::uint8_t, 32>(seed.data(), 32));
}

std::string test_oid(unsigned number) {
  std::string digits = std::to_string(number);
  const std::string body = "91990000" + std::string(9 - digits.size(), '0') + digits;
  return body + *gb32100_check_character(body);
}

TestChain::TestChain(const Options& options) : time_ms_(options.time_ms), voters_(options.voters) {
  proto::Genesis message;
  message.set_format(kFormatVersion);
  message.set_rules(kRulesVersion);
  message.set_origin("test.example/ledger");
  message.set_clock(options.clock);
  message.set_profile(options.profile);
  message.set_time_ms(options.time_ms);
  message.set_generated_keys(true);
  *message.mutable_parameters() = default_parameters(options.profile);
  unsigned number = 0;
  for (const TestOrganisation& organisation : organisations()) {
    const std::string name(organisation.name);
    oids_[name] = test_oid(++number);
    proto::GenesisOrganisation& entry = *message.add_organisations();
    entry.set_oid(oids_[name]);
    for (const proto::OrgKind kind : organisation.kinds) entry.add_kinds(kind);
    entry.mutable_profile()->set_name(name);
    if (const auto scope = options.scopes.find(name); scope != options.scopes.end()) {
      entry.mutable_profile()->set_region(scope->second.first);
      entry.mutable_profile()->set_industry(scope->second.second);
    }
    entry.set_registrar_code(std::string(organisation.registrar_code));
    std::map<std::string, std::pair<std::string, proto::KeyUsage>> keys;
    for (const auto& [suffix, usage] :
         {std::pair("", proto::KEY_USAGE_OFFICER), std::pair(".cdo", proto::KEY_USAGE_CDO),
          std::pair(".finance", proto::KEY_USAGE_FINANCE),
          std::pair(".finance-2", proto::KEY_USAGE_FINANCE)}) {
      keys[text(key(name + suffix).public_key())] = {name + suffix, usage};
    }
    for (const auto& [public_key, named] : keys) {
      proto::GenesisKey& entry_key = *entry.add_keys();
      entry_key.set_public_key(public_key);
      entry_key.set_usage(named.second);
      entry_key.set_possession(
          std::string(key(named.first).sign(possession_statement({}, oids_[name])).text()));
    }
  }
  for (const char* exchange : {"exchange", "exchange-2"}) {
    proto::SettlementBank& appointed = *message.add_settlement_banks();
    appointed.set_exchange(oids_[exchange]);
    appointed.set_currency("CNY");
    appointed.set_bank(oids_["bank"]);
  }
  for (unsigned id = 1; id <= voters_ + options.learners; ++id) {
    proto::Member& member = *message.mutable_configuration()->add_members();
    member.set_node_id(id);
    member.set_role(id <= voters_ ? proto::MEMBER_ROLE_VOTER : proto::MEMBER_ROLE_LEARNER);
    member.set_oid(oids_["exchange"]);
    member.set_node_key(text(key(node_name(id)).public_key()));
    member.set_cosign_key(text(key(node_name(id) + ".cosign").public_key()));
    member.set_log_key(text(key(node_name(id) + ".log").public_key()));
    member.set_transport_key(text(key(node_name(id) + ".transport").public_key()));
  }
  if (options.active.empty()) {
    std::map<std::pair<std::uint32_t, std::uint32_t>, int> types;
    for (const Family* family : families()) {
      for (const RecordType& type : family->records) types[{type.number, type.version}] = 1;
    }
    for (const auto& [type, unused] : types) {
      proto::RecordVersion& active = *message.add_active();
      active.set_type(type.first);
      active.set_version(type.second);
    }
  } else {
    for (const proto::RecordVersion& active : options.active) *message.add_active() = active;
  }
  auto genesis = Genesis::decode(serialise_canonical(message));
  if (!genesis) throw std::runtime_error("genesis: " + genesis.error().detail + " " + genesis.error().field);
  genesis_ = std::make_unique<Genesis>(*genesis);
  reopen();
}

const crypto::SigningKey& TestChain::key(const std::string& name) {
  auto place = keys_.find(name);
  if (place == keys_.end()) place = keys_.emplace(name, named_key(name)).first;
  return place->second;
}

std::string TestChain::name_of(const std::string& oid) const {
  for (const auto& [name, code] : oids_) {
    if (code == oid) return name;
  }
  return oid;
}

Bytes TestChain::record_bytes(const RecordSpec& spec) {
  proto::Record record;
  record.set_author(text(key(spec.author).public_key()));
  std::vector<std::string> signers;
  for (const std::string& name : spec.signers) signers.push_back(text(key(name).public_key()));
  std::sort(signers.begin(), signers.end());
  for (const std::string& signer : signers) record.add_signers(signer);
  const std::uint64_t created =
      spec.created_at_ms < 0 ? time_ms_ : static_cast<std::uint64_t>(spec.created_at_ms);
  record.set_created_at_ms(created);
  record.set_expires_at_ms(created + spec.lifetime_ms);
  Bytes nonce(8, 0x77);
  crypto::put_u64be(nonce, ++nonce_);
  record.set_nonce(std::string(crypto::as_text(nonce)));
  for (const auto& [subject, version] : spec.expects) {
    proto::Expectation& expected = *record.add_expects();
    expected.set_subject(subject);
    expected.set_version(version);
  }
  record.set_on_behalf(spec.on_behalf);
  record.set_delegation(spec.delegation);
  record.set_type(spec.type);
  record.set_version(spec.version);
  record.set_body(std::string(crypto::as_text(spec.body)));
  return serialise_canonical(record);
}

EnvelopePtr TestChain::envelope(const std::vector<RecordSpec>& records) {
  std::vector<Bytes> bytes;
  std::map<PublicKey, const crypto::SigningKey*> signers;
  for (const RecordSpec& one : records) {
    bytes.push_back(record_bytes(one));
    signers[key(one.author).public_key()] = &key(one.author);
    for (const std::string& name : one.signers) signers[key(name).public_key()] = &key(name);
  }
  std::vector<const crypto::SigningKey*> ordered;
  for (const auto& [public_key, signer] : signers) ordered.push_back(signer);
  auto decoded = Envelope::decode(seal_envelope(genesis_->chain_id(), bytes, ordered), genesis_->chain_id());
  if (!decoded) throw std::runtime_error("envelope: " + decoded.error().detail + " " + decoded.error().field);
  return *decoded;
}

ExecutedBlock TestChain::execute(const std::vector<EnvelopePtr>& bodies) {
  const Position& parent = ledger_->position();
  Block block;
  block.bodies = bodies;
  std::vector<Digest> hashes;
  for (const EnvelopePtr& body : bodies) hashes.push_back(body->body_hash());
  BlockHeader header;
  header.height = parent.height + 1;
  header.term = 1;
  header.parent = parent.block_hash;
  header.time_ms = block_time_ms(genesis_->message().clock(), parent.time_ms, time_ms_, bodies);
  header.proposer = 1;
  block.frame = make_frame(header, hashes, {}, genesis_->chain_id(), key("node"));
  auto executed = ledger_->execute(block);
  if (!executed) throw std::runtime_error("execute: " + executed.error().detail);
  blocks_.push_back(std::move(block));
  time_ms_ = std::max(time_ms_, header.time_ms);
  return std::move(*executed);
}

Error TestChain::submit(const RecordSpec& spec) {
  Error outcome;
  (void)submit_for_id(spec, &outcome);
  return outcome;
}

Digest TestChain::submit_for_id(const RecordSpec& spec, Error* outcome) {
  const EnvelopePtr body = envelope({spec});
  const ExecutedBlock executed = execute({body});
  if (outcome != nullptr) *outcome = executed.outcomes.at(0).error;
  return body->records()[0].id;
}

std::string TestChain::final_note(const std::vector<unsigned>& cosigners) {
  const std::string& origin = genesis_->message().origin();
  const crypto::CompactRange& log = ledger_->position().log;
  crypto::Note note{crypto::Checkpoint{origin, log.size(), log.root(), {}}.format(), {}};
  note.signatures.push_back(crypto::sign_note(note.text, origin, key("node.log")));
  std::vector<unsigned> all;
  for (unsigned id = 1; id <= voters_; ++id) all.push_back(id);
  for (const unsigned id : cosigners.empty() ? all : cosigners) {
    note.signatures.push_back(crypto::cosign_note(note.text, cosigner_name(origin, id),
                                                  key(node_name(id) + ".cosign"), time_ms_ / 1000 + id));
  }
  return note.format();
}

void TestChain::reopen() {
  if (ledger_) {
    auto flushed = ledger_->flush();
    if (!flushed) throw std::runtime_error(flushed.error().detail);
  }
  ledger_.reset();
  auto opened = Ledger::open(*genesis_, state_, index_);
  if (!opened) throw std::runtime_error("open: " + opened.error().detail);
  ledger_ = std::move(*opened);
}

void TestChain::keep() {
  reopen();
  kept_blocks_ = blocks_.size();
  kept_time_ms_ = time_ms_;
}

// What was not flushed since keep() goes with the ledger object.
void TestChain::rewind() {
  ledger_.reset();
  blocks_.erase(blocks_.begin() + static_cast<std::ptrdiff_t>(kept_blocks_), blocks_.end());
  time_ms_ = kept_time_ms_;
  reopen();
}

std::unique_ptr<Ledger> TestChain::replay(Storage& state, Storage& index) const {
  auto opened = Ledger::open(*genesis_, state, index);
  if (!opened) throw std::runtime_error("open: " + opened.error().detail);
  for (const Block& block : blocks_) {
    auto executed = (*opened)->execute(block);
    if (!executed) throw std::runtime_error("replay: " + executed.error().detail);
  }
  return std::move(*opened);
}

}  // namespace circula::ledger::testing
