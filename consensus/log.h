// The log as the core knows it: which term stands at which index, how large each payload is, and where the
// configurations are. Payload bytes belong to the shell.
//
// 1. Terms never fall from one index to the next, so the terms are runs (`TermRuns`).
// 2. Index 0 is genesis in term 0; `last()` is at least that.
// 3. The configuration in force is the last one in the log, committed or not. The one at index 0 or at the
//    point of restoring is the oldest that truncation can uncover.
// 4. Entries are added at `last() + 1` only, so the log has no gaps (B8).
//
// Single-threaded. Nothing here is durable: `Restored` (raft.h) rebuilds it from the stored blocks.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "consensus/configuration.h"
#include "consensus/types.h"

namespace circula::consensus {

// One entry as messages carry it. Its index follows from its place.
struct Entry {
  Term term;
  std::uint32_t bytes = 0;                     // of the payload, for flow control only
  std::optional<Configuration> configuration;  // present in a configuration entry
  friend bool operator==(const Entry&, const Entry&) = default;
};

// Terms by index as (first index, term) pairs. A thousand elections make a thousand pairs, however long the
// log is.
class TermRuns {
 public:
  struct Run {
    Index first;
    Term term;
    friend bool operator==(const Run&, const Run&) = default;
  };

  TermRuns() : runs_{{Index{0}, Term{0}}} {}

  void append(Index index, Term term);  // index above every earlier one, term not below the last
  void truncate_from(Index index);      // index > 0
  // Of an index at or below the last one of the log; beyond it the last run is taken to go on.
  [[nodiscard]] Term term_at(Index index) const { return run_of(index).term; }
  // The largest index at or below `index` whose term is at or below `term` (per-term backtracking,
  // dissertation 3.5): one exchange a term instead of one an entry. Genesis always qualifies.
  [[nodiscard]] Index last_at_or_below(Index index, Term term) const;
  [[nodiscard]] const std::vector<Run>& runs() const { return runs_; }

 private:
  [[nodiscard]] const Run& run_of(Index index) const;
  std::vector<Run> runs_;  // never empty; ascending in both numbers
};

class Log {
 public:
  // Payload sizes are kept for so many of the newest entries: 4 bytes each. An older entry counts as
  // `kUnknownBytes`, the largest block (`design.md` 3), so a message never grows beyond its frame.
  static constexpr std::size_t kSizesKept = 1'000'000;
  static constexpr std::uint32_t kUnknownBytes = 2 * 1024 * 1024;

  // Genesis and its configuration.
  explicit Log(Configuration genesis);
  // A stored log without reading every block: its term runs (found by bisection, since terms never fall),
  // its last index, every configuration in it by index (the first one at or below everything that could
  // still be truncated, that is, committed), and the sizes of its newest entries, oldest first.
  Log(const std::vector<TermRuns::Run>& runs, Index last, std::map<Index, Configuration> configurations,
      const std::vector<std::uint32_t>& newest_sizes);

  [[nodiscard]] Index last_index() const { return last_; }
  [[nodiscard]] EntryId last() const { return {term_at(last_), last_}; }
  [[nodiscard]] Term term_at(Index index) const { return terms_.term_at(index); }
  [[nodiscard]] bool holds(EntryId entry) const {
    return entry.index <= last_ && term_at(entry.index) == entry.term;
  }
  [[nodiscard]] const TermRuns& terms() const { return terms_; }
  [[nodiscard]] Index last_at_or_below(Index index, Term term) const {
    return terms_.last_at_or_below(index < last_ ? index : last_, term);
  }

  void append(const Entry& entry);
  void truncate_from(Index index);  // index > 0

  [[nodiscard]] std::uint32_t bytes_at(Index index) const;
  [[nodiscard]] std::uint64_t bytes_between(Index after, Index through) const;  // (after, through]
  [[nodiscard]] Entry entry_at(Index index) const;

  [[nodiscard]] const Configuration& configuration() const { return configurations_.rbegin()->second; }
  // The one before it, which truncation would bring back; the same when there is none.
  [[nodiscard]] const Configuration& previous_configuration() const {
    const auto newest = configurations_.rbegin();
    return configurations_.size() > 1 ? std::next(newest)->second : newest->second;
  }
  [[nodiscard]] Index configuration_index() const { return configurations_.rbegin()->first; }

 private:
  TermRuns terms_;
  Index last_;
  std::deque<std::uint32_t> sizes_;  // of the newest entries, the last one at the back
  std::map<Index, Configuration> configurations_;
};

}  // namespace circula::consensus
