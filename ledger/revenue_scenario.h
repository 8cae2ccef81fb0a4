// Agreements and events in memory, run through the engine one after the other: what `revenue evaluate`
// computes, and what a vendor's what-if needs. The chain has the same in subjects (records 23, 24, 26, 28).
//
// 1. A refused agreement or event changes nothing; its id stays free.
// 2. Event ids are one set for sales, refunds and closes.
//
// Not thread-safe; nothing is written anywhere.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/apportion.h"
#include "ledger/distribution.h"
#include "ledger/guarantee.h"
#include "ledger/refund.h"

namespace circula::ledger {

class RevenueScenario final : public AgreementSource {
 public:
  // The agreement errors of records.md 3.7. Closing a period twice and the bounds of record 26 are rules
  // of the records, not of the engine.
  [[nodiscard]] Result<void> add_agreement(RevenueAgreement agreement);

  // The nodes stay valid until the next event. Errors: E_DUP_EVENT, then those of distribute().
  [[nodiscard]] Result<const std::vector<IncomeNode>*> sell(const std::string& id, const Sale& sale);

  // Errors: E_DUP_EVENT, E_UNKNOWN_EVENT (also for a refund of a refund), then those of refund().
  [[nodiscard]] Result<Refund> give_back(const std::string& id, std::string_view of,
                                         std::int64_t amount_minor);

  // Top-ups for events in [from, to). Errors: E_DUP_EVENT, E_NO_AGREEMENT (also when to <= from).
  [[nodiscard]] Result<std::vector<TopUp>> close(const std::string& id, std::string_view agreement,
                                                 std::int64_t from_s, std::int64_t to_s);

  // The nodes of a sale with what is left of their lines, or nullptr.
  [[nodiscard]] const std::vector<IncomeNode>* sale(std::string_view id) const;

  // Net by payee, without royalty pass-through; parties at zero are left out.
  [[nodiscard]] const std::map<std::string, Wide, std::less<>>& totals() const { return totals_; }
  [[nodiscard]] const MemoryBook& book() const { return book_; }

  [[nodiscard]] const RevenueAgreement* in_force(std::string_view product,
                                                 std::int64_t time_s) const override;
  [[nodiscard]] const RevenueAgreement* version(std::string_view agreement,
                                                std::int64_t number) const override;

 private:
  struct PastSale {
    std::int64_t time_s = 0;
    std::vector<IncomeNode> nodes;
  };

  void credit(const std::string& payee, std::int64_t amount_minor);
  void earn(const std::map<EarningKey, std::int64_t>& earnings, std::int64_t time_s);
  [[nodiscard]] std::int64_t earned(const EarningKey& key, std::int64_t from_s, std::int64_t to_s) const;
  // The last version with effective_from < before, or nullptr.
  [[nodiscard]] const RevenueAgreement* last_effective(std::string_view agreement,
                                                       std::int64_t before_s) const;

  std::map<std::string, std::vector<RevenueAgreement>, std::less<>> versions_;  // by agreement, ascending
  std::map<std::string, std::string, std::less<>> agreement_of_product_;
  std::map<std::string, PastSale, std::less<>> sales_;
  std::set<std::string, std::less<>> event_ids_;
  std::map<EarningKey, std::map<std::int64_t, Wide>> earnings_;  // by event time
  std::map<std::string, Wide, std::less<>> totals_;
  MemoryBook book_;
};

}  // namespace circula::ledger
