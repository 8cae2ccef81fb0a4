// Clients that wait for their envelopes: taken in, ordered, final, or out of time.
//
// Invariants: 1. every waiter is answered exactly once; 2. nothing is told as ordered before it is executed
// here, nor as final before a final checkpoint covers its block.
// Thread rule: belongs to the replica's thread. Crash rule: lost; a client asks for the status of its id.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "ledger/ledger.h"
#include "node/backend.h"

namespace circula::node {

class Submissions {
 public:
  using Done = std::function<void(EnvelopeStatus)>;
  static constexpr std::size_t kWaitersMax = 65'536;

  // The token under which the replica admits it; 0: too many wait.
  [[nodiscard]] std::uint64_t add(const Digest& envelope_id, WaitFor wait, std::uint64_t deadline_ms,
                                  Done done);
  void admitted(std::uint64_t token);
  void refused(std::uint64_t token, ledger::Error refusal);
  // A block was executed: where its envelopes stand now.
  void ordered(std::uint64_t height, const std::vector<ledger::RecordOutcome>& outcomes);
  void final_up_to(std::uint64_t height);
  void expire(std::uint64_t now_ms, const std::string& waits_for);
  [[nodiscard]] bool empty() const { return waiters_.empty(); }

 private:
  struct Waiter {
    WaitFor wait{};
    std::uint64_t deadline_ms = 0;
    Done done;
    EnvelopeStatus status;
  };
  void answer(std::uint64_t token);

  std::map<std::uint64_t, Waiter> waiters_;
  std::multimap<Digest, std::uint64_t> by_envelope_;
  std::multimap<std::uint64_t, std::uint64_t> by_height_;  // ordered, waiting for finality
  std::uint64_t next_token_ = 1;
};

}  // namespace circula::node
