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
  auto block = chain_.get(chain_key(height_ + 1));
  if (!block) return block;
  if (*block) {
    ++height_;
    return block;
  }
  auto last = chain_.last(KeyRange::all());
  if (!last) return last.error();
  if (*last && (*last)->key != chain_key(height_)) {
    return error(Code::E_STORAGE_CORRUPT,
                 "block " + std::to_string(height_ + 1) + " is missing in chain/, and rows follow it");
  }
  return std::optional<Bytes>();
}

}  // namespace circula::ledger
