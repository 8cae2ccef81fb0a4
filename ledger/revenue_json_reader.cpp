#include "ledger/revenue_json_reader.h"

#include <algorithm>
#include <boost/json.hpp>
#include <initializer_list>

namespace circula::ledger {
namespace {

namespace json = boost::json;

// Where in the document we are; a chain on the stack, spelled only when something is wrong.
struct Place {
  const Place* above = nullptr;
  std::string_view field;  // empty: an element of a list
  std::size_t index = 0;

  [[nodiscard]] std::string text() const {
    const std::string prefix = above == nullptr ? std::string{} : above->text();
    if (field.empty() && above != nullptr) return prefix + "[" + std::to_string(index) + "]";
    return prefix.empty() ? std::string(field) : prefix + "." + std::string(field);
  }
};

// The first defect of the document. After it, every read gives an empty value, and the caller looks once
// at the end.
struct Defect {
  std::optional<Error> first;

  void add(std::string detail, const Place& place) {
    if (!first) first = error(Code::E_FORMAT, std::move(detail), place.text());
  }
};

const json::object kNoFields;
const json::array kNoElements;

// The fields of one JSON object.
class Fields {
 public:
  Fields(const json::value& value, const Place& place, Defect& defect)
      : object_(value.is_object() ? value.get_object() : kNoFields), place_(place), defect_(defect) {
    if (!value.is_object()) defect_.add("expected an object", place);
  }

  // The value of a field, or nullptr if it is absent or null.
  [[nodiscard]] const json::value* find(std::string_view name) const {
    const json::value* value = object_.if_contains(name);
    return value == nullptr || value->is_null() ? nullptr : value;
  }

  [[nodiscard]] std::string text(std::string_view name) const {
    const json::value* value = find(name);
    if (value == nullptr || !value->is_string()) {
      fail(name, value == nullptr ? "a text is missing" : "expected a text");
      return {};
    }
    return std::string(value->get_string());
  }

  [[nodiscard]] std::int64_t integer(std::string_view name) const {
    if (find(name) == nullptr) fail(name, "an integer is missing");
    return integer_or(name, 0);
  }

  [[nodiscard]] std::int64_t integer_or(std::string_view name, std::int64_t absent) const {
    const json::value* value = find(name);
    if (value == nullptr) return absent;
    if (!value->is_int64()) fail(name, "expected an integer of 64 bits, without fraction or exponent");
    return value->is_int64() ? value->get_int64() : 0;
  }

  [[nodiscard]] std::optional<std::int64_t> optional_integer(std::string_view name) const {
    if (find(name) == nullptr) return std::nullopt;
    return integer_or(name, 0);
  }

  // Reads each element of a list with `read(value, place)`.
  template <class Read>
  void each(std::string_view name, bool needed, Read read) const {
    const Place list{&place_, name, 0};
    const json::value* value = find(name);
    if (value == nullptr && needed) fail(name, "a list is missing");
    if (value != nullptr && !value->is_array()) fail(name, "expected a list");
    const json::array& elements = value != nullptr && value->is_array() ? value->get_array() : kNoElements;
    for (std::size_t i = 0; i < elements.size() && !defect_.first; ++i) {
      read(elements[i], Place{&list, {}, i});
    }
  }

  // Reads the object of a field, if there is one, with `read(fields)`.
  template <class Read>
  void with(std::string_view name, Read read) const {
    const json::value* value = find(name);
    if (value == nullptr) return;
    const Place place{&place_, name, 0};
    read(Fields(*value, place, defect_));
  }

  void only(std::initializer_list<std::string_view> known) const {
    for (const auto& member : object_) {
      const std::string_view name = member.key();
      if (std::find(known.begin(), known.end(), name) == known.end()) fail(name, "unknown field");
    }
  }

  void fail(std::string_view name, std::string detail) const {
    defect_.add(std::move(detail), Place{&place_, name, 0});
  }

 private:
  const json::object& object_;
  const Place& place_;
  Defect& defect_;
};

ShareBase base_from(std::string_view word) {
  if (word == "gross") return ShareBase::kGross;
  if (word == "net") return ShareBase::kNet;
  if (word == "rem") return ShareBase::kRemaining;
  return ShareBase::kUnknown;
}

TierPeriod period_from(std::string_view word) {
  if (word == "none") return TierPeriod::kNone;
  if (word == "month") return TierPeriod::kMonth;
  if (word == "year") return TierPeriod::kYear;
  return TierPeriod::kUnknown;
}

Rounding rounding_from(std::string_view word) {
  if (word == "lrm") return Rounding::kLargestRemainder;
  if (word == "carry") return Rounding::kCarry;
  return Rounding::kUnknown;
}

TaxStep read_tax(const Fields& fields) {
  fields.only({"kind", "payee", "rate_ppm"});
  return {fields.text("payee"), fields.integer("rate_ppm")};
}

FixedStep read_fixed(const Fields& fields) {
  fields.only({"kind", "payee", "amount"});
  return {fields.text("payee"), fields.integer("amount")};
}

PercentStep read_percent(const Fields& fields) {
  fields.only({"kind", "payee", "rate_ppm", "base", "min", "max", "cap"});
  PercentStep step{.payee = fields.text("payee"),
                   .rate_ppm = fields.integer("rate_ppm"),
                   .base = base_from(fields.text("base")),
                   .min_minor = fields.integer_or("min", 0),
                   .max_minor = fields.optional_integer("max"),
                   .cap = std::nullopt};
  fields.with("cap", [&](const Fields& cap) {
    cap.only({"id", "total"});
    step.cap = FeeCap{cap.text("id"), cap.integer("total")};
  });
  return step;
}

TieredStep read_tiered(const Fields& fields, Defect& defect) {
  fields.only({"kind", "id", "payee", "base", "period", "tiers"});
  TieredStep step{.id = fields.text("id"),
                  .payee = fields.text("payee"),
                  .base = base_from(fields.text("base")),
                  .period = period_from(fields.text("period")),
                  .tiers = {}};
  fields.each("tiers", true, [&](const json::value& value, const Place& place) {
    const Fields tier(value, place, defect);
    tier.only({"upto", "rate_ppm"});
    step.tiers.push_back({tier.optional_integer("upto"), tier.integer("rate_ppm")});
  });
  return step;
}

RoyaltyStep read_royalty(const Fields& fields, Defect& defect) {
  fields.only({"kind", "base", "items"});
  RoyaltyStep step{.base = base_from(fields.text("base")), .items = {}};
  fields.each("items", true, [&](const json::value& value, const Place& place) {
    const Fields item(value, place, defect);
    item.only({"product", "rate_ppm"});
    step.items.push_back({item.text("product"), item.integer("rate_ppm")});
  });
  return step;
}

RecoupStep read_recoup(const Fields& fields) {
  fields.only({"kind", "id", "payee", "rate_ppm", "total"});
  return {fields.text("id"), fields.text("payee"), fields.integer("rate_ppm"), fields.integer("total")};
}

SplitPayee read_payee(const Fields& fields) {
  fields.only({"party", "ppm", "cap", "advance", "withhold"});
  SplitPayee payee{.party = fields.text("party"),
                   .share_ppm = fields.integer("ppm"),
                   .cap = std::nullopt,
                   .advance = std::nullopt,
                   .withhold = std::nullopt};
  fields.with("cap", [&](const Fields& cap) {
    cap.only({"id", "total", "overflow"});
    payee.cap = ShareCap{cap.text("id"), cap.integer("total"), cap.text("overflow")};
  });
  fields.with("advance", [&](const Fields& advance) {
    advance.only({"id", "to", "total", "rate_ppm"});
    payee.advance = Advance{advance.text("id"), advance.text("to"), advance.integer("total"),
                            advance.integer("rate_ppm")};
  });
  fields.with("withhold", [&](const Fields& withhold) {
    withhold.only({"payee", "rate_ppm"});
    payee.withhold = Withholding{withhold.text("payee"), withhold.integer("rate_ppm")};
  });
  return payee;
}

SplitStep read_split(const Fields& fields, Defect& defect) {
  fields.only({"kind", "payees"});
  SplitStep step;
  fields.each("payees", true, [&](const json::value& value, const Place& place) {
    step.payees.push_back(read_payee(Fields(value, place, defect)));
  });
  return step;
}

RevenueStep read_step(const json::value& value, const Place& place, Defect& defect) {
  const Fields fields(value, place, defect);
  const std::string kind = fields.text("kind");
  if (kind == "tax") return read_tax(fields);
  if (kind == "fixed") return read_fixed(fields);
  if (kind == "percent") return read_percent(fields);
  if (kind == "tiered") return read_tiered(fields, defect);
  if (kind == "royalty") return read_royalty(fields, defect);
  if (kind == "recoup") return read_recoup(fields);
  if (kind == "split") return read_split(fields, defect);
  return std::monostate{};  // an agreement error (E_STEPS), not one of form
}

RevenueAgreement read_agreement(const json::value& value, const Place& place, Defect& defect) {
  const Fields fields(value, place, defect);
  fields.only({"agreement", "version", "product", "ccy", "effective_from", "effective_to", "rounding",
               "steps", "royalty_steps", "guarantees"});
  RevenueAgreement agreement;
  agreement.id = fields.text("agreement");
  agreement.version = fields.integer("version");
  agreement.product = fields.text("product");
  agreement.effective_from_s = fields.integer("effective_from");
  agreement.effective_to_s = fields.optional_integer("effective_to");
  agreement.rounding = rounding_from(fields.text("rounding"));
  fields.each("steps", true, [&](const json::value& step, const Place& at) {
    agreement.steps.push_back(read_step(step, at, defect));
  });
  fields.each("royalty_steps", false, [&](const json::value& step, const Place& at) {
    agreement.royalty_steps.push_back(read_step(step, at, defect));
  });
  fields.each("guarantees", false, [&](const json::value& guarantee, const Place& at) {
    const Fields each(guarantee, at, defect);
    each.only({"party", "guarantor", "amount"});
    agreement.guarantees.push_back({each.text("party"), each.text("guarantor"), each.integer("amount")});
  });
  return agreement;
}

RevenueEvent read_event(const json::value& value, const Place& place, Defect& defect) {
  const Fields fields(value, place, defect);
  const std::string type = fields.text("type");
  if (type == "revenue") {
    fields.only({"type", "id", "product", "time", "amount"});
    return SaleEvent{fields.text("id"), fields.text("product"), fields.integer("time"),
                     fields.integer("amount")};
  }
  if (type == "refund") {
    fields.only({"type", "id", "of", "time", "amount"});
    (void)fields.integer_or("time", 0);  // a refund follows the versions of its sale, whenever it happens
    return RefundEvent{fields.text("id"), fields.text("of"), fields.integer("amount")};
  }
  if (type == "close") {
    fields.only({"type", "id", "agreement", "from", "to"});
    return CloseEvent{fields.text("id"), fields.text("agreement"), fields.integer("from"),
                      fields.integer("to")};
  }
  fields.fail("type", "expected revenue, refund or close");
  return SaleEvent{};
}

RevenueCase read_case(const json::value& value, const Place& place, Defect& defect) {
  const Fields fields(value, place, defect);
  fields.only({"id", "title", "currency", "agreements", "events", "expected"});
  RevenueCase read;
  fields.each("agreements", true, [&](const json::value& agreement, const Place& at) {
    read.agreements.push_back(read_agreement(agreement, at, defect));
  });
  fields.each("events", true, [&](const json::value& event, const Place& at) {
    read.events.push_back(read_event(event, at, defect));
  });
  return read;
}

}  // namespace

Result<std::vector<RevenueCase>> read_revenue_cases(const json::value& document) {
  Defect defect;
  const Place root;
  const Fields fields(document, root, defect);
  if (fields.text("format") != "revenue-cases") fields.fail("format", "expected revenue-cases");
  if (fields.integer("version") != 1) fields.fail("version", "expected 1");
  if (fields.find("share") != nullptr && fields.text("share") != "ppm") fields.fail("share", "expected ppm");
  std::vector<RevenueCase> cases;
  fields.each("cases", true, [&](const json::value& value, const Place& place) {
    cases.push_back(read_case(value, place, defect));
  });
  if (defect.first) return *std::move(defect.first);
  return cases;
}

}  // namespace circula::ledger
