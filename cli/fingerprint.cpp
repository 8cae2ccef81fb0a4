#include "cli/fingerprint.h"

#include "crypto/encoding.h"

namespace circula::cli {

std::string fingerprint(const crypto::Digest& digest) {
  const std::string hex = crypto::to_hex(digest.view());
  std::string out;
  for (std::size_t at = 0; at < 32; at += 4) out += (at == 0 ? "" : "-") + hex.substr(at, 4);
  return out;
}

}  // namespace circula::cli
