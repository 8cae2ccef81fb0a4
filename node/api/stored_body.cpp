#include "node/api/stored_body.h"

namespace circula::node::api {

using ledger::Code;
using ledger::error;

ledger::Result<ledger::proto::StoredBlock> stored_block(const Backend& backend, std::uint64_t height) {
  auto bytes = backend.stored_block(height);
  if (!bytes) return bytes.error();
  if (!*bytes) return error(Code::E_NOT_FOUND, "this node holds no block " + std::to_string(height));
  ledger::proto::StoredBlock block;
  if (!block.ParseFromArray((*bytes)->data(), static_cast<int>((*bytes)->size()))) {
    return error(Code::E_STORAGE_CORRUPT, "block " + std::to_string(height) + " does not parse");
  }
  return block;
}

ledger::Result<ledger::EnvelopePtr> stored_body(const Backend& backend, std::uint64_t height,
                                                std::uint32_t number) {
  auto block = stored_block(backend, height);
  if (!block) return block.error();
  if (number >= static_cast<std::uint32_t>(block->bodies_size())) {
    return error(Code::E_STORAGE_CORRUPT, "block " + std::to_string(height) + " has no such body");
  }
  const crypto::ByteView body = crypto::as_bytes(block->bodies(static_cast<int>(number)));
  return ledger::Envelope::decode(Bytes(body.begin(), body.end()), backend.genesis().chain_id());
}

}  // namespace circula::node::api
