// The replica's thread, and the threads that carry out what it wants.
#include <malloc.h>

#include <filesystem>

#include "crypto/encoding.h"
#include "crypto/hash.h"
#include "crypto/private_file.h"
#include "node/daemon.h"
#include "node/event_log.h"

namespace circula::node {
namespace {

constexpr std::uint8_t kPeerFrameKind = 1;
constexpr std::uint64_t kTickMs = 10;
constexpr std::uint64_t kHousekeepingMs = 100;
constexpr std::uint64_t kFlushMs = 1'000;  // design.md 7: at most a second of blocks,
constexpr std::size_t kFlushBytes = std::size_t{32} * 1024 * 1024;  // or this much
constexpr std::uint64_t kReturnMs = 10'000;  // of memory: soon after a burst, and too rarely to be noticed
constexpr std::uint64_t kEvidenceFilesMax = 1'000;                // a lying peer must not fill the disk,
constexpr std::uint64_t kEvidenceBytesMax = 64ULL * 1024 * 1024;  // nor with large blocks
constexpr std::uint64_t kSlowExecutionMs = 100;                   // worth a line in the log
constexpr std::uint64_t kSlowSyncMs = 1'000;
constexpr int kExitDisk = 21;
constexpr int kExitDiverged = 40;

}  // namespace

void Daemon::on_frame(ReceivedFrame frame) {
  if (frame.kind != kPeerFrameKind) return;
  // The credit goes with the frame, so a peer can fill no more than its receive window.
  auto shared = std::make_shared<ReceivedFrame>(std::move(frame));  // std::function copies its captures
  replica_thread_->post([this, shared] { replica_->on_peer_message(shared->peer, shared->payload); });
}

void Daemon::step() {
  const std::uint64_t now = mono_ms();
  last_step_ms_.store(now, std::memory_order_relaxed);
  if (now >= next_tick_ms_) {
    replica_->tick(now, wall_ms());
    next_tick_ms_ = now + kTickMs;  // missed ticks are not made up for
  }
  if (now >= last_housekeeping_ms_ + kHousekeepingMs) {
    last_housekeeping_ms_ = now;
    if (auto looked = reserve_->look(); looked && replica_->status().read_only == *looked) {
      log_event(LogLevel::kWarn, *looked ? "disk_writable" : "disk_read_only",
                {{"free_bytes", reserve_->free_bytes()}});
      replica_->set_read_only(!*looked);
    }
    submissions_.expire(now, replica_->finality().waiting_for());
    while (!final_waiters_.empty() && final_waiters_.begin()->first <= now) {
      const auto late = final_waiters_.extract(final_waiters_.begin());
      late.mapped().done(false, replica_->finality().newest());
    }
  }
  ReplicaEffects effects = replica_->take_effects();
  while (!effects.empty()) {
    carry_out(std::move(effects));
    effects = replica_->take_effects();
  }
  publish_status();
}

void Daemon::carry_out(ReplicaEffects effects) {
  // Also and above all when it shows why this node stops.
  for (const proto::Evidence& evidence : effects.evidence) keep_evidence(evidence);
  if (effects.stop) end_process(kExitDiverged, *effects.stop);
  if (effects.save) {
    if (auto saved = store_->save_hard_state(*effects.save); !saved)
      end_process(kExitDisk, saved.error().detail);
  }
  if (!effects.writes.empty()) write_blocks(std::move(effects.writes));
  for (const PeerOutput& output : effects.messages)
    (void)transport_->send(output.to, kPeerFrameKind, *output.frame);
  if (!effects.verify.empty()) verify(std::move(effects.verify));
  if (!effects.execute.empty()) execute(std::move(effects.execute));
  if (!effects.promises.empty()) {
    {
      const std::lock_guard lock(seals_mutex_);
      promises_waiting_.insert(promises_waiting_.end(), effects.promises.begin(), effects.promises.end());
    }
    seals_->post([this] { save_seals(); });
  }
  for (Admission& admission : effects.admissions) {
    if (!admission.refusal) {
      submissions_.admitted(admission.token);
    } else {
      reject(*admission.refusal, {}, "");
      submissions_.refused(admission.token, std::move(*admission.refusal));
    }
  }
  for (const std::string& alarm : effects.alarms) log_event(LogLevel::kError, "alarm", {{"text", alarm}});
  if (effects.finalised) publish_final(std::move(*effects.finalised));
}

// While one batch is being synced the next one gathers: group commit.
void Daemon::write_blocks(std::vector<BlockWrite> writes) {
  {
    const std::lock_guard lock(writes_mutex_);
    for (BlockWrite& write : writes) writes_.push_back(std::move(write));
  }
  disk_->post([this] {
    std::vector<BlockWrite> batch;
    {
      const std::lock_guard lock(writes_mutex_);
      batch.swap(writes_);
    }
    if (batch.empty()) return;
    const std::uint64_t began_ms = mono_ms();
    if (auto written = store_->write(batch); !written) end_process(kExitDisk, written.error().detail);
    if (const std::uint64_t took_ms = mono_ms() - began_ms; took_ms >= kSlowSyncMs)
      log_event(LogLevel::kWarn, "slow_sync", {{"ms", took_ms}, {"writes", batch.size()}});
    replica_thread_->post([this, batch] {
      for (const BlockWrite& write : batch) replica_->on_durable(write.ticket);
    });
  });
}

// As with blocks: what gathered during one sync goes with the next, and the last promise covers all.
void Daemon::save_seals() {
  std::vector<Sealed> promises;
  std::optional<FinalCheckpoint> final_checkpoint;
  {
    const std::lock_guard lock(seals_mutex_);
    promises.swap(promises_waiting_);
    final_checkpoint.swap(final_waiting_);
  }
  if (promises.empty() && !final_checkpoint) return;
  const std::optional<Sealed> last = promises.empty() ? std::nullopt : std::optional(promises.back());
  if (auto saved = store_->save_seals(last, final_checkpoint); !saved)
    end_process(kExitDisk, saved.error().detail);
  if (promises.empty()) return;
  replica_thread_->post([this, promises] {
    for (const Sealed& promise : promises) replica_->on_promised(promise);
  });
}

void Daemon::execute(std::vector<BlockPtr> blocks) {
  execution_->post([this, blocks = std::move(blocks)] {
    for (const BlockPtr& block : blocks) {
      const std::uint64_t began_ms = mono_ms();
      auto executed = ledger_->execute(*block);
      if (!executed)
        end_process(ledger::outcome_row(executed.error().code).exit_code, executed.error().detail);
      auto due = ledger_->next_due_ms();
      if (!due) end_process(kExitDisk, due.error().detail);
      if (const std::uint64_t took_ms = mono_ms() - began_ms; took_ms >= kSlowExecutionMs) {
        log_event(LogLevel::kWarn, "slow_execution",
                  {{"ms", took_ms}, {"block", executed->height}, {"records", executed->outcomes.size()}});
      }
      records_executed_ += executed->outcomes.size();
      log_size_ = executed->log_size;
      auto shared = std::make_shared<ledger::ExecutedBlock>(std::move(*executed));  // for the copied capture
      replica_thread_->post([this, shared, next_due = *due] {
        replica_->on_executed(*shared, next_due);
        submissions_.ordered(shared->height, shared->outcomes);
        submissions_.final_up_to(replica_->finality().newest().height);
      });
      flush_if_due(false);
    }
  });
}

void Daemon::flush_if_due(bool now) {
  const std::uint64_t time = mono_ms();
  if (!now && ledger_->pending_bytes() < kFlushBytes && time < last_flush_ms_ + kFlushMs) return;
  last_flush_ms_ = time;
  if (auto flushed = ledger_->flush(); !flushed) end_process(kExitDisk, flushed.error().detail);
}

// What a burst of connections or of large frames took is free, but in pieces between what lives on, and the
// allocator keeps it: the process would stay as large as its worst moment.
void Daemon::return_memory_if_due() {
  const std::uint64_t time = mono_ms();
  if (time < last_return_ms_ + kReturnMs) return;
  last_return_ms_ = time;
  malloc_trim(0);
}

void Daemon::verify(std::vector<ledger::EnvelopePtr> envelopes) {
  // Chunks, so that a few envelopes do not cost a hand-over each and many are spread over the cores.
  const std::size_t chunk =
      std::max<std::size_t>(1, (envelopes.size() + verifiers_.size() - 1) / verifiers_.size());
  for (std::size_t begin = 0; begin < envelopes.size(); begin += chunk) {
    const std::size_t end = std::min(envelopes.size(), begin + chunk);
    std::vector<ledger::EnvelopePtr> part(envelopes.begin() + static_cast<std::ptrdiff_t>(begin),
                                          envelopes.begin() + static_cast<std::ptrdiff_t>(end));
    verifiers_[next_verifier_++ % verifiers_.size()]->post([this, part = std::move(part)] {
      std::vector<std::pair<Digest, bool>> verdicts;
      for (const ledger::EnvelopePtr& envelope : part) {
        const std::vector<bool> good = crypto::verify_batch(envelope->signature_jobs());
        verdicts.emplace_back(envelope->body_hash(),
                              std::find(good.begin(), good.end(), false) == good.end());
      }
      replica_thread_->post([this, verdicts] {
        for (const auto& [hash, good] : verdicts) replica_->on_verified(hash, good);
      });
    });
  }
}

void Daemon::keep_evidence(const proto::Evidence& evidence) {
  const std::string bytes = evidence.SerializeAsString();
  log_event(LogLevel::kError, "evidence",
            {{"kind", evidence.kind()}, {"signer", evidence.signer()}, {"reason", evidence.reason()}});
  if (evidence_kept_ >= kEvidenceFilesMax || evidence_bytes_ + bytes.size() > kEvidenceBytesMax) return;
  const std::filesystem::path file =
      evidence_directory() / (crypto::to_hex(crypto::sha256(bytes).view()) + ".evidence");
  std::error_code failed;
  if (std::filesystem::exists(file, failed)) return;
  std::filesystem::create_directories(file.parent_path(), failed);
  if (auto written = crypto::write_private_file(file, bytes); !written)
    end_process(kExitDisk, written.error().detail);
  ++evidence_kept_;
  evidence_bytes_ += bytes.size();
}

// What earlier lives have kept counts towards the same limits.
void Daemon::count_evidence() {
  std::error_code failed;
  for (const auto& file : std::filesystem::directory_iterator(evidence_directory(), failed)) {
    if (file.path().extension() != ".evidence") continue;
    ++evidence_kept_;
    evidence_bytes_ += file.file_size(failed);
  }
}

void Daemon::publish_final(FinalCheckpoint checkpoint) {
  {
    const std::lock_guard lock(seals_mutex_);
    final_waiting_ = checkpoint;
  }
  seals_->post([this] { save_seals(); });
  {
    const std::lock_guard lock(published_);
    final_ = checkpoint;
  }
  submissions_.final_up_to(checkpoint.height);
  for (auto waiter = final_waiters_.begin(); waiter != final_waiters_.end();) {
    if (waiter->second.height > checkpoint.height || waiter->second.size > checkpoint.size) {
      ++waiter;
      continue;
    }
    const auto reached = final_waiters_.extract(waiter++);
    reached.mapped().done(true, checkpoint);
  }
}

void Daemon::wait_for_final(FinalWaiter waiter) {
  const FinalCheckpoint& newest = replica_->finality().newest();
  if (newest.height >= waiter.height && newest.size >= waiter.size && !newest.note.empty()) {
    waiter.done(true, newest);
    return;
  }
  final_waiters_.emplace(waiter.deadline_ms, std::move(waiter));
}

void Daemon::publish_status() {
  NodeStatus fresh = replica_->status();
  fresh.disk_free_bytes = reserve_->free_bytes();
  fresh.evidence = evidence_kept_;
  set_log_position(fresh.term, fresh.executed_height);
  const std::lock_guard lock(published_);
  status_ = std::move(fresh);
}

}  // namespace circula::node
