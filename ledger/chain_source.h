// A chain to read from its first block on: a node's chain/ or an exported file.
#pragma once

#include <optional>

#include "ledger/storage.h"

namespace circula::ledger {

// A StoredBlock of the largest block: 2 MiB of bodies, 8,192 hashes of 34 bytes, a configuration.
inline constexpr std::size_t kStoredBlockBytesMax = 4U * 1024 * 1024;

class ChainSource {
 public:
  virtual ~ChainSource() = default;
  // The blocks of height 1, 2, ... as canonical StoredBlock; nothing after the last one.
  [[nodiscard]] virtual Result<std::optional<Bytes>> next() = 0;
};

// chain/: be64(height) -> StoredBlock (design.md 7). A gap is E_STORAGE_CORRUPT.
class StoredChain final : public ChainSource {
 public:
  explicit StoredChain(const Reader& chain) : chain_(chain) {}
  [[nodiscard]] Result<std::optional<Bytes>> next() override;

 private:
  const Reader& chain_;
  std::uint64_t height_ = 0;
};

[[nodiscard]] Bytes chain_key(std::uint64_t height);
// Where meta/ keeps the newest final checkpoint: the text of the signed note.
[[nodiscard]] Bytes final_note_key();

}  // namespace circula::ledger
