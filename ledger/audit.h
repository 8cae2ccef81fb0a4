// The audit of a chain: every block from genesis is checked and executed again, and what comes out is
// compared with what a node stored and signed (records.md 4). Nothing stored is compared with something else
// stored.
//
//   I01       headers: height, parent, time, proposer, bodies
//   I02       canonical bytes; an id is spent once
//   I03       signatures of genesis, headers and envelopes
//   I04, I38  histories (audit_rule.h)
//   I05       state and log roots, entries, every row of state/ and index/ (audit_rows.h)
//   I36       configurations
//   I37       final checkpoints
//
// Invariants: 1. a difference is a finding, never an error; an error says that the audit could not be made;
// 2. a block that cannot be read, decoded or chained ends the audit with its finding; 3. memory holds one
// state and one history frontier a subject, whatever the length of the chain.
// Threads: one.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ledger/audit_rule.h"
#include "ledger/chain_source.h"
#include "ledger/genesis_file.h"

namespace circula::ledger {

struct AuditReport {
  std::string origin;
  Digest chain_id{};
  std::uint64_t height = 0;  // of the last block executed
  std::uint64_t time_ms = 0;
  std::uint64_t log_size = 0;
  Digest log_root{};
  Digest state_root{};
  std::uint64_t checkpoint_size = 0;  // of the final checkpoint that agreed; 0: none

  std::uint64_t blocks = 0;
  std::uint64_t entries = 0;     // of the log, all kinds
  std::uint64_t records = 0;     // record entries
  std::uint64_t signatures = 0;  // verified: genesis, headers, envelopes, checkpoint
  std::uint64_t effects = 0;
  std::uint64_t roots_compared = 0;  // recomputed ones with stored or signed ones
  // Files whose end was cut when the directory was opened: what was being written when the node ended. No
  // finding, but who was not killed has none.
  std::uint64_t torn_tails = 0;
  AuditFindings findings;

  [[nodiscard]] bool good() const { return findings.count() == 0; }
};

struct AuditSource {
  const GenesisFile& genesis;
  ChainSource& chain;
  std::string final_note;  // empty: the source has none
  // What a node stored besides; null when there is nothing to compare.
  Storage* state = nullptr;
  const LogIndex* index = nullptr;
  const Reader* index_rows = nullptr;  // the same, as it is stored
};

struct AuditOptions {
  std::function<void(std::uint64_t height)> progress;  // after each block; may be empty
};

// E_NOTHING when there is no block at all.
[[nodiscard]] Result<AuditReport> audit_chain(const AuditSource& source, const AuditOptions& options = {});

// {"blocks", "entries", ..., "findings": count, "details": [{"rule", "height", "entry", "text"}]} in one
// line.
[[nodiscard]] std::string audit_json(const AuditReport& report);

}  // namespace circula::ledger
