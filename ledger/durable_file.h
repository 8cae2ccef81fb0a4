// Small files that must be there, whole, after a power loss: read, replace, and the directory syncs that
// POSIX asks for and that are easily forgotten.
//
// Crash: write_file_durably() leaves the old file or the new one, never a mixture; when it has returned, the
// new one. A failed sync is reported and not repeated: the caller must stop.
// Threads: no shared state; two writers of one path are the caller's mistake.
#pragma once

#include <string>

#include "crypto/bytes.h"
#include "ledger/disk_calls.h"
#include "ledger/outcome.h"

namespace circula::ledger {

// The error of the system call that just failed, by errno: E_DISK_FULL when the disk has no room, else
// E_STORAGE_FAILED.
[[nodiscard]] Error disk_error(const std::string& action, const std::string& path);

[[nodiscard]] std::string parent_directory(const std::string& path);

// Makes new, renamed and removed names of the directory durable.
[[nodiscard]] Result<void> sync_directory(DiskCalls& disk, const std::string& directory);

// Creates the directory and those above it that are missing, durably; it may exist.
[[nodiscard]] Result<void> create_directory(DiskCalls& disk, const std::string& directory);

[[nodiscard]] bool file_exists(DiskCalls& disk, const std::string& path);

// The whole file; more than `bytes_max` is E_STORAGE_CORRUPT, since such files have a known size.
[[nodiscard]] Result<crypto::Bytes> read_file(DiskCalls& disk, const std::string& path,
                                              std::size_t bytes_max);

[[nodiscard]] Result<void> write_file_durably(DiskCalls& disk, const std::string& path,
                                              crypto::ByteView content);

// Writes all of it, however many calls that takes. On an error errno is set and -1 returned.
[[nodiscard]] int write_all(DiskCalls& disk, int descriptor, const void* data, std::size_t size);

// Reads up to `size` bytes at `offset`, fewer only at the end of the file; -1 and errno on an error.
[[nodiscard]] ssize_t pread_all(DiskCalls& disk, int descriptor, void* data, std::size_t size,
                                std::uint64_t offset);

// An open file that closes itself. For files that were written use close(), which reports.
class Descriptor {
 public:
  Descriptor(DiskCalls& disk, int number) : disk_(&disk), number_(number) {}
  Descriptor(Descriptor&& other) noexcept : disk_(other.disk_), number_(other.release()) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (number_ >= 0) disk_->close(number_);
  }

  [[nodiscard]] int number() const { return number_; }
  [[nodiscard]] bool is_open() const { return number_ >= 0; }
  [[nodiscard]] int close() { return number_ < 0 ? 0 : disk_->close(release()); }

 private:
  int release() {
    const int number = number_;
    number_ = -1;
    return number;
  }

  DiskCalls* disk_;
  int number_;
};

}  // namespace circula::ledger
