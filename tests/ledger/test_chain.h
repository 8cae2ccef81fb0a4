// A chain in memory for tests: a genesis with an organisation of each kind, keys made from their names, and
// blocks that are built, signed and executed as nodes do it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "crypto/ed25519.h"
#include "ledger/canonical.h"
#include "ledger/ledger.h"
#include "ledger/memory_storage.h"

namespace circula::ledger::testing {

// A key that depends on its name only.
[[nodiscard]] crypto::SigningKey named_key(std::string_view name);
// A valid organisation code (GB 32100) out of a number.
[[nodiscard]] std::string test_oid(unsigned number);

// What a test says of a record; the rest has defaults.
struct RecordSpec {
  std::string author;                // name of a key
  std::vector<std::string> signers;  // names of further keys
  std::uint16_t type = 0;
  std::uint16_t version = 1;
  Bytes body;
  std::int64_t created_at_ms = -1;  // -1: ledger time
  std::uint64_t lifetime_ms = 3600'000;
  std::map<std::string, std::uint64_t> expects;
  std::string on_behalf = {};
  std::string delegation = {};
};

template <class Body>
[[nodiscard]] RecordSpec spec(std::string author, std::uint16_t type, const Body& body,
                              std::vector<std::string> signers = {}) {
  return {
      std::move(author), std::move(signers), type, 1, serialise_canonical(body), -1, 3600'000, {}, {}, {}};
}

class TestChain {
 public:
  struct Options {
    proto::Clock clock = proto::CLOCK_WALL;
    proto::Profile profile = proto::PROFILE_REHEARSAL;
    std::uint64_t time_ms = 1'680'000'000'000;      // 2023-03-28
    std::vector<proto::RecordVersion> active = {};  // empty: every type of the registry
    unsigned learners = 0;                          // the nodes after the voters
    unsigned voters = 1;  // nodes 1 to n of the exchange; keys "node", "node-2", ... with .cosign and so on
    // Region and industry of organisations, by name; without.
    std::map<std::string, std::pair<std::string, std::string>> scopes = {};
  };
  // Organisations by name: exchange, exchange-2, registrar, bank, regulator, auditor, provider, vendor-b,
  // buyer, merchant, broker, department, tax, registrar-2, registrar-3 (without a code), arbitrator. Key
  // "<name>" is the officer's, "<name>.cdo" and
  // "<name>.finance" and "<name>.finance-2" the others. "bank" is the settlement bank of both exchanges.
  TestChain() : TestChain(Options{}) {}
  explicit TestChain(const Options& options);

  [[nodiscard]] const crypto::SigningKey& key(const std::string& name);
  [[nodiscard]] const std::string& oid(const std::string& name) const { return oids_.at(name); }
  [[nodiscard]] std::string name_of(const std::string& oid) const;  // the oid itself, if it has none
  [[nodiscard]] const Genesis& genesis() const { return *genesis_; }
  [[nodiscard]] Ledger& ledger() { return *ledger_; }
  [[nodiscard]] Storage& state() { return state_; }
  [[nodiscard]] Storage& index() { return index_; }
  [[nodiscard]] std::uint64_t time_ms() const { return time_ms_; }
  void set_time_ms(std::uint64_t time_ms) { time_ms_ = time_ms; }
  void advance_ms(std::uint64_t by_ms) { time_ms_ += by_ms; }

  [[nodiscard]] Bytes record_bytes(const RecordSpec& spec);
  [[nodiscard]] EnvelopePtr envelope(const std::vector<RecordSpec>& records);
  // One block with these envelopes.
  ExecutedBlock execute(const std::vector<EnvelopePtr>& bodies);
  // One block with one record; its outcome.
  Error submit(const RecordSpec& spec);
  // As submit(); the record's id, whatever came out.
  Digest submit_for_id(const RecordSpec& spec, Error* outcome = nullptr);

  template <class Fields>
  [[nodiscard]] std::optional<Fields> read(const SubjectKey& key) {
    auto subject = ledger_->subject(key);
    if (!subject || !*subject) return std::nullopt;
    Fields fields;
    if (!fields.ParseFromString((*subject)->fields)) return std::nullopt;
    return fields;
  }
  // What keeps an organisation from leaving.
  [[nodiscard]] std::uint64_t open_items(const std::string& name) {
    return read<proto::OpenItemsState>(open_items_key(oid(name)))
        .value_or(proto::OpenItemsState())
        .open_items();
  }
  [[nodiscard]] const std::vector<Block>& blocks() const { return blocks_; }
  // The signed checkpoint of the log as it is now, by the first node's log key and these voters' cosigning
  // keys; empty: all of them.
  [[nodiscard]] std::string final_note(const std::vector<unsigned>& cosigners = {});
  // Opens the ledger again from its storages, or from nothing with every block executed anew.
  void reopen();
  // Keeps the chain as it is, for rewind() to come back to: any number of ways on from one state.
  void keep();
  void rewind();
  [[nodiscard]] std::unique_ptr<Ledger> replay(Storage& state, Storage& index) const;

 private:
  [[nodiscard]] static std::string node_name(unsigned node_id) {
    return node_id == 1 ? "node" : "node-" + std::to_string(node_id);
  }

  std::map<std::string, crypto::SigningKey> keys_;
  std::map<std::string, std::string> oids_;
  std::unique_ptr<Genesis> genesis_;
  MemoryStorage state_;
  MemoryStorage index_;
  std::unique_ptr<Ledger> ledger_;
  std::vector<Block> blocks_;
  std::uint64_t time_ms_;
  std::size_t kept_blocks_ = 0;
  std::uint64_t kept_time_ms_ = 0;
  unsigned voters_;
  std::uint64_t nonce_ = 0;
};

}  // namespace circula::ledger::testing
