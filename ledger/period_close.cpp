#include "ledger/period_close.h"

#include <algorithm>
#include <limits>

#include "ledger/agreement.h"
#include "ledger/apportion.h"
#include "ledger/guarantee.h"
#include "ledger/identity.h"
#include "ledger/income.h"
#include "ledger/posting.h"

namespace circula::ledger {
namespace {

bool begins_a_day(std::int64_t time_s) { return start_of_day(day_of(time_s)) == time_s; }

Result<void> check_period(Execution& execution, const proto::PeriodClose& body) {
  if (body.from_s() < 0 || !begins_a_day(body.from_s()))
    return error(Code::E_FORMAT, "a period begins with a day at UTC+8", "from_s");
  if (body.to_s() < 0 || !begins_a_day(body.to_s()))
    return error(Code::E_FORMAT, "a period ends with a day at UTC+8", "to_s");
  if (body.to_s() <= body.from_s()) return error(Code::E_NO_AGREEMENT, "the period is empty", "to_s");
  if (body.to_s() - body.from_s() > kClosedDaysMax * kSecondsPerDay)
    return error(Code::E_LIMIT, "a period has at most 400 days", "to_s");
  if (body.to_s() > execution.time_s())
    return error(Code::E_PERIOD_OPEN, "ledger time is " + std::to_string(execution.time_s()), "to_s");
  return {};
}

// What a guarantee of the period is measured by, and where what it lacks is paid. Days before the agreement
// was first dealt in at an exchange have reported income only, and what they lack is reported, too: nobody's
// account pays for a time in which no money was posted. A period across that day counts both.
struct Measure {
  std::vector<IncomeOrigin> counts;
  std::string exchange;  // empty: what is lacking is reported
};

Measure measure_of(const proto::AgreementState& state, const proto::PeriodClose& body) {
  if (state.exchange().empty()) return {{IncomeOrigin::kReported}, {}};
  const std::int64_t traded_from_s = start_of_day(day_of(state.traded_at_s()));
  if (body.to_s() <= traded_from_s) return {{IncomeOrigin::kReported}, {}};
  if (body.from_s() >= traded_from_s) return {{IncomeOrigin::kPosted}, state.exchange()};
  return {{IncomeOrigin::kPosted, IncomeOrigin::kReported}, state.exchange()};
}

std::int64_t earned(Execution& execution, const ShortId& agreement, std::string_view party,
                    const proto::PeriodClose& body, const Measure& measure) {
  Wide sum = 0;
  for (const IncomeOrigin origin : measure.counts)
    sum += earned_between(execution, agreement, party, {body.from_s(), body.to_s()}, origin);
  constexpr Wide kMost = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(std::clamp<Wide>(sum, -kMost, kMost));
}

// Adds the period to the closed ones; those that touch become one.
Result<void> add_closed(proto::AgreementState& state, const proto::PeriodClose& body) {
  std::vector<Period> closed;
  for (const proto::ClosedPeriod& each : state.closed()) closed.push_back({each.from_s(), each.to_s()});
  for (const Period& each : closed) {
    if (body.from_s() < each.to && each.from < body.to_s())
      return error(
          Code::E_CLOSED,
          "closed from " + format_date(day_of(each.from)) + " until before " + format_date(day_of(each.to)),
          "from_s");
  }
  closed.push_back({body.from_s(), body.to_s()});
  std::ranges::sort(closed, {}, &Period::from);
  state.clear_closed();
  for (const Period& each : closed) {
    if (!state.closed().empty() && state.closed(state.closed_size() - 1).to_s() == each.from) {
      state.mutable_closed(state.closed_size() - 1)->set_to_s(each.to);
      continue;
    }
    proto::ClosedPeriod& added = *state.add_closed();
    added.set_from_s(each.from);
    added.set_to_s(each.to);
  }
  if (state.closed_size() <= kClosedPeriodsMax) return {};
  return error(Code::E_LIMIT, "more than 64 closed periods with gaps between them", "from_s");
}

proto::IncomeLine top_up_line(const proto::PeriodClose& body, const proto::AgreementState& state,
                              std::size_t number, std::uint32_t version, std::int64_t amount_minor,
                              const std::string& other_side) {
  proto::IncomeLine line;
  line.set_line(static_cast<std::uint32_t>(number));
  line.set_product(state.product());
  line.set_agreement(body.agreement());
  line.set_version(version);
  line.set_kind(proto::INCOME_KIND_TOP_UP);
  line.set_for_party(other_side);
  line.set_amount_minor(amount_minor);
  return line;
}

// At the exchange a guarantor pays out of its account; what is not there is owed. The guarantee fund keeps
// out of it: a guarantee is a bargain between two parties, and the exchange has signed neither it nor the
// close.
Result<MoneyByPayee> post_top_ups(Execution& execution, const Venue& venue, const std::vector<TopUp>& owed) {
  MoneyByPayee money;
  if (venue.exchange.empty()) return money;
  Postings postings(execution, venue, proto::MONEY_CAUSE_PERIOD_CLOSE, execution.new_id());
  for (const TopUp& top_up : owed) {
    const auto missing = postings.give_back({{top_up.guarantor, top_up.amount_minor}}, top_up.party,
                                            account_key(AccountKind::kAvailable, top_up.guarantor, venue),
                                            execution.new_id(), Postings::Fund::kKeeps);
    if (!missing) return missing.error();
    for (const auto& [debtor, minor] : *missing) money[debtor].owed_minor += minor;
  }
  std::map<std::string, int> open_items;
  if (auto written = postings.write(open_items); !written) return written.error();
  adjust_open_items(execution, open_items);
  return money;
}

Result<void> write_top_ups(Execution& execution, const proto::PeriodClose& body,
                           const proto::AgreementState& state, std::uint32_t version,
                           const std::string& exchange, const std::vector<TopUp>& owed) {
  auto money = post_top_ups(execution, {exchange, state.currency()}, owed);
  if (!money) return money.error();
  IncomeBooking booking({.cause = proto::INCOME_CAUSE_PERIOD_CLOSE,
                         .event = execution.new_id(),
                         .contract = {},
                         .payer = {},
                         .currency = state.currency(),
                         .time_s = body.to_s() - 1,
                         .exchange = exchange},
                        std::move(*money));
  proto::AgreementPeriodClosed effect;
  effect.set_from_s(body.from_s());
  effect.set_to_s(body.to_s());
  effect.set_version(version);
  for (std::size_t i = 0; i < owed.size(); ++i) {
    const TopUp& top_up = owed[i];
    proto::TopUp& to = *effect.add_top_ups();
    to.set_party(top_up.party);
    to.set_guarantor(top_up.guarantor);
    to.set_earned_minor(top_up.earned_minor);
    to.set_amount_minor(top_up.amount_minor);
    booking.add(top_up.party, top_up_line(body, state, i, version, top_up.amount_minor, top_up.guarantor));
    booking.add(top_up.guarantor, top_up_line(body, state, i, version, -top_up.amount_minor, top_up.party));
  }
  execution.change(agreement_key(ShortId::from(crypto::as_bytes(body.agreement()))), kEffectPeriodClosed,
                   effect, state);
  return booking.write(execution);
}

Result<void> close(Execution& execution, const proto::PeriodClose& body) {
  auto state = find_agreement(execution, body.agreement(), "agreement");
  if (!state) return state.error();
  const ShortId id = ShortId::from(crypto::as_bytes(body.agreement()));
  const std::uint32_t version = last_version_before(*state, body.to_s());
  const LedgerAgreements agreements(execution);
  // A period before the first version has parties all the same: those who may be told that there is none.
  const RevenueAgreement* rules = agreements.version(agreement_name(id), std::max(version, 1U));
  assert(rules != nullptr && "an agreement has a version");
  if (!parties_of(*rules).contains(execution.author_oid()))
    return error(Code::E_ROLE, "a party of the agreement closes its periods", "agreement");
  if (auto signed_by = execution.require(execution.author_oid(), kBusiness, "agreement"); !signed_by)
    return signed_by;
  if (auto good = check_period(execution, body); !good) return good;
  if (version == 0) return error(Code::E_NO_AGREEMENT, "no version begins before the period's end", "to_s");
  if (auto good = add_closed(*state, body); !good) return good;
  const Measure measure = measure_of(*state, body);
  const std::vector<TopUp> owed =
      top_ups(*rules, [&](std::string_view party) { return earned(execution, id, party, body, measure); });
  return write_top_ups(execution, body, *state, version, measure.exchange, owed);
}

constexpr RecordType kRecords[] = {record_type<proto::PeriodClose, close>(28, 1, "PERIOD_CLOSE")};
constexpr EffectType kEffects[] = {
    effect_type<proto::AgreementPeriodClosed>(kEffectPeriodClosed, "period closed")};

}  // namespace

const Family kPeriodCloseFamily = {"period close", kRecords, kEffects, {}, {}};

}  // namespace circula::ledger
