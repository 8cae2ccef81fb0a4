// The entries of the main log: fixed layouts of digests, big endian (design.md 3, formats.md 2). The first
// byte tells the kinds apart, so that none can be read as another.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "ledger/outcome.h"
#include "ledger/signing.h"

namespace circula::ledger {

inline constexpr std::uint8_t kEntryVersion = 1;

// 0x01 || version || outcome u16 || type u16 || type version u16 || position u16 || envelope id || body hash
// || record id || effects u16 || effects root: 140 bytes.
struct RecordEntry {
  static constexpr std::uint8_t kTag = 0x01;
  std::uint16_t outcome = 0;
  std::uint16_t type = 0;
  std::uint16_t type_version = 0;
  std::uint16_t position = 0;  // in its envelope
  Digest envelope_id{};
  Digest body_hash{};
  Digest record_id{};
  std::uint16_t effects = 0;
  Digest effects_root{};
  bool operator==(const RecordEntry&) const = default;
};

// 0x02 || version || height u64 || first u64 || entries u32 || block hash || state root || state keys u64 ||
// time_ms u64 || term u32 || proposer u16: 108 bytes.
struct BlockEntry {
  static constexpr std::uint8_t kTag = 0x02;
  std::uint64_t height = 0;
  std::uint64_t first = 0;    // size of the log before the block
  std::uint32_t entries = 0;  // without this one, whose index is first + entries
  Digest block_hash{};
  Digest state_root{};
  std::uint64_t state_keys = 0;
  std::uint64_t time_ms = 0;
  std::uint32_t term = 0;
  std::uint16_t proposer = 0;
  bool operator==(const BlockEntry&) const = default;
};

// 0x03 || version || rule u16 || SHA-256(subject key) || effects u16 || effects root: 70 bytes.
struct DueEntry {
  static constexpr std::uint8_t kTag = 0x03;
  std::uint16_t rule = 0;
  Digest subject_hash{};
  std::uint16_t effects = 0;
  Digest effects_root{};
  bool operator==(const DueEntry&) const = default;
};

// 0x04 || version || chain id || effects u16 || effects root: 68 bytes.
struct GenesisEntry {
  static constexpr std::uint8_t kTag = 0x04;
  Digest chain_id{};
  std::uint16_t effects = 0;
  Digest effects_root{};
  bool operator==(const GenesisEntry&) const = default;
};

using Entry = std::variant<RecordEntry, BlockEntry, DueEntry, GenesisEntry>;

[[nodiscard]] Bytes encode(const Entry& entry);
[[nodiscard]] Result<Entry> decode_entry(ByteView bytes);  // E_FORMAT

}  // namespace circula::ledger
