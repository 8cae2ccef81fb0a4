#include "ledger/revenue_book.h"

#include <algorithm>
#include <cassert>

#include "ledger/calendar.h"

namespace circula::ledger {
namespace {

bool all_zero(const std::vector<std::int64_t>& values) {
  return std::all_of(values.begin(), values.end(), [](std::int64_t value) { return value == 0; });
}

}  // namespace

std::int64_t BookOverlay::counter(const RevenueCounterKey& key) const {
  const auto changed = changes_.counters.find(key);
  return changed != changes_.counters.end() ? changed->second.after : below_.counter(key);
}

std::vector<std::int64_t> BookOverlay::carry_ppm(const RevenueCarryKey& key, std::size_t payees) const {
  const auto changed = changes_.carries.find(key);
  std::vector<std::int64_t> carry =
      changed != changes_.carries.end() ? changed->second.after : below_.carry_ppm(key);
  carry.resize(payees, 0);
  return carry;
}

void BookOverlay::set_counter(const RevenueCounterKey& key, std::int64_t value) {
  auto changed = changes_.counters.find(key);
  if (changed == changes_.counters.end()) {
    const std::int64_t before = below_.counter(key);
    changed = changes_.counters.emplace(key, CounterChange{before, before}).first;
  }
  changed->second.after = value;
}

void BookOverlay::set_carry(const RevenueCarryKey& key, std::vector<std::int64_t> carry_ppm) {
  auto changed = changes_.carries.find(key);
  if (changed == changes_.carries.end()) {
    std::vector<std::int64_t> before = below_.carry_ppm(key);
    before.resize(carry_ppm.size(), 0);
    changed = changes_.carries.emplace(key, CarryChange{std::move(before), {}}).first;
  }
  changed->second.after = std::move(carry_ppm);
}

BookChanges BookOverlay::take_changes() {
  std::erase_if(changes_.counters,
                [](const auto& entry) { return entry.second.before == entry.second.after; });
  std::erase_if(changes_.carries,
                [](const auto& entry) { return entry.second.before == entry.second.after; });
  return std::move(changes_);
}

std::int64_t MemoryBook::counter(const RevenueCounterKey& key) const {
  const auto found = counters_.find(key);
  return found == counters_.end() ? 0 : found->second;
}

std::vector<std::int64_t> MemoryBook::carry_ppm(const RevenueCarryKey& key) const {
  const auto found = carries_.find(key);
  return found == carries_.end() ? std::vector<std::int64_t>{} : found->second;
}

void MemoryBook::apply(const BookChanges& changes) {
  for (const auto& [key, change] : changes.counters) {
    if (change.after == 0) {
      counters_.erase(key);
    } else {
      counters_[key] = change.after;
    }
  }
  for (const auto& [key, change] : changes.carries) {
    if (all_zero(change.after)) {
      carries_.erase(key);
    } else {
      carries_[key] = change.after;
    }
  }
}

std::string tier_period_key(TierPeriod period, std::int64_t time_s) {
  assert(period != TierPeriod::kUnknown && time_s >= kTimeMin && time_s <= kTimeMax);
  if (period == TierPeriod::kNone) return "all";
  return period == TierPeriod::kYear ? year_key(time_s) : month_key(time_s);
}

}  // namespace circula::ledger
