#include "node/chain_store.h"

#include <algorithm>

#include "crypto/checkpoint.h"
#include "crypto/encoding.h"
#include "crypto/note.h"

namespace circula::node {
namespace {

using ledger::Code;
using ledger::error;
using ledger::Result;

constexpr std::uint64_t kVerifiedBlocks = 1'000;  // design.md 7 "In doubt": looked at by each start

Bytes height_key(std::uint64_t height) {
  Bytes key;
  crypto::put_u64be(key, height);
  return key;
}

Bytes name(std::string_view text) {
  const ByteView view = crypto::as_bytes(text);
  return {view.begin(), view.end()};
}

Result<void> put(ledger::Storage& storage, std::string_view key, ByteView value) {
  ledger::WriteBatch batch;
  batch.put(name(key), value);
  return storage.write(batch);
}

}  // namespace

consensus::Configuration to_core(const ledger::proto::Configuration& configuration) {
  consensus::Configuration core;
  for (const ledger::proto::Member& member : configuration.members()) {
    if (member.role() != ledger::proto::MEMBER_ROLE_VOTER) continue;
    core.voters.push_back({static_cast<std::uint16_t>(member.node_id())});
  }
  return core;
}

Result<void> ChainStore::claim() {
  auto stored = meta_.get(name("chain"));
  if (!stored) return stored.error();
  if (!*stored) return put(meta_, "chain", genesis_.chain_id().view());
  if (crypto::as_text(**stored) == genesis_.chain_id().text()) return {};
  return error(Code::E_CHAIN, "the data directory belongs to chain " + crypto::to_hex(**stored));
}

Result<void> ChainStore::write(const std::vector<BlockWrite>& writes) {
  ledger::WriteBatch batch;
  for (const BlockWrite& write : writes) {
    if (write.truncate_from) {
      auto last = last_height();
      if (!last) return last.error();
      for (std::uint64_t height = *write.truncate_from; height <= *last; ++height)
        batch.remove(height_key(height));
    }
    for (const BlockPtr& block : write.blocks) {
      batch.put(height_key(block->frame.header.height), ledger::encode_block(*block));
    }
  }
  return chain_.write(batch);
}

Result<std::optional<Bytes>> ChainStore::stored(std::uint64_t height) const {
  return chain_.get(height_key(height));
}

Result<BlockPtr> ChainStore::block(std::uint64_t height) const {
  auto bytes = stored(height);
  if (!bytes) return bytes.error();
  if (!*bytes) return error(Code::E_NOT_FOUND, "chain/ has no block " + std::to_string(height));
  auto block = ledger::decode_block(**bytes, genesis_.chain_id());
  if (!block)
    return error(Code::E_STORAGE_CORRUPT, "block " + std::to_string(height) + ": " + block.error().detail);
  return BlockPtr(std::make_shared<ledger::Block>(std::move(*block)));
}

Result<std::uint64_t> ChainStore::last_height() const {
  auto row = chain_.last(ledger::KeyRange::all());
  if (!row) return row.error();
  if (!*row) return std::uint64_t{0};
  return crypto::Reader((*row)->key).u64be();
}

Result<void> ChainStore::save_hard_state(const consensus::HardState& state) {
  Bytes value;
  crypto::put_u64be(value, state.term.value);
  crypto::put_u16be(value, state.vote.value);
  return put(meta_, "hard", value);
}

Result<void> ChainStore::save_seals(const std::optional<Sealed>& promise,
                                    const std::optional<FinalCheckpoint>& final_checkpoint) {
  ledger::WriteBatch batch;
  if (promise) {
    Bytes value;
    crypto::put_u64be(value, promise->height);
    crypto::put_u64be(value, promise->size);
    crypto::put_bytes(value, promise->root.view());
    batch.put(name("promise"), value);
  }
  if (final_checkpoint) {
    Bytes height;
    crypto::put_u64be(height, final_checkpoint->height);
    batch.put(name("final"), crypto::as_bytes(final_checkpoint->note));
    batch.put(name("final_height"), height);
  }
  return meta_.write(batch);
}

// Terms never fall, so the first block of each is found by halving.
Result<std::vector<consensus::TermRuns::Run>> ChainStore::term_runs(std::uint64_t last) const {
  std::vector<consensus::TermRuns::Run> runs{{{0}, {0}}};
  const auto term_at = [&](std::uint64_t height) -> Result<std::uint64_t> {
    auto found = block(height);
    if (!found) return found.error();
    return (*found)->frame.header.term;
  };
  std::uint64_t from = 1;
  while (from <= last) {
    auto term = term_at(from);
    if (!term) return term.error();
    runs.push_back({{from}, {*term}});
    std::uint64_t low = from + 1;
    std::uint64_t high = last + 1;
    while (low < high) {
      const std::uint64_t middle = low + (high - low) / 2;
      auto other = term_at(middle);
      if (!other) return other.error();
      *other == *term ? low = middle + 1 : high = middle;
    }
    from = low;
  }
  return runs;
}

Result<ChainStore::Recovered> ChainStore::recover(const consensus::Configuration& voters) const {
  auto last = last_height();
  if (!last) return last.error();
  auto runs = term_runs(*last);
  if (!runs) return runs.error();

  ledger::ParentLink tip{0, 0, genesis_.chain_id(), genesis_.message().time_ms()};
  std::vector<std::uint32_t> sizes;
  const std::uint64_t first = *last > kVerifiedBlocks ? *last - kVerifiedBlocks + 1 : 1;
  for (std::uint64_t height = first; height <= *last; ++height) {
    auto found = block(height);
    if (!found) return found.error();
    const ledger::BlockFrame& frame = (*found)->frame;
    const bool chained = height == first && first > 1;
    if (!chained) {
      if (auto good = ledger::check_block(**found, tip, genesis_.message().clock(), genesis_.configuration());
          !good) {
        return error(Code::E_STORAGE_CORRUPT, "block " + std::to_string(height) + ": " + good.error().detail);
      }
    }
    tip = {height, frame.header.term, frame.hash, frame.header.time_ms};
    std::uint32_t bytes = 0;
    for (const ledger::EnvelopePtr& body : (*found)->bodies)
      bytes += static_cast<std::uint32_t>(body->bytes().size());
    sizes.push_back(bytes);
  }
  Recovered recovered{{}, consensus::Log(*runs, {*last}, {{{0}, voters}}, sizes), tip, {}};

  auto hard = meta_.get(name("hard"));
  auto promise = meta_.get(name("promise"));
  auto note = meta_.get(name("final"));
  auto note_height = meta_.get(name("final_height"));
  if (!hard) return hard.error();
  if (!promise) return promise.error();
  if (!note) return note.error();
  if (!note_height) return note_height.error();
  if (*hard) {
    crypto::Reader in(**hard);
    recovered.hard_state.term = {in.u64be()};
    recovered.hard_state.vote = {in.u16be()};
  }
  if (*promise) {
    crypto::Reader in(**promise);
    Sealed sealed;
    sealed.height = in.u64be();
    sealed.size = in.u64be();
    sealed.root = in.fixed<Digest>();
    recovered.finality.promise = sealed;
  }
  if (*note && *note_height) {
    const std::string text(crypto::as_text(**note));
    auto parsed = crypto::Note::parse(text);
    auto checkpoint =
        parsed ? crypto::Checkpoint::parse(parsed->text) : crypto::Result<crypto::Checkpoint>(parsed.error());
    if (!checkpoint) return error(Code::E_STORAGE_CORRUPT, "meta/ final: " + checkpoint.error().detail);
    recovered.finality.final_checkpoint = {crypto::Reader(**note_height).u64be(), checkpoint->size,
                                           checkpoint->root, text};
  }
  return recovered;
}

}  // namespace circula::node
