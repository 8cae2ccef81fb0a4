// The JSON of proof files (receipts and bundles). A proof file has one text only: two spaces of indentation,
// members in a fixed order, numbers of 64 bits and more as decimal strings, bytes in base64, digests and keys
// in lower-case hex. A verifier reads it, writes it again and compares, so no byte of it can be changed
// without notice (design.md 10).
//
// Thread rule: values. Include it in source files only: it brings Boost.JSON.
#pragma once

#include <boost/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "crypto/bytes.h"
#include "crypto/merkle.h"
#include "ledger/outcome.h"

namespace circula::ledger {

inline constexpr std::size_t kProofJsonDepthMax = 8;
// 2,048 effects of 16 KiB in base64 and as much again for the rest.
inline constexpr std::size_t kProofFileBytesMax = 64U * 1024 * 1024;

[[nodiscard]] std::string proof_text(const boost::json::value& value);
// Parses; E_PROOF names the place.
[[nodiscard]] Result<boost::json::value> parse_proof_text(std::string_view text);
// `rewritten` is what the same content is written as; E_PROOF names the first byte that differs.
[[nodiscard]] Result<void> check_proof_text(std::string_view text, std::string_view rewritten);

[[nodiscard]] boost::json::string json_base64(crypto::ByteView bytes);
[[nodiscard]] boost::json::string json_hex(crypto::ByteView bytes);
[[nodiscard]] boost::json::string json_number(std::uint64_t number);
[[nodiscard]] boost::json::array json_path(std::span<const crypto::Digest> path);

// Takes the members of an object one by one. The first fault is kept and everything after it reads as
// empty, so a caller reads all members and asks once. Members that nobody reads are found by
// check_proof_text().
class ProofFields {
 public:
  ProofFields(const boost::json::value& value, std::string place, std::optional<Error>& fault);

  [[nodiscard]] bool has(std::string_view name) const;
  [[nodiscard]] std::string text(std::string_view name);
  [[nodiscard]] std::uint64_t number(std::string_view name);
  [[nodiscard]] crypto::Bytes base64(std::string_view name);
  [[nodiscard]] crypto::HashPath path(std::string_view name);
  [[nodiscard]] ProofFields object(std::string_view name);
  [[nodiscard]] std::vector<ProofFields> objects(std::string_view name);
  template <class Fixed>
  [[nodiscard]] Fixed hex(std::string_view name) {
    const crypto::Bytes bytes = hex_bytes(name, Fixed::kSize);
    return bytes.empty() ? Fixed{} : Fixed::from(bytes);
  }

 private:
  [[nodiscard]] const boost::json::value& member(std::string_view name);
  [[nodiscard]] crypto::Bytes hex_bytes(std::string_view name, std::size_t size);
  void fail(std::string_view name, const std::string& detail);

  const boost::json::object* object_;  // none: not an object, the fault is kept
  std::string place_;
  std::optional<Error>& fault_;
};

}  // namespace circula::ledger
