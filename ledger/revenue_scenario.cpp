#include "ledger/revenue_scenario.h"

#include <algorithm>
#include <limits>

namespace circula::ledger {
namespace {

Error duplicate(const std::string& id) { return error(Code::E_DUP_EVENT, "event " + id + " exists", "id"); }

}  // namespace

Result<void> RevenueScenario::add_agreement(RevenueAgreement agreement) {
  const auto versions = versions_.find(agreement.id);
  const RevenueAgreement* previous = versions == versions_.end() ? nullptr : &versions->second.back();
  const auto governing = agreement_of_product_.find(agreement.product);
  auto checked = check_succession(
      agreement, previous,
      governing == agreement_of_product_.end() ? std::string_view{} : std::string_view{governing->second});
  if (!checked) return checked;
  if (checked = check_terms(agreement); !checked) return checked;
  agreement_of_product_.emplace(agreement.product, agreement.id);
  std::vector<RevenueAgreement>& list = versions_[agreement.id];
  list.push_back(std::move(agreement));
  return {};
}

Result<const std::vector<IncomeNode>*> RevenueScenario::sell(const std::string& id, const Sale& sale) {
  if (event_ids_.contains(id)) return duplicate(id);
  auto result = distribute(sale, *this, book_);
  if (!result) return result.error();
  Distribution& distributed = result.value();

  book_.apply(distributed.changes);
  earn(earnings_of(distributed.nodes), sale.time_s);
  for (const IncomeNode& node : distributed.nodes) {
    for (const IncomeLine& line : node.lines) {
      if (line.kind != IncomeKind::kRoyalty) credit(line.payee, line.amount_minor);
    }
  }
  event_ids_.insert(id);
  PastSale& past = sales_[id];
  past = {sale.time_s, std::move(distributed.nodes)};
  return &past.nodes;
}

Result<Refund> RevenueScenario::give_back(const std::string& id, std::string_view of,
                                          std::int64_t amount_minor) {
  if (event_ids_.contains(id)) return duplicate(id);
  const auto past = sales_.find(of);
  if (past == sales_.end()) return error(Code::E_UNKNOWN_EVENT, "no sale " + std::string(of), "of");
  auto result = refund(past->second.nodes, amount_minor, *this, book_);
  if (!result) return result;
  const Refund& refunded = result.value();

  std::vector<IncomeNode>& nodes = past->second.nodes;
  book_.apply(refunded.changes);
  apply_refund(refunded, nodes);
  earn(earnings_of(refunded, nodes), past->second.time_s);
  for (const RefundNode& reversed : refunded.nodes) {
    for (const RefundLine& part : reversed.lines) {
      const IncomeLine& line = nodes[reversed.node].lines[part.line];
      if (line.kind != IncomeKind::kRoyalty) credit(line.payee, -part.amount_minor);
    }
  }
  event_ids_.insert(id);
  return result;
}

Result<std::vector<TopUp>> RevenueScenario::close(const std::string& id, std::string_view agreement,
                                                  std::int64_t from_s, std::int64_t to_s) {
  if (event_ids_.contains(id)) return duplicate(id);
  const RevenueAgreement* rules = last_effective(agreement, to_s);
  if (rules == nullptr || to_s <= from_s) {
    return error(Code::E_NO_AGREEMENT,
                 "no version of " + std::string(agreement) + " is effective in the period", "agreement");
  }
  std::vector<TopUp> owed = top_ups(*rules, [&](std::string_view party) {
    return earned({rules->id, std::string(party)}, from_s, to_s);
  });
  for (const TopUp& top_up : owed) {
    credit(top_up.party, top_up.amount_minor);
    credit(top_up.guarantor, -top_up.amount_minor);
  }
  event_ids_.insert(id);
  return owed;
}

const std::vector<IncomeNode>* RevenueScenario::sale(std::string_view id) const {
  const auto past = sales_.find(id);
  return past == sales_.end() ? nullptr : &past->second.nodes;
}

const RevenueAgreement* RevenueScenario::in_force(std::string_view product, std::int64_t time_s) const {
  const auto agreement = agreement_of_product_.find(product);
  if (agreement == agreement_of_product_.end()) return nullptr;
  const std::vector<RevenueAgreement>& versions = versions_.find(agreement->second)->second;
  const auto later = std::upper_bound(
      versions.begin(), versions.end(), time_s,
      [](std::int64_t time, const RevenueAgreement& version) { return time < version.effective_from_s; });
  if (later == versions.begin()) return nullptr;
  const RevenueAgreement& found = *std::prev(later);
  return found.effective_to_s && time_s >= *found.effective_to_s ? nullptr : &found;
}

const RevenueAgreement* RevenueScenario::version(std::string_view agreement, std::int64_t number) const {
  const auto versions = versions_.find(agreement);
  if (versions == versions_.end() || number < 1 ||
      number > static_cast<std::int64_t>(versions->second.size())) {
    return nullptr;
  }
  return &versions->second[static_cast<std::size_t>(number - 1)];
}

const RevenueAgreement* RevenueScenario::last_effective(std::string_view agreement,
                                                        std::int64_t before_s) const {
  const auto versions = versions_.find(agreement);
  if (versions == versions_.end()) return nullptr;
  const RevenueAgreement* last = nullptr;
  for (const RevenueAgreement& version : versions->second) {
    if (version.effective_from_s < before_s) last = &version;
  }
  return last;
}

void RevenueScenario::credit(const std::string& payee, std::int64_t amount_minor) {
  const auto total = totals_.try_emplace(payee, 0).first;
  total->second += amount_minor;
  if (total->second == 0) totals_.erase(total);
}

void RevenueScenario::earn(const std::map<EarningKey, std::int64_t>& earnings, std::int64_t time_s) {
  for (const auto& [key, amount_minor] : earnings) earnings_[key][time_s] += amount_minor;
}

std::int64_t RevenueScenario::earned(const EarningKey& key, std::int64_t from_s, std::int64_t to_s) const {
  const auto by_time = earnings_.find(key);
  if (by_time == earnings_.end()) return 0;
  Wide sum = 0;
  for (auto at = by_time->second.lower_bound(from_s); at != by_time->second.end() && at->first < to_s; ++at) {
    sum += at->second;
  }
  // Above every guarantee there is, so that the bound changes no top-up.
  return static_cast<std::int64_t>(std::min<Wide>(sum, std::numeric_limits<std::int64_t>::max()));
}

}  // namespace circula::ledger
