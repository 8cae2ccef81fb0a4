// The ledger as a library: executes blocks in order and answers from the executed state. It has no threads,
// no clock and no network; what it answers depends on genesis and the blocks alone (design.md 3, 4).
//
// Executing a block: due work first, then each record of each body, then the block entry. Every entry is
// appended to the main log; a record whose rule fails leaves an entry with its code, and its id is spent.
//
// Invariants
//  1. equal genesis and equal blocks give equal entries, state root and log root on every node;
//  2. execute() takes the block after position().height and nothing else; on a storage fault it returns the
//     error and the object must not be used any more;
//  3. state/ and index/ are flushed index first, so index/ is never behind; a crash is answered by executing
//     the blocks after position() again.
// Threads: one thread executes, flushes and asks for proofs of the state; index() and subject() may be used
// from any.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "ledger/block.h"
#include "ledger/entry.h"
#include "ledger/execution.h"
#include "ledger/genesis.h"
#include "ledger/log_index.h"
#include "ledger/state.h"

namespace circula::ledger {

inline constexpr std::size_t kDueRowsPerBlockMax = 1024;
inline constexpr std::uint64_t kEarlyToleranceMs = 300'000;  // created_at_ms may be ahead of ledger time

// How a record came out.
struct RecordOutcome {
  std::uint64_t log_index = 0;
  Digest envelope_id{};
  Digest record_id{};
  std::uint32_t position = 0;
  Error error;           // E_OK, or the code with what was found
  bool decides = false;  // spent the id: neither out of time nor a replay
};

struct ExecutedBlock {
  std::uint64_t height = 0;
  std::uint64_t first = 0;  // log size before it
  std::uint64_t time_ms = 0;
  std::uint64_t log_size = 0;  // after its block entry: the size of its checkpoint
  Digest log_root{};
  Digest state_root{};
  std::vector<RecordOutcome> outcomes;
};

struct DryRun {
  Error error;
  std::vector<Requirement> requirements;
  std::vector<AppliedEffect> effects;
};

// A subject of the executed state with its proof, as of block `height`.
struct StateAnswer {
  std::uint64_t height = 0;
  SubjectKey key;
  std::optional<Bytes> value;  // state value; none: the key is absent
  crypto::StateProof proof;
};

class Ledger {
 public:
  // Opens state/ and index/ and executes genesis if they are empty. E_STORAGE_CORRUPT when they do not
  // belong to this genesis or to each other: the caller removes both and replays the chain.
  [[nodiscard]] static Result<std::unique_ptr<Ledger>> open(const Genesis& genesis, Storage& state,
                                                            Storage& index);

  [[nodiscard]] const Position& position() const { return *state_->position(); }
  [[nodiscard]] const LogIndex& index() const { return index_; }
  [[nodiscard]] const Genesis& genesis() const { return genesis_; }

  [[nodiscard]] Result<ExecutedBlock> execute(const Block& block);
  [[nodiscard]] Result<void> flush();
  [[nodiscard]] std::size_t pending_bytes() const { return state_->pending_bytes() + index_.pending_bytes(); }

  // What each record would come to on the present state, one after the other; nothing is kept.
  [[nodiscard]] Result<std::vector<DryRun>> dry_run(const Envelope& envelope, std::uint64_t time_ms);
  [[nodiscard]] Result<StateAnswer> prove(const SubjectKey& key) const;
  [[nodiscard]] Result<std::optional<Subject>> subject(const SubjectKey& key) const {
    return state_->subject(key);
  }
  [[nodiscard]] Result<std::optional<std::uint64_t>> next_due_ms() const { return state_->next_due_ms(); }
  [[nodiscard]] std::uint64_t state_keys() const { return state_->tree().size(); }
  [[nodiscard]] const Digest& state_root() const { return state_->tree().root(); }
  [[nodiscard]] Result<proto::Configuration> voters() const;

 private:
  Ledger(const Genesis& genesis, std::unique_ptr<State> state, Storage& index)
      : genesis_(genesis), state_(std::move(state)), index_(index) {}
  [[nodiscard]] Result<void> check_consistency() const;
  [[nodiscard]] Result<void> execute_genesis();
  [[nodiscard]] Result<ChainContext> chain_context(BlockState& state) const;

  Genesis genesis_;
  std::unique_ptr<State> state_;
  LogIndex index_;
};

}  // namespace circula::ledger
