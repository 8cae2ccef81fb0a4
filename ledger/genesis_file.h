// genesis.json: how genesis travels between founders and to every node.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "ledger/outcome.h"
#include "ledger/signing.h"

namespace circula::ledger {

// genesis.json: {"format", "genesis": base64, "signatures": [{"key", "signature"}], "view": ...}. The view
// is for people and never read.
struct GenesisFile {
  Bytes genesis;
  std::map<PublicKey, Signature> signatures;
};
[[nodiscard]] std::string write_genesis_file(const GenesisFile& file);
[[nodiscard]] Result<GenesisFile> read_genesis_file(std::string_view text);

}  // namespace circula::ledger
