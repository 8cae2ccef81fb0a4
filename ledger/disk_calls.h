// The system calls through which storage touches the disk, one virtual function each: the seam at which
// tests make a write stop half-way, a sync fail or a disk fill up.
//
// Each function is the POSIX call of its name: it returns what that returns and sets errno. Interrupted calls
// are repeated here, so callers never see EINTR. close() is never repeated (Linux frees the descriptor in
// any case), and fsync() is repeated by nobody: after a failure the pages are clean and lost, and a second
// call would answer 0 (reliability.md 1.3).
//
// Threads: callable from any. The production object has no state.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace circula::ledger {

class DiskCalls {
 public:
  virtual ~DiskCalls() = default;

  virtual int open(const std::string& path, int flags);  // mode 0600, close on exec
  virtual int close(int descriptor);
  virtual ssize_t write(int descriptor, const void* data, std::size_t size);
  virtual ssize_t pread(int descriptor, void* data, std::size_t size, std::uint64_t offset);
  virtual int fsync(int descriptor);
  virtual int fdatasync(int descriptor);
  virtual int ftruncate(int descriptor, std::uint64_t size);
  virtual int lock(int descriptor);  // whole file, exclusive, without waiting; gone with the descriptor
  virtual int rename(const std::string& from, const std::string& to);
  virtual int unlink(const std::string& path);
  virtual int mkdir(const std::string& path);  // mode 0700
  virtual int rmdir(const std::string& path);
  virtual int file_size(const std::string& path, std::uint64_t& size_bytes);  // stat
  virtual int free_space(const std::string& path,
                         std::uint64_t& free_bytes);  // statvfs, for unprivileged users
  virtual int list(const std::string& directory, std::vector<std::string>& names);  // readdir, ascending
};

// The operating system's own calls.
[[nodiscard]] DiskCalls& system_disk();

}  // namespace circula::ledger
