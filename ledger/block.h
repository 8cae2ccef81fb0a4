// Blocks: what consensus orders. Height is the Raft index; the log is the chain (design.md 3, "Blocks").
//
// A header is signed by its proposer's node key over these bytes, big endian:
//   "circula/v1/block\n" || chain_id[32] || height u64 || term u64 || parent[32] || time_ms u64 ||
//   proposer u16 || kind u8 || config_hash[32] || bodies u32 || bodies_root[32]
// and block_hash is their SHA-256. bodies_root is the RFC 9162 head over the body hashes.
#pragma once

#include <cstdint>
#include <vector>

#include "ledger/envelope.h"
#include "ledger/genesis.h"
#include "ledger/outcome.h"
#include "ledger/proto/block.pb.h"
#include "ledger/signing.h"

namespace circula::ledger {

inline constexpr std::size_t kBlockBytesMax = 2 * 1024 * 1024;  // of all bodies together
inline constexpr std::size_t kBlockRecordsMax = 8192;
// Of a StoredBlock: the frame, and for each body its hash and its bytes.
inline constexpr std::size_t kStoredBlockElementsMax = 1 + 2 * kBlockRecordsMax;
inline constexpr std::uint64_t kScriptedJumpMaxMs = 40ULL * 24 * 3600 * 1000;  // of ledger time, in one block

enum class BlockKind : std::uint8_t { kRecords = 0, kFirstOfTerm = 1, kConfiguration = 2, kRecovery = 3 };

struct BlockHeader {
  std::uint64_t height = 0;
  std::uint64_t term = 0;
  Digest parent{};
  std::uint64_t time_ms = 0;
  std::uint16_t proposer = 0;  // node id
  BlockKind kind = BlockKind::kRecords;
  Digest config_hash{};  // SHA-256 of the configuration; zero without one
  std::uint32_t bodies = 0;
  Digest bodies_root{};
  bool operator==(const BlockHeader&) const = default;
};

[[nodiscard]] Bytes encode_header(const BlockHeader& header, const Digest& chain_id);
[[nodiscard]] Result<BlockHeader> decode_header(ByteView bytes, const Digest& chain_id);

// A block without bodies, as it travels.
struct BlockFrame {
  BlockHeader header;
  Bytes header_bytes;
  Signature signature{};
  std::vector<Digest> body_hashes;
  Bytes configuration;
  Digest hash{};  // of header_bytes

  [[nodiscard]] proto::BlockFrame message() const;
};

// Parses and checks what the frame alone can show: canonical, header fields, the root over its body hashes,
// each hash once, a configuration exactly for its kind. The signature is checked with `signature_job`.
[[nodiscard]] Result<BlockFrame> decode_frame(ByteView canonical_frame, const Digest& chain_id);
[[nodiscard]] crypto::VerifyJob signature_job(const BlockFrame& frame, const PublicKey& node_key);
[[nodiscard]] Result<BlockFrame> decode_frame(const proto::BlockFrame& message, const Digest& chain_id);

// Makes the frame of a new block and signs it.
[[nodiscard]] BlockFrame make_frame(BlockHeader header, const std::vector<Digest>& body_hashes,
                                    Bytes configuration, const Digest& chain_id,
                                    const crypto::SigningKey& node_key);

struct Block {
  BlockFrame frame;
  std::vector<EnvelopePtr> bodies;  // in the order of frame.body_hashes
};

// The value of chain/: canonical StoredBlock.
[[nodiscard]] Bytes encode_block(const Block& block);
[[nodiscard]] Result<Block> decode_block(ByteView bytes, const Digest& chain_id);

// Ledger time of a block with these bodies under the chain's clock (design.md 4). `wall_ms` is the
// proposer's clock; a scripted chain does not look at it.
[[nodiscard]] std::uint64_t block_time_ms(proto::Clock clock, std::uint64_t parent_time_ms,
                                          std::uint64_t wall_ms, const std::vector<EnvelopePtr>& bodies);

// What makes a block valid is a function of its bytes, its parent and the configuration only. Checks all but
// signatures: chaining, time, that the proposer votes, that the bodies are those listed, within limits.
struct ParentLink {
  std::uint64_t height;
  std::uint64_t term;
  Digest hash;
  std::uint64_t time_ms;
};
[[nodiscard]] Result<void> check_block(const Block& block, const ParentLink& parent, proto::Clock clock,
                                       const proto::Configuration& configuration);

}  // namespace circula::ledger
