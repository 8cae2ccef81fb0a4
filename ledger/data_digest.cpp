#include "ledger/data_digest.h"

#include "ledger/envelope.h"

namespace circula::ledger {

Result<void> check_data_digest(const proto::DataDigest& digest, const std::string& field) {
  if (digest.suite() != kSuiteEd25519) return error(Code::E_FORMAT, "a digest has suite 1", field + ".suite");
  if (digest.digest().size() != Digest::kSize)
    return error(Code::E_FORMAT, "a digest has 32 bytes", field + ".digest");
  return {};
}

}  // namespace circula::ledger
