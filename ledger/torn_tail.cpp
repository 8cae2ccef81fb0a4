#include "ledger/torn_tail.h"

#include <fcntl.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include "ledger/durable_file.h"
#include "ledger/log_scan.h"
#include "ledger/manifest.h"

namespace circula::ledger {

namespace {

using crypto::Bytes;

constexpr std::string_view kManifestPrefix = "MANIFEST-";
constexpr std::string_view kLogSuffix = ".log";
constexpr std::size_t kCurrentBytesMax = 64;                // "MANIFEST-", a number, a line feed
constexpr std::size_t kLogBytesMax = std::size_t{1} << 30;  // a write buffer and a batch are below 100 MiB
constexpr std::uint64_t kFirstManifest = 1;  // the one that a new database has before its CURRENT

std::optional<std::uint64_t> whole_number(std::string_view digits) {
  std::uint64_t number = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, failure] = std::from_chars(digits.data(), end, number);
  if (failure != std::errc{} || stop != end) return std::nullopt;
  return number;
}

// The number in "<prefix><number><suffix>".
std::optional<std::uint64_t> numbered(std::string_view name, std::string_view prefix,
                                      std::string_view suffix) {
  if (name.size() <= prefix.size() + suffix.size() || !name.starts_with(prefix) || !name.ends_with(suffix)) {
    return std::nullopt;
  }
  name.remove_prefix(prefix.size());
  name.remove_suffix(suffix.size());
  return whole_number(name);
}

struct NumberedFile {
  std::uint64_t number;
  std::string name;
};

struct Listing {
  bool has_current = false;
  bool has_tables = false;
  std::vector<NumberedFile> manifests;
  std::vector<NumberedFile> logs;  // ascending by number
};

Result<Listing> list_database(DiskCalls& disk, const std::string& directory) {
  std::vector<std::string> names;
  if (disk.list(directory, names) != 0) return disk_error("list", directory);
  Listing found;
  for (const std::string& name : names) {
    if (name == "CURRENT") found.has_current = true;
    if (numbered(name, "", ".ldb") || numbered(name, "", ".sst")) found.has_tables = true;
    if (const auto number = numbered(name, kManifestPrefix, "")) found.manifests.push_back({*number, name});
    if (const auto number = numbered(name, "", kLogSuffix)) found.logs.push_back({*number, name});
  }
  std::ranges::sort(found.logs, {}, &NumberedFile::number);
  return found;
}

class Inspection {
 public:
  Inspection(DiskCalls& disk, std::string directory) : disk_(disk), directory_(std::move(directory)) {}

  // Every cut that is needed, or the corruption that was found. Changes nothing.
  Result<std::vector<TornTail>> run() {
    auto listed = list_database(disk_, directory_);
    if (!listed) return listed.error();
    if (!listed->has_current) return without_current(*listed);
    if (auto read = read_manifest(); !read) return read.error();
    if (auto scanned = scan_living_logs(*listed); !scanned) return scanned.error();
    return std::move(cuts_);
  }

 private:
  [[nodiscard]] Error corrupt(const std::string& what) const {
    return error(Code::E_STORAGE_CORRUPT, directory_ + ": " + what);
  }

  // A new database writes MANIFEST-000001, then CURRENT, then its first log: a crash between leaves no more.
  Result<std::vector<TornTail>> without_current(const Listing& listed) const {
    const bool other_manifest = std::ranges::any_of(
        listed.manifests, [](const NumberedFile& file) { return file.number != kFirstManifest; });
    if (listed.has_tables || !listed.logs.empty() || other_manifest) {
      return corrupt("CURRENT is missing beside files of a database");
    }
    return std::vector<TornTail>{};
  }

  Result<void> read_manifest() {
    const auto current = read_file(disk_, directory_ + "/CURRENT", kCurrentBytesMax);
    if (!current) return current.error();
    std::string_view name = crypto::as_text(*current);
    if (!name.ends_with('\n')) return corrupt("CURRENT does not end in a line feed");
    name.remove_suffix(1);
    if (!numbered(name, kManifestPrefix, "")) return corrupt("CURRENT does not name a MANIFEST");
    const std::string manifest(name);
    if (!file_exists(disk_, directory_ + "/" + manifest)) {
      return corrupt("CURRENT names " + manifest + ", which is missing");
    }
    bool edits_good = true;
    auto scanned = scan_file(manifest, true, [&](crypto::ByteView edit) {
      edits_good = edits_good && apply_version_edit(edit, numbers_);
    });
    if (!scanned) return scanned;
    if (!edits_good) return corrupt(manifest + " holds a record that is not a version edit");
    if (!numbers_.complete()) {
      return corrupt(manifest + " lacks its first edits, which were synced before CURRENT named it");
    }
    return {};
  }

  Result<void> scan_living_logs(const Listing& listed) {
    const std::uint64_t oldest = *numbers_.log;
    std::vector<NumberedFile> living = listed.logs;
    std::erase_if(living, [&](const NumberedFile& file) { return file.number < oldest; });
    // Zero: the database was made, and the process ended before it had its first log.
    if (oldest != 0 && (living.empty() || living.front().number != oldest)) {
      return corrupt("log " + std::to_string(oldest) + ", which the MANIFEST names, is missing");
    }
    for (const NumberedFile& file : living) {
      const bool newest = &file == &living.back();
      if (auto scanned = scan_file(file.name, newest, {}); !scanned) return scanned;
    }
    return {};
  }

  Result<void> scan_file(const std::string& name, bool may_be_torn, const LogRecordVisitor& visit) {
    auto read = read_file(disk_, directory_ + "/" + name, kLogBytesMax);
    if (!read) return read.error();
    const Bytes content = std::move(*read);
    LogVerdict verdict = scan_log(content, visit);
    if (verdict.state == LogState::kWhole) return {};
    if (verdict.state == LogState::kCorrupt) return corrupt(name + ": " + verdict.reason);
    if (!may_be_torn) return corrupt(name + ": " + verdict.reason + ", and a newer log exists");
    cuts_.push_back({name, verdict.intact_bytes, content.size(), std::move(verdict.reason), {}});
    return {};
  }

  DiskCalls& disk_;
  const std::string directory_;
  ManifestNumbers numbers_;
  std::vector<TornTail> cuts_;
};

// Copies are named <directory>-<file>.<n>, n counting up over all copies of the directory.
class Quarantine {
 public:
  Quarantine(DiskCalls& disk, std::string path, const std::string& directory)
      : disk_(disk),
        path_(std::move(path)),
        prefix_(directory.substr(directory.find_last_of('/') + 1) + "-") {}

  Result<std::string> keep(const std::string& name, crypto::ByteView content) {
    if (auto created = create_directory(disk_, path_); !created) return created.error();
    std::vector<std::string> names;
    if (disk_.list(path_, names) != 0) return disk_error("list", path_);
    std::vector<NumberedFile> copies;
    for (const std::string& copy : names) {
      const auto dot = copy.find_last_of('.');
      if (!copy.starts_with(prefix_) || dot == std::string::npos) continue;
      if (const auto number = whole_number(std::string_view(copy).substr(dot + 1))) {
        copies.push_back({*number, copy});
      }
    }
    std::ranges::sort(copies, {}, &NumberedFile::number);
    for (std::size_t i = 0; i + kQuarantineCopiesMax <= copies.size(); ++i) {
      const std::string oldest = path_ + "/" + copies[i].name;
      if (disk_.unlink(oldest) != 0) return disk_error("remove", oldest);
    }
    const std::uint64_t number = copies.empty() ? 1 : copies.back().number + 1;
    const std::string copy = path_ + "/" + prefix_ + name + "." + std::to_string(number);
    if (auto written = write_file_durably(disk_, copy, content); !written) return written.error();
    return copy;
  }

 private:
  DiskCalls& disk_;
  const std::string path_;
  const std::string prefix_;
};

Result<void> cut(DiskCalls& disk, const std::string& path, std::uint64_t intact_bytes) {
  Descriptor file(disk, disk.open(path, O_WRONLY));
  if (!file.is_open()) return disk_error("open", path);
  if (disk.ftruncate(file.number(), intact_bytes) != 0) return disk_error("cut", path);
  if (disk.fsync(file.number()) != 0) return disk_error("sync", path);
  if (file.close() != 0) return disk_error("close", path);
  return {};
}

}  // namespace

Result<std::vector<TornTail>> cut_torn_tails(DiskCalls& disk, const std::string& directory,
                                             const std::string& quarantine) {
  auto tails = Inspection(disk, directory).run();
  if (!tails) return tails.error();
  for (TornTail& tail : *tails) {
    const std::string path = directory + "/" + tail.file;
    const auto content = read_file(disk, path, kLogBytesMax);
    if (!content) return content.error();
    auto copy = Quarantine(disk, quarantine, directory).keep(tail.file, *content);
    if (!copy) return copy.error();
    tail.copy = std::move(*copy);
    if (auto done = cut(disk, path, tail.intact_bytes); !done) return done.error();
  }
  return tails;
}

}  // namespace circula::ledger
