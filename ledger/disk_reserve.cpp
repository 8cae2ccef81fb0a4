#include "ledger/disk_reserve.h"

#include <utility>

#include "ledger/durable_file.h"

namespace circula::ledger {

DiskReserve::DiskReserve(DiskCalls& disk, std::string path, std::uint64_t read_only_below_bytes,
                         std::uint64_t writable_from_bytes)
    : disk_(disk),
      path_(std::move(path)),
      read_only_below_bytes_(read_only_below_bytes),
      writable_from_bytes_(writable_from_bytes) {}

Result<bool> DiskReserve::look() {
  std::uint64_t free_now = 0;
  if (disk_.free_space(path_, free_now) != 0) return disk_error("ask for the free space of", path_);
  free_bytes_.store(free_now, std::memory_order_relaxed);
  // The first look has no state to keep: it is writable above the lower bound, as before the restart.
  const std::uint64_t needed = writable() || !looked_ ? read_only_below_bytes_ : writable_from_bytes_;
  looked_ = true;
  writable_.store(free_now >= needed, std::memory_order_relaxed);
  return writable();
}

Error DiskReserve::refusal() const {
  constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
  return error(Code::E_DISK_FULL,
               path_ + " has " + std::to_string(free_bytes() / kMiB) + " MiB free; writing stops below " +
                   std::to_string(read_only_below_bytes_ / kMiB) + " MiB and resumes by itself at " +
                   std::to_string(writable_from_bytes_ / kMiB) + " MiB");
}

}  // namespace circula::ledger
