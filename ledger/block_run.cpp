#include "ledger/block_run.h"

#include <algorithm>

#include "crypto/encoding.h"
#include "crypto/hash.h"
#include "ledger/canonical.h"
#include "ledger/chain_family.h"
#include "ledger/identity.h"

namespace circula::ledger {
namespace {

// A suspended organisation originates nothing, and one that has left neither: not as an author, and not by a
// signature on what others write (records.md 3.4, record 1).
Result<void> check_signers(Execution& execution) {
  std::string_view field = "author";
  for (const Signer& signer : execution.signers()) {
    if (auto active = active_organisation(execution, signer.oid, field); !active) return active.error();
    field = "signers";
  }
  return {};
}

bool is_active(const proto::ChainState& chain, const proto::Record& record) {
  return std::any_of(chain.active().begin(), chain.active().end(), [&](const proto::RecordVersion& active) {
    return active.type() == record.type() && active.version() == record.version();
  });
}

// Whether a rule's fault is that somebody may not do this, which is decided before what the author saw.
bool is_policy(Code code) {
  return code == Code::E_ROLE || code == Code::E_POLICY || code == Code::E_SCOPE ||
         code == Code::E_ORG_SUSPENDED;
}

// Rules name a field of the body, or who the record says that it is from.
std::string record_field(const Error& found) {
  if (found.field == "author" || found.field == "signers") return found.field;
  return found.field.empty() ? "body" : "body." + found.field;
}

}  // namespace

BlockRun::BlockRun(BlockState& state, const ChainContext& chain, crypto::CompactRange log,
                   std::uint64_t height, std::uint64_t time_ms)
    : state_(state), chain_(chain), log_(std::move(log)), height_(height), time_ms_(time_ms) {}

Execution BlockRun::begin(const SignedRecord* record, std::uint64_t time_ms, bool collects) const {
  Execution::Entry entry;
  entry.log_index = log_.size();
  entry.time_ms = time_ms;
  entry.collects_requirements = collects;
  if (record != nullptr) {
    entry.record_id = record->id;
    entry.created_at_ms = record->fields.created_at_ms();
  }
  return {state_, chain_, entry};
}

void BlockRun::genesis(const Genesis& genesis) {
  Execution execution = begin(nullptr, time_ms_, false);
  found_chain(execution, genesis.message());
  proto::IndexedEntry row;
  const Effects effects = commit(execution, genesis.bytes(), row);
  append(GenesisEntry{genesis.chain_id(), effects.count, effects.root}, row);
}

void BlockRun::due(const DueRow& due) {
  const DueRule* rule = find_due_rule(due.rule);
  assert(rule != nullptr && "due rows are written by rules of this program");
  const std::optional<Subject> before = state_.subject(due.subject);
  if (!before) return;
  // The legal time of the event is its due time, however late the block came.
  Execution execution = begin(nullptr, due.time_ms, false);
  rule->execute(execution, due.subject);
  execution.unschedule(due.time_ms, due.subject, due.rule);
  const Digest seed = before->history.root();
  proto::IndexedEntry row;
  row.set_salt_seed(std::string(seed.text()));
  const Effects effects = commit(execution, seed.view(), row);
  append(DueEntry{due.rule, crypto::sha256(due.subject), effects.count, effects.root}, row);
}

Result<void> BlockRun::check_time(const proto::Record& record) const {
  if (record.expires_at_ms() <= record.created_at_ms() ||
      record.expires_at_ms() - record.created_at_ms() > chain_.parameters.record_lifetime_max_ms()) {
    return error(Code::E_TIME,
                 "a record lives more than 0 and at most " +
                     std::to_string(chain_.parameters.record_lifetime_max_ms()) + " ms",
                 "expires_at_ms");
  }
  if (record.created_at_ms() > time_ms_ + kEarlyToleranceMs) {
    return error(Code::E_EARLY,
                 "created at " + std::to_string(record.created_at_ms()) + " ms, ledger time is " +
                     std::to_string(time_ms_) + " ms",
                 "created_at_ms");
  }
  if (time_ms_ >= record.expires_at_ms()) {
    return error(Code::E_EXPIRED,
                 "expired at " + std::to_string(record.expires_at_ms()) + " ms, ledger time is " +
                     std::to_string(time_ms_) + " ms",
                 "expires_at_ms");
  }
  return {};
}

Result<void> BlockRun::check_expectations(const proto::Record& record) const {
  for (const proto::Expectation& expected : record.expects()) {
    if (!find_kind(expected.subject())) {
      return error(Code::E_REF, expected.subject() + " is no subject", "expects");
    }
    const std::optional<Subject> subject = state_.subject(expected.subject());
    const std::uint64_t version = subject ? subject->count() : 0;
    if (version != expected.version()) {
      const std::string since = subject ? " since entry " + std::to_string(subject->newest_entry) : "";
      return error(Code::E_CONFLICT,
                   expected.subject() + " has version " + std::to_string(version) + since +
                       ", the author saw " + std::to_string(expected.version()),
                   "expects");
    }
  }
  return {};
}

// The order of checks is fixed: time, replay, type, key, policy, expects, references, state, business.
Result<void> BlockRun::check_first(const SignedRecord& record) const {
  if (auto good = check_time(record.fields); !good) return good;
  if (state_.is_spent({expiry_hour(record.fields.expires_at_ms()), record.id})) {
    return error(Code::E_REPLAY, "the record has an entry");
  }
  return {};
}

Result<void> BlockRun::run_rule(Execution& execution, const SignedRecord& record) const {
  const proto::Record& fields = record.fields;
  const RecordType* type = find_record_type(fields.type(), fields.version());
  if (type == nullptr || !is_active(chain_.chain, fields)) {
    return error(Code::E_TYPE,
                 "record type " + std::to_string(fields.type()) + " version " +
                     std::to_string(fields.version()) + " is not active",
                 "type");
  }
  if (auto good = check_canonical(crypto::as_bytes(fields.body()), *type->body(), {}, Code::E_FORMAT);
      !good) {
    return error(Code::E_FORMAT, good.error().detail, record_field(good.error()));
  }

  std::vector<Signer> signers;
  auto author = active_signer(execution, PublicKey::from(crypto::as_bytes(fields.author())), "author");
  if (!author) return author.error();
  signers.push_back(*author);
  for (const std::string& key : fields.signers()) {
    auto signer = active_signer(execution, PublicKey::from(crypto::as_bytes(key)), "signers");
    if (!signer) return signer.error();
    signers.push_back(*signer);
  }
  execution.set_signers(std::move(signers));

  if (auto good = check_signers(execution); !good) return good;
  if ((!fields.on_behalf().empty() && fields.on_behalf() != author->oid) || !fields.delegation().empty()) {
    return error(Code::E_DELEGATION, "there is no such delegation", "delegation");
  }
  const Result<void> done = type->execute(execution, crypto::as_bytes(fields.body()));
  if (done || !is_policy(done.error().code)) {
    if (auto good = check_expectations(fields); !good) return good;
  }
  if (!done) return error(done.error().code, done.error().detail, record_field(done.error()));
  if (auto good = execution.within_limits(); !good) return good;
  for (const proto::Expectation& expected : fields.expects()) {
    if (!execution.touched(expected.subject())) {
      return error(Code::E_REF, "the record neither reads nor changes " + expected.subject(), "expects");
    }
  }
  return {};
}

void BlockRun::record(const Envelope& envelope, std::size_t position, std::uint32_t body) {
  const SignedRecord& record = envelope.records()[position];
  Execution execution = begin(&record, time_ms_, false);
  // What is out of time or spent already spends nothing: the same bytes may come again (design.md 3).
  Result<void> done = check_first(record);
  const bool decides = done.has_value();
  if (decides) done = run_rule(execution, record);
  const Error outcome = done ? Error{Code::E_OK, {}, {}} : done.error();
  if (!done) execution.roll_back();
  if (decides) {
    rows_.add_record(record.id, log_.size());
    spend(execution, record.fields.expires_at_ms());
    state_.changes().spent[{expiry_hour(record.fields.expires_at_ms()), record.id}] = log_.size();
  }

  proto::IndexedEntry row;
  row.set_body(body);
  row.set_error_detail(outcome.detail);
  row.set_error_field(outcome.field);
  const Effects effects = commit(execution, record.bytes, row);
  RecordEntry entry;
  entry.outcome = static_cast<std::uint16_t>(outcome.code);
  entry.type = static_cast<std::uint16_t>(record.fields.type());
  entry.type_version = static_cast<std::uint16_t>(record.fields.version());
  entry.position = static_cast<std::uint16_t>(position);
  entry.envelope_id = envelope.id();
  entry.body_hash = envelope.body_hash();
  entry.record_id = record.id;
  entry.effects = effects.count;
  entry.effects_root = effects.root;
  outcomes_.push_back(
      {log_.size(), envelope.id(), record.id, static_cast<std::uint32_t>(position), outcome, decides});
  append(entry, row);
}

DryRun BlockRun::dry_record(const SignedRecord& record) {
  Execution execution = begin(&record, time_ms_, true);
  Result<void> done = check_first(record);
  if (done) done = run_rule(execution, record);
  DryRun result{done ? Error{Code::E_OK, {}, {}} : done.error(), execution.requirements(), {}};
  if (done) {
    result.effects = execution.effects();
    execution.commit();
  }
  return result;
}

BlockRun::Effects BlockRun::commit(Execution& execution, ByteView salt_seed, proto::IndexedEntry& row) {
  std::vector<Digest> leaves;
  const std::vector<AppliedEffect>& effects = execution.effects();
  leaves.reserve(effects.size());
  for (const AppliedEffect& effect : effects) {
    leaves.push_back(
        effect_leaf(salt_seed, static_cast<std::uint16_t>(leaves.size()), effect.subject, effect.bytes));
    proto::IndexedEffect& indexed = *row.add_effects();
    indexed.set_subject(effect.subject);
    indexed.set_effect(std::string(crypto::as_text(effect.bytes)));
  }
  for (const Execution::HistoryHead& head : execution.history_heads()) {
    rows_.add_history_head(head.subject, head.level, head.n, head.hash);
  }
  for (const AppliedEffect& effect : effects) {
    if (kind_of(effect.subject) == SubjectKind::kReplay) continue;
    crypto::Reader in(effect.bytes);
    (void)in.bytes(3);
    rows_.add_history(effect.subject, {in.u64be(), log_.size(), effect.bytes});
  }
  const auto count = static_cast<std::uint16_t>(effects.size());
  execution.commit();
  return {count, crypto::tree_head(leaves)};
}

void BlockRun::append(const Entry& entry, proto::IndexedEntry& row) {
  const Bytes bytes = encode(entry);
  row.set_entry(std::string(crypto::as_text(bytes)));
  row.set_height(height_);
  const std::uint64_t index = log_.size();
  rows_.add_entry(index, row);
  log_.append(crypto::leaf_hash(bytes), [&](unsigned level, std::uint64_t n, const Digest& head) {
    rows_.add_log_head(level, n, head);
  });
}

void BlockRun::seal(const BlockEntry& entry) {
  proto::IndexedEntry row;
  append(entry, row);
}

}  // namespace circula::ledger
