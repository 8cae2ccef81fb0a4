// The audit of what lies on a disk: a node's directory while the node is down, or an exported chain.
#pragma once

#include <string>

#include "ledger/audit.h"

namespace circula::ledger {

// Whether the directory has a chain/ with something in it.
[[nodiscard]] bool holds_a_chain(const std::string& directory);

// `directory` is a node's, with chain/, meta/, state/ and index/. Opening recovers what a crash left, as the
// node's own start would, and nothing else is changed. E_NOTHING without a chain, E_STORAGE_LOCKED while the
// node runs. What cannot be opened is a finding.
[[nodiscard]] Result<AuditReport> audit_directory(const std::string& directory, const GenesisFile& genesis,
                                                  const AuditOptions& options = {});

// The exported chain carries its own genesis: compare the report's chain id with the one you know.
[[nodiscard]] Result<AuditReport> audit_file(const std::string& path, const AuditOptions& options = {});

// Writes the chain of a node's directory, all blocks and the newest final checkpoint; the number of blocks.
[[nodiscard]] Result<std::uint64_t> export_directory(const std::string& directory, const GenesisFile& genesis,
                                                     const std::string& path);

}  // namespace circula::ledger
