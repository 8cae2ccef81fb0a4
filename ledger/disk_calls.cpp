#include "ledger/disk_calls.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

namespace circula::ledger {

namespace {

template <class Call>
auto uninterrupted(Call call) {
  auto answer = call();
  while (answer == -1 && errno == EINTR) answer = call();
  return answer;
}

}  // namespace

int DiskCalls::open(const std::string& path, int flags) {
  return uninterrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC, S_IRUSR | S_IWUSR); });
}

int DiskCalls::close(int descriptor) { return ::close(descriptor); }

ssize_t DiskCalls::write(int descriptor, const void* data, std::size_t size) {
  return uninterrupted([&] { return ::write(descriptor, data, size); });
}

ssize_t DiskCalls::pread(int descriptor, void* data, std::size_t size, std::uint64_t offset) {
  return uninterrupted([&] { return ::pread(descriptor, data, size, static_cast<off_t>(offset)); });
}

int DiskCalls::fsync(int descriptor) { return ::fsync(descriptor); }

int DiskCalls::fdatasync(int descriptor) { return ::fdatasync(descriptor); }

int DiskCalls::ftruncate(int descriptor, std::uint64_t size) {
  return uninterrupted([&] { return ::ftruncate(descriptor, static_cast<off_t>(size)); });
}

int DiskCalls::lock(int descriptor) {
  // Open-file-description locks also keep a second opener of the same process out, and closing another
  // descriptor of the file does not drop them as it drops the older per-process locks.
  struct flock whole {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  return uninterrupted([&] { return ::fcntl(descriptor, F_OFD_SETLK, &whole); });
}

int DiskCalls::rename(const std::string& from, const std::string& to) {
  return ::rename(from.c_str(), to.c_str());
}

int DiskCalls::unlink(const std::string& path) { return ::unlink(path.c_str()); }

int DiskCalls::mkdir(const std::string& path) { return ::mkdir(path.c_str(), S_IRWXU); }

int DiskCalls::rmdir(const std::string& path) { return ::rmdir(path.c_str()); }

int DiskCalls::file_size(const std::string& path, std::uint64_t& size_bytes) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return -1;
  size_bytes = static_cast<std::uint64_t>(status.st_size);
  return 0;
}

int DiskCalls::free_space(const std::string& path, std::uint64_t& free_bytes) {
  struct statvfs status {};
  if (uninterrupted([&] { return ::statvfs(path.c_str(), &status); }) != 0) return -1;
  free_bytes = static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
  return 0;
}

int DiskCalls::list(const std::string& directory, std::vector<std::string>& names) {
  names.clear();
  DIR* open_directory = ::opendir(directory.c_str());
  if (open_directory == nullptr) return -1;
  errno = 0;
  while (const dirent* entry = ::readdir(open_directory)) names.emplace_back(entry->d_name);
  const int failure = errno;
  ::closedir(open_directory);
  std::erase_if(names, [](const std::string& name) { return name == "." || name == ".."; });
  std::ranges::sort(names);
  errno = failure;
  return failure == 0 ? 0 : -1;
}

DiskCalls& system_disk() {
  static DiskCalls calls;
  return calls;
}

}  // namespace circula::ledger
