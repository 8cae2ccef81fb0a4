// Signed envelopes that are not known to be final: outbox/<envelope id>.env in the home.
//
// Invariant: an envelope stands in the outbox, synced, before its first byte is sent, and leaves it only when
// its receipts are written or a node has said that it can never be in the ledger. So whatever a crash leaves
// can be sent again as it is, and nothing is signed twice.
#pragma once

#include <string>
#include <vector>

#include "cli/draft_file.h"
#include "cli/home.h"
#include "ledger/envelope.h"

namespace circula::cli {

struct OutboxEntry {
  std::string path;
  ledger::EnvelopePtr envelope;
};

[[nodiscard]] ledger::Result<OutboxEntry> put_in_outbox(const Home& home, const Bytes& envelope,
                                                        const Digest& chain_id);

struct OutboxContent {
  std::vector<OutboxEntry> entries;
  std::vector<ledger::Error> damaged;  // files that are left where they are; each error names its file
};
[[nodiscard]] OutboxContent read_outbox(const Home& home, const Digest& chain_id);
[[nodiscard]] ledger::Result<void> remove_from_outbox(const OutboxEntry& entry);

}  // namespace circula::cli
