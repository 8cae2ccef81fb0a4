#include "ledger/distribution.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "ledger/apportion.h"
#include "ledger/calendar.h"

namespace circula::ledger {
namespace {

// The price of everything up to `volume`, rounded once over all tiers, so that it does not matter into
// how many sales a volume is cut.
std::int64_t tiered_price(const std::vector<Tier>& tiers, std::int64_t volume) {
  Wide sum = 0;
  std::int64_t below = 0;
  for (const Tier& tier : tiers) {
    const std::int64_t upto = tier.upto_minor ? std::min(*tier.upto_minor, volume) : volume;
    if (upto > below) sum += Wide{upto - below} * tier.rate_ppm;
    below = std::max(below, upto);
  }
  return round_nearest(sum, kWholePpm);
}

// Runs the steps of one node. Each operator() takes its part of what is left.
class NodeSteps {
 public:
  NodeSteps(IncomeNode& node, const RevenueAgreement& agreement, std::int64_t time_s, BookOverlay& book)
      : node_(node),
        agreement_(agreement),
        time_s_(time_s),
        book_(book),
        net_(node.gross_minor),
        left_(node.gross_minor) {}

  Result<void> run(const std::vector<RevenueStep>& steps) {
    for (const RevenueStep& step : steps) {
      std::visit([this](const auto& kind) { take(kind); }, step);
      if (failure_) return *std::move(failure_);
      ++step_;
    }
    assert(left_ == 0 && "check_terms() lets no list end without a split");
    return {};
  }

 private:
  void take(const std::monostate&) {}

  void take(const TaxStep& step) {
    add_line(IncomeKind::kTax, step.payee,
             round_nearest(Wide{left_} * step.rate_ppm, kWholePpm + step.rate_ppm));
    net_ = left_;
  }

  void take(const FixedStep& step) {
    add_line(IncomeKind::kFixed, step.payee, std::min(step.amount_minor, left_));
  }

  void take(const PercentStep& step) {
    std::int64_t amount = std::max(part_of(base(step.base), step.rate_ppm), step.min_minor);
    if (step.max_minor) amount = std::min(amount, *step.max_minor);
    if (step.cap) amount = std::min(amount, room(step.cap->id, step.cap->total_minor));
    amount = std::min(amount, left_);
    if (step.cap) count(step.cap->id, amount);
    add_line(IncomeKind::kPercent, step.payee, amount);
  }

  void take(const TieredStep& step) {
    const std::int64_t volume = base(step.base);
    const RevenueCounterKey key{agreement_.id, step.id, tier_period_key(step.period, time_s_)};
    const std::int64_t before = book_.counter(key);
    std::int64_t after = 0;
    if (__builtin_add_overflow(before, volume, &after)) {
      failure_ = error(Code::E_AMOUNT, "the tier counter " + step.id + " is full", node_.path);
      return;
    }
    book_.set_counter(key, after);
    const std::int64_t price = tiered_price(step.tiers, after) - tiered_price(step.tiers, before);
    add_line(IncomeKind::kTiered, step.payee, std::min(price, left_));
  }

  // The items and what is kept are apportioned together, so that a source does not lose its fraction of
  // a unit to the one who sells.
  void take(const RoyaltyStep& step) {
    std::vector<std::int64_t> weights;
    std::int64_t kept_ppm = kWholePpm;
    for (const RoyaltyItem& item : step.items) {
      weights.push_back(item.rate_ppm);
      kept_ppm -= item.rate_ppm;
    }
    weights.push_back(kept_ppm);
    const std::vector<std::int64_t> parts = apportion(base(step.base), weights);
    for (std::size_t i = 0; i < step.items.size(); ++i) {
      add_line(IncomeKind::kRoyalty, step.items[i].product, std::min(parts[i], left_));
    }
  }

  void take(const RecoupStep& step) {
    const std::int64_t amount = std::min(part_of(left_, step.rate_ppm), room(step.id, step.total_minor));
    count(step.id, amount);
    add_line(IncomeKind::kRecoup, step.payee, amount);
  }

  void take(const SplitStep& step) {
    std::vector<std::int64_t> weights;
    for (const SplitPayee& payee : step.payees) weights.push_back(payee.share_ppm);
    const std::vector<std::int64_t> parts = split(weights);
    for (std::size_t i = 0; i < step.payees.size(); ++i) take_part(step.payees[i], parts[i]);
  }

  std::vector<std::int64_t> split(const std::vector<std::int64_t>& weights) {
    if (agreement_.rounding != Rounding::kCarry) return apportion(left_, weights);
    const RevenueCarryKey key{agreement_.id, agreement_.version,
                              node_.is_royalty() && !agreement_.royalty_steps.empty()};
    std::vector<std::int64_t> carry = book_.carry_ppm(key, weights.size());
    std::vector<std::int64_t> parts = apportion_with_carry(left_, weights, carry);
    book_.set_carry(key, std::move(carry));
    return parts;
  }

  // Overflow, then advance, then withholding; the rest is the share.
  void take_part(const SplitPayee& payee, std::int64_t part) {
    if (payee.cap) {
      const std::int64_t within = std::min(part, room(payee.cap->id, payee.cap->total_minor));
      add_line(IncomeKind::kOverflow, payee.cap->overflow, part - within, payee.party);
      count(payee.cap->id, within);
      part = within;
    }
    if (payee.advance) {
      const std::int64_t repaid = std::min(part_of(part, payee.advance->rate_ppm),
                                           room(payee.advance->id, payee.advance->total_minor));
      add_line(IncomeKind::kAdvance, payee.advance->to, repaid, payee.party);
      count(payee.advance->id, repaid);
      part -= repaid;
    }
    if (payee.withhold) {
      const std::int64_t withheld = part_of(part, payee.withhold->rate_ppm);
      add_line(IncomeKind::kWithhold, payee.withhold->payee, withheld, payee.party);
      part -= withheld;
    }
    add_line(IncomeKind::kShare, payee.party, part, payee.party);
  }

  [[nodiscard]] std::int64_t base(ShareBase base) const {
    switch (base) {
      case ShareBase::kGross:
        return node_.gross_minor;
      case ShareBase::kNet:
        return net_;
      case ShareBase::kRemaining:
        return left_;
      case ShareBase::kUnknown:
        break;
    }
    return 0;
  }

  // What a total still allows; a later version may have lowered the total below what was used.
  [[nodiscard]] std::int64_t room(const std::string& id, std::int64_t total_minor) const {
    return std::max<std::int64_t>(0, total_minor - book_.counter({agreement_.id, id, {}}));
  }

  void count(const std::string& id, std::int64_t amount) {
    if (amount == 0) return;
    const RevenueCounterKey key{agreement_.id, id, {}};
    book_.set_counter(key, book_.counter(key) + amount);
  }

  void add_line(IncomeKind kind, const std::string& payee, std::int64_t amount, std::string for_party = {}) {
    if (amount == 0) return;
    left_ -= amount;
    node_.lines.push_back({.step = step_,
                           .kind = kind,
                           .payee = payee,
                           .for_party = std::move(for_party),
                           .amount_minor = amount,
                           .left_minor = amount});
  }

  IncomeNode& node_;
  const RevenueAgreement& agreement_;
  std::int64_t time_s_;
  BookOverlay& book_;
  std::int64_t net_;
  std::int64_t left_;
  std::uint16_t step_ = 0;
  std::optional<Error> failure_;
};

class Cascade {
 public:
  Cascade(std::int64_t time_s, const AgreementSource& agreements, const RevenueBook& book,
          const DistributionLimits& limits)
      : time_s_(time_s), agreements_(agreements), book_(book), limits_(limits) {}

  Result<void> walk(const std::string& product, std::int64_t gross_minor, const std::string& path) {
    if (std::find(ancestors_.begin(), ancestors_.end(), product) != ancestors_.end()) {
      return error(Code::E_CYCLE, "product " + product + " is on its own path", path);
    }
    if (ancestors_.size() > limits_.depth_max) {
      return error(Code::E_DEPTH, "at most " + std::to_string(limits_.depth_max) + " levels below the sale",
                   path);
    }
    if (nodes_.size() >= limits_.nodes_max) {
      return error(Code::E_NODES, "at most " + std::to_string(limits_.nodes_max) + " nodes", path);
    }
    const RevenueAgreement* agreement = agreements_.in_force(product, time_s_);
    if (agreement == nullptr) {
      return error(Code::E_NO_AGREEMENT,
                   "no agreement for product " + product + " at " + std::to_string(time_s_), path);
    }

    const std::size_t index = nodes_.size();
    nodes_.push_back({.path = path,
                      .product = product,
                      .agreement = agreement->id,
                      .version = agreement->version,
                      .gross_minor = gross_minor,
                      .lines = {}});
    auto run = NodeSteps(nodes_[index], *agreement, time_s_, book_).run(agreement->list(path != "0"));
    if (!run) return run;
    lines_ += nodes_[index].lines.size();
    if (lines_ > limits_.lines_max) {
      return error(Code::E_LIMIT, "at most " + std::to_string(limits_.lines_max) + " lines", path);
    }
    ancestors_.push_back(product);
    auto below = walk_children(index);
    ancestors_.pop_back();
    return below;
  }

  Distribution take() { return {std::move(nodes_), book_.take_changes()}; }

 private:
  Result<void> walk_children(std::size_t index) {
    std::size_t children = 0;
    for (std::size_t i = 0; i < nodes_[index].lines.size(); ++i) {
      IncomeLine& line = nodes_[index].lines[i];
      if (line.kind != IncomeKind::kRoyalty) continue;
      line.child = static_cast<std::uint16_t>(nodes_.size());
      // Copies: the nodes move when the walk below adds some.
      const std::string product = line.payee;
      const std::string path = nodes_[index].path + "." + std::to_string(children++);
      if (auto walked = walk(product, line.amount_minor, path); !walked) return walked;
    }
    return {};
  }

  std::int64_t time_s_;
  const AgreementSource& agreements_;
  BookOverlay book_;
  DistributionLimits limits_;
  std::vector<std::string> ancestors_;
  std::vector<IncomeNode> nodes_;
  std::size_t lines_ = 0;
};

}  // namespace

std::string_view to_string(IncomeKind kind) {
  switch (kind) {
    case IncomeKind::kTax:
      return "tax";
    case IncomeKind::kFixed:
      return "fixed";
    case IncomeKind::kPercent:
      return "percent";
    case IncomeKind::kTiered:
      return "tiered";
    case IncomeKind::kRoyalty:
      return "royalty";
    case IncomeKind::kRecoup:
      return "recoup";
    case IncomeKind::kOverflow:
      return "overflow";
    case IncomeKind::kAdvance:
      return "advance";
    case IncomeKind::kWithhold:
      return "withhold";
    case IncomeKind::kShare:
      return "share";
  }
  return "unknown";
}

Result<Distribution> distribute(const Sale& sale, const AgreementSource& agreements, const RevenueBook& book,
                                const DistributionLimits& limits) {
  if (sale.gross_minor < 1 || sale.gross_minor > kAmountMax) {
    return error(Code::E_AMOUNT, "an amount is 1 to " + std::to_string(kAmountMax), "amount");
  }
  if (sale.time_s < kTimeMin || sale.time_s > kTimeMax) {
    return error(Code::E_TIME, "the year is 1 to 9999", "time");
  }
  Cascade cascade(sale.time_s, agreements, book, limits);
  if (auto walked = cascade.walk(std::string(sale.product), sale.gross_minor, "0"); !walked) {
    return walked.error();
  }
  return cascade.take();
}

std::vector<std::string> counter_ids_of(const IncomeLine& line, const std::vector<RevenueStep>& steps) {
  std::vector<std::string> ids;
  if (line.step >= steps.size()) return ids;
  const RevenueStep& step = steps[line.step];
  if (const auto* percent = std::get_if<PercentStep>(&step); percent != nullptr && percent->cap) {
    ids.push_back(percent->cap->id);
  } else if (const auto* recoup = std::get_if<RecoupStep>(&step)) {
    ids.push_back(recoup->id);
  } else if (const auto* split = std::get_if<SplitStep>(&step);
             split != nullptr && line.kind != IncomeKind::kOverflow) {
    const auto payee = std::find_if(split->payees.begin(), split->payees.end(),
                                    [&](const SplitPayee& each) { return each.party == line.for_party; });
    if (payee == split->payees.end()) return ids;
    if (payee->cap) ids.push_back(payee->cap->id);
    if (payee->advance && line.kind == IncomeKind::kAdvance) ids.push_back(payee->advance->id);
  }
  return ids;
}

}  // namespace circula::ledger
