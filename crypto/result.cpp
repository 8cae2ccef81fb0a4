#include "crypto/result.h"

namespace circula::crypto {

std::string_view to_string(Fault fault) {
  switch (fault) {
    case Fault::kMalformed:
      return "malformed";
    case Fault::kInvalidKey:
      return "invalid key";
    case Fault::kBadSignature:
      return "bad signature";
    case Fault::kWrongRoot:
      return "wrong root";
    case Fault::kOutOfRange:
      return "out of range";
    case Fault::kUnknownKey:
      return "unknown key";
    case Fault::kQuorum:
      return "quorum not reached";
    case Fault::kPassphrase:
      return "passphrase needed";
    case Fault::kEnvironment:
      return "environment";
  }
  return "unknown fault";
}

}  // namespace circula::crypto
