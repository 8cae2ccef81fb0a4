// What the daemon answers to its interfaces (backend.h).
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <chrono>

#include "crypto/encoding.h"
#include "node/daemon.h"

namespace circula::node {
namespace {

using ledger::Code;
using ledger::error;

constexpr std::size_t kRejectionsMax = 1'000;  // newest refusals that are kept for people
constexpr std::uint64_t kAliveMs = 5'000;      // the replica's thread has stepped since
constexpr std::uint64_t kReadyLagBlocks = 64;  // execution may be so far behind commit

}  // namespace

std::uint64_t mono_ms() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                        std::chrono::steady_clock::now().time_since_epoch())
                                        .count());
}

std::uint64_t wall_ms() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                        std::chrono::system_clock::now().time_since_epoch())
                                        .count());
}

NodeStatus Daemon::status() const {
  const std::lock_guard lock(published_);
  NodeStatus copy = status_;
  copy.log_size = log_size_;
  return copy;
}

FinalCheckpoint Daemon::final_checkpoint() const {
  const std::lock_guard lock(published_);
  return final_;
}

std::vector<Rejection> Daemon::rejections() const {
  const std::lock_guard lock(published_);
  return {rejections_.begin(), rejections_.end()};
}

ledger::Result<std::optional<Bytes>> Daemon::stored_block(std::uint64_t height) const {
  if (height > status().committed_height) return std::optional<Bytes>();
  return store_->stored(height);
}

bool Daemon::alive() const { return last_step_ms_.load(std::memory_order_relaxed) + kAliveMs >= mono_ms(); }

std::optional<std::string> Daemon::not_ready() const {
  const NodeStatus now = status();
  if (stopping_) return "stopping";
  if (now.role != "learner" && now.leader == 0) return "no leader is known";
  if (now.executed_height + kReadyLagBlocks < now.committed_height) return "execution is behind";
  if (now.read_only) return "the disk is at its reserve";
  return std::nullopt;
}

std::string Daemon::metrics() const {
  const NodeStatus now = status();
  prometheus::Registry registry;
  const auto gauge = [&](const char* name, const char* help, double value) {
    prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({}).Set(value);
  };
  gauge("circula_is_leader", "1 on the leader.", now.role == "leader" ? 1 : 0);
  gauge("circula_has_leader", "1 when a leader is known.", now.leader != 0 ? 1 : 0);
  gauge("circula_term", "Raft term.", static_cast<double>(now.term));
  gauge("circula_committed_height", "Newest committed block.", static_cast<double>(now.committed_height));
  gauge("circula_executed_height", "Newest executed block.", static_cast<double>(now.executed_height));
  gauge("circula_final_height", "Newest final block.", static_cast<double>(now.checkpoint.height));
  gauge("circula_log_size", "Entries under the newest final checkpoint.",
        static_cast<double>(now.checkpoint.size));
  gauge("circula_records_executed", "Records executed since the start.",
        static_cast<double>(records_executed_));
  gauge("circula_pool_envelopes", "Envelopes that wait for a block.",
        static_cast<double>(now.pool_envelopes));
  gauge("circula_pool_bytes", "Bytes of those.", static_cast<double>(now.pool_bytes));
  gauge("circula_voters_up", "Voters heard of lately.", now.voters_up);
  gauge("circula_read_only", "1 while the disk is at its reserve.", now.read_only ? 1 : 0);
  gauge("circula_disk_free_bytes", "Free bytes under the data directory.",
        static_cast<double>(now.disk_free_bytes));
  gauge("circula_evidence_kept", "Pieces of evidence that are kept.", static_cast<double>(evidence_kept_));
  gauge("circula_execution_queue", "Tasks that wait for execution.",
        static_cast<double>(execution_->depth()));
  gauge("circula_replica_queue", "Events that wait for the replica.",
        static_cast<double>(replica_thread_->depth()));
  const TransportCounters peers = transport_->counters();
  gauge("circula_peer_bytes_in", "Bytes received from peers.", static_cast<double>(peers.bytes_in));
  gauge("circula_peer_bytes_out", "Bytes sent to peers.", static_cast<double>(peers.bytes_out));
  gauge("circula_peer_refusals", "Connections of strangers that were refused.",
        static_cast<double>(peers.refused_unknown_key + peers.refused_wrong_chain + peers.handshakes_failed));
  auto& refused = prometheus::BuildGauge()
                      .Name("circula_rejections")
                      .Help("Envelopes refused at admission, by code.")
                      .Register(registry);
  {
    const std::lock_guard lock(published_);
    for (const auto& [code, count] : rejected_by_code_)
      refused.Add({{"code", code}}).Set(static_cast<double>(count));
  }
  return prometheus::TextSerializer().Serialize(registry.Collect());
}

void Daemon::reject(const ledger::Error& why, const Digest& envelope_id, const std::string& key) {
  const std::lock_guard lock(published_);
  ++rejected_by_code_[std::string(ledger::name(why.code))];
  rejections_.push_back({wall_ms(), why.code, why.detail, why.field, envelope_id, key});
  if (rejections_.size() > kRejectionsMax) rejections_.pop_front();
}

// Faults that this node can judge without the ledger's rules: no known key, too fast.
std::optional<ledger::Error> Daemon::admit(const ledger::Envelope& envelope) {
  bool known = false;
  for (const crypto::PublicKey& key : envelope.keys()) {
    auto subject = ledger_->subject(ledger::key_key(key));
    if (!subject) return subject.error();
    known = known || subject->has_value();
  }
  if (!known) return error(Code::E_KEY_UNKNOWN, "none of the signing keys is registered", "signatures");
  if (!quota_.take(envelope.keys().front(), envelope.records().size(), mono_ms())) {
    return error(Code::E_QUOTA, "this key sends more than 5,000 records a second");
  }
  return std::nullopt;
}

void Daemon::submit(Bytes bytes, WaitFor wait, std::chrono::milliseconds timeout,
                    std::function<void(EnvelopeStatus)> done) {
  EnvelopeStatus refused;
  refused.status = Status::kRefused;
  auto decoded = ledger::Envelope::decode(std::move(bytes), genesis_->chain_id());
  if (!decoded) {
    reject(decoded.error(), {}, "");
    refused.refusal = decoded.error();
    done(std::move(refused));
    return;
  }
  const ledger::EnvelopePtr envelope = *decoded;
  refused.envelope_id = envelope->id();
  if (auto known = index().envelope(envelope->id()); known && *known) {
    status_of(envelope->id(), std::move(done));  // spent: the same answer for ever
    return;
  }
  if (auto why = admit(*envelope)) {
    reject(*why, envelope->id(), crypto::to_hex(envelope->keys().front().view()));
    refused.refusal = std::move(why);
    done(std::move(refused));
    return;
  }
  const std::uint64_t deadline_ms = mono_ms() + static_cast<std::uint64_t>(timeout.count());
  replica_thread_->post([this, envelope, wait, deadline_ms, refused, done = std::move(done)]() mutable {
    // Executed since it was looked up above: nobody would tell a waiter any more.
    if (replica_->was_executed(envelope->body_hash())) {
      status_of(envelope->id(), std::move(done));
      return;
    }
    const std::uint64_t token = submissions_.add(envelope->id(), wait, deadline_ms, done);
    if (token == 0) {
      refused.refusal = error(Code::E_QUOTA, "too many clients wait");
      done(std::move(refused));
      return;
    }
    replica_->submit(token, envelope);
  });
}

void Daemon::status_of(const Digest& id, std::function<void(EnvelopeStatus)> done) {
  EnvelopeStatus status;
  status.envelope_id = id;
  auto row = index().envelope(id);
  if (row && !*row) {
    // A record's id leads to its entry, and that to its envelope.
    if (auto entry_index = index().record(id); entry_index && *entry_index) {
      if (auto entry = index().entry(**entry_index); entry && *entry) {
        auto decoded = ledger::decode_entry(crypto::as_bytes((*entry)->entry()));
        if (const auto* record = decoded ? std::get_if<ledger::RecordEntry>(&*decoded) : nullptr) {
          status.envelope_id = record->envelope_id;
          row = index().envelope(record->envelope_id);
        }
      }
    }
  }
  if (row && *row) {
    status.height = (*row)->height();
    status.first_entry = (*row)->first_entry();
    status.records = (*row)->records();
    status.status = status.height <= final_checkpoint().height ? Status::kFinal : Status::kOrdered;
    done(std::move(status));
    return;
  }
  replica_thread_->post([this, status, done = std::move(done)]() mutable {
    if (replica_->is_pending(status.envelope_id)) status.status = Status::kPending;
    done(std::move(status));
  });
}

void Daemon::dry_run(Bytes bytes, std::function<void(ledger::Result<std::vector<ledger::DryRun>>)> done) {
  auto decoded = ledger::Envelope::decode(std::move(bytes), genesis_->chain_id());
  if (!decoded) {
    done(decoded.error());
    return;
  }
  execution_->post([this, envelope = *decoded, done = std::move(done)] {
    const bool scripted = genesis_->message().clock() == ledger::proto::CLOCK_SCRIPTED;
    done(ledger_->dry_run(*envelope, scripted ? envelope->latest_created_at_ms() : wall_ms()));
  });
}

ledger::Result<std::optional<ledger::Subject>> Daemon::subject(const ledger::SubjectKey& key) const {
  return ledger_->subject(key);
}

void Daemon::proven(const ledger::SubjectKey& key, std::chrono::milliseconds timeout,
                    std::function<void(ledger::Result<ProvenState>)> done) {
  const std::uint64_t deadline_ms = mono_ms() + static_cast<std::uint64_t>(timeout.count());
  execution_->post([this, key, deadline_ms, done = std::move(done)]() mutable {
    auto answer = ledger_->prove(key);
    if (!answer) {
      done(answer.error());
      return;
    }
    auto shared = std::make_shared<ledger::StateAnswer>(std::move(*answer));  // for the copied capture
    replica_thread_->post([this, shared, deadline_ms, done = std::move(done)]() mutable {
      FinalWaiter waiter;
      waiter.height = shared->height;
      waiter.deadline_ms = deadline_ms;
      waiter.done = [this, shared, done = std::move(done)](bool reached, const FinalCheckpoint& checkpoint) {
        if (reached) {
          done(ProvenState{std::move(*shared), checkpoint});
        } else {
          done(error(Code::E_FINALITY_STALLED, replica_->finality().waiting_for()));
        }
      };
      wait_for_final(std::move(waiter));
    });
  });
}

void Daemon::wait_for_entries(std::uint64_t size, std::chrono::milliseconds timeout,
                              std::function<void(std::uint64_t)> done) {
  const std::uint64_t deadline_ms = mono_ms() + static_cast<std::uint64_t>(timeout.count());
  replica_thread_->post([this, size, deadline_ms, done = std::move(done)]() mutable {
    FinalWaiter waiter;
    waiter.size = size + 1;
    waiter.deadline_ms = deadline_ms;
    waiter.done = [done = std::move(done)](bool, const FinalCheckpoint& checkpoint) {
      done(checkpoint.size);
    };
    wait_for_final(std::move(waiter));
  });
}

}  // namespace circula::node
