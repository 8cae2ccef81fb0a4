// The one-way switch of a storage instance: the first failed write, sync or close sets it, nothing unsets it.
//
// LevelDB does not latch a failed append: it reports it to that one caller, advances its offset in the .log,
// and acknowledges all later writes into a file that it will not be able to read (reliability.md 0, finding
// 1; google/leveldb pull request 578). So the latch is ours, below LevelDB (in the environment) and above
// it (in the wrapper).
//
// Threads: all functions from any thread. The owner is told once, on the thread that failed, which may hold
// locks of LevelDB: it must not call the storage, only note the error and end the process.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>

#include "ledger/outcome.h"

namespace circula::ledger {

using FailureListener = std::function<void(const Error&)>;

class FailureLatch {
 public:
  explicit FailureLatch(FailureListener listener) : listener_(std::move(listener)) {}

  void trip(Error cause) {
    {
      const std::lock_guard lock(mutex_);
      if (cause_) return;
      cause_ = std::move(cause);
    }
    tripped_.store(true, std::memory_order_release);
    if (listener_) listener_(*cause_);
  }

  [[nodiscard]] bool tripped() const { return tripped_.load(std::memory_order_acquire); }

  // The first error; only when tripped.
  [[nodiscard]] const Error& cause() const { return *cause_; }

 private:
  const FailureListener listener_;
  std::mutex mutex_;
  std::optional<Error> cause_;  // written once, under mutex_, before tripped_
  std::atomic<bool> tripped_{false};
};

}  // namespace circula::ledger
