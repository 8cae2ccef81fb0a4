// Preloaded into a node: once the file named by FAILING_SYNC is there, every sync fails with EIO, as of a
// disk that dies, and the path of what was to be synced is added to that file.
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

int sync_unless_failing(long call, int descriptor) {
  const char* trigger = std::getenv("FAILING_SYNC");
  const int list = trigger == nullptr ? -1 : open(trigger, O_WRONLY | O_APPEND | O_CLOEXEC);
  if (list < 0) return static_cast<int>(syscall(call, descriptor));
  char link[64];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  char path[PATH_MAX + 1];
  ssize_t size = readlink(link, path, PATH_MAX);
  if (size < 0) size = 0;
  path[size] = '\n';
  const bool noted = write(list, path, static_cast<std::size_t>(size) + 1) == size + 1;
  close(list);
  if (!noted) std::abort();
  errno = EIO;
  return -1;
}

}  // namespace

extern "C" int fdatasync(int descriptor) { return sync_unless_failing(SYS_fdatasync, descriptor); }
extern "C" int fsync(int descriptor) { return sync_unless_failing(SYS_fsync, descriptor); }
