// What the income engine remembers between events, behind one interface: counters and carries.
//
// 1. The engine reads a RevenueBook and never writes it. What an event changes is returned as a
//    BookChanges, which the caller applies in one piece or not at all: that makes every error atomic
//    (records.md 3.7).
// 2. A change holds the value before and after, so that it can stand in an effect and be checked.
//
// The ledger backs the book with its `counter/` subjects, an evaluation with a MemoryBook.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ledger/revenue_agreement.h"

namespace circula::ledger {

// A counter of an agreement. Recoupments, advances and caps count what was used and have no period; a
// tier counter has one: "all", "2023" or "2023-12", at UTC+8.
struct RevenueCounterKey {
  std::string agreement;
  std::string id;
  std::string period;

  auto operator<=>(const RevenueCounterKey&) const = default;
};

// The carry of one split: each version of an agreement has one for each of its two lists.
struct RevenueCarryKey {
  std::string agreement;
  std::int64_t version = 0;
  bool royalty_list = false;

  auto operator<=>(const RevenueCarryKey&) const = default;
};

class RevenueBook {
 public:
  virtual ~RevenueBook() = default;
  [[nodiscard]] virtual std::int64_t counter(const RevenueCounterKey& key) const = 0;  // 0: never counted
  // In 1/1,000,000 minor unit for each payee of the split, in its order; empty: all zero.
  [[nodiscard]] virtual std::vector<std::int64_t> carry_ppm(const RevenueCarryKey& key) const = 0;
};

struct CounterChange {
  std::int64_t before = 0;
  std::int64_t after = 0;
};

struct CarryChange {
  std::vector<std::int64_t> before;
  std::vector<std::int64_t> after;
};

struct BookChanges {
  std::map<RevenueCounterKey, CounterChange> counters;
  std::map<RevenueCarryKey, CarryChange> carries;
};

// A book and the changes on top of it that one event makes: its later nodes see what the earlier ones did.
class BookOverlay {
 public:
  explicit BookOverlay(const RevenueBook& below) : below_(below) {}

  [[nodiscard]] std::int64_t counter(const RevenueCounterKey& key) const;
  [[nodiscard]] std::vector<std::int64_t> carry_ppm(const RevenueCarryKey& key, std::size_t payees) const;
  void set_counter(const RevenueCounterKey& key, std::int64_t value);
  void set_carry(const RevenueCarryKey& key, std::vector<std::int64_t> carry_ppm);

  // What really differs from the book below.
  [[nodiscard]] BookChanges take_changes();

 private:
  const RevenueBook& below_;
  BookChanges changes_;
};

// A book in memory. Zero values are not kept.
class MemoryBook final : public RevenueBook {
 public:
  [[nodiscard]] std::int64_t counter(const RevenueCounterKey& key) const override;
  [[nodiscard]] std::vector<std::int64_t> carry_ppm(const RevenueCarryKey& key) const override;
  void apply(const BookChanges& changes);

  [[nodiscard]] const std::map<RevenueCounterKey, std::int64_t>& counters() const { return counters_; }
  [[nodiscard]] const std::map<RevenueCarryKey, std::vector<std::int64_t>>& carries() const {
    return carries_;
  }

 private:
  std::map<RevenueCounterKey, std::int64_t> counters_;
  std::map<RevenueCarryKey, std::vector<std::int64_t>> carries_;
};

// "all", "2023" or "2023-12": the period at UTC+8 in which the moment lies. REQUIRES a time from kTimeMin to
// kTimeMax and a known period.
[[nodiscard]] std::string tier_period_key(TierPeriod period, std::int64_t time_s);

}  // namespace circula::ledger
