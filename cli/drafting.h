// From a body to a record that names all who must sign it.
//
// Who must sign is found by asking a node what the record would need (dry run), and by taking for each
// organisation that it names a key of a right usage: out of the home for one's own, from the ledger for
// others. Nothing is signed here.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "cli/draft_file.h"
#include "cli/names.h"

namespace circula::cli {

// What a command makes out of its flags.
struct RecordInput {
  std::uint32_t type = 0;
  std::uint32_t version = 1;
  boost::json::object body;                // as ledger/json_view.h reads it
  std::vector<std::string> author_usages;  // which of one's own keys should be the author's, in order
};

struct DraftingOptions {
  std::string author_key;            // name or public key in the home; empty: by usage
  std::vector<std::string> signers;  // public keys in hex, "@org", an oid; "@org:usage"
  std::string on_behalf;
  std::uint64_t lifetime_ms = 0;     // 0: by the clock of the chain
  std::vector<std::string> expects;  // "subject=version"
  bool dry_run = true;
};

struct Drafted {
  DraftFile draft;
  // What the node says would happen now: outcome, detail, effects. Empty without a dry run.
  boost::json::object dry_run;
};

[[nodiscard]] Result<Drafted> draft_record(Shell& shell, NodeClient& client, Names& names,
                                           const RecordInput& input, const DraftingOptions& options);

// What the node says would happen to the draft now, whoever has signed; of several records the first that
// would fail. Empty when the node says nothing of it.
[[nodiscard]] Result<boost::json::object> dry_run(NodeClient& client, const DraftFile& draft);
// "now it would succeed", or why not, as a line.
[[nodiscard]] std::string forecast_text(const boost::json::object& dry_run);

// A record 39 CLOCK: its author moves the time of a scripted chain to `to_ms`.
[[nodiscard]] Result<DraftFile> clock_draft(const Digest& chain_id, const PublicKey& author,
                                            std::uint64_t to_ms);

// "90m", "12h", "30d" in milliseconds: E_USAGE.
[[nodiscard]] Result<std::uint64_t> parse_duration_ms(std::string_view text);

}  // namespace circula::cli
