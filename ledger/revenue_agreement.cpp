#include "ledger/revenue_agreement.h"

#include <set>

#include "ledger/apportion.h"

namespace circula::ledger {
namespace {

std::string indexed(std::string_view list, std::size_t index) {
  return std::string(list) + "[" + std::to_string(index) + "]";
}

// Walks one version and keeps the first defect. Each check names the field by its path.
class TermsCheck {
 public:
  Result<void> run(const RevenueAgreement& agreement) {
    if (agreement.product.empty()) fail(Code::E_PRODUCT, "a product is needed", "product");
    if (agreement.effective_to_s && *agreement.effective_to_s <= agreement.effective_from_s) {
      fail(Code::E_EFFECTIVE, "effective_to must be later than effective_from", "effective_to");
    }
    if (agreement.rounding == Rounding::kUnknown) fail(Code::E_STEPS, "rounding is lrm or carry", "rounding");
    check_list(agreement.steps, "steps");
    if (!agreement.royalty_steps.empty()) check_list(agreement.royalty_steps, "royalty_steps");
    for (std::size_t i = 0; i < agreement.guarantees.size(); ++i) {
      check_guarantee(agreement.guarantees[i], indexed("guarantees", i));
    }
    if (defect_) return *std::move(defect_);
    return {};
  }

 private:
  void fail(Code code, std::string detail, std::string field) {
    if (!defect_) defect_ = error(code, std::move(detail), std::move(field));
  }

  void check_list(const std::vector<RevenueStep>& steps, std::string_view name) {
    bool taxes_may_follow = true;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const std::string path = indexed(name, i);
      const bool last = i + 1 == steps.size();
      if (std::holds_alternative<TaxStep>(steps[i])) {
        if (!taxes_may_follow) fail(Code::E_STEPS, "a tax step stands before all others", path);
      } else {
        taxes_may_follow = false;
      }
      if (std::holds_alternative<SplitStep>(steps[i]) != last) {
        fail(Code::E_STEPS, "exactly one split, as the last step", path);
      }
      std::visit([&](const auto& step) { check(step, path); }, steps[i]);
    }
    if (steps.empty()) fail(Code::E_STEPS, "a split is needed", std::string(name));
  }

  void check(const std::monostate&, const std::string& path) {
    fail(Code::E_STEPS, "unknown kind of step", path + ".kind");
  }

  void check(const TaxStep& step, const std::string& path) {
    check_party(step.payee, path + ".payee");
    check_rate(step.rate_ppm, path + ".rate_ppm");
  }

  void check(const FixedStep& step, const std::string& path) {
    check_party(step.payee, path + ".payee");
    check_amount(step.amount_minor, path + ".amount");
  }

  void check(const PercentStep& step, const std::string& path) {
    check_party(step.payee, path + ".payee");
    check_rate(step.rate_ppm, path + ".rate_ppm");
    check_base(step.base, path + ".base");
    check_amount(step.min_minor, path + ".min");
    if (step.max_minor) {
      check_amount(*step.max_minor, path + ".max");
      if (*step.max_minor < step.min_minor) fail(Code::E_AMOUNT, "max is below min", path + ".max");
    }
    if (step.cap) {
      check_id(step.cap->id, path + ".cap.id");
      check_amount(step.cap->total_minor, path + ".cap.total");
    }
  }

  void check(const TieredStep& step, const std::string& path) {
    check_id(step.id, path + ".id");
    check_party(step.payee, path + ".payee");
    check_base(step.base, path + ".base");
    if (step.period == TierPeriod::kUnknown) {
      fail(Code::E_STEPS, "period is none, month or year", path + ".period");
    }
    if (step.tiers.empty()) fail(Code::E_TIERS, "at least one tier is needed", path + ".tiers");
    std::int64_t below = 0;
    for (std::size_t i = 0; i < step.tiers.size(); ++i) {
      const Tier& tier = step.tiers[i];
      const std::string at = path + indexed(".tiers", i);
      check_rate(tier.rate_ppm, at + ".rate_ppm");
      if (tier.upto_minor.has_value() == (i + 1 == step.tiers.size())) {
        fail(Code::E_TIERS, "the last tier is open, all others have a bound", at + ".upto");
      }
      if (!tier.upto_minor) continue;
      if (*tier.upto_minor <= below) fail(Code::E_TIERS, "bounds must rise, from above 0", at + ".upto");
      check_amount(*tier.upto_minor, at + ".upto");
      below = *tier.upto_minor;
    }
  }

  void check(const RoyaltyStep& step, const std::string& path) {
    check_base(step.base, path + ".base");
    if (step.items.empty()) fail(Code::E_SHARE_SUM, "at least one item is needed", path + ".items");
    Wide sum = 0;
    for (std::size_t i = 0; i < step.items.size(); ++i) {
      const std::string at = path + indexed(".items", i);
      if (step.items[i].product.empty()) fail(Code::E_PRODUCT, "a product is needed", at + ".product");
      check_rate(step.items[i].rate_ppm, at + ".rate_ppm");
      sum += step.items[i].rate_ppm;
    }
    if (sum > kWholePpm) fail(Code::E_SHARE_SUM, "the items exceed 1,000,000 ppm", path + ".items");
  }

  void check(const RecoupStep& step, const std::string& path) {
    check_id(step.id, path + ".id");
    check_party(step.payee, path + ".payee");
    check_rate(step.rate_ppm, path + ".rate_ppm");
    check_amount(step.total_minor, path + ".total");
  }

  void check(const SplitStep& step, const std::string& path) {
    std::set<std::string_view> parties;
    Wide sum = 0;
    for (std::size_t i = 0; i < step.payees.size(); ++i) {
      const SplitPayee& payee = step.payees[i];
      const std::string at = path + indexed(".payees", i);
      check_payee(payee, at);
      if (!parties.insert(payee.party).second) {
        fail(Code::E_PARTY, payee.party + " stands twice in the split", at + ".party");
      }
      sum += payee.share_ppm;
    }
    if (sum != kWholePpm) fail(Code::E_SHARE_SUM, "the shares must sum to 1,000,000 ppm", path + ".payees");
  }

  void check_payee(const SplitPayee& payee, const std::string& path) {
    check_party(payee.party, path + ".party");
    check_rate(payee.share_ppm, path + ".ppm");
    if (payee.share_ppm < 1) fail(Code::E_RATE, "a share is at least 1 ppm", path + ".ppm");
    if (payee.cap) {
      check_id(payee.cap->id, path + ".cap.id");
      check_amount(payee.cap->total_minor, path + ".cap.total");
      check_party(payee.cap->overflow, path + ".cap.overflow");
    }
    if (payee.advance) {
      check_id(payee.advance->id, path + ".advance.id");
      check_party(payee.advance->to, path + ".advance.to");
      check_amount(payee.advance->total_minor, path + ".advance.total");
      check_rate(payee.advance->rate_ppm, path + ".advance.rate_ppm");
    }
    if (payee.withhold) {
      check_party(payee.withhold->payee, path + ".withhold.payee");
      check_rate(payee.withhold->rate_ppm, path + ".withhold.rate_ppm");
    }
  }

  void check_guarantee(const Guarantee& guarantee, const std::string& path) {
    check_party(guarantee.party, path + ".party");
    check_party(guarantee.guarantor, path + ".guarantor");
    if (guarantee.party == guarantee.guarantor) {
      fail(Code::E_PARTY, "nobody guarantees an income to itself", path + ".guarantor");
    }
    check_amount(guarantee.amount_minor, path + ".amount");
    if (guarantee.amount_minor == 0) fail(Code::E_AMOUNT, "a guarantee is above 0", path + ".amount");
  }

  void check_party(const std::string& party, const std::string& path) {
    if (party.empty()) fail(Code::E_PARTY, "a party is needed", path);
  }

  void check_rate(std::int64_t rate_ppm, const std::string& path) {
    if (rate_ppm < 0 || rate_ppm > kWholePpm) fail(Code::E_RATE, "a rate is 0 to 1,000,000 ppm", path);
  }

  void check_amount(std::int64_t amount_minor, const std::string& path) {
    if (amount_minor < 0 || amount_minor > kAmountMax) {
      fail(Code::E_AMOUNT, "an amount is 0 to " + std::to_string(kAmountMax), path);
    }
  }

  void check_base(ShareBase base, const std::string& path) {
    if (base == ShareBase::kUnknown) fail(Code::E_STEPS, "base is gross, net or rem", path);
  }

  // One set for both lists: the counters are the agreement's.
  void check_id(const std::string& id, const std::string& path) {
    if (id.empty()) fail(Code::E_FORMAT, "an id is needed", path);
    if (!ids_.insert(id).second) fail(Code::E_DUP_ID, "the id " + id + " is used twice", path);
  }

  std::optional<Error> defect_;
  std::set<std::string> ids_;
};

Result<void> check_list_size(const std::vector<RevenueStep>& steps, const std::string& name) {
  if (steps.size() > kAgreementStepsMax) {
    return error(Code::E_LIMIT, "at most " + std::to_string(kAgreementStepsMax) + " steps", name);
  }
  std::size_t royalty_items = 0;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (const auto* royalty = std::get_if<RoyaltyStep>(&steps[i])) royalty_items += royalty->items.size();
    if (royalty_items > kAgreementRoyaltyItemsMax) {
      return error(Code::E_LIMIT, "at most " + std::to_string(kAgreementRoyaltyItemsMax) + " royalty items",
                   indexed(name, i) + ".items");
    }
    const auto* split = std::get_if<SplitStep>(&steps[i]);
    if (split != nullptr && split->payees.size() > kAgreementSplitPayeesMax) {
      return error(Code::E_LIMIT, "at most " + std::to_string(kAgreementSplitPayeesMax) + " split payees",
                   indexed(name, i) + ".payees");
    }
  }
  return {};
}

}  // namespace

Result<void> check_terms(const RevenueAgreement& agreement) { return TermsCheck{}.run(agreement); }

Result<void> check_succession(const RevenueAgreement& next, const RevenueAgreement* previous,
                              std::string_view governing) {
  const std::int64_t expected = previous == nullptr ? 1 : previous->version + 1;
  if (next.version != expected) {
    return error(Code::E_VERSION, "expected version " + std::to_string(expected), "version");
  }
  if (previous != nullptr && next.product != previous->product) {
    return error(Code::E_PRODUCT, "the agreement is about " + previous->product, "product");
  }
  if (!governing.empty() && governing != next.id) {
    return error(Code::E_PRODUCT, "agreement " + std::string(governing) + " governs this product", "product");
  }
  if (previous != nullptr && next.effective_from_s <= previous->effective_from_s) {
    return error(Code::E_EFFECTIVE,
                 "must be later than " + std::to_string(previous->effective_from_s) + ", the version before",
                 "effective_from");
  }
  return {};
}

Result<void> check_size(const RevenueAgreement& agreement) {
  if (auto checked = check_list_size(agreement.steps, "steps"); !checked) return checked;
  return check_list_size(agreement.royalty_steps, "royalty_steps");
}

}  // namespace circula::ledger
