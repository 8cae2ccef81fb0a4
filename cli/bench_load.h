// The clients of `circula bench`: each sends envelopes over a connection of its own, one at a time, and keeps
// every acknowledgement in a synced file of its own.
//
//   open loop    envelope n is due at start + n / rate, whoever is free sends it, and its latency counts from
//                when it was due: a stall costs all that it delayed (no coordinated omission)
//   closed loop  each client sends the next one when the last is acknowledged; latency from the sending
//
// An envelope that a node does not answer, or refuses for a time, is sent again as it is to the next node, so
// it is in the ledger once at most.
// Crash rule: a line of an acknowledgement file is synced before the client sends again.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "cli/bench_target.h"
#include "cli/bench_workload.h"

namespace circula::cli {

using BenchTime = std::chrono::steady_clock::time_point;

struct BenchPlan {
  std::uint64_t records_per_second = 0;  // 0: closed loop
  std::uint64_t seconds = 10;
  std::uint64_t clients = 32;
  std::uint64_t records_per_envelope = 1;
  std::string wait = "ordered";  // what is acknowledged: ordered, final
};

struct BenchSample {
  BenchTime due;  // in a closed loop: sent
  BenchTime acknowledged;
  std::uint64_t last_index = 0;
};

// An envelope without acknowledgement at the end: in the ledger once or not at all.
struct BenchUnanswered {
  std::vector<crypto::Digest> records;
};

struct BenchLoadResult {
  std::vector<BenchSample> samples;  // one an envelope
  std::vector<BenchUnanswered> unanswered;
  std::map<std::string, std::uint64_t> refused;   // envelopes, by code
  std::map<std::string, std::uint64_t> outcomes;  // records, by code, E_OK left out
  std::uint64_t resent = 0;
  std::uint64_t unsent = 0;  // due, but the run was over before a client was free
  BenchTime started, ended;
  std::vector<std::string> files;  // of acknowledgements
};

class BenchLoad {
 public:
  BenchLoad(const BenchTarget& target, const BenchWorkload& workload, const BenchPlan& plan,
            std::vector<BenchEnvelope> prepared, std::string directory);

  // Sends until the plan is fulfilled and every envelope is answered or given up.
  [[nodiscard]] Result<BenchLoadResult> run();

  // Any thread: from now on watch for the first acknowledgement of an envelope that was not sent before.
  void mark_kill();
  // When it came.
  [[nodiscard]] std::optional<std::chrono::microseconds> ordered_again() const;
  [[nodiscard]] bool is_over() const { return over_; }

 private:
  struct Client;
  void serve(Client& client);
  [[nodiscard]] bool next(std::uint64_t& number, BenchTime& due);
  void send(Client& client, const BenchEnvelope& envelope, BenchTime due);
  [[nodiscard]] bool acknowledge(Client& client, const BenchEnvelope& envelope, BenchTime due, BenchTime sent,
                                 const std::string& body);

  const BenchTarget& target_;
  const BenchWorkload& workload_;
  BenchPlan plan_;
  std::vector<BenchEnvelope> prepared_;
  std::string directory_;
  BenchTime start_;
  std::atomic<std::uint64_t> next_{0};
  std::atomic<std::int64_t> killed_ns_{0}, again_ns_{0};  // of the steady clock; 0: not yet
  std::atomic<bool> over_{false};
  std::mutex result_mutex_;  // guards the below
  BenchLoadResult result_;
  std::optional<Error> failed_;
};

}  // namespace circula::cli
