#include "ledger/entry.h"

#include "crypto/encoding.h"

namespace circula::ledger {
namespace {

using crypto::put_bytes;
using crypto::put_u16be;
using crypto::put_u32be;
using crypto::put_u64be;

Bytes begin(std::uint8_t tag) { return {tag, kEntryVersion}; }

Bytes write(const RecordEntry& entry) {
  Bytes out = begin(RecordEntry::kTag);
  put_u16be(out, entry.outcome);
  put_u16be(out, entry.type);
  put_u16be(out, entry.type_version);
  put_u16be(out, entry.position);
  put_bytes(out, entry.envelope_id.view());
  put_bytes(out, entry.body_hash.view());
  put_bytes(out, entry.record_id.view());
  put_u16be(out, entry.effects);
  put_bytes(out, entry.effects_root.view());
  return out;
}

Bytes write(const BlockEntry& entry) {
  Bytes out = begin(BlockEntry::kTag);
  put_u64be(out, entry.height);
  put_u64be(out, entry.first);
  put_u32be(out, entry.entries);
  put_bytes(out, entry.block_hash.view());
  put_bytes(out, entry.state_root.view());
  put_u64be(out, entry.state_keys);
  put_u64be(out, entry.time_ms);
  put_u32be(out, entry.term);
  put_u16be(out, entry.proposer);
  return out;
}

Bytes write(const DueEntry& entry) {
  Bytes out = begin(DueEntry::kTag);
  put_u16be(out, entry.rule);
  put_bytes(out, entry.subject_hash.view());
  put_u16be(out, entry.effects);
  put_bytes(out, entry.effects_root.view());
  return out;
}

Bytes write(const GenesisEntry& entry) {
  Bytes out = begin(GenesisEntry::kTag);
  put_bytes(out, entry.chain_id.view());
  put_u16be(out, entry.effects);
  put_bytes(out, entry.effects_root.view());
  return out;
}

// Fields of a struct are read in the order in which braces list them.
RecordEntry read_record(crypto::Reader& in) {
  return {in.u16be(),         in.u16be(),         in.u16be(), in.u16be(),        in.fixed<Digest>(),
          in.fixed<Digest>(), in.fixed<Digest>(), in.u16be(), in.fixed<Digest>()};
}

BlockEntry read_block(crypto::Reader& in) {
  return {in.u64be(), in.u64be(), in.u32be(), in.fixed<Digest>(), in.fixed<Digest>(),
          in.u64be(), in.u64be(), in.u32be(), in.u16be()};
}

}  // namespace

Bytes encode(const Entry& entry) {
  return std::visit([](const auto& kind) { return write(kind); }, entry);
}

Result<Entry> decode_entry(ByteView bytes) {
  crypto::Reader in(bytes);
  const std::uint8_t tag = in.u8();
  const std::uint8_t version = in.u8();
  if (!in.ok() || version != kEntryVersion) return error(Code::E_FORMAT, "entry of an unknown version");
  Entry entry;
  switch (tag) {
    case RecordEntry::kTag:
      entry = read_record(in);
      break;
    case BlockEntry::kTag:
      entry = read_block(in);
      break;
    case DueEntry::kTag:
      entry = DueEntry{in.u16be(), in.fixed<Digest>(), in.u16be(), in.fixed<Digest>()};
      break;
    case GenesisEntry::kTag:
      entry = GenesisEntry{in.fixed<Digest>(), in.u16be(), in.fixed<Digest>()};
      break;
    default:
      return error(Code::E_FORMAT, "entry of unknown kind " + std::to_string(tag));
  }
  if (auto done = in.finish("entry"); !done) return error(Code::E_FORMAT, done.error().detail);
  return entry;
}

}  // namespace circula::ledger
