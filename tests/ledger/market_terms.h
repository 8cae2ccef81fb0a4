// Random terms of agreements, good as they stand: every kind of step, both lists, guarantees.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "tests/ledger/deal_records.h"
#include "tests/ledger/market_draw.h"

namespace circula::ledger::testing {

class MarketTerms {
 public:
  MarketTerms(Draw& draw, const TestChain& chain, std::vector<std::string> parties)
      : draw_(draw), chain_(chain), parties_(std::move(parties)) {}

  // Of the product of this number; royalties go to the others.
  RevenueAgreement make(std::size_t product, std::vector<ShortId> products) {
    products_ = std::move(products);
    next_id_ = 0;
    RevenueAgreement terms;
    terms.rounding = draw_.one_in(2) ? Rounding::kCarry : Rounding::kLargestRemainder;
    terms.steps = steps(product);
    if (draw_.one_in(3)) terms.royalty_steps = steps(product);
    if (draw_.one_in(3))
      terms.guarantees.push_back({party(), chain_.oid("bank"), draw_.between(1, 1'000'000)});
    return terms;
  }

 private:
  std::string party() { return chain_.oid(draw_.of(parties_)); }
  std::string counter_id() { return "c" + std::to_string(next_id_++); }
  std::int64_t total() { return draw_.one_in(2) ? draw_.below(1'000) : draw_.below(1'000'000); }
  ShareBase base() { return static_cast<ShareBase>(draw_.between(1, 3)); }

  std::vector<RevenueStep> steps(std::size_t product) {
    std::vector<RevenueStep> list;
    if (draw_.one_in(2)) list.push_back(TaxStep{chain_.oid("tax"), draw_.rate()});
    for (std::int64_t i = draw_.below(4); i > 0; --i) list.push_back(middle(product));
    list.push_back(split());
    return list;
  }

  RevenueStep middle(std::size_t product) {
    switch (draw_.below(6)) {
      case 0:
        return FixedStep{party(), draw_.below(50)};
      case 1: {
        PercentStep step{chain_.oid("exchange"), draw_.rate(), base(), draw_.below(20), {}, {}};
        if (draw_.one_in(2)) step.max_minor = step.min_minor + draw_.between(1, 1'000);
        if (draw_.one_in(2)) step.cap = FeeCap{counter_id(), total()};
        return step;
      }
      case 2:
        return TieredStep{counter_id(),
                          party(),
                          base(),
                          static_cast<TierPeriod>(draw_.between(1, 3)),
                          {{draw_.between(1, 500'000), draw_.rate()}, {std::nullopt, draw_.rate()}}};
      case 3:
        return RecoupStep{counter_id(), party(), draw_.rate(), total()};
      default: {
        // Mostly to products of a lower number; now and then upwards, which may close a circle.
        const auto below = static_cast<std::int64_t>(draw_.one_in(12) ? products_.size() : product);
        if (below == 0) return FixedStep{party(), 1};
        const ShortId& source = products_[static_cast<std::size_t>(draw_.below(below))];
        return RoyaltyStep{base(), {{product_name(source), draw_.below(600'000)}}};
      }
    }
  }

  RevenueStep split() {
    SplitStep step;
    std::set<std::string> taken;
    const std::int64_t payees = draw_.between(1, 4);
    while (static_cast<std::int64_t>(taken.size()) < payees) taken.insert(party());
    std::int64_t left = kWholePpm;
    std::int64_t more = payees;
    for (const std::string& oid : taken) {
      SplitPayee payee = part(oid, --more == 0 ? left : draw_.between(1, left - more));
      left -= payee.share_ppm;
      if (draw_.one_in(4)) payee.cap = ShareCap{counter_id(), total(), party()};
      if (draw_.one_in(4)) payee.advance = Advance{counter_id(), party(), total(), draw_.rate()};
      if (draw_.one_in(4)) payee.withhold = Withholding{chain_.oid("tax"), draw_.rate()};
      step.payees.push_back(payee);
    }
    return step;
  }

  Draw& draw_;
  const TestChain& chain_;
  std::vector<std::string> parties_;  // by name
  std::vector<ShortId> products_;
  int next_id_ = 0;
};

}  // namespace circula::ledger::testing
