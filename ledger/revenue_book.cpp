#include "ledger/revenue_book.h"

#include <algorithm>
#include <cassert>
#include <chrono>

namespace circula::ledger {
namespace {

// China keeps UTC+8 the whole year (records.md 3.1).
constexpr std::chrono::hours kCalendarOffset{8};

bool all_zero(const std::vector<std::int64_t>& values) {
  return std::all_of(values.begin(), values.end(), [](std::int64_t value) { return value == 0; });
}

std::string digits(unsigned value, std::size_t width) {
  std::string text = std::to_string(value);
  return std::string(width > text.size() ? width - text.size() : 0, '0') + text;
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
  assert(period != TierPeriod::kUnknown && time_s >= kEventTimeMin_s && time_s <= kEventTimeMax_s);
  if (period == TierPeriod::kNone) return "all";
  const auto local = std::chrono::sys_seconds{std::chrono::seconds{time_s}} + kCalendarOffset;
  const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(local)};
  const std::string year = digits(static_cast<unsigned>(int{date.year()}), 4);
  return period == TierPeriod::kYear ? year : year + "-" + digits(unsigned{date.month()}, 2);
}

}  // namespace circula::ledger
