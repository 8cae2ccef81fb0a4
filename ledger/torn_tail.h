// Before LevelDB opens a directory: cut what a crash left of the one unacknowledged write, and refuse what is
// corruption (design.md 7).
//
// With paranoid checks LevelDB does not open behind a torn tail; without them it opens behind corruption. So
// the wrapper tells them apart itself, by the rule of log_scan.h, in
//   the MANIFEST that CURRENT names  (its torn tail is the record of one flush or compaction, whose old files
//                                     are still there)
//   every .log that the MANIFEST says is alive; only the newest may have a torn tail, since an older one was
//                                     left behind when its last write was durable
// It also refuses what LevelDB would answer by beginning an empty database, or by not noticing: CURRENT
// missing beside tables or logs, CURRENT not naming a MANIFEST that exists, the oldest living .log missing, a
// MANIFEST torn within its first edits (they were synced before CURRENT named it).
//
// Everything is looked at before anything is changed: when the answer is an error, no byte of the directory
// has changed. A cut file is first copied whole to the quarantine directory and synced there. RepairDB is
// never used.
//
// Crash: at any point, doing it again is right. Threads: hold the directory's lock.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ledger/disk_calls.h"
#include "ledger/outcome.h"

namespace circula::ledger {

constexpr std::size_t kQuarantineCopiesMax =
    8;  // of one directory; the oldest goes: a crash loop must not fill the disk

struct TornTail {
  std::string file;            // name within the directory
  std::uint64_t intact_bytes;  // what it was cut to
  std::uint64_t file_bytes;    // what it was
  std::string reason;
  std::string copy;  // path of the whole file as it was found
};

[[nodiscard]] Result<std::vector<TornTail>> cut_torn_tails(DiskCalls& disk, const std::string& directory,
                                                           const std::string& quarantine);

}  // namespace circula::ledger
