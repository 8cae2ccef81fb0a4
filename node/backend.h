// What the interfaces (HTTP) ask of a node. The daemon implements it over its threads; tests over a ledger
// in memory.
//
// Every call may come from any thread and never blocks: an answer that must wait comes through its
// callback, once, on a thread of the node's choosing, which must not be held up.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ledger/genesis.h"
#include "ledger/ledger.h"

namespace circula::node {

using ledger::Bytes;
using ledger::ByteView;
using ledger::Digest;

// The words of design.md 3, everywhere.
enum class Status : std::uint8_t { kUnknown, kPending, kOrdered, kFinal, kExpired, kRefused };
[[nodiscard]] std::string_view to_string(Status status);

enum class WaitFor : std::uint8_t { kPending, kOrdered, kFinal };

// Newest final checkpoint that this node holds.
struct FinalCheckpoint {
  std::uint64_t height = 0;
  std::uint64_t size = 0;
  Digest root{};
  std::string note;  // signed note, verbatim
};

// How an envelope stands. A record's own outcome stands in the index once it is ordered and executed.
struct EnvelopeStatus {
  Digest envelope_id{};
  Status status = Status::kUnknown;
  std::optional<ledger::Error> refusal;  // with kRefused: this node's answer; nothing is in the ledger
  std::uint64_t height = 0;              // from kOrdered on, when executed
  std::uint64_t first_entry = 0;         // its records' entries stand one after the other
  std::uint32_t records = 0;
  std::string waits_for;  // in words, when a wait timed out: "2 of 3 cosignatures for block 17"
};

struct NodeStatus {
  std::uint16_t node_id = 0;
  std::string role;          // "leader", "follower", "candidate", "learner"
  std::uint16_t leader = 0;  // 0: none known
  std::uint64_t term = 0;
  std::uint32_t voters = 0;
  std::uint32_t voters_up = 0;  // heard within the last election timeout, this node included
  std::uint32_t learners = 0;
  std::uint32_t learners_up = 0;
  std::uint64_t committed_height = 0;
  std::uint64_t executed_height = 0;
  std::uint64_t ledger_time_ms = 0;
  std::uint64_t log_size = 0;  // executed
  std::uint64_t pool_envelopes = 0;
  std::uint64_t pool_bytes = 0;
  bool read_only = false;  // disk reserve reached
  bool in_doubt = false;
  bool diverged = false;
  std::uint64_t disk_free_bytes = 0;
  std::uint64_t evidence = 0;  // pieces that are kept in evidence/
  FinalCheckpoint checkpoint;
  std::string why_not_leader;
  std::string why_not_final;  // empty when nothing waits
  struct Peer {
    std::uint16_t node_id = 0;
    std::string role;
    bool up = false;
    std::uint64_t acknowledged_height = 0;
    std::uint64_t cosigned_height = 0;
    std::string address;
  };
  std::vector<Peer> peers;
};

// A refusal at admission, kept in a local ring.
struct Rejection {
  std::uint64_t wall_ms = 0;
  ledger::Code code{};
  std::string detail;
  std::string field;
  Digest envelope_id{};  // zero when the bytes did not decode
  std::string key;       // hex of the first signing key, when known
};

// A subject as of an executed block that a final checkpoint covers.
struct ProvenState {
  ledger::StateAnswer answer;
  FinalCheckpoint checkpoint;
};

class Backend {
 public:
  virtual ~Backend() = default;

  [[nodiscard]] virtual const ledger::Genesis& genesis() const = 0;
  [[nodiscard]] virtual const ledger::LogIndex& index() const = 0;
  [[nodiscard]] virtual NodeStatus status() const = 0;
  [[nodiscard]] virtual FinalCheckpoint final_checkpoint() const = 0;
  [[nodiscard]] virtual std::vector<Rejection> rejections() const = 0;
  // Stored bytes of a committed block (canonical StoredBlock), or nothing.
  [[nodiscard]] virtual ledger::Result<std::optional<Bytes>> stored_block(std::uint64_t height) const = 0;
  [[nodiscard]] virtual std::string metrics() const = 0;  // Prometheus text format
  [[nodiscard]] virtual bool alive() const = 0;
  [[nodiscard]] virtual std::optional<std::string> not_ready() const = 0;  // why, or ready

  virtual void submit(Bytes envelope, WaitFor wait, std::chrono::milliseconds timeout,
                      std::function<void(EnvelopeStatus)> done) = 0;
  // By envelope id or record id.
  virtual void status_of(const Digest& id, std::function<void(EnvelopeStatus)> done) = 0;
  virtual void dry_run(Bytes envelope,
                       std::function<void(ledger::Result<std::vector<ledger::DryRun>>)> done) = 0;
  // Of the executed state, now, like index(): who may read what is decided by it.
  [[nodiscard]] virtual ledger::Result<std::optional<ledger::Subject>> subject(
      const ledger::SubjectKey& key) const = 0;
  // Waits until a final checkpoint covers the state that it answers from.
  virtual void proven(const ledger::SubjectKey& key, std::chrono::milliseconds timeout,
                      std::function<void(ledger::Result<ProvenState>)> done) = 0;
  // Calls back when the final log is larger than `size`, or at the time-out, with the final size then.
  virtual void wait_for_entries(std::uint64_t size, std::chrono::milliseconds timeout,
                                std::function<void(std::uint64_t)> done) = 0;
};

}  // namespace circula::node
