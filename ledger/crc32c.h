// CRC-32C (Castagnoli; RFC 3720 appendix B.4), which guards the fragments of LevelDB's logs. LevelDB has it
// in a private header only.
#pragma once

#include <cstdint>

#include "crypto/bytes.h"

namespace circula::ledger {

// The checksum of what `before` was the checksum of, followed by `bytes`.
[[nodiscard]] std::uint32_t crc32c(crypto::ByteView bytes, std::uint32_t before = 0);

// LevelDB stores checksums in this form, so that a checksum over bytes that hold checksums stays meaningful.
[[nodiscard]] constexpr std::uint32_t masked_crc32c(std::uint32_t crc) {
  constexpr std::uint32_t kMaskDelta = 0xa282ead8;
  return ((crc >> 15) | (crc << 17)) + kMaskDelta;
}

}  // namespace circula::ledger
