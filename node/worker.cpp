#include "node/worker.h"

#include <pthread.h>

namespace circula::node {

void name_this_thread(const char* name) { pthread_setname_np(pthread_self(), name); }

Worker::Worker(const char* name, Task idle, std::chrono::milliseconds period)
    : name_(name), idle_(std::move(idle)), period_(period), thread_([this] { run(); }) {}

void Worker::post(Task task) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  wake_.notify_one();
}

void Worker::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

std::size_t Worker::depth() const {
  const std::lock_guard lock(mutex_);
  return tasks_.size();
}

void Worker::run() {
  name_this_thread(name_);
  auto next = std::chrono::steady_clock::now() + period_;
  while (true) {
    std::deque<Task> batch;
    bool last = false;
    {
      std::unique_lock lock(mutex_);
      const auto ready = [&] { return stopping_ || !tasks_.empty(); };
      period_.count() > 0 ? (void)wake_.wait_until(lock, next, ready) : wake_.wait(lock, ready);
      batch.swap(tasks_);
      last = stopping_;
    }
    for (Task& task : batch) task();
    if (idle_) idle_();
    if (last && batch.empty()) return;
    const auto now = std::chrono::steady_clock::now();
    if (period_.count() > 0 && next <= now) next = now + period_;
  }
}

}  // namespace circula::node
