#include "ledger/crc32c.h"

#include <array>

namespace circula::ledger {

namespace {

constexpr std::uint32_t kPolynomialReversed = 0x82f63b78;

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
    std::uint32_t remainder = byte;
    for (int bit = 0; bit < 8; ++bit) {
      remainder = (remainder >> 1) ^ ((remainder & 1) != 0 ? kPolynomialReversed : 0);
    }
    table[byte] = remainder;
  }
  return table;
}

constexpr auto kTable = make_table();

}  // namespace

std::uint32_t crc32c(crypto::ByteView bytes, std::uint32_t before) {
  std::uint32_t remainder = ~before;
  for (const std::uint8_t byte : bytes) {
    remainder = (remainder >> 8) ^ kTable[(remainder ^ byte) & 0xff];
  }
  return ~remainder;
}

}  // namespace circula::ledger
