// Disks that break, on top of real files.
#pragma once

#include <fcntl.h>

#include <cerrno>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "ledger/disk_calls.h"
#include "tests/ledger/scratch_directory.h"

namespace circula::ledger::test {

// A disk whose syncs do nothing, for tests that open thousands of directories and never lose power.
class UnsyncedDisk : public DiskCalls {
 public:
  int fsync(int) override { return 0; }
  int fdatasync(int) override { return 0; }
};

enum class Call { kCreate, kWrite, kSync, kSyncDirectory, kClose, kRename };

// Asks `fault` before each call that changes something; a number in the answer is the errno to fail with. A
// write that fails leaves half of its bytes in the file.
class FaultyDisk : public DiskCalls {
 public:
  using Fault = std::function<std::optional<int>(Call call, const std::string& path)>;

  Fault fault;

  int open(const std::string& path, int flags) override {
    if ((flags & O_CREAT) != 0 && fails(Call::kCreate, path)) return -1;
    const int descriptor = DiskCalls::open(path, flags);
    const std::lock_guard lock(mutex_);
    if (descriptor >= 0) paths_[descriptor] = path;
    return descriptor;
  }

  int close(int descriptor) override {
    const std::string path = path_of(descriptor);
    const bool failing = fails(Call::kClose, path);
    const int failure = errno;
    const int closed = DiskCalls::close(descriptor);
    errno = failure;
    return failing ? -1 : closed;
  }

  ssize_t write(int descriptor, const void* data, std::size_t size) override {
    if (!fails(Call::kWrite, path_of(descriptor))) return DiskCalls::write(descriptor, data, size);
    const int failure = errno;
    if (size > 1) (void)DiskCalls::write(descriptor, data, size / 2);
    errno = failure;
    return -1;
  }

  int fsync(int descriptor) override {
    const std::string path = path_of(descriptor);
    const Call call = std::filesystem::is_directory(path) ? Call::kSyncDirectory : Call::kSync;
    return fails(call, path) ? -1 : DiskCalls::fsync(descriptor);
  }

  int fdatasync(int descriptor) override {
    return fails(Call::kSync, path_of(descriptor)) ? -1 : DiskCalls::fdatasync(descriptor);
  }

  int rename(const std::string& from, const std::string& to) override {
    return fails(Call::kRename, from) ? -1 : DiskCalls::rename(from, to);
  }

 protected:
  [[nodiscard]] std::string path_of(int descriptor) {
    const std::lock_guard lock(mutex_);
    return paths_[descriptor];
  }

 private:
  bool fails(Call call, const std::string& path) {
    const std::optional<int> number = fault ? fault(call, path) : std::nullopt;
    if (number) errno = *number;
    return number.has_value();
  }

  std::mutex mutex_;
  std::map<int, std::string> paths_;
};

// A machine whose power is cut in the middle of a chosen call. Until then it remembers what was synced; then
// every call fails, and cut_power() makes of the files what a disk may have kept: of what was not synced each
// 512-byte sector is there, zero, garbage, or cut off with all behind it, and of the changes of names since
// the last sync of the directory only the first few have happened.
class PowerCutDisk : public DiskCalls {
 public:
  explicit PowerCutDisk(std::uint32_t seed) : random_(seed) {}

  int calls_until_cut = -1;  // below 0: never

  [[nodiscard]] int calls() const { return calls_; }

  int open(const std::string& path, int flags) override {
    const std::lock_guard lock(mutex_);
    if ((flags & O_CREAT) != 0 && dies()) return dead();
    if (dead_) return dead();
    const bool fresh = !std::filesystem::exists(path);
    const int descriptor = DiskCalls::open(path, flags);
    if (descriptor < 0) return descriptor;
    paths_[descriptor] = path;
    if ((flags & O_CREAT) != 0 && fresh) names_.push_back({path, std::nullopt, ""});
    if ((flags & O_TRUNC) != 0) synced_bytes_[path] = 0;
    return descriptor;
  }

  ssize_t write(int descriptor, const void* data, std::size_t size) override {
    const std::lock_guard lock(mutex_);
    if (dead_) return dead();
    if (dies()) {
      (void)DiskCalls::write(descriptor, data, random_() % (size + 1));
      return dead();
    }
    return DiskCalls::write(descriptor, data, size);
  }

  int fsync(int descriptor) override {
    const std::lock_guard lock(mutex_);
    const std::string& path = paths_[descriptor];
    if (dead_ || dies()) return dead();
    if (std::filesystem::is_directory(path)) {
      std::erase_if(names_, [&](const Change& change) {
        return std::filesystem::path(change.path).parent_path() == path;
      });
    } else {
      synced_bytes_[path] = std::filesystem::file_size(path);
    }
    return 0;
  }

  int fdatasync(int descriptor) override { return fsync(descriptor); }

  int ftruncate(int descriptor, std::uint64_t size) override {
    const std::lock_guard lock(mutex_);
    if (dead_ || dies()) return dead();
    return DiskCalls::ftruncate(descriptor, size);
  }

  int rename(const std::string& from, const std::string& to) override {
    const std::lock_guard lock(mutex_);
    if (dead_ || dies()) return dead();
    names_.push_back({to, content_if_any(to), from});
    synced_bytes_[to] = synced_bytes_[from];
    synced_bytes_.erase(from);
    return DiskCalls::rename(from, to);
  }

  int unlink(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    if (dead_ || dies()) return dead();
    names_.push_back({path, content_if_any(path), ""});
    synced_bytes_.erase(path);
    return DiskCalls::unlink(path);
  }

  // After all users of the disk are gone.
  void cut_power() {
    for (const auto& [path, synced] : synced_bytes_) {
      if (std::filesystem::exists(path)) damage_behind(path, synced);
    }
    const std::size_t happened = names_.empty() ? 0 : random_() % (names_.size() + 1);
    while (names_.size() > happened) {
      const Change& change = names_.back();
      if (!change.renamed_from.empty()) std::filesystem::rename(change.path, change.renamed_from);
      if (change.before) {
        write_text(change.path, *change.before);
      } else if (change.renamed_from.empty()) {
        std::filesystem::remove(change.path);
      }
      names_.pop_back();
    }
  }

 private:
  struct Change {
    std::string path;
    std::optional<std::string> before;  // content of what stood there
    std::string renamed_from;           // empty: created or removed
  };

  bool dies() {
    ++calls_;
    if (calls_until_cut >= 0 && calls_ > calls_until_cut) dead_ = true;
    return dead_;
  }

  static int dead() {
    errno = EIO;
    return -1;
  }

  static std::optional<std::string> content_if_any(const std::string& path) {
    if (!std::filesystem::exists(path)) return std::nullopt;
    return read_text(path);
  }

  void damage_behind(const std::string& path, std::uint64_t synced) {
    constexpr std::size_t kSector = 512;
    std::string content = read_text(path);
    for (std::size_t at = synced; at < content.size();) {
      const std::size_t end = std::min(content.size(), at - at % kSector + kSector);
      const auto fate = random_() % 8;
      if (fate == 0) content.resize(at);
      if (fate == 0) break;
      for (std::size_t i = at; i < end && fate < 4; ++i) {
        content[i] = fate == 1 ? '\0' : static_cast<char>(random_());
      }
      at = end;
    }
    write_text(path, content);
  }

  std::mutex mutex_;
  std::mt19937 random_;
  int calls_ = 0;
  bool dead_ = false;
  std::map<int, std::string> paths_;
  std::map<std::string, std::uint64_t> synced_bytes_;
  std::vector<Change> names_;  // since the last sync of their directory
};

}  // namespace circula::ledger::test
