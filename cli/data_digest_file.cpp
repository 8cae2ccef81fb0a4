#include "cli/data_digest_file.h"

#include <fstream>

#include "cli/local_file.h"
#include "crypto/ed25519.h"
#include "crypto/encoding.h"
#include "crypto/hash.h"
#include "crypto/private_file.h"

namespace circula::cli {
namespace {

using ledger::Code;
using ledger::error;

constexpr std::size_t kSaltFileBytesMax = 128;  // 64 hex characters and a line end
constexpr std::size_t kPartBytes = 1024 * 1024;

}  // namespace

ledger::Result<crypto::Digest> plain_digest(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return error(Code::E_FILE, "open " + path + ": it cannot be read");
  crypto::Sha256 digest;
  std::string part(kPartBytes, '\0');
  while (file.read(part.data(), static_cast<std::streamsize>(part.size())) || file.gcount() > 0) {
    digest.update(std::string_view(part).substr(0, static_cast<std::size_t>(file.gcount())));
  }
  if (file.bad()) return error(Code::E_FILE, "read " + path + ": the disk failed");
  return digest.finish();
}

ledger::Result<crypto::Digest> salted_digest(const std::string& path, const std::string& salt_path) {
  auto text = crypto::read_private_file(salt_path, kSaltFileBytesMax);
  if (!text) return error(Code::E_FILE, text.error().detail);
  while (!text->empty() && text->back() == '\n') text->pop_back();
  auto salt = crypto::fixed_from_hex<crypto::Digest>(*text, "salt");
  if (!salt) return error(Code::E_FORMAT, salt_path + ": " + salt.error().detail);
  auto content = read_text(path);
  if (!content) return content.error();
  return crypto::hmac_sha256(salt->view(), crypto::as_bytes(*content));
}

ledger::Result<crypto::Digest> make_salted_digest(const std::string& path, const std::string& salt_path) {
  const auto salt = crypto::random_fixed<crypto::Digest>();
  auto written = crypto::write_private_file(salt_path, crypto::to_hex(salt.view()) + "\n");
  if (!written) return error(Code::E_FILE, written.error().detail);
  return salted_digest(path, salt_path);
}

}  // namespace circula::cli
