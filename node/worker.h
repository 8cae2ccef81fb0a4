// A thread that does what it is told, in order. The node's stages (replica, disk, execution) are one each.
//
// Thread rule: post() from any thread; what is posted runs on the worker's own. stop() finishes what was
// posted before it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace circula::node {

// What profilers and debuggers show; the kernel keeps 15 characters.
void name_this_thread(const char* name);

class Worker {
 public:
  using Task = std::function<void()>;

  // `idle` runs after each batch of tasks, and at least every `period` when one is given.
  explicit Worker(const char* name, Task idle = {}, std::chrono::milliseconds period = {});
  ~Worker() { stop(); }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void post(Task task);
  void stop();
  [[nodiscard]] std::size_t depth() const;

 private:
  void run();

  const char* name_;
  Task idle_;
  std::chrono::milliseconds period_;
  mutable std::mutex mutex_;  // guards the two below
  std::deque<Task> tasks_;
  bool stopping_ = false;
  std::condition_variable wake_;
  std::thread thread_;
};

}  // namespace circula::node
