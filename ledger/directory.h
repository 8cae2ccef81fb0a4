// One directory of a node belongs to one process and to one version of the program.
//
// The file VERSION says with which format (layout of the files) and rules (execution) the directory was
// written; another version stops with E_FORMAT_VERSION and never half-reads (design.md 7). The file LOCK is
// locked while the directory is open; E_STORAGE_LOCKED is the answer to a second opener, also within the
// process. Neither file is ever removed.
//
// Crash: VERSION is written durably before anything else, so a directory with content and without VERSION is
// not one of ours.
#pragma once

#include <cstdint>
#include <string>

#include "ledger/durable_file.h"

namespace circula::ledger {

struct Versions {
  std::uint32_t format;
  std::uint32_t rules;
  bool operator==(const Versions&) const = default;
};

inline constexpr Versions kVersions{.format = 1, .rules = 1};

// Holds the directory until it is destroyed.
class DirectoryLock {
 public:
  [[nodiscard]] static Result<DirectoryLock> take(DiskCalls& disk, const std::string& directory);

 private:
  explicit DirectoryLock(Descriptor file) : file_(std::move(file)) {}
  Descriptor file_;
};

// Creates the directory when it is missing, writes VERSION into an empty one, and compares it otherwise.
// Take the lock first: `take` creates the directory as well.
[[nodiscard]] Result<void> claim_directory(DiskCalls& disk, const std::string& directory, Versions ours);

}  // namespace circula::ledger
