#include "ledger/chain_source.h"

#include "crypto/encoding.h"

namespace circula::ledger {

Bytes chain_key(std::uint64_t height) {
  Bytes key;
  crypto::put_u64be(key, height);
  return key;
}

Bytes final_note_key() {
  const ByteView key = crypto::as_bytes("final");
  return {key.begin(), key.end()};
}

Result<std::optional<Bytes>> StoredChain::next() {
  // The row after the last one, whatever its key: so no row stands unseen between two blocks.
  KeyRange rest = KeyRange::all();
  if (height_ > 0) {
    rest.begin = chain_key(height_);
    crypto::put_u8(rest.begin, 0);
  }
  auto row = chain_.first(rest);
  if (!row) return row.error();
  if (!*row) return std::optional<Bytes>();
  if ((*row)->key != chain_key(height_ + 1)) {
    return error(Code::E_STORAGE_CORRUPT,
                 "block " + std::to_string(height_ + 1) + " is missing in chain/, and rows follow it");
  }
  ++height_;
  return std::optional(std::move((*row)->value));
}

}  // namespace circula::ledger
