#include "ledger/guarantee.h"

namespace circula::ledger {
namespace {

bool is_earned(const IncomeLine& line) {
  return line.kind == IncomeKind::kShare || line.kind == IncomeKind::kAdvance ||
         line.kind == IncomeKind::kWithhold;
}

}  // namespace

std::map<EarningKey, std::int64_t> earnings_of(std::span<const IncomeNode> nodes) {
  std::map<EarningKey, std::int64_t> earnings;
  for (const IncomeNode& node : nodes) {
    for (const IncomeLine& line : node.lines) {
      if (is_earned(line)) earnings[{node.agreement, line.for_party}] += line.amount_minor;
    }
  }
  return earnings;
}

std::map<EarningKey, std::int64_t> earnings_of(const Refund& refund, std::span<const IncomeNode> nodes) {
  std::map<EarningKey, std::int64_t> earnings;
  for (const RefundNode& reversed : refund.nodes) {
    const IncomeNode& node = nodes[reversed.node];
    for (const RefundLine& part : reversed.lines) {
      const IncomeLine& line = node.lines[part.line];
      if (is_earned(line)) earnings[{node.agreement, line.for_party}] -= part.amount_minor;
    }
  }
  return earnings;
}

std::vector<TopUp> top_ups(const RevenueAgreement& rules, const EarnedInPeriod& earned) {
  std::vector<TopUp> owed;
  for (const Guarantee& guarantee : rules.guarantees) {
    const std::int64_t earned_minor = earned(guarantee.party);
    if (earned_minor >= guarantee.amount_minor) continue;
    owed.push_back(
        {guarantee.party, guarantee.guarantor, earned_minor, guarantee.amount_minor - earned_minor});
  }
  return owed;
}

}  // namespace circula::ledger
