// A node for tests of the interfaces: a TestChain that takes what is submitted as far as the test says, with
// real blocks, entries, proofs and checkpoints.
#pragma once

#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>

#include "node/backend.h"
#include "tests/ledger/test_chain.h"

namespace circula::node::testing {

class FakeBackend final : public Backend {
 public:
  using Chain = ledger::testing::TestChain;
  // How far an envelope goes by itself.
  enum class Goes : std::uint8_t { kPool, kOrdered, kFinal };

  explicit FakeBackend(Chain& chain);
  FakeBackend(const FakeBackend&) = delete;
  FakeBackend& operator=(const FakeBackend&) = delete;
  ~FakeBackend() override;

  // The rest is for the test's thread, while the server runs.
  Goes goes = Goes::kFinal;
  std::optional<ledger::Error> refuses;  // every submission
  std::optional<std::string> why_not_ready;
  bool is_alive = true;
  bool holds_dry_runs = false;  // instead of answering them
  void drop_dry_runs();
  // Executes a block and makes a final checkpoint over it.
  ledger::ExecutedBlock run(const std::vector<ledger::EnvelopePtr>& bodies);
  void order_pool();
  void finalise();

  [[nodiscard]] std::size_t dry_runs_held() const;
  [[nodiscard]] std::size_t blocks_read() const;

  [[nodiscard]] const ledger::Genesis& genesis() const override { return chain_.genesis(); }
  [[nodiscard]] const ledger::LogIndex& index() const override { return chain_.ledger().index(); }
  [[nodiscard]] NodeStatus status() const override;
  [[nodiscard]] FinalCheckpoint final_checkpoint() const override;
  [[nodiscard]] std::vector<Rejection> rejections() const override;
  [[nodiscard]] ledger::Result<std::optional<Bytes>> stored_block(std::uint64_t height) const override;
  [[nodiscard]] std::string metrics() const override { return "circula_blocks_total 3\n"; }
  [[nodiscard]] bool alive() const override { return is_alive; }
  [[nodiscard]] std::optional<std::string> not_ready() const override { return why_not_ready; }
  void submit(Bytes envelope, WaitFor wait, std::chrono::milliseconds timeout,
              std::function<void(EnvelopeStatus)> done) override;
  void status_of(const Digest& id, std::function<void(EnvelopeStatus)> done) override;
  void dry_run(Bytes envelope,
               std::function<void(ledger::Result<std::vector<ledger::DryRun>>)> done) override;
  [[nodiscard]] ledger::Result<std::optional<ledger::Subject>> subject(
      const ledger::SubjectKey& key) const override {
    return chain_.ledger().subject(key);
  }
  void proven(const ledger::SubjectKey& key, std::chrono::milliseconds timeout,
              std::function<void(ledger::Result<ProvenState>)> done) override;
  void wait_for_entries(std::uint64_t size, std::chrono::milliseconds timeout,
                        std::function<void(std::uint64_t)> done) override;

 private:
  struct Waiting {
    std::uint64_t size;
    std::chrono::steady_clock::time_point deadline;
    std::function<void(std::uint64_t)> done;
  };
  void finalise_locked();
  [[nodiscard]] EnvelopeStatus status_locked(const Digest& id) const;
  [[nodiscard]] EnvelopeStatus take_locked(Bytes bytes);
  void wake_waiting();

  Chain& chain_;
  mutable std::mutex mutex_;  // guards all below, and execution
  std::vector<ledger::EnvelopePtr> pool_;
  FinalCheckpoint checkpoint_;
  std::vector<Rejection> rejections_;
  std::list<Waiting> waiting_;
  std::vector<std::function<void(ledger::Result<std::vector<ledger::DryRun>>)>> held_;
  mutable std::size_t blocks_read_ = 0;
  bool stopping_ = false;
  std::condition_variable changed_;
  std::thread waker_;
};

}  // namespace circula::node::testing
