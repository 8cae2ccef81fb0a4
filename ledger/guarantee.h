// What a party earned, and the top-up that its guarantor owes when a period is closed (records.md 3.7).
//
// A party's earnings are its parts of splits before advance and withholding: the lines of kind share,
// advance and withhold `for` it, less what refunds gave back of them. Overflow above a cap is not earned.
// They count at the time of the event, whatever the version that distributed it.
//
// Pure functions; any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/distribution.h"
#include "ledger/refund.h"

namespace circula::ledger {

struct EarningKey {
  std::string agreement;
  std::string party;

  auto operator<=>(const EarningKey&) const = default;
};

// What an event adds to the earnings at its time, and a refund takes away (as negative sums).
[[nodiscard]] std::map<EarningKey, std::int64_t> earnings_of(std::span<const IncomeNode> nodes);
[[nodiscard]] std::map<EarningKey, std::int64_t> earnings_of(const Refund& refund,
                                                             std::span<const IncomeNode> nodes);

struct TopUp {
  std::string party;
  std::string guarantor;
  std::int64_t earned_minor = 0;
  std::int64_t amount_minor = 0;  // 1 or more
};

// The earnings of a party of the agreement in the period that is closed.
using EarnedInPeriod = std::function<std::int64_t(std::string_view party)>;

// The top-ups by the guarantees of `rules`: the last version whose effective_from lies before the end of
// the period. Guarantees that were reached are left out.
[[nodiscard]] std::vector<TopUp> top_ups(const RevenueAgreement& rules, const EarnedInPeriod& earned);

}  // namespace circula::ledger
