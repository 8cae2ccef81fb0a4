#include "node/receive_window.h"

namespace circula::node {

void ReceiveWindow::take(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  held_bytes_ += bytes;
}

void ReceiveWindow::release(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  const bool was_full = held_bytes_ >= limit_bytes_;
  held_bytes_ -= bytes;
  if (was_full && held_bytes_ < limit_bytes_ && wake_) wake_();
}

bool ReceiveWindow::full() const {
  const std::lock_guard lock(mutex_);
  return held_bytes_ >= limit_bytes_;
}

void ReceiveWindow::detach() {
  const std::lock_guard lock(mutex_);
  wake_ = nullptr;
}

}  // namespace circula::node
