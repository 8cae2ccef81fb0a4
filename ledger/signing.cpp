#include "ledger/signing.h"

#include "crypto/encoding.h"

namespace circula::ledger {

Bytes statement(std::string_view context, const Digest& chain_id, ByteView rest) {
  Bytes out;
  out.reserve(context.size() + Digest::kSize + rest.size());
  crypto::put_bytes(out, context);
  crypto::put_bytes(out, chain_id.view());
  crypto::put_bytes(out, rest);
  return out;
}

Bytes possession_statement(const Digest& chain_id, std::string_view oid) {
  return statement(kPossessionContext, chain_id, crypto::as_bytes(oid));
}

}  // namespace circula::ledger
