#include "ledger/ledger.h"

#include <algorithm>
#include <span>

#include "crypto/encoding.h"
#include "ledger/block_run.h"
#include "ledger/canonical.h"

namespace circula::ledger {
namespace {

template <class Fields>
Result<Fields> read_config(BlockState& state, std::string_view name) {
  const std::optional<Subject> subject = state.subject(config_key(name));
  Fields fields;
  if (!subject || !fields.ParseFromString(subject->fields)) {
    return error(Code::E_STORAGE_CORRUPT, "state/ has no config/" + std::string(name));
  }
  return fields;
}

// The row by which an envelope is found: the first entries that decided, else the newest.
void index_envelope(IndexWriter& rows, const LogIndex& index, const Envelope& body, std::uint64_t height,
                    std::uint32_t number, std::span<const RecordOutcome> outcomes) {
  const bool decided = std::any_of(outcomes.begin(), outcomes.end(),
                                   [](const RecordOutcome& outcome) { return outcome.decides; });
  if (!decided) {
    if (auto known = index.envelope(body.id()); known && *known) return;
  }
  proto::IndexedEnvelope row;
  row.set_height(height);
  row.set_body(number);
  row.set_first_entry(outcomes.front().log_index);
  row.set_records(static_cast<std::uint32_t>(body.records().size()));
  rows.add_envelope(body.id(), row);
}

}  // namespace

Result<std::unique_ptr<Ledger>> Ledger::open(const Genesis& genesis, Storage& state, Storage& index) {
  for (const proto::RecordVersion& active : genesis.message().active()) {
    if (find_record_type(active.type(), active.version()) == nullptr) {
      return error(Code::E_FORMAT_VERSION, "genesis activates record type " + std::to_string(active.type()) +
                                               " version " + std::to_string(active.version()) +
                                               ", which this program does not have");
    }
  }
  auto opened = State::open(state);
  if (!opened) return opened.error();
  std::unique_ptr<Ledger> ledger(new Ledger(genesis, std::move(*opened), index));
  if (!ledger->state_->position()) {
    if (auto founded = ledger->execute_genesis(); !founded) return founded.error();
  } else if (auto good = ledger->check_consistency(); !good) {
    return good.error();
  }
  return ledger;
}

Result<void> Ledger::check_consistency() const {
  auto indexed = index_.height();
  if (!indexed) return indexed.error();
  const Position& here = position();
  if (!*indexed || **indexed < here.height) {
    return error(Code::E_STORAGE_CORRUPT, "index/ is behind state/");
  }
  auto row = index_.block(here.height);
  if (!row) return row.error();
  if (!*row || (*row)->block_hash() != here.block_hash.text() ||
      (*row)->state_root() != state_root().text() || (*row)->root_after() != here.log.root().text()) {
    return error(Code::E_STORAGE_CORRUPT, "state/ does not recompute to the roots of its block");
  }
  auto first = index_.block(0);
  if (!first) return first.error();
  if (!*first || (*first)->block_hash() != genesis_.chain_id().text()) {
    return error(Code::E_CHAIN, "state/ and index/ belong to another chain");
  }
  return {};
}

Result<void> Ledger::execute_genesis() {
  BlockState block_state(*state_);
  const ChainContext chain{genesis_.chain_id(), {}, genesis_.message().parameters()};
  const std::uint64_t time_ms = genesis_.message().time_ms();
  BlockRun run(block_state, chain, {}, 0, time_ms);
  run.genesis(genesis_);
  if (block_state.fault()) return *block_state.fault();
  const Digest root = state_->apply(block_state.changes());
  BlockEntry sealed;
  sealed.entries = 1;
  sealed.block_hash = genesis_.chain_id();
  sealed.state_root = root;
  sealed.state_keys = state_->tree().size();
  sealed.time_ms = time_ms;
  run.seal(sealed);

  const Position next{0, 0, time_ms, genesis_.chain_id(), run.log()};
  proto::IndexedBlock row;
  row.set_size_after(run.log().size());
  row.set_root_after(std::string(run.log().root().text()));
  row.set_block_hash(std::string(genesis_.chain_id().text()));
  row.set_time_ms(time_ms);
  row.set_state_root(std::string(root.text()));
  run.rows().add_block(0, row);
  index_.publish(run.rows().take());
  state_->publish(block_state.changes(), next);
  return {};
}

Result<ChainContext> Ledger::chain_context(BlockState& state) const {
  auto chain = read_config<proto::ChainState>(state, "chain");
  if (!chain) return chain.error();
  auto parameters = read_config<proto::Parameters>(state, "parameters");
  if (!parameters) return parameters.error();
  return ChainContext{genesis_.chain_id(), std::move(*chain), std::move(*parameters)};
}

Result<proto::Configuration> Ledger::voters() const {
  BlockState state(*state_);
  return read_config<proto::Configuration>(state, "voters");
}

Result<ExecutedBlock> Ledger::execute(const Block& block) {
  const BlockHeader& header = block.frame.header;
  const Position before = position();
  if (header.height != before.height + 1 || header.parent != before.block_hash) {
    return error(Code::E_STATE, "block " + std::to_string(header.height) + " does not follow block " +
                                    std::to_string(before.height));
  }
  BlockState block_state(*state_);
  auto chain = chain_context(block_state);
  if (!chain) return chain.error();
  BlockRun run(block_state, *chain, before.log, header.height, header.time_ms);

  auto due = state_->due_until(header.time_ms, kDueRowsPerBlockMax);
  if (!due) return due.error();
  for (const DueRow& row : *due) run.due(row);
  for (std::uint32_t number = 0; number < block.bodies.size(); ++number) {
    const Envelope& body = *block.bodies[number];
    for (std::size_t position = 0; position < body.records().size(); ++position)
      run.record(body, position, number);
  }
  if (block_state.fault()) return *block_state.fault();

  const Digest root = state_->apply(block_state.changes());
  BlockEntry sealed;
  sealed.height = header.height;
  sealed.first = before.log.size();
  sealed.entries = static_cast<std::uint32_t>(run.log().size() - before.log.size());
  sealed.block_hash = block.frame.hash;
  sealed.state_root = root;
  sealed.state_keys = state_->tree().size();
  sealed.time_ms = header.time_ms;
  sealed.term = static_cast<std::uint32_t>(header.term);
  sealed.proposer = header.proposer;
  run.seal(sealed);

  ExecutedBlock executed{header.height,      before.log.size(), header.time_ms,
                         run.log().size(),   run.log().root(),  root,
                         run.take_outcomes()};
  std::span<const RecordOutcome> outcomes(executed.outcomes);
  for (std::uint32_t number = 0; number < block.bodies.size(); ++number) {
    const Envelope& body = *block.bodies[number];
    index_envelope(run.rows(), index_, body, header.height, number, outcomes.first(body.records().size()));
    outcomes = outcomes.subspan(body.records().size());
  }
  proto::IndexedBlock row;
  row.set_first(executed.first);
  row.set_size_after(executed.log_size);
  row.set_root_after(std::string(executed.log_root.text()));
  row.set_block_hash(std::string(block.frame.hash.text()));
  row.set_time_ms(header.time_ms);
  row.set_state_root(std::string(root.text()));
  run.rows().add_block(header.height, row);

  index_.publish(run.rows().take());
  state_->publish(block_state.changes(),
                  Position{header.height, header.term, header.time_ms, block.frame.hash, run.log()});
  return executed;
}

Result<void> Ledger::flush() {
  if (auto flushed = index_.flush(); !flushed) return flushed;
  return state_->flush();
}

Result<std::vector<DryRun>> Ledger::dry_run(const Envelope& envelope, std::uint64_t time_ms) {
  BlockState block_state(*state_);
  auto chain = chain_context(block_state);
  if (!chain) return chain.error();
  BlockRun run(block_state, *chain, position().log, position().height + 1,
               std::max(time_ms, position().time_ms));
  std::vector<DryRun> results;
  for (const SignedRecord& record : envelope.records()) results.push_back(run.dry_record(record));
  if (block_state.fault()) return *block_state.fault();
  return results;
}

Result<StateAnswer> Ledger::prove(const SubjectKey& key) const {
  auto subject = state_->subject(key);
  if (!subject) return subject.error();
  StateAnswer answer{position().height, key, std::nullopt, state_->tree().prove(key)};
  if (*subject) answer.value = (*subject)->value();
  return answer;
}

}  // namespace circula::ledger
