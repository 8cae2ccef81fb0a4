// How much of what a peer sent is still being worked on: the transport stops reading when it is too much.
//
// Thread rule: any thread; the wake function is called under the lock and must only post.
#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <utility>

namespace circula::node {

class ReceiveWindow {
 public:
  ReceiveWindow(std::size_t limit_bytes, std::function<void()> wake)
      : limit_bytes_(limit_bytes), wake_(std::move(wake)) {}

  void take(std::size_t bytes);
  void release(std::size_t bytes);
  [[nodiscard]] bool full() const;
  // The transport is gone: releases after this wake nobody.
  void detach();

 private:
  const std::size_t limit_bytes_;
  mutable std::mutex mutex_;
  std::size_t held_bytes_ = 0;
  std::function<void()> wake_;  // called when the window stops being full
};

}  // namespace circula::node
