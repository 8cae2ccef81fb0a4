#include "consensus/log.h"

#include <algorithm>

#include "consensus/invariants.h"

namespace circula::consensus {

void TermRuns::append(Index index, Term term) {
  require(index > runs_.back().first && term >= runs_.back().term, "an entry goes after all earlier ones");
  if (term > runs_.back().term) runs_.push_back({index, term});
}

void TermRuns::truncate_from(Index index) {
  require(index > Index{0}, "genesis is never truncated");
  while (runs_.back().first >= index) runs_.pop_back();
}

const TermRuns::Run& TermRuns::run_of(Index index) const {
  const auto after = std::upper_bound(runs_.begin(), runs_.end(), index,
                                      [](Index wanted, const Run& run) { return wanted < run.first; });
  return *std::prev(after);
}

Index TermRuns::last_at_or_below(Index index, Term term) const {
  if (term_at(index) <= term) return index;
  const auto after = std::upper_bound(runs_.begin(), runs_.end(), term,
                                      [](Term wanted, const Run& run) { return wanted < run.term; });
  return after->first.previous();
}

Log::Log(Configuration genesis) { configurations_.emplace(Index{0}, std::move(genesis)); }

Log::Log(const std::vector<TermRuns::Run>& runs, Index last, std::map<Index, Configuration> configurations,
         const std::vector<std::uint32_t>& newest_sizes)
    : last_(last), configurations_(std::move(configurations)) {
  require(!configurations_.empty() && configurations_.rbegin()->first <= last, "a log has a configuration");
  require(newest_sizes.size() <= last.value, "every size belongs to an entry");
  for (const TermRuns::Run& run : runs) {
    if (run.first == Index{0}) continue;  // genesis is there already
    require(run.first <= last, "every run belongs to the log");
    terms_.append(run.first, run.term);
  }
  const std::size_t skipped = newest_sizes.size() - std::min(newest_sizes.size(), kSizesKept);
  sizes_.assign(newest_sizes.begin() + static_cast<std::ptrdiff_t>(skipped), newest_sizes.end());
}

void Log::append(const Entry& entry) {
  last_ = last_.next();
  terms_.append(last_, entry.term);
  sizes_.push_back(entry.bytes);
  if (sizes_.size() > kSizesKept) sizes_.pop_front();
  if (entry.configuration) configurations_.emplace(last_, *entry.configuration);
}

void Log::truncate_from(Index index) {
  if (index > last_) return;
  terms_.truncate_from(index);
  configurations_.erase(configurations_.lower_bound(index), configurations_.end());
  require(!configurations_.empty(), "truncation uncovers an earlier configuration");
  const std::uint64_t removed = std::min<std::uint64_t>(distance(index.previous(), last_), sizes_.size());
  sizes_.erase(sizes_.end() - static_cast<std::ptrdiff_t>(removed), sizes_.end());
  last_ = index.previous();
}

std::uint32_t Log::bytes_at(Index index) const {
  const std::uint64_t from_back = distance(index, last_);
  return from_back < sizes_.size() ? sizes_[sizes_.size() - 1 - from_back] : kUnknownBytes;
}

std::uint64_t Log::bytes_between(Index after, Index through) const {
  if (through <= after) return 0;
  const Index oldest_kept{last_.value - sizes_.size() + 1};
  const Index unknown_through = std::min(through, oldest_kept.previous());
  std::uint64_t bytes = distance(after, unknown_through) * kUnknownBytes;
  for (Index index = std::max(after.next(), oldest_kept); index <= through; index = index.next()) {
    bytes += bytes_at(index);
  }
  return bytes;
}

Entry Log::entry_at(Index index) const {
  const auto found = configurations_.find(index);
  return {term_at(index), bytes_at(index),
          found == configurations_.end() ? std::nullopt : std::optional(found->second)};
}

}  // namespace circula::consensus
