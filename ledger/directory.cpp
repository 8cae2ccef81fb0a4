#include "ledger/directory.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>
#include <string_view>

namespace circula::ledger {

namespace {

constexpr std::string_view kHeadline = "circula directory\n";
constexpr std::size_t kVersionFileBytesMax = 256;  // three short lines

std::string version_text(Versions versions) {
  return std::string(kHeadline) + "format " + std::to_string(versions.format) + "\nrules " +
         std::to_string(versions.rules) + "\n";
}

// "<name> <number>\n" at the front of the text, which it takes off.
std::optional<std::uint32_t> take_line(std::string_view& text, std::string_view name) {
  if (!text.starts_with(name)) return std::nullopt;
  text.remove_prefix(name.size());
  std::uint32_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc{} || end == text.data() + text.size() || *end != '\n') return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return number;
}

std::optional<Versions> parse(std::string_view text) {
  if (!text.starts_with(kHeadline)) return std::nullopt;
  text.remove_prefix(kHeadline.size());
  const auto format = take_line(text, "format ");
  if (!format) return std::nullopt;
  const auto rules = take_line(text, "rules ");
  if (!rules || !text.empty()) return std::nullopt;
  return Versions{*format, *rules};
}

std::string in_words(Versions versions) {
  return "format " + std::to_string(versions.format) + ", rules " + std::to_string(versions.rules);
}

Error other_version(const std::string& directory, const std::string& found, Versions ours) {
  return error(Code::E_FORMAT_VERSION,
               directory + " was written with " + found + "; this program reads " + in_words(ours) +
                   ". Start the version of the program that wrote it, or move the directory away and let the "
                   "node fetch the chain from its peers");
}

}  // namespace

Result<DirectoryLock> DirectoryLock::take(DiskCalls& disk, const std::string& directory) {
  if (auto created = create_directory(disk, directory); !created) return created.error();
  const std::string path = directory + "/LOCK";
  Descriptor file(disk, disk.open(path, O_RDWR | O_CREAT));
  if (!file.is_open()) return disk_error("open", path);
  if (disk.lock(file.number()) != 0) {
    if (errno == EAGAIN || errno == EACCES) {
      return error(Code::E_STORAGE_LOCKED, directory + " is open in another process, or twice in this one");
    }
    return disk_error("lock", path);
  }
  return DirectoryLock(std::move(file));
}

Result<void> claim_directory(DiskCalls& disk, const std::string& directory, Versions ours) {
  if (auto created = create_directory(disk, directory); !created) return created;
  const std::string path = directory + "/VERSION";
  if (!file_exists(disk, path)) {
    std::vector<std::string> names;
    if (disk.list(directory, names) != 0) return disk_error("list", directory);
    std::erase_if(names, [](const std::string& name) { return name == "LOCK" || name == "VERSION.new"; });
    if (!names.empty()) return other_version(directory, "no VERSION file but " + names.front(), ours);
    return write_file_durably(disk, path, crypto::as_bytes(version_text(ours)));
  }
  const auto content = read_file(disk, path, kVersionFileBytesMax);
  if (!content) return content.error();
  const auto found = parse(crypto::as_text(*content));
  if (!found) return error(Code::E_STORAGE_CORRUPT, path + " is not a version file");
  if (*found != ours) return other_version(directory, in_words(*found), ours);
  return {};
}

}  // namespace circula::ledger
