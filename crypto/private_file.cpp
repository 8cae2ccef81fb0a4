#include "crypto/private_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "crypto/ed25519.h"
#include "crypto/encoding.h"

namespace circula::crypto {
namespace {

Error environment(const std::string& what, const std::filesystem::path& path, int code) {
  return {Fault::kEnvironment, what + " " + path.string() + ": " + std::generic_category().message(code)};
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  [[nodiscard]] bool open() const { return number_ >= 0; }
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

bool write_all(int number, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = write(number, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

// Renames without replacing. Filesystems that cannot do it in one step (NFS) get a hard link instead.
bool rename_to_new(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return true;
  if (errno != EINVAL && errno != ENOSYS) return false;
  if (link(from.c_str(), to.c_str()) != 0) return false;
  unlink(from.c_str());
  return true;
}

// A synced file of its own under a name that nobody uses.
Result<void> write_beside(const std::filesystem::path& path, std::string_view content) {
  const Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.open()) return environment("cannot create", path, errno);
  if (fchmod(file.number(), 0600) != 0 || !write_all(file.number(), content) || fsync(file.number()) != 0) {
    const int code = errno;
    unlink(path.c_str());
    return environment("cannot write", path, code);
  }
  return {};
}

}  // namespace

Result<void> write_private_file(const std::filesystem::path& path, std::string_view content) {
  const std::filesystem::path folder =
      path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  std::filesystem::path fresh = path;
  fresh += ".new-" + to_hex(random_fixed<ShortId>());
  if (auto written = write_beside(fresh, content); !written) return written;
  if (!rename_to_new(fresh, path)) {
    const int code = errno;
    unlink(fresh.c_str());
    if (code == EEXIST)
      return Error{Fault::kEnvironment, path.string() + " exists already and is not replaced"};
    return environment("cannot create", path, code);
  }
  const Descriptor directory(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.open() || fsync(directory.number()) != 0) return environment("cannot sync", folder, errno);
  return {};
}

Result<std::string> read_private_file(const std::filesystem::path& path, std::size_t max_bytes) {
  const Descriptor file(
      open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));  // a pipe must not hang the start
  if (!file.open()) return environment("cannot open", path, errno);
  struct stat status {};
  if (fstat(file.number(), &status) != 0) return environment("cannot read", path, errno);
  if (!S_ISREG(status.st_mode)) return Error{Fault::kEnvironment, path.string() + " is not a regular file"};
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    std::array<char, 8> mode{};
    std::snprintf(mode.data(), mode.size(), "%04o", status.st_mode & 07777U);
    return Error{Fault::kEnvironment,
                 path.string() + " is open to others (mode " + mode.data() +
                     "): run chmod 600 on it, and replace the key if others could read it"};
  }
  if (status.st_size < 0 || static_cast<std::uint64_t>(status.st_size) > max_bytes) {
    return Error{Fault::kMalformed, path.string() + ": at most " + std::to_string(max_bytes) +
                                        " bytes expected, " + std::to_string(status.st_size) + " found"};
  }
  std::string content(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t have = 0;
  while (have < content.size()) {
    const ssize_t got = read(file.number(), content.data() + have, content.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return environment("cannot read", path, errno);
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  content.resize(have);
  return content;
}

}  // namespace circula::crypto
