#include "ledger/audit.h"

#include <boost/json.hpp>

#include "crypto/encoding.h"
#include "ledger/audit_rows.h"
#include "ledger/audit_stored.h"
#include "ledger/block.h"
#include "ledger/canonical.h"
#include "ledger/memory_storage.h"
#include "ledger/trust_policy.h"

namespace circula::ledger {
namespace {

constexpr std::size_t kPendingBytesMax = 16U * 1024 * 1024;  // of rows before they are flushed or let go

class ChainAudit {
 public:
  ChainAudit(const AuditSource& source, const AuditOptions& options)
      : source_(source), options_(options), rules_(audit_rules()) {}

  Result<AuditReport> run() {
    if (auto begun = begin(); !begun) return begun.error();
    for (;;) {
      auto bytes = source_.chain.next();
      if (!bytes) {
        find("I01", "the next block cannot be read: " + bytes.error().detail);
        break;
      }
      if (!*bytes) break;
      auto go_on = block(**bytes);
      if (!go_on) return go_on.error();
      if (!*go_on) break;
      if (options_.progress) options_.progress(ledger_->position().height);
    }
    if (report_.blocks == 0 && report_.good()) return error(Code::E_NOTHING, "the chain has no block");
    return finish();
  }

 private:
  void find(std::string_view rule, std::string text) {
    const std::uint64_t height = ledger_ == nullptr ? 0 : ledger_->position().height + 1;
    report_.findings.add(rule, height, std::move(text));
  }

  Result<void> begin() {
    auto genesis = Genesis::decode(source_.genesis.genesis);
    if (!genesis) return genesis.error();
    report_.origin = genesis->message().origin();
    report_.chain_id = genesis->chain_id();
    report_.signatures += source_.genesis.signatures.size();
    if (auto signed_by_all = genesis->check_signatures(source_.genesis.signatures); !signed_by_all) {
      find("I03", "genesis: " + signed_by_all.error().detail);
    }
    configuration_ = genesis->configuration();
    if (!source_.final_note.empty()) begin_checkpoint();
    auto opened = Ledger::open(*genesis, state_, index_);
    if (!opened) return opened.error();
    ledger_ = std::move(*opened);
    stored_.emplace(source_, report_);
    if (stored_->index_height()) index_.compare_with(source_.index_rows, source_.index);
    return look_at(nullptr);
  }

  // Until its block comes only the form of the checkpoint can be judged: who may sign it is in the state.
  void begin_checkpoint() {
    auto note = crypto::Note::parse(source_.final_note);
    auto checkpoint =
        note ? crypto::Checkpoint::parse(note->text) : crypto::Result<crypto::Checkpoint>(note.error());
    if (!checkpoint) {
      find("I37", "the final checkpoint is malformed: " + checkpoint.error().detail);
    } else {
      checkpoint_ = std::move(*checkpoint);
    }
  }

  // Whether the audit can go on with the next block.
  Result<bool> block(ByteView bytes) {
    auto decoded = decode_block(bytes, report_.chain_id);
    if (!decoded) {
      find("I02", "the block does not decode: " + decoded.error().detail);
      return false;
    }
    const Position& parent = ledger_->position();
    if (auto good = check_block(*decoded, {parent.height, parent.term, parent.block_hash, parent.time_ms},
                                ledger_->genesis().message().clock(), configuration_);
        !good) {
      find("I01", good.error().field + ": " + good.error().detail);
      return false;
    }
    check_signatures(*decoded);
    auto voters = ledger_->voters();
    if (!voters) return voters.error();
    if (auto executed = ledger_->execute(*decoded); !executed) return executed.error();
    ++report_.blocks;
    if (auto looked = look_at(&*decoded); !looked) return looked.error();
    compare_checkpoint(*voters);
    if (!decoded->frame.configuration.empty()) change_configuration(*decoded);
    return true;
  }

  void check_signatures(const Block& block) {
    std::vector<crypto::VerifyJob> jobs;
    for (const proto::Member& member : configuration_.members()) {
      if (member.node_id() != block.frame.header.proposer) continue;
      jobs.push_back(signature_job(block.frame, PublicKey::from(crypto::as_bytes(member.node_key()))));
    }
    for (const EnvelopePtr& body : block.bodies) {
      for (const crypto::VerifyJob& job : body->signature_jobs()) jobs.push_back(job);
    }
    const std::vector<bool> good = crypto::verify_batch(jobs);
    report_.signatures += good.size();
    for (std::size_t number = 0; number < good.size(); ++number) {
      if (good[number]) continue;
      find("I03", std::string(number == 0 ? "the header's" : "an envelope's") + " signature by " +
                      crypto::to_hex(jobs[number].key.view()) + " does not verify");
    }
  }

  // Voters change by a configuration that an executed record authorised (design.md 5), also in a recovery.
  void change_configuration(const Block& block) {
    auto configuration = parse_canonical<proto::Configuration>(block.frame.configuration);
    const auto authorised = ledger_->voters();
    const std::uint64_t height = ledger_->position().height;
    if (!configuration) {
      report_.findings.add("I36", height, "the configuration is malformed");
      return;
    }
    if (!authorised || serialise_canonical(*authorised) != block.frame.configuration) {
      report_.findings.add("I36", height, "a configuration that no executed record authorises");
    }
    configuration_ = std::move(*configuration);
  }

  // The entries of the block that was just executed; null: genesis.
  Result<void> look_at(const Block* block) {
    const Position& here = ledger_->position();
    auto row = ledger_->index().block(here.height);
    if (!row) return row.error();
    if (!*row) return error(Code::E_STORAGE_CORRUPT, "re-execution gave no row for its block");
    for (std::uint64_t at = (*row)->first(); at < (*row)->size_after(); ++at) {
      if (auto looked = look_at_entry(at, block); !looked) return looked;
    }
    stored_->block(*ledger_);
    if (auto compared = compare_rows(); !compared) return compared;
    return ledger_->pending_bytes() > kPendingBytesMax ? ledger_->flush() : Result<void>();
  }

  // Both instances stand at a height of their own; there every row is the one that was made again.
  Result<void> compare_rows() {
    const std::uint64_t height = ledger_->position().height;
    const bool index_here = stored_->index_height() == height;
    const bool state_here = stored_->state_height() == height;
    if (!index_here && !state_here) return {};
    if (auto flushed = ledger_->flush(); !flushed) return flushed;
    if (index_here) index_.finish(height);
    if (state_here) compare_state_rows(*source_.state, state_, height, report_.findings);
    return {};
  }

  Result<void> look_at_entry(std::uint64_t at, const Block* block) {
    auto row = ledger_->index().entry(at);
    if (!row) return row.error();
    auto decoded = *row ? decode_entry(crypto::as_bytes((*row)->entry()))
                        : Result<Entry>(error(Code::E_STORAGE_CORRUPT, "re-execution gave no entry"));
    if (!decoded) return decoded.error();
    std::vector<AppliedEffect> effects;
    for (const proto::IndexedEffect& effect : (*row)->effects()) {
      const ByteView bytes = crypto::as_bytes(effect.effect());
      effects.push_back({effect.subject(), Bytes(bytes.begin(), bytes.end())});
    }
    const SignedRecord* record = nullptr;
    ByteView salt_seed = crypto::as_bytes((*row)->salt_seed());
    if (const auto* entry = std::get_if<RecordEntry>(&*decoded); entry != nullptr && block != nullptr) {
      record = &block->bodies.at((*row)->body())->records().at(entry->position);
      salt_seed = record->bytes;
      ++report_.records;
    } else if (std::holds_alternative<GenesisEntry>(*decoded)) {
      salt_seed = ledger_->genesis().bytes();
    }
    ++report_.entries;
    report_.effects += effects.size();
    const Position& here = ledger_->position();
    const AuditedEntry audited{at, here.height, here.time_ms, *decoded, record, salt_seed, effects};
    for (const auto& rule : rules_) rule->entry(audited, report_.findings);
    return {};
  }

  // `voters` are those before the block: its cosigners.
  void compare_checkpoint(const proto::Configuration& voters) {
    const Position& here = ledger_->position();
    if (!checkpoint_ || checkpoint_->size > here.log.size()) return;
    const crypto::Checkpoint checkpoint = std::move(*checkpoint_);
    checkpoint_.reset();
    if (checkpoint.size != here.log.size()) {
      report_.findings.add(
          "I37", here.height,
          "the final checkpoint has size " + std::to_string(checkpoint.size) + ", where no block ends");
      return;
    }
    const crypto::Policy policy =
        make_policy(report_.origin, voters, ledger_->genesis().message().parameters().finality_extra());
    if (auto accepted = policy.accept(source_.final_note); !accepted) {
      report_.findings.add("I37", here.height, "the final checkpoint: " + accepted.error().detail);
    } else {
      report_.signatures += accepted->cosigners.size() + 1;
    }
    ++report_.roots_compared;
    if (checkpoint.root != here.log.root()) {
      report_.findings.add("I37", here.height,
                           "the voters signed root " + crypto::to_hex(checkpoint.root.view()) +
                               ", execution gives " + crypto::to_hex(here.log.root().view()));
      return;
    }
    report_.checkpoint_size = checkpoint.size;
  }

  Result<AuditReport> finish() {
    const Position& here = ledger_->position();
    if (checkpoint_) {
      find("I37", "the final checkpoint has size " + std::to_string(checkpoint_->size) +
                      ", the chain ends with size " + std::to_string(here.log.size()));
    }
    stored_->finish(*ledger_);
    for (const auto& rule : rules_) rule->finish(*ledger_, report_.findings);
    report_.height = here.height;
    report_.time_ms = here.time_ms;
    report_.log_size = here.log.size();
    report_.log_root = here.log.root();
    report_.state_root = ledger_->state_root();
    return std::move(report_);
  }

  const AuditSource& source_;
  const AuditOptions& options_;
  std::vector<std::unique_ptr<AuditRule>> rules_;
  AuditReport report_;
  MemoryStorage state_;
  IndexRows index_{report_.findings};
  std::unique_ptr<Ledger> ledger_;
  std::optional<StoredComparison> stored_;
  proto::Configuration configuration_;
  std::optional<crypto::Checkpoint> checkpoint_;  // until its block has come
};

}  // namespace

Result<AuditReport> audit_chain(const AuditSource& source, const AuditOptions& options) {
  return ChainAudit(source, options).run();
}

std::string audit_json(const AuditReport& report) {
  namespace json = boost::json;
  json::array details;
  for (const AuditFinding& finding : report.findings.kept()) {
    json::object one{{"rule", finding.rule}, {"height", finding.height}};
    if (finding.entry) one["entry"] = *finding.entry;
    one["text"] = finding.text;
    details.emplace_back(std::move(one));
  }
  return json::serialize(json::object{
      {"origin", report.origin},
      {"chain_id", crypto::to_hex(report.chain_id.view())},
      {"height", report.height},
      {"time_ms", report.time_ms},
      {"log_size", report.log_size},
      {"log_root", crypto::to_hex(report.log_root.view())},
      {"state_root", crypto::to_hex(report.state_root.view())},
      {"checkpoint_size", report.checkpoint_size},
      {"blocks", report.blocks},
      {"entries", report.entries},
      {"records", report.records},
      {"signatures", report.signatures},
      {"effects", report.effects},
      {"roots_compared", report.roots_compared},
      {"torn_tails", report.torn_tails},
      {"findings", report.findings.count()},
      {"details", std::move(details)},
  });
}

}  // namespace circula::ledger
