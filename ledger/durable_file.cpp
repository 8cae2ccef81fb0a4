#include "ledger/durable_file.h"

#include <fcntl.h>

#include <cerrno>
#include <system_error>

namespace circula::ledger {

Error disk_error(const std::string& action, const std::string& path) {
  const int number = errno;
  const bool full = number == ENOSPC || number == EDQUOT;
  return error(full ? Code::E_DISK_FULL : Code::E_STORAGE_FAILED,
               action + " " + path + ": " + std::generic_category().message(number));
}

std::string parent_directory(const std::string& path) {
  const auto slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<void> sync_directory(DiskCalls& disk, const std::string& directory) {
  Descriptor opened(disk, disk.open(directory, O_RDONLY | O_DIRECTORY));
  if (!opened.is_open()) return disk_error("open", directory);
  if (disk.fsync(opened.number()) != 0) return disk_error("sync directory", directory);
  return {};
}

Result<void> create_directory(DiskCalls& disk, const std::string& directory) {
  if (file_exists(disk, directory)) return {};
  const std::string parent = parent_directory(directory);
  if (auto created = create_directory(disk, parent); !created) return created;
  if (disk.mkdir(directory) != 0 && errno != EEXIST) return disk_error("create directory", directory);
  return sync_directory(disk, parent);
}

bool file_exists(DiskCalls& disk, const std::string& path) {
  std::uint64_t size_bytes = 0;
  return disk.file_size(path, size_bytes) == 0;
}

Result<crypto::Bytes> read_file(DiskCalls& disk, const std::string& path, std::size_t bytes_max) {
  const Descriptor file(disk, disk.open(path, O_RDONLY));
  if (!file.is_open()) return disk_error("open", path);
  std::uint64_t size_bytes = 0;
  if (disk.file_size(path, size_bytes) != 0) return disk_error("look at", path);
  if (size_bytes > bytes_max) {
    return error(Code::E_STORAGE_CORRUPT, path + ": more than " + std::to_string(bytes_max) + " bytes");
  }
  crypto::Bytes content(size_bytes);
  const ssize_t got = pread_all(disk, file.number(), content.data(), content.size(), 0);
  if (got < 0) return disk_error("read", path);
  content.resize(static_cast<std::size_t>(got));
  return content;
}

Result<void> write_file_durably(DiskCalls& disk, const std::string& path, crypto::ByteView content) {
  const std::string fresh = path + ".new";
  Descriptor file(disk, disk.open(fresh, O_WRONLY | O_CREAT | O_TRUNC));
  if (!file.is_open()) return disk_error("create", fresh);
  if (write_all(disk, file.number(), content.data(), content.size()) != 0) return disk_error("write", fresh);
  if (disk.fsync(file.number()) != 0) return disk_error("sync", fresh);
  if (file.close() != 0) return disk_error("close", fresh);
  if (disk.rename(fresh, path) != 0) return disk_error("rename", fresh);
  return sync_directory(disk, parent_directory(path));
}

int write_all(DiskCalls& disk, int descriptor, const void* data, std::size_t size) {
  const char* next = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t written = disk.write(descriptor, next, size);
    if (written < 0) return -1;
    if (written == 0) {  // no progress and no reason: not something to try for ever
      errno = EIO;
      return -1;
    }
    next += written;
    size -= static_cast<std::size_t>(written);
  }
  return 0;
}

ssize_t pread_all(DiskCalls& disk, int descriptor, void* data, std::size_t size, std::uint64_t offset) {
  char* next = static_cast<char*>(data);
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = disk.pread(descriptor, next + done, size - done, offset + done);
    if (got < 0) return -1;
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return static_cast<ssize_t>(done);
}

}  // namespace circula::ledger
