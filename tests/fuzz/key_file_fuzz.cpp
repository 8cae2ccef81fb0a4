// Key files: what reads as a key is written and read again as the same key.
#include <cstdlib>

#include "crypto/key_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace circula::crypto;
  // Without a passphrase: with one an input may ask for 2^31 rounds of a key derivation.
  const auto key = key_from_pem({reinterpret_cast<const char*>(data), size}, std::nullopt);
  if (!key) return 0;
  const auto written = key_to_pem(*key, std::nullopt);
  if (!written) std::abort();
  const auto again = key_from_pem(*written, std::nullopt);
  if (!again || again->public_key() != key->public_key()) std::abort();
  return 0;
}
