#include "ledger/value_seal.h"

#include <gtest/gtest.h>

#include "crypto/encoding.h"

namespace circula::ledger {
namespace {

using crypto::as_bytes;

TEST(ValueSeal, has_the_form_that_its_header_states) {
  // Computed with Python: hashlib.sha256(bytes.fromhex("00000003") + b"key" + b"a value,
  // longer").digest()[:8], then the XOR.
  std::string stored;
  seal_value(as_bytes("key"), as_bytes("a value, longer"), stored);
  EXPECT_EQ(crypto::to_hex(as_bytes(stored)), "8b815d208911dbdaeaa12b41e564bef6abed324eee74a9");
}

TEST(ValueSeal, opens_under_its_own_key_only) {
  std::string stored;
  seal_value(as_bytes("key"), as_bytes("value"), stored);
  ASSERT_TRUE(open_value(as_bytes("key"), as_bytes(stored)));
  EXPECT_EQ(crypto::as_text(*open_value(as_bytes("key"), as_bytes(stored))), "value");
  EXPECT_FALSE(open_value(as_bytes("kex"), as_bytes(stored)));
  EXPECT_FALSE(open_value(as_bytes("ke"), as_bytes(stored)));
}

TEST(ValueSeal, notices_every_changed_bit_and_every_cut) {
  std::string sealed;
  seal_value(as_bytes("key"), as_bytes("some value"), sealed);
  for (std::size_t at = 0; at < sealed.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = sealed;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
      EXPECT_FALSE(open_value(as_bytes("key"), as_bytes(damaged))) << at << " bit " << bit;
    }
    EXPECT_FALSE(open_value(as_bytes("key"), as_bytes(sealed.substr(0, at)))) << at;
  }
}

}  // namespace
}  // namespace circula::ledger
