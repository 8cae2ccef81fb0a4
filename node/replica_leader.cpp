// The leader's part of the replica: when to propose a block, and what goes into it (design.md 4, 6).
#include <algorithm>

#include "node/replica.h"

namespace circula::node {
namespace {

constexpr std::uint64_t kPipelineBlocksMax = 8;
constexpr std::uint64_t kExecutionLagMax = 64;  // ordering pauses when execution is further behind
constexpr std::size_t kFillBytes = 256 * 1024;  // worth a block of its own while others are in flight
constexpr std::size_t kFillRecords = 1024;
constexpr std::uint64_t kDueBlockIntervalMs = 1'000;  // blocks that only due work calls for

}  // namespace

bool Replica::may_propose() const {
  if (!is_leader() || read_only_ || tip_.height != raft_->log().last_index().value) return false;
  if (tip_.term != raft_->term().value) return false;  // the term's first block comes first
  return tip_.height < executed_ + kExecutionLagMax && tip_.height < committed_ + kPipelineBlocksMax;
}

bool Replica::due_work_waits() const {
  return next_due_ms_ && genesis_.message().clock() == ledger::proto::CLOCK_WALL &&
         *next_due_ms_ <= wall_ms_ && executed_ == tip_.height &&
         now_ms_ >= last_due_block_ms_ + kDueBlockIntervalMs;
}

void Replica::build_first_block(const consensus::FirstBlockNeeded& needed) {
  if (tip_.height + 1 != needed.index.value) return;
  (void)propose(ledger::BlockKind::kFirstOfTerm, {});
}

// At once when nothing is in flight, for latency; filled while blocks are in flight, for throughput.
void Replica::build_blocks() {
  while (may_propose()) {
    std::vector<ledger::EnvelopePtr> bodies = choose_bodies();
    if (bodies.empty() && !due_work_waits()) return;
    if (tip_.height > committed_) {
      std::size_t bytes = 0;
      std::size_t records = 0;
      for (const ledger::EnvelopePtr& body : bodies) {
        bytes += body->bytes().size();
        records += body->records().size();
      }
      if (bytes < kFillBytes && records < kFillRecords) return;
    }
    if (bodies.empty()) last_due_block_ms_ = now_ms_;
    if (!propose(ledger::BlockKind::kRecords, std::move(bodies))) return;
    pump();
  }
}

// Oldest first, within a block's limits, leaving out what would only come to a time code and what stands in
// the log already.
std::vector<ledger::EnvelopePtr> Replica::choose_bodies() const {
  const bool scripted = genesis_.message().clock() == ledger::proto::CLOCK_SCRIPTED;
  const std::uint64_t parent_ms = tip_.time_ms;
  std::uint64_t time_ms = scripted ? parent_ms : std::max(parent_ms, wall_ms_);
  std::vector<ledger::EnvelopePtr> chosen;
  std::size_t bytes = 0;
  std::size_t records = 0;
  pool_.visit([&](const ledger::EnvelopePtr& body) {
    if (in_log_.contains(body->body_hash()) || executed_bodies_.contains(body->body_hash())) return true;
    if (bytes + body->bytes().size() > ledger::kBlockBytesMax ||
        records + body->records().size() > ledger::kBlockRecordsMax) {
      return false;
    }
    const std::uint64_t with_it = scripted ? std::max(time_ms, body->latest_created_at_ms()) : time_ms;
    if (scripted && with_it - parent_ms > ledger::kScriptedJumpMaxMs) return true;
    const bool in_time = std::any_of(body->records().begin(), body->records().end(), [&](const auto& record) {
      return record.fields.expires_at_ms() > with_it &&
             record.fields.created_at_ms() <= with_it + ledger::kEarlyToleranceMs;
    });
    if (!in_time) return true;
    time_ms = with_it;
    bytes += body->bytes().size();
    records += body->records().size();
    chosen.push_back(body);
    return true;
  });
  return chosen;
}

bool Replica::propose(ledger::BlockKind kind, std::vector<ledger::EnvelopePtr> bodies) {
  auto block = std::make_shared<ledger::Block>();
  std::vector<Digest> hashes;
  std::uint32_t bytes = 0;
  for (const ledger::EnvelopePtr& body : bodies) {
    hashes.push_back(body->body_hash());
    bytes += static_cast<std::uint32_t>(body->bytes().size());
  }
  ledger::BlockHeader header;
  header.height = tip_.height + 1;
  header.term = raft_->term().value;
  header.parent = tip_.hash;
  header.time_ms = ledger::block_time_ms(genesis_.message().clock(), tip_.time_ms, wall_ms_, bodies);
  header.proposer = options_.self;
  header.kind = kind;
  block->frame = ledger::make_frame(header, hashes, {}, genesis_.chain_id(), *options_.node_key);
  block->bodies = std::move(bodies);

  arriving_[header.height] = std::move(block);
  const consensus::ProposeResult result = raft_->propose({header.term}, {header.height}, bytes);
  if (result == consensus::ProposeResult::kAccepted) return true;
  arriving_.clear();
  return false;
}

}  // namespace circula::node
