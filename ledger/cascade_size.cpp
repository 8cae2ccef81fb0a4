#include "ledger/cascade_size.h"

#include <algorithm>

namespace circula::ledger {
namespace {

// Of a line whose payee has no other: its income, what it earned that day and month, its account, what it
// owes, and the organisation itself.
constexpr std::size_t kSubjectsPerLine = 6;
// The node, which agreement governs its product, the agreement and its version, and its open contracts.
constexpr std::size_t kSubjectsPerNode = 5;

// What one list can make at most.
struct ListSize {
  std::size_t lines = 0;
  std::size_t counters = 0;
};

ListSize size_of(const std::monostate&) { return {}; }
ListSize size_of(const TaxStep&) { return {1, 0}; }
ListSize size_of(const FixedStep&) { return {1, 0}; }
ListSize size_of(const PercentStep& step) { return {1, step.cap ? 1U : 0U}; }
ListSize size_of(const TieredStep&) { return {1, 1}; }
ListSize size_of(const RecoupStep&) { return {1, 1}; }

ListSize size_of(const RoyaltyStep& step) {
  const auto paid = std::count_if(step.items.begin(), step.items.end(),
                                  [](const RoyaltyItem& item) { return item.rate_ppm > 0; });
  return {static_cast<std::size_t>(paid), 0};
}

ListSize size_of(const SplitStep& step) {
  ListSize size;
  for (const SplitPayee& payee : step.payees) {
    size.lines += 1U + (payee.cap ? 1U : 0U) + (payee.advance ? 1U : 0U) + (payee.withhold ? 1U : 0U);
    size.counters += (payee.cap ? 1U : 0U) + (payee.advance ? 1U : 0U);
  }
  return size;
}

class WorstCase {
 public:
  explicit WorstCase(const AgreementOfProduct& agreement_of) : agreement_of_(agreement_of) {}

  Result<void> walk(const RevenueAgreement& agreement, const std::string& path) {
    if (auto added = add_node(agreement.product, path); !added) return added;
    const std::vector<RevenueStep>& steps = agreement.list(!ancestors_.empty());
    if (agreement.rounding == Rounding::kCarry) ++size_.subjects;
    for (const RevenueStep& step : steps) {
      const ListSize part = std::visit([](const auto& kind) { return size_of(kind); }, step);
      size_.lines += part.lines;
      size_.subjects += part.lines * kSubjectsPerLine + part.counters;
    }
    if (auto within = check_bounds(path); !within) return within;
    ancestors_.push_back(agreement.product);
    std::size_t children = 0;
    for (const RevenueStep& step : steps) {
      const auto* royalty = std::get_if<RoyaltyStep>(&step);
      if (royalty == nullptr) continue;
      for (const RoyaltyItem& item : royalty->items) {
        if (item.rate_ppm == 0) continue;
        if (auto walked = walk_item(item, path + "." + std::to_string(children++)); !walked) return walked;
      }
    }
    ancestors_.pop_back();
    return {};
  }

  CascadeSize take() { return std::move(size_); }

 private:
  Result<void> walk_item(const RoyaltyItem& item, const std::string& path) {
    if (const RevenueAgreement* agreement = agreement_of_(item.product)) return walk(*agreement, path);
    const auto place = std::lower_bound(size_.unresolved.begin(), size_.unresolved.end(), item.product);
    if (place == size_.unresolved.end() || *place != item.product)
      size_.unresolved.insert(place, item.product);
    return add_node(item.product, path);
  }

  Result<void> add_node(const std::string& product, const std::string& path) {
    if (std::find(ancestors_.begin(), ancestors_.end(), product) != ancestors_.end()) {
      return error(Code::E_CYCLE, "product " + product + " is on its own path", path);
    }
    if (ancestors_.size() > kCascadeDepthMax) {
      return error(Code::E_DEPTH, "at most " + std::to_string(kCascadeDepthMax) + " levels below the sale",
                   path);
    }
    if (size_.nodes >= kCascadeNodesMax) {
      return error(Code::E_LIMIT,
                   "a sale could make more than " + std::to_string(kCascadeNodesMax) + " nodes", path);
    }
    ++size_.nodes;
    size_.subjects += kSubjectsPerNode;
    size_.depth = std::max(size_.depth, ancestors_.size());
    return check_bounds(path);
  }

  Result<void> check_bounds(const std::string& path) const {
    if (size_.lines <= kCascadeLinesMax && size_.subjects <= kCascadeSubjectsMax) return {};
    return error(Code::E_LIMIT,
                 "a sale could make more than " + std::to_string(kCascadeLinesMax) +
                     " lines or touch more than " + std::to_string(kCascadeSubjectsMax) + " subjects",
                 path);
  }

  const AgreementOfProduct& agreement_of_;
  std::vector<std::string> ancestors_;
  CascadeSize size_;
};

}  // namespace

Result<CascadeSize> worst_case(const RevenueAgreement& agreement, const AgreementOfProduct& agreement_of) {
  WorstCase worst(agreement_of);
  if (auto walked = worst.walk(agreement, "0"); !walked) return walked.error();
  return worst.take();
}

}  // namespace circula::ledger
