// Clients that load a consortium over HTTP, each with a connection and two files of its own: what it sent and
// what was acknowledged.
//
//   client-N.sent           "record" before its first byte goes out
//   client-N.acknowledged   "record index outcome", synced before the acknowledgement counts
//
// Odd clients wait for `final`, even ones for `ordered`: the earliest promise that a node gives. A request
// that a node does not answer is sent again as it is to the next node, or given up, as the seed draws; so
// there are records that were sent and not acknowledged.
//
// Thread rule: a thread a client; the public functions from one other thread.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "cli/bench_workload.h"

namespace circula::e2e {

using SteadyTime = std::chrono::steady_clock::time_point;

class ClientLoad {
 public:
  ClientLoad(std::vector<std::string> urls, const cli::BenchWorkload& workload, std::string directory,
             std::size_t clients, std::uint64_t seed);
  ~ClientLoad() { stop(); }
  ClientLoad(const ClientLoad&) = delete;
  ClientLoad& operator=(const ClientLoad&) = delete;

  // Waits until each client has its answer or has given up.
  void stop();

  // False when they did not come in time.
  [[nodiscard]] bool wait_for_acknowledgements(std::uint64_t more, std::chrono::milliseconds patience);
  // How many; 0 when there was none all the time.
  [[nodiscard]] std::uint64_t wait_for_request_in_flight(std::chrono::milliseconds patience);

  // From now on the first acknowledgement of a record that was sent after `at` is watched for.
  void mark(SteadyTime at);
  // The time from the mark to it; waits. Nothing when none came in time.
  [[nodiscard]] std::optional<std::chrono::milliseconds> wait_for_ordered_again(
      std::chrono::milliseconds patience);

  // Answers that no client may get, such as a record refused for ever.
  [[nodiscard]] std::vector<std::string> problems() const;
  [[nodiscard]] const std::vector<std::string>& sent_files() const { return sent_files_; }
  [[nodiscard]] const std::vector<std::string>& acknowledged_files() const { return acknowledged_files_; }

 private:
  class Client;
  void run(std::size_t number, std::uint64_t seed);
  void acknowledged(SteadyTime sent);
  void problem(const std::string& text);

  std::vector<std::string> urls_;
  const cli::BenchWorkload& workload_;
  std::vector<std::string> sent_files_, acknowledged_files_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> in_flight_{0}, next_envelope_{0};

  mutable std::mutex mutex_;  // guards the four below
  std::condition_variable changed_;
  std::uint64_t acknowledged_ = 0;
  std::optional<SteadyTime> marked_, again_;
  std::vector<std::string> problems_;

  std::vector<std::jthread> threads_;  // last: joined before what they use is gone
};

}  // namespace circula::e2e
