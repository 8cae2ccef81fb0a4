// A short chain with everything that its audit looks at.
#pragma once

#include <string>
#include <vector>

#include "ledger/audit.h"
#include "ledger/genesis_file.h"
#include "tests/ledger/test_chain.h"

namespace circula::ledger::testing {

struct AuditSample {
  TestChain chain{TestChain::Options{.voters = 4}};
  GenesisFile genesis;
  std::vector<Bytes> blocks;
  std::string note;

  explicit AuditSample(unsigned count = 5);

  // A node's directory as the node leaves it.
  void store(const std::string& directory) const;
  [[nodiscard]] Result<AuditReport> audit();
  // The rules of the findings, each once, joined; "none", or the code of an error.
  [[nodiscard]] std::string findings();
  [[nodiscard]] RecordSpec rename(const std::string& organisation, unsigned n);
};

}  // namespace circula::ledger::testing
