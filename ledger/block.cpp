#include "ledger/block.h"

#include <algorithm>
#include <set>

#include "crypto/encoding.h"
#include "crypto/hash.h"
#include "ledger/canonical.h"

namespace circula::ledger {
namespace {

Result<void> check_shape(const BlockFrame& frame) {
  const BlockHeader& header = frame.header;
  if (header.bodies != frame.body_hashes.size()) {
    return error(Code::E_FORMAT, "the header counts other bodies than the block lists", "header.bodies");
  }
  std::vector<Digest> leaves;
  leaves.reserve(frame.body_hashes.size());
  for (const Digest& hash : frame.body_hashes) leaves.push_back(crypto::leaf_hash(hash.view()));
  if (crypto::tree_head(leaves) != header.bodies_root) {
    return error(Code::E_FORMAT, "the body hashes do not have the header's root", "header.bodies_root");
  }
  std::set<Digest> once(frame.body_hashes.begin(), frame.body_hashes.end());
  if (once.size() != frame.body_hashes.size())
    return error(Code::E_FORMAT, "a body is listed twice", "body_hashes");

  const bool configures = header.kind == BlockKind::kConfiguration || header.kind == BlockKind::kRecovery;
  if (configures != !frame.configuration.empty()) {
    return error(Code::E_FORMAT, "a configuration stands in configuration blocks, and only there",
                 "configuration");
  }
  const Digest expected = configures ? crypto::sha256(frame.configuration) : Digest{};
  if (header.config_hash != expected) {
    return error(Code::E_FORMAT, "the configuration does not have the header's hash", "header.config_hash");
  }
  if (header.kind != BlockKind::kRecords && header.bodies != 0) {
    return error(Code::E_FORMAT, "only a block of records has bodies", "header.bodies");
  }
  return {};
}

}  // namespace

Bytes encode_header(const BlockHeader& header, const Digest& chain_id) {
  Bytes rest;
  crypto::put_u64be(rest, header.height);
  crypto::put_u64be(rest, header.term);
  crypto::put_bytes(rest, header.parent.view());
  crypto::put_u64be(rest, header.time_ms);
  crypto::put_u16be(rest, header.proposer);
  crypto::put_u8(rest, static_cast<std::uint8_t>(header.kind));
  crypto::put_bytes(rest, header.config_hash.view());
  crypto::put_u32be(rest, header.bodies);
  crypto::put_bytes(rest, header.bodies_root.view());
  return statement(kBlockContext, chain_id, rest);
}

Result<BlockHeader> decode_header(ByteView bytes, const Digest& chain_id) {
  crypto::Reader in(bytes);
  if (crypto::as_text(in.bytes(kBlockContext.size())) != kBlockContext) {
    return error(Code::E_FORMAT, "not a block header", "header");
  }
  if (in.fixed<Digest>() != chain_id)
    return error(Code::E_CHAIN, "a block of another chain", "header.chain_id");
  BlockHeader header;
  header.height = in.u64be();
  header.term = in.u64be();
  header.parent = in.fixed<Digest>();
  header.time_ms = in.u64be();
  header.proposer = in.u16be();
  const std::uint8_t kind = in.u8();
  header.kind = static_cast<BlockKind>(kind);
  header.config_hash = in.fixed<Digest>();
  header.bodies = in.u32be();
  header.bodies_root = in.fixed<Digest>();
  if (auto done = in.finish("block header"); !done)
    return error(Code::E_FORMAT, done.error().detail, "header");
  if (kind > static_cast<std::uint8_t>(BlockKind::kRecovery)) {
    return error(Code::E_FORMAT, "unknown kind of block", "header.kind");
  }
  if (header.term > UINT32_MAX) return error(Code::E_FORMAT, "a term has at most 32 bits", "header.term");
  return header;
}

proto::BlockFrame BlockFrame::message() const {
  proto::BlockFrame out;
  out.set_header(std::string(crypto::as_text(header_bytes)));
  out.set_signature(std::string(signature.text()));
  for (const Digest& body : body_hashes) out.add_body_hashes(std::string(body.text()));
  out.set_configuration(std::string(crypto::as_text(configuration)));
  return out;
}

Result<BlockFrame> decode_frame(const proto::BlockFrame& message, const Digest& chain_id) {
  BlockFrame frame;
  const ByteView header = crypto::as_bytes(message.header());
  auto decoded = decode_header(header, chain_id);
  if (!decoded) return decoded.error();
  frame.header = *decoded;
  frame.header_bytes.assign(header.begin(), header.end());
  frame.hash = crypto::sha256(header);
  if (message.signature().size() != Signature::kSize)
    return error(Code::E_FORMAT, "a signature has 64 bytes", "signature");
  frame.signature = Signature::from(crypto::as_bytes(message.signature()));
  frame.body_hashes.reserve(static_cast<std::size_t>(message.body_hashes_size()));
  for (const std::string& hash : message.body_hashes()) {
    if (hash.size() != Digest::kSize) return error(Code::E_FORMAT, "a body hash has 32 bytes", "body_hashes");
    frame.body_hashes.push_back(Digest::from(crypto::as_bytes(hash)));
  }
  const ByteView configuration = crypto::as_bytes(message.configuration());
  frame.configuration.assign(configuration.begin(), configuration.end());
  if (auto good = check_shape(frame); !good) return good.error();
  return frame;
}

Result<BlockFrame> decode_frame(ByteView canonical_frame, const Digest& chain_id) {
  auto message = parse_canonical<proto::BlockFrame>(canonical_frame, Code::E_FORMAT);
  if (!message) return message.error();
  return decode_frame(*message, chain_id);
}

crypto::VerifyJob signature_job(const BlockFrame& frame, const PublicKey& node_key) {
  return {node_key, frame.header_bytes, frame.signature};
}

BlockFrame make_frame(BlockHeader header, const std::vector<Digest>& body_hashes, Bytes configuration,
                      const Digest& chain_id, const crypto::SigningKey& node_key) {
  BlockFrame frame;
  std::vector<Digest> leaves;
  leaves.reserve(body_hashes.size());
  for (const Digest& hash : body_hashes) leaves.push_back(crypto::leaf_hash(hash.view()));
  header.bodies = static_cast<std::uint32_t>(body_hashes.size());
  header.bodies_root = crypto::tree_head(leaves);
  header.config_hash = configuration.empty() ? Digest{} : crypto::sha256(configuration);
  frame.header = header;
  frame.header_bytes = encode_header(header, chain_id);
  frame.signature = node_key.sign(frame.header_bytes);
  frame.body_hashes = body_hashes;
  frame.configuration = std::move(configuration);
  frame.hash = crypto::sha256(frame.header_bytes);
  return frame;
}

Bytes encode_block(const Block& block) {
  proto::StoredBlock message;
  *message.mutable_frame() = block.frame.message();
  for (const EnvelopePtr& body : block.bodies)
    message.add_bodies(std::string(crypto::as_text(body->bytes())));
  return serialise_canonical(message);
}

Result<Block> decode_block(ByteView bytes, const Digest& chain_id) {
  CanonicalLimits limits;
  limits.elements_max = kStoredBlockElementsMax;
  auto message = parse_canonical<proto::StoredBlock>(bytes, Code::E_FORMAT, limits);
  if (!message) return message.error();
  auto frame = decode_frame(message->frame(), chain_id);
  if (!frame) return frame.error();
  Block block{std::move(*frame), {}};
  for (const std::string& body : message->bodies()) {
    const ByteView view = crypto::as_bytes(body);
    auto envelope = Envelope::decode(Bytes(view.begin(), view.end()), chain_id);
    if (!envelope) return envelope.error();
    block.bodies.push_back(std::move(*envelope));
  }
  return block;
}

std::uint64_t block_time_ms(proto::Clock clock, std::uint64_t parent_time_ms, std::uint64_t wall_ms,
                            const std::vector<EnvelopePtr>& bodies) {
  if (clock == proto::CLOCK_WALL) return std::max(parent_time_ms, wall_ms);
  std::uint64_t time_ms = parent_time_ms;
  for (const EnvelopePtr& body : bodies) time_ms = std::max(time_ms, body->latest_created_at_ms());
  return time_ms;
}

Result<void> check_block(const Block& block, const ParentLink& parent, proto::Clock clock,
                         const proto::Configuration& configuration) {
  const BlockHeader& header = block.frame.header;
  if (header.height != parent.height + 1)
    return error(Code::E_FORMAT, "not the height after its parent", "header.height");
  if (header.term < parent.term) return error(Code::E_FORMAT, "a term below its parent's", "header.term");
  if (header.parent != parent.hash) return error(Code::E_FORMAT, "another parent", "header.parent");
  if (header.time_ms < parent.time_ms)
    return error(Code::E_FORMAT, "a time below its parent's", "header.time_ms");
  const bool votes = std::any_of(
      configuration.members().begin(), configuration.members().end(), [&](const proto::Member& member) {
        return member.node_id() == header.proposer && member.role() == proto::MEMBER_ROLE_VOTER;
      });
  if (!votes) return error(Code::E_FORMAT, "the proposer is no voter", "header.proposer");

  if (block.bodies.size() != block.frame.body_hashes.size()) {
    return error(Code::E_FORMAT, "bodies are missing", "bodies");
  }
  std::size_t bytes = 0;
  std::size_t records = 0;
  for (std::size_t number = 0; number < block.bodies.size(); ++number) {
    const Envelope& body = *block.bodies[number];
    if (body.body_hash() != block.frame.body_hashes[number]) {
      return error(Code::E_FORMAT, "a body has another hash than the block lists", "bodies");
    }
    bytes += body.bytes().size();
    records += body.records().size();
  }
  if (bytes > kBlockBytesMax || records > kBlockRecordsMax) {
    return error(Code::E_LIMIT, "a block has at most 2 MiB and 8,192 records", "bodies");
  }
  if (clock == proto::CLOCK_SCRIPTED) {
    if (header.time_ms != block_time_ms(clock, parent.time_ms, 0, block.bodies)) {
      return error(Code::E_FORMAT, "not the time that the scripted clock gives", "header.time_ms");
    }
    if (header.time_ms - parent.time_ms > kScriptedJumpMaxMs) {
      return error(Code::E_FORMAT, "scripted time moves at most 40 days in one block", "header.time_ms");
    }
  }
  return {};
}

}  // namespace circula::ledger
