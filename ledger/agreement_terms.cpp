#include "ledger/agreement_terms.h"

#include <algorithm>
#include <cassert>

#include "crypto/encoding.h"
#include "ledger/object_id.h"
#include "ledger/text.h"

namespace circula::ledger {
namespace {

std::string indexed(const std::string& list, int item) { return list + "[" + std::to_string(item) + "]"; }

Result<void> check_counter_id(const std::string& id, const std::string& field) {
  const bool plain = std::ranges::all_of(id, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
  if (!plain || id.empty() || id.size() > kCounterIdCharactersMax)
    return error(Code::E_FORMAT, "an id is 1 to 32 letters, digits, '.', '_' or '-'", field);
  return check_text(id, kCounterIdCharactersMax, field);  // no telephone number either
}

// Reads one list of steps; the first fault stays.
class StepReader {
 public:
  std::vector<RevenueStep> read(const google::protobuf::RepeatedPtrField<proto::AgreementStep>& steps,
                                const std::string& list) {
    std::vector<RevenueStep> result;
    for (int item = 0; item < steps.size(); ++item) result.push_back(read(steps[item], indexed(list, item)));
    return result;
  }

  [[nodiscard]] const std::optional<Error>& fault() const { return fault_; }

 private:
  RevenueStep read(const proto::AgreementStep& step, const std::string& path) {
    switch (step.kind_case()) {
      case proto::AgreementStep::kTax:
        return TaxStep{step.tax().payee(), step.tax().rate_ppm()};
      case proto::AgreementStep::kFixed:
        return FixedStep{step.fixed().payee(), step.fixed().amount_minor()};
      case proto::AgreementStep::kPercent:
        return read(step.percent(), path + ".percent");
      case proto::AgreementStep::kTiered:
        return read(step.tiered(), path + ".tiered");
      case proto::AgreementStep::kRoyalty:
        return read(step.royalty(), path + ".royalty");
      case proto::AgreementStep::kRecoup:
        counter(step.recoup().id(), path + ".recoup.id");
        return RecoupStep{step.recoup().id(), step.recoup().payee(), step.recoup().rate_ppm(),
                          step.recoup().total_minor()};
      case proto::AgreementStep::kSplit:
        return read(step.split(), path + ".split");
      case proto::AgreementStep::KIND_NOT_SET:
        break;
    }
    return std::monostate{};
  }

  PercentStep read(const proto::PercentStep& step, const std::string& path) {
    PercentStep result{step.payee(), step.rate_ppm(), base(step.base()), step.min_minor(), {}, {}};
    if (step.max_minor() != 0) result.max_minor = step.max_minor();
    if (step.has_cap()) {
      counter(step.cap().id(), path + ".cap.id");
      result.cap = FeeCap{step.cap().id(), step.cap().total_minor()};
    }
    return result;
  }

  TieredStep read(const proto::TieredStep& step, const std::string& path) {
    counter(step.id(), path + ".id");
    TieredStep result{step.id(), step.payee(), base(step.base()), static_cast<TierPeriod>(step.period()), {}};
    if (step.tiers_size() > kTiersMax) fail(error(Code::E_LIMIT, "at most 16 tiers", path + ".tiers"));
    for (const proto::Tier& tier : step.tiers()) {
      result.tiers.push_back({std::nullopt, tier.rate_ppm()});
      if (tier.upto_minor() != 0) result.tiers.back().upto_minor = tier.upto_minor();
    }
    return result;
  }

  RoyaltyStep read(const proto::RoyaltyStep& step, const std::string& path) {
    RoyaltyStep result{base(step.base()), {}};
    for (int item = 0; item < step.items_size(); ++item) {
      const std::string& product = step.items(item).product();
      if (product.size() != ShortId::kSize) {
        fail(error(Code::E_FORMAT, "a product id has 16 bytes", path + indexed(".items", item) + ".product"));
        break;
      }
      result.items.push_back(
          {product_name(ShortId::from(crypto::as_bytes(product))), step.items(item).rate_ppm()});
    }
    return result;
  }

  SplitStep read(const proto::SplitStep& step, const std::string& path) {
    SplitStep result;
    for (int item = 0; item < step.payees_size(); ++item) {
      const proto::SplitPayee& from = step.payees(item);
      const std::string at = path + indexed(".payees", item);
      SplitPayee payee{from.party(), from.share_ppm(), {}, {}, {}};
      if (from.has_cap()) {
        counter(from.cap().id(), at + ".cap.id");
        payee.cap = ShareCap{from.cap().id(), from.cap().total_minor(), from.cap().overflow()};
      }
      if (from.has_advance()) {
        counter(from.advance().id(), at + ".advance.id");
        payee.advance = Advance{from.advance().id(), from.advance().to(), from.advance().total_minor(),
                                from.advance().rate_ppm()};
      }
      if (from.has_withhold()) {
        payee.withhold = Withholding{from.withhold().payee(), from.withhold().rate_ppm()};
      }
      result.payees.push_back(std::move(payee));
    }
    return result;
  }

  // The words have the same numbers; 0 is "unspecified" there and kUnknown here.
  static ShareBase base(proto::ShareBase base) { return static_cast<ShareBase>(base); }

  void counter(const std::string& id, const std::string& field) {
    if (auto good = check_counter_id(id, field); !good) fail(good.error());
  }

  void fail(Error fault) {
    if (!fault_) fault_ = std::move(fault);
  }

  std::optional<Error> fault_;
};

static_assert(static_cast<int>(ShareBase::kRemaining) == proto::SHARE_BASE_REMAINING);
static_assert(static_cast<int>(TierPeriod::kYear) == proto::TIER_PERIOD_YEAR);
static_assert(static_cast<int>(Rounding::kCarry) == proto::ROUNDING_CARRY);

// The kind of the step that "steps[0]" or "royalty_steps[0]" means; empty for any other part of a path.
std::string kind_at(const proto::AgreementTerms& terms, std::string_view part) {
  const bool royalty = part.starts_with("royalty_steps[");
  if (!royalty && !part.starts_with("steps[")) return {};
  const auto& steps = royalty ? terms.royalty_steps() : terms.steps();
  const std::size_t number = part.find('[') + 1;
  const auto item = crypto::u64_from_decimal(part.substr(number, part.size() - number - 1));
  if (!item || *item >= static_cast<std::uint64_t>(steps.size())) return {};
  const proto::AgreementStep& step = steps[static_cast<int>(*item)];
  const auto* kind =
      step.GetReflection()->GetOneofFieldDescriptor(step, step.GetDescriptor()->FindOneofByName("kind"));
  return kind == nullptr ? std::string() : kind->name();
}

// The engine counts in one unit and does not say which.
std::string record_word(std::string_view word) {
  if (word == "ppm") return "share_ppm";
  const bool is_amount =
      word == "amount" || word == "min" || word == "max" || word == "total" || word == "upto";
  return std::string(word) + (is_amount ? "_minor" : "");
}

template <class Visit>
void each_step(const RevenueAgreement& agreement, Visit visit) {
  for (const std::vector<RevenueStep>* list : {&agreement.steps, &agreement.royalty_steps}) {
    for (const RevenueStep& step : *list) visit(step);
  }
}

}  // namespace

std::string product_name(const ShortId& product) { return object_text(ObjectKind::kProduct, product); }
std::string agreement_name(const ShortId& agreement) {
  return object_text(ObjectKind::kAgreement, agreement);
}

ShortId product_of(std::string_view name) { return parse_object_id(ObjectKind::kProduct, name).value(); }
ShortId agreement_of(std::string_view name) { return parse_object_id(ObjectKind::kAgreement, name).value(); }

Result<RevenueAgreement> read_terms(const proto::AgreementTerms& terms) {
  RevenueAgreement agreement;
  StepReader reader;
  agreement.rounding = static_cast<Rounding>(terms.rounding());
  agreement.steps = reader.read(terms.steps(), "steps");
  agreement.royalty_steps = reader.read(terms.royalty_steps(), "royalty_steps");
  if (reader.fault()) return *reader.fault();
  if (terms.guarantees_size() > kGuaranteesMax) {
    return error(Code::E_LIMIT, "at most 16 guarantees", "guarantees");
  }
  for (const proto::Guarantee& guarantee : terms.guarantees()) {
    agreement.guarantees.push_back({guarantee.party(), guarantee.guarantor(), guarantee.amount_minor()});
  }
  return agreement;
}

std::string record_path(const proto::AgreementTerms& terms, std::string_view engine_path) {
  std::string path;
  std::string kind;  // of the step that the path leads to so far
  while (!engine_path.empty()) {
    const std::string_view part = engine_path.substr(0, engine_path.find('.'));
    engine_path.remove_prefix(std::min(part.size() + 1, engine_path.size()));
    if (!kind.empty() && part != kind) path += "." + kind;
    kind = path.empty() ? kind_at(terms, part) : std::string();
    path += (path.empty() ? "" : ".") + record_word(part);
  }
  return path;
}

std::set<std::string> fee_payees_of(const RevenueAgreement& agreement) {
  std::set<std::string> payees;
  each_step(agreement, [&](const RevenueStep& step) {
    if (const auto* fixed = std::get_if<FixedStep>(&step)) payees.insert(fixed->payee);
    if (const auto* percent = std::get_if<PercentStep>(&step)) payees.insert(percent->payee);
    if (const auto* tiered = std::get_if<TieredStep>(&step)) payees.insert(tiered->payee);
  });
  return payees;
}

std::set<std::string> parties_of(const RevenueAgreement& agreement) {
  std::set<std::string> parties;
  each_step(agreement, [&](const RevenueStep& step) {
    if (const auto* recoup = std::get_if<RecoupStep>(&step)) parties.insert(recoup->payee);
    const auto* split = std::get_if<SplitStep>(&step);
    if (split == nullptr) return;
    for (const SplitPayee& payee : split->payees) {
      parties.insert(payee.party);
      if (payee.advance) parties.insert(payee.advance->to);
    }
  });
  for (const Guarantee& guarantee : agreement.guarantees) {
    parties.insert(guarantee.party);
    parties.insert(guarantee.guarantor);
  }
  return parties;
}

std::set<std::string> payees_of(const RevenueAgreement& agreement) {
  std::set<std::string> payees = parties_of(agreement);
  payees.merge(fee_payees_of(agreement));
  each_step(agreement, [&](const RevenueStep& step) {
    if (const auto* tax = std::get_if<TaxStep>(&step)) payees.insert(tax->payee);
    const auto* split = std::get_if<SplitStep>(&step);
    if (split == nullptr) return;
    for (const SplitPayee& payee : split->payees) {
      if (payee.cap) payees.insert(payee.cap->overflow);
      if (payee.withhold) payees.insert(payee.withhold->payee);
    }
  });
  return payees;
}

RevenueAgreement with_list(const RevenueAgreement& agreement, bool royalty) {
  RevenueAgreement result = agreement;
  result.steps = agreement.list(royalty);
  result.royalty_steps.clear();
  return result;
}

std::set<std::string> royalty_products_of(const RevenueAgreement& agreement) {
  std::set<std::string> products;
  each_step(agreement, [&](const RevenueStep& step) {
    const auto* royalty = std::get_if<RoyaltyStep>(&step);
    if (royalty == nullptr) return;
    for (const RoyaltyItem& item : royalty->items) {
      if (item.rate_ppm > 0) products.insert(item.product);
    }
  });
  return products;
}

std::vector<Claim> claims_of(const RevenueAgreement& agreement) {
  std::vector<Claim> claims;
  each_step(agreement, [&](const RevenueStep& step) {
    if (const auto* recoup = std::get_if<RecoupStep>(&step))
      claims.push_back({recoup->payee, recoup->id, recoup->total_minor});
    const auto* split = std::get_if<SplitStep>(&step);
    if (split == nullptr) return;
    for (const SplitPayee& payee : split->payees) {
      if (payee.advance) claims.push_back({payee.advance->to, payee.advance->id, payee.advance->total_minor});
    }
  });
  return claims;
}

}  // namespace circula::ledger
