// Exported chains: the input as it is, and as the content of a file whose digest is right, so that an audit
// of it begins. It ends with findings or an error, never with less.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "crypto/encoding.h"
#include "crypto/hash.h"
#include "ledger/audit_directory.h"

namespace {

void audit(std::string_view content) {
  static const int file = memfd_create("chain", 0);
  if (file < 0 || ftruncate(file, 0) != 0) std::abort();
  if (pwrite(file, content.data(), content.size(), 0) != static_cast<ssize_t>(content.size())) std::abort();
  (void)circula::ledger::audit_file("/proc/self/fd/" + std::to_string(file));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace crypto = circula::crypto;
  const std::string_view content(reinterpret_cast<const char*>(data), size);
  audit(content);
  crypto::Bytes whole(data, data + size);
  const crypto::Digest digest = crypto::sha256(whole);
  crypto::put_u8(whole, 'Z');
  crypto::put_u32be(whole, crypto::Digest::kSize);
  crypto::put_bytes(whole, digest.view());
  audit(crypto::as_text(whole));
  return 0;
}
