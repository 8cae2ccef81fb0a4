// chain/ and meta/ of a node: what must survive before anything is acknowledged (design.md 7).
//
//   chain/  be64(height) -> canonical StoredBlock; nothing else, so that keys strictly grow
//   meta/   "chain" -> chain id; "hard" -> term u64, vote u16; "promise" -> height u64, size u64, root[32];
//           "final" -> signed note, "final_height" -> u64
//
// Every write is synced before it returns. Threads: blocks are written by one thread, meta/ by any.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "consensus/log.h"
#include "ledger/storage.h"
#include "node/replica.h"

namespace circula::node {

class ChainStore {
 public:
  ChainStore(ledger::Storage& chain, ledger::Storage& meta, const ledger::Genesis& genesis)
      : chain_(chain), meta_(meta), genesis_(genesis) {}

  // Marks meta/ as this chain's, or E_CHAIN.
  [[nodiscard]] ledger::Result<void> claim();

  // Several writes as one batch, in order.
  [[nodiscard]] ledger::Result<void> write(const std::vector<BlockWrite>& writes);
  [[nodiscard]] ledger::Result<std::optional<Bytes>> stored(std::uint64_t height) const;
  [[nodiscard]] ledger::Result<BlockPtr> block(std::uint64_t height) const;  // E_NOT_FOUND
  [[nodiscard]] ledger::Result<std::uint64_t> last_height() const;

  [[nodiscard]] ledger::Result<void> save_hard_state(const consensus::HardState& state);
  // In one synced write; an absent one keeps what stands there.
  [[nodiscard]] ledger::Result<void> save_seals(const std::optional<Sealed>& promise,
                                                const std::optional<FinalCheckpoint>& final_checkpoint);

  // What a replica starts from, but for the executed position. Verifies the newest blocks: their chaining
  // and bodies; E_STORAGE_CORRUPT when they do not fit.
  struct Recovered {
    consensus::HardState hard_state;
    consensus::Log log;
    ledger::ParentLink tip;
    Finality::Restored finality;
  };
  [[nodiscard]] ledger::Result<Recovered> recover(const consensus::Configuration& voters) const;

 private:
  [[nodiscard]] ledger::Result<std::vector<consensus::TermRuns::Run>> term_runs(std::uint64_t last) const;

  ledger::Storage& chain_;
  ledger::Storage& meta_;
  const ledger::Genesis& genesis_;
};

// The core's view of a configuration: voters only, since learners pull (design.md 6).
[[nodiscard]] consensus::Configuration to_core(const ledger::proto::Configuration& configuration);

}  // namespace circula::node
