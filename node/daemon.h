// One running node: the replica with disk, execution, verification and network around it (design.md 8).
//
//   replica thread    events in, effects out; owns Replica and Submissions
//   disk thread       chain/: several writes become one synced batch
//   promise thread    meta/: promises and final checkpoints
//   execution thread  Ledger: blocks, then questions about the state
//   verifiers         signatures, a worker a core
//   network threads   peer transport and HTTP
//
// Crash rule: a failed write or sync anywhere ends the process with its own exit code (reliability.md 5):
// 20 corruption, 21 disk, 40 divergence. It never retries a sync.
#pragma once

#include <atomic>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "ledger/directory.h"
#include "ledger/disk_reserve.h"
#include "ledger/leveldb_storage.h"
#include "node/backend.h"
#include "node/chain_store.h"
#include "node/config.h"
#include "node/key_quota.h"
#include "node/peer_transport.h"
#include "node/replica.h"
#include "node/submissions.h"
#include "node/worker.h"

namespace circula::node {

class Daemon final : public Backend {
 public:
  // Opens everything, recovers and starts to take part.
  [[nodiscard]] static ledger::Result<std::unique_ptr<Daemon>> start(const NodeConfig& config);
  ~Daemon() override;

  // Hands leadership over, finishes what is under way, flushes.
  void stop();
  [[nodiscard]] std::uint16_t peer_port() const { return transport_->port(); }

  [[nodiscard]] const ledger::Genesis& genesis() const override { return *genesis_; }
  [[nodiscard]] const ledger::LogIndex& index() const override { return ledger_->index(); }
  [[nodiscard]] NodeStatus status() const override;
  [[nodiscard]] FinalCheckpoint final_checkpoint() const override;
  [[nodiscard]] std::vector<Rejection> rejections() const override;
  [[nodiscard]] ledger::Result<std::optional<Bytes>> stored_block(std::uint64_t height) const override;
  [[nodiscard]] std::string metrics() const override;
  [[nodiscard]] bool alive() const override;
  [[nodiscard]] std::optional<std::string> not_ready() const override;
  void submit(Bytes envelope, WaitFor wait, std::chrono::milliseconds timeout,
              std::function<void(EnvelopeStatus)> done) override;
  void status_of(const Digest& id, std::function<void(EnvelopeStatus)> done) override;
  void dry_run(Bytes envelope,
               std::function<void(ledger::Result<std::vector<ledger::DryRun>>)> done) override;
  [[nodiscard]] ledger::Result<std::optional<ledger::Subject>> subject(
      const ledger::SubjectKey& key) const override;
  void proven(const ledger::SubjectKey& key, std::chrono::milliseconds timeout,
              std::function<void(ledger::Result<ProvenState>)> done) override;
  void wait_for_entries(std::uint64_t size, std::chrono::milliseconds timeout,
                        std::function<void(std::uint64_t)> done) override;

 private:
  struct Keys {
    crypto::SigningKey node, cosigning, log, transport;
  };
  // A reader that waits for the newest final checkpoint to reach a height or a size.
  struct FinalWaiter {
    std::uint64_t height = 0;
    std::uint64_t size = 0;
    std::uint64_t deadline_ms = 0;
    std::function<void(bool reached, const FinalCheckpoint&)> done;
  };

  explicit Daemon(const NodeConfig& config) : config_(config) {}

  // daemon.cpp: starting and stopping.
  [[nodiscard]] ledger::Result<void> open();
  [[nodiscard]] ledger::Result<void> open_storages();
  [[nodiscard]] ledger::Result<std::unique_ptr<ledger::Storage>> open_storage(ledger::Instance instance,
                                                                              const std::string& name);
  [[nodiscard]] ledger::Result<void> open_ledger(const ChainStore::Recovered& recovered);
  [[nodiscard]] ledger::Result<void> check_chain_is_whole(const ChainStore::Recovered& recovered) const;
  [[nodiscard]] ledger::Result<void> start_replica(ChainStore::Recovered recovered);
  [[nodiscard]] ledger::Result<void> start_transport();
  [[noreturn]] void end_process(int exit_code, const std::string& reason);

  // daemon_effects.cpp: the replica thread and what it hands out.
  void step();  // after each batch of events: ticks, effects
  void carry_out(ReplicaEffects effects);
  void write_blocks(std::vector<BlockWrite> writes);
  void execute(std::vector<BlockPtr> blocks);
  void verify(std::vector<ledger::EnvelopePtr> envelopes);
  void keep_evidence(const proto::Evidence& evidence);
  void count_evidence();
  [[nodiscard]] std::filesystem::path evidence_directory() const { return config_.data_dir / "evidence"; }
  void publish_final(FinalCheckpoint checkpoint);
  void save_seals();
  void flush_if_due(bool now);
  void return_memory_if_due();
  void on_frame(ReceivedFrame frame);
  void publish_status();
  void wait_for_final(FinalWaiter waiter);
  void reject(const ledger::Error& why, const Digest& envelope_id, const std::string& key);
  [[nodiscard]] std::optional<ledger::Error> admit(const ledger::Envelope& envelope);

  NodeConfig config_;
  std::optional<ledger::Genesis> genesis_;
  std::optional<Keys> keys_;
  std::unique_ptr<ledger::Storage> chain_storage_, meta_storage_, state_storage_, index_storage_;
  std::optional<ChainStore> store_;
  std::unique_ptr<ledger::Ledger> ledger_;
  std::optional<ledger::DiskReserve> reserve_;

  std::optional<Replica> replica_;  // of the replica thread, as the three below
  Submissions submissions_;
  std::multimap<std::uint64_t, FinalWaiter> final_waiters_;  // by deadline
  std::uint64_t next_tick_ms_ = 0, last_housekeeping_ms_ = 0;

  std::uint64_t last_flush_ms_ = 0, last_return_ms_ = 0;  // of the execution thread

  mutable std::mutex published_;  // guards the four below
  NodeStatus status_;
  FinalCheckpoint final_;
  std::deque<Rejection> rejections_;
  std::map<std::string, std::uint64_t> rejected_by_code_;

  std::mutex writes_mutex_;
  std::vector<BlockWrite> writes_;  // waiting for the disk thread

  std::mutex seals_mutex_;
  std::vector<Sealed> promises_waiting_;          // for the seal thread
  std::optional<FinalCheckpoint> final_waiting_;  // the newest one, as above

  KeyQuota quota_;
  std::atomic<std::uint64_t> last_step_ms_{0};
  std::atomic<std::uint64_t> records_executed_{0}, log_size_{0}, evidence_kept_{0};
  std::uint64_t evidence_bytes_ = 0;  // of the replica thread
  std::atomic<bool> started_{false}, stopping_{false};

  std::unique_ptr<PeerTransport> transport_;
  std::vector<std::unique_ptr<Worker>> verifiers_;
  std::size_t next_verifier_ = 0;
  std::unique_ptr<Worker> disk_, seals_, execution_, replica_thread_;
};

// Milliseconds of the monotonic and of the wall clock.
[[nodiscard]] std::uint64_t mono_ms();
[[nodiscard]] std::uint64_t wall_ms();

}  // namespace circula::node
