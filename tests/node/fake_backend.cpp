#include "tests/node/fake_backend.h"

#include <algorithm>

#include "crypto/ed25519.h"
#include "crypto/encoding.h"

namespace circula::node::testing {

using ledger::Code;
using std::chrono::steady_clock;

FakeBackend::FakeBackend(Chain& chain) : chain_(chain), waker_([this] { wake_waiting(); }) { finalise(); }

FakeBackend::~FakeBackend() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  waker_.join();
}

ledger::ExecutedBlock FakeBackend::run(const std::vector<ledger::EnvelopePtr>& bodies) {
  const std::lock_guard lock(mutex_);
  ledger::ExecutedBlock executed = chain_.execute(bodies);
  finalise_locked();
  return executed;
}

void FakeBackend::order_pool() {
  const std::lock_guard lock(mutex_);
  if (!pool_.empty()) (void)chain_.execute(std::exchange(pool_, {}));
}

void FakeBackend::finalise() {
  const std::lock_guard lock(mutex_);
  finalise_locked();
}

void FakeBackend::finalise_locked() {
  const ledger::Position& position = chain_.ledger().position();
  checkpoint_ = {position.height, position.log.size(), position.log.root(), chain_.final_note()};
  changed_.notify_all();
}

NodeStatus FakeBackend::status() const {
  const std::lock_guard lock(mutex_);
  const ledger::Position& position = chain_.ledger().position();
  NodeStatus status;
  status.node_id = 1;
  status.role = "leader";
  status.leader = 1;
  status.term = 1;
  status.voters = status.voters_up = 1;
  status.committed_height = status.executed_height = position.height;
  status.ledger_time_ms = position.time_ms;
  status.log_size = position.log.size();
  status.pool_envelopes = pool_.size();
  status.checkpoint = checkpoint_;
  status.peers.push_back({2, "follower", true, position.height, position.height, "127.0.0.1:7402"});
  return status;
}

FinalCheckpoint FakeBackend::final_checkpoint() const {
  const std::lock_guard lock(mutex_);
  return checkpoint_;
}

std::vector<Rejection> FakeBackend::rejections() const {
  const std::lock_guard lock(mutex_);
  return rejections_;
}

ledger::Result<std::optional<Bytes>> FakeBackend::stored_block(std::uint64_t height) const {
  const std::lock_guard lock(mutex_);
  ++blocks_read_;
  if (height == 0 || height > chain_.blocks().size()) return std::optional<Bytes>();
  return std::optional(ledger::encode_block(chain_.blocks()[height - 1]));
}

EnvelopeStatus FakeBackend::status_locked(const Digest& id) const {
  EnvelopeStatus status;
  Digest envelope = id;
  if (const auto index = chain_.ledger().index().record(id); index && *index) {
    const auto row = chain_.ledger().index().entry(**index);
    envelope =
        std::get<ledger::RecordEntry>(*ledger::decode_entry(crypto::as_bytes((*row)->entry()))).envelope_id;
  }
  if (const auto row = chain_.ledger().index().envelope(envelope); row && *row) {
    const std::uint64_t end = (*row)->first_entry() + (*row)->records();
    status.envelope_id = envelope;
    status.status = end <= checkpoint_.size ? Status::kFinal : Status::kOrdered;
    status.height = (*row)->height();
    status.first_entry = (*row)->first_entry();
    status.records = (*row)->records();
    if (status.status == Status::kOrdered)
      status.waits_for = "1 of 1 cosignatures for block " + std::to_string(status.height);
    return status;
  }
  for (const ledger::EnvelopePtr& pooled : pool_) {
    if (pooled->id() != id) continue;
    status.envelope_id = id;
    status.status = Status::kPending;
    status.waits_for = "a block";
  }
  return status;
}

EnvelopeStatus FakeBackend::take_locked(Bytes bytes) {
  EnvelopeStatus status;
  status.status = Status::kRefused;
  status.refusal = refuses;
  if (refuses) return status;
  auto envelope = ledger::Envelope::decode(std::move(bytes), chain_.genesis().chain_id());
  if (!envelope) {
    status.refusal = envelope.error();
    rejections_.push_back(
        {chain_.time_ms(), envelope.error().code, envelope.error().detail, envelope.error().field, {}, {}});
    return status;
  }
  const std::vector<bool> verified = crypto::verify_batch((*envelope)->signature_jobs());
  if (!std::all_of(verified.begin(), verified.end(), [](bool good) { return good; })) {
    status.refusal = ledger::error(Code::E_SIG, "a signature does not verify", "signatures[0]");
    rejections_.push_back({chain_.time_ms(), Code::E_SIG, "a signature does not verify", "signatures[0]",
                           (*envelope)->id(), crypto::to_hex((*envelope)->keys().front().view())});
    return status;
  }
  if (status_locked((*envelope)->id()).status == Status::kUnknown) {
    if (goes == Goes::kPool) pool_.push_back(*envelope);
    if (goes != Goes::kPool) (void)chain_.execute({*envelope});
    if (goes == Goes::kFinal) finalise_locked();
  }
  return status_locked((*envelope)->id());
}

void FakeBackend::submit(Bytes envelope, WaitFor, std::chrono::milliseconds,
                         std::function<void(EnvelopeStatus)> done) {
  std::unique_lock lock(mutex_);
  const EnvelopeStatus status = take_locked(std::move(envelope));
  lock.unlock();
  done(status);
}

void FakeBackend::status_of(const Digest& id, std::function<void(EnvelopeStatus)> done) {
  std::unique_lock lock(mutex_);
  const EnvelopeStatus status = status_locked(id);
  lock.unlock();
  done(status);
}

void FakeBackend::dry_run(Bytes envelope,
                          std::function<void(ledger::Result<std::vector<ledger::DryRun>>)> done) {
  std::unique_lock lock(mutex_);
  if (holds_dry_runs) {
    held_.push_back(std::move(done));
    return;
  }
  const auto decoded = ledger::Envelope::decode(std::move(envelope), chain_.genesis().chain_id());
  if (!decoded) return done(decoded.error());
  auto runs = chain_.ledger().dry_run(**decoded, chain_.time_ms());
  lock.unlock();
  done(std::move(runs));
}

std::size_t FakeBackend::blocks_read() const {
  const std::lock_guard lock(mutex_);
  return blocks_read_;
}

std::size_t FakeBackend::dry_runs_held() const {
  const std::lock_guard lock(mutex_);
  return held_.size();
}

void FakeBackend::drop_dry_runs() {
  std::unique_lock lock(mutex_);
  const auto dropped = std::exchange(held_, {});
  lock.unlock();
}

void FakeBackend::proven(const ledger::SubjectKey& key, std::chrono::milliseconds,
                         std::function<void(ledger::Result<ProvenState>)> done) {
  std::unique_lock lock(mutex_);
  auto answer = chain_.ledger().prove(key);
  if (!answer) return done(answer.error());
  const FinalCheckpoint checkpoint = checkpoint_;
  lock.unlock();
  if (checkpoint.height < answer->height) {
    return done(ledger::error(Code::E_FINALITY_STALLED, "no checkpoint covers the block yet"));
  }
  done(ProvenState{std::move(*answer), checkpoint});
}

void FakeBackend::wait_for_entries(std::uint64_t size, std::chrono::milliseconds timeout,
                                   std::function<void(std::uint64_t)> done) {
  const std::lock_guard lock(mutex_);
  waiting_.push_back({size, steady_clock::now() + timeout, std::move(done)});
  changed_.notify_all();
}

void FakeBackend::wake_waiting() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const auto due = std::find_if(waiting_.begin(), waiting_.end(), [this](const Waiting& one) {
      return checkpoint_.size > one.size || steady_clock::now() >= one.deadline;
    });
    if (due == waiting_.end()) {
      changed_.wait_for(lock, std::chrono::milliseconds(5));
      continue;
    }
    const auto done = std::move(due->done);
    waiting_.erase(due);
    const std::uint64_t size = checkpoint_.size;
    lock.unlock();
    done(size);
    lock.lock();
  }
}

}  // namespace circula::node::testing
