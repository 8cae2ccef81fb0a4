#include "ledger/income.h"

#include <algorithm>
#include <limits>

#include "ledger/agreement_terms.h"
#include "ledger/apportion.h"
#include "ledger/object_id.h"
#include "ledger/proto/agreement.pb.h"

namespace circula::ledger {
namespace {

// Ids of counters have no '@'.
constexpr std::string_view kOpenContracts = "@open";
constexpr std::string_view kLiveListings = "@listed";

std::string bytes_of(const ShortId& id) { return std::string(id.text()); }

void write_counter(Execution& execution, const SubjectKey& key, std::int64_t before, std::int64_t after) {
  proto::CounterChanged effect;
  effect.set_before(before);
  effect.set_after(after);
  proto::CounterState state;
  state.set_value(after);
  execution.change(key, kEffectCounterChanged, effect, state);
}

std::int64_t counted(Execution& execution, const ShortId& agreement, std::string_view id) {
  const auto state =
      execution.read<proto::CounterState>(counter_key(agreement, id, {}, IncomeOrigin::kPosted));
  return state ? state->value() : 0;
}

void count(Execution& execution, const ShortId& agreement, std::string_view id, std::int64_t by) {
  const std::int64_t before = counted(execution, agreement, id);
  assert(before + by >= 0);
  write_counter(execution, counter_key(agreement, id, {}, IncomeOrigin::kPosted), before, before + by);
}

Error too_large(const SubjectKey& key) {
  return error(Code::E_AMOUNT, "the sum of " + key + " would leave 64 bits", "amount_minor");
}

bool is_beyond_reports(std::int64_t before, std::int64_t after) {
  return after > before ? after > kReportedTotalMax : after < -kReportedTotalMax;
}

static_assert(static_cast<int>(IncomeKind::kTax) == proto::INCOME_KIND_TAX);
static_assert(static_cast<int>(IncomeKind::kShare) == proto::INCOME_KIND_SHARE);

Result<void> write_earning(Execution& execution, const SubjectKey& key, std::int64_t change_minor) {
  auto state = execution.read<proto::EarningState>(key).value_or(proto::EarningState());
  std::int64_t after = 0;
  if (__builtin_add_overflow(state.earned_minor(), change_minor, &after)) return too_large(key);
  state.set_earned_minor(after);
  proto::Earned effect;
  effect.set_change_minor(change_minor);
  effect.set_earned_minor(after);
  execution.change(key, kEffectEarned, effect, state);
  return {};
}

void read_node(Execution& execution, const ShortId& event, const std::string& path,
               std::vector<IncomeNode>& nodes) {
  const auto state = execution.read<proto::EventNodeState>(event_node_key(event, path));
  assert(state && "each royalty line of an event has its node");
  const std::size_t index = nodes.size();
  nodes.push_back(income_node(*state, path));
  std::size_t children = 0;
  for (std::size_t i = 0; i < nodes[index].lines.size(); ++i) {
    if (nodes[index].lines[i].kind != IncomeKind::kRoyalty) continue;
    nodes[index].lines[i].child = static_cast<std::uint16_t>(nodes.size());
    read_node(execution, event, path + "." + std::to_string(children++), nodes);
  }
}

constexpr EffectType kEffects[] = {
    effect_type<proto::CounterChanged>(kEffectCounterChanged, "counter changed"),
    effect_type<proto::CarryChanged>(kEffectCarryChanged, "carry changed"),
    effect_type<proto::NodeDistributed>(kEffectNodeDistributed, "distributed"),
    effect_type<proto::NodeReversed>(kEffectNodeReversed, "reversed"),
    effect_type<proto::IncomeBooked>(kEffectIncomeBooked, "income"),
    effect_type<proto::Earned>(kEffectEarned, "earned"),
};
constexpr SubjectFields kSubjects[] = {
    subject_fields<proto::EventNodeState>(SubjectKind::kEvent, "event/", 2),
    subject_fields<proto::CounterState>(SubjectKind::kCounter, "counter/"),
    subject_fields<proto::IncomeState>(SubjectKind::kIncome, "income/"),
    subject_fields<proto::EarningState>(SubjectKind::kPeriod, "period/"),
};

}  // namespace

const Family kIncomeFamily = {"income", {}, kEffects, kSubjects, {}};

SubjectKey subject_of(const RevenueCounterKey& key, IncomeOrigin origin) {
  return counter_key(agreement_of(key.agreement), key.id, key.period, origin);
}

SubjectKey subject_of(const RevenueCarryKey& key, IncomeOrigin origin) {
  return counter_key(agreement_of(key.agreement), "@" + std::to_string(key.version),
                     key.royalty_list ? "royalty_steps" : "steps", origin);
}

std::int64_t open_contracts(Execution& execution, const ShortId& agreement) {
  return counted(execution, agreement, kOpenContracts);
}
void adjust_open_contracts(Execution& execution, const ShortId& agreement, std::int64_t by) {
  count(execution, agreement, kOpenContracts, by);
}
std::int64_t live_listings(Execution& execution, const ShortId& agreement) {
  return counted(execution, agreement, kLiveListings);
}
void adjust_live_listings(Execution& execution, const ShortId& agreement, std::int64_t by) {
  count(execution, agreement, kLiveListings, by);
}

std::int64_t LedgerBook::counter(const RevenueCounterKey& key) const {
  const auto [place, fresh] = counters_.try_emplace(key, 0);
  if (fresh) {
    const auto state = execution_.read<proto::CounterState>(subject_of(key, origin_));
    if (state) place->second = state->value();
  }
  return place->second;
}

std::vector<std::int64_t> LedgerBook::carry_ppm(const RevenueCarryKey& key) const {
  const auto [place, fresh] = carries_.try_emplace(key);
  if (fresh) {
    const auto state = execution_.read<proto::CounterState>(subject_of(key, origin_));
    if (state) place->second.assign(state->carry_ppm().begin(), state->carry_ppm().end());
  }
  return place->second;
}

void LedgerBook::list_read(proto::EventSettled& effect) const {
  for (const auto& [key, value] : counters_) {
    if (value == 0) continue;
    proto::CounterRead& read = *effect.add_counters();
    read.set_agreement(bytes_of(agreement_of(key.agreement)));
    read.set_id(key.id);
    read.set_period(key.period);
    read.set_value(value);
  }
  for (const auto& [key, carry] : carries_) {
    if (carry.empty()) continue;
    proto::CarryRead& read = *effect.add_carries();
    read.set_agreement(bytes_of(agreement_of(key.agreement)));
    read.set_version(static_cast<std::uint32_t>(key.version));
    read.set_royalty_list(key.royalty_list);
    for (const std::int64_t part : carry) read.add_carry_ppm(part);
  }
}

void write_book(Execution& execution, const BookChanges& changes, IncomeOrigin origin) {
  for (const auto& [key, change] : changes.counters) {
    write_counter(execution, subject_of(key, origin), change.before, change.after);
  }
  for (const auto& [key, change] : changes.carries) {
    proto::CarryChanged effect;
    proto::CounterState state;
    for (const std::int64_t part : change.before) effect.add_before(part);
    for (const std::int64_t part : change.after) {
      effect.add_after(part);
      state.add_carry_ppm(part);
    }
    execution.change(subject_of(key, origin), kEffectCarryChanged, effect, state);
  }
}

Result<void> IncomeBooking::write(Execution& execution) const {
  for (const auto& [oid, lines] : lines_) {
    const SubjectKey key = income_key(oid, source_.currency);
    auto state = execution.read<proto::IncomeState>(key).value_or(proto::IncomeState());
    proto::IncomeBooked effect;
    effect.set_cause(source_.cause);
    effect.set_event(bytes_of(source_.event));
    effect.set_contract(source_.contract);
    effect.set_payer(source_.payer);
    effect.set_event_time_s(source_.time_s);
    effect.set_late(month_key(source_.time_s) < month_key(execution.time_s()));
    effect.set_exchange(source_.exchange);
    proto::MoneyPlace went = proto::MONEY_PLACE_REPORTED;
    if (!source_.exchange.empty()) {
      const auto moved = money_.find(oid);
      const MoneyMoved money = moved == money_.end() ? MoneyMoved{} : moved->second;
      effect.set_claims_minor(money.claims_minor);
      effect.set_owed_minor(money.owed_minor);
      went = money.went;
    }
    std::int64_t total = state.total_minor();
    for (const proto::IncomeLine& line : lines) {
      const std::int64_t before = total;
      if (__builtin_add_overflow(total, line.amount_minor(), &total)) return too_large(key);
      const bool bounded =
          went == proto::MONEY_PLACE_REPORTED || source_.cause == proto::INCOME_CAUSE_PERIOD_CLOSE;
      if (bounded && is_beyond_reports(before, total))
        return error(Code::E_AMOUNT, "the sum of " + key + " has room for settlements only", "amount_minor");
      proto::IncomeLine& added = *effect.add_lines();
      added = line;
      added.set_went(went);
    }
    effect.set_total_minor(total);
    state.set_total_minor(total);
    state.set_lines(state.lines() + lines.size());
    execution.change(key, kEffectIncomeBooked, effect, state);
  }
  return {};
}

Result<void> write_earnings(Execution& execution, const std::map<EarningKey, std::int64_t>& earnings,
                            std::int64_t time_s, IncomeOrigin origin) {
  for (const auto& [key, minor] : earnings) {
    if (minor == 0) continue;
    for (const std::string& period : {day_key(time_s), month_key(time_s)}) {
      auto written =
          write_earning(execution, period_key(agreement_of(key.agreement), key.party, period, origin), minor);
      if (!written) return written;
    }
  }
  return {};
}

std::int64_t earned_between(Execution& execution, const ShortId& agreement, std::string_view oid,
                            const Period& days, IncomeOrigin origin) {
  Wide sum = 0;
  const DayNumber end = day_of(days.to);
  for (DayNumber day = day_of(days.from); day < end;) {
    const Seconds start = start_of_day(day);
    const Period month = parse_period(month_key(start)).value();
    const bool whole_month = month.from == start && month.to <= days.to;
    const auto state = execution.read<proto::EarningState>(
        period_key(agreement, oid, whole_month ? month_key(start) : day_key(start), origin));
    if (state) sum += state->earned_minor();
    day = whole_month ? day_of(month.to) : day + 1;
  }
  constexpr Wide kMost = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(std::clamp<Wide>(sum, -kMost, kMost));
}

proto::IncomeLine income_line(const IncomeNode& node, std::size_t number, std::int64_t amount_minor) {
  const IncomeLine& line = node.lines[number];
  proto::IncomeLine result;
  result.set_path(node.path);
  result.set_line(static_cast<std::uint32_t>(number));
  result.set_product(bytes_of(product_of(node.product)));
  result.set_agreement(bytes_of(agreement_of(node.agreement)));
  result.set_version(static_cast<std::uint32_t>(node.version));
  result.set_step(line.step);
  result.set_kind(static_cast<proto::IncomeKind>(line.kind));
  result.set_for_party(line.for_party);
  result.set_amount_minor(amount_minor);
  return result;
}

proto::EventNodeState node_state(const IncomeNode& node) {
  proto::EventNodeState state;
  state.set_product(bytes_of(product_of(node.product)));
  state.set_agreement(bytes_of(agreement_of(node.agreement)));
  state.set_version(static_cast<std::uint32_t>(node.version));
  state.set_gross_minor(node.gross_minor);
  for (const IncomeLine& line : node.lines) {
    proto::NodeLine& to = *state.add_lines();
    to.set_step(line.step);
    to.set_kind(static_cast<proto::IncomeKind>(line.kind));
    if (line.kind == IncomeKind::kRoyalty) {
      to.set_royalty_product(bytes_of(product_of(line.payee)));
    } else {
      to.set_payee(line.payee);
    }
    to.set_for_party(line.for_party);
    to.set_amount_minor(line.amount_minor);
    to.set_refunded_minor(line.amount_minor - line.left_minor);
  }
  return state;
}

IncomeNode income_node(const proto::EventNodeState& state, std::string path) {
  const auto id = [](const std::string& bytes) { return ShortId::from(crypto::as_bytes(bytes)); };
  IncomeNode node{.path = std::move(path),
                  .product = product_name(id(state.product())),
                  .agreement = agreement_name(id(state.agreement())),
                  .version = state.version(),
                  .gross_minor = state.gross_minor(),
                  .lines = {}};
  for (const proto::NodeLine& line : state.lines()) {
    node.lines.push_back(
        {.step = static_cast<std::uint16_t>(line.step()),
         .kind = static_cast<IncomeKind>(line.kind()),
         .payee = line.royalty_product().empty() ? line.payee() : product_name(id(line.royalty_product())),
         .for_party = line.for_party(),
         .amount_minor = line.amount_minor(),
         .left_minor = line.amount_minor() - line.refunded_minor(),
         .child = 0});
  }
  return node;
}

std::vector<IncomeNode> read_nodes(Execution& execution, const ShortId& event) {
  std::vector<IncomeNode> nodes;
  read_node(execution, event, "0", nodes);
  return nodes;
}

std::map<std::string, std::int64_t> sums_by_payee(const Distribution& distribution) {
  std::map<std::string, std::int64_t> sums;
  for (const IncomeNode& node : distribution.nodes) {
    for (const IncomeLine& line : node.lines) {
      if (line.kind != IncomeKind::kRoyalty) sums[line.payee] += line.amount_minor;
    }
  }
  return sums;
}

std::map<std::string, std::int64_t> sums_by_payee(const Refund& refund,
                                                  const std::vector<IncomeNode>& nodes) {
  std::map<std::string, std::int64_t> sums;
  for (const RefundNode& reversed : refund.nodes) {
    for (const RefundLine& part : reversed.lines) {
      const IncomeLine& line = nodes[reversed.node].lines[part.line];
      if (line.kind != IncomeKind::kRoyalty) sums[line.payee] += part.amount_minor;
    }
  }
  return sums;
}

Result<void> write_distribution(Execution& execution, const IncomeSource& source,
                                const Distribution& distribution, MoneyByPayee money) {
  IncomeBooking booking(source, std::move(money));
  for (const IncomeNode& node : distribution.nodes) {
    proto::NodeDistributed effect;
    *effect.mutable_node() = node_state(node);
    execution.change(event_node_key(source.event, node.path), kEffectNodeDistributed, effect, effect.node());
    for (std::size_t i = 0; i < node.lines.size(); ++i) {
      const IncomeLine& line = node.lines[i];
      if (line.kind == IncomeKind::kRoyalty) continue;
      booking.add(line.payee, income_line(node, i, line.amount_minor));
    }
  }
  const IncomeOrigin origin = origin_at(source.exchange);
  write_book(execution, distribution.changes, origin);
  if (auto written = booking.write(execution); !written) return written;
  return write_earnings(execution, earnings_of(distribution.nodes), source.time_s, origin);
}

Result<void> write_refund(Execution& execution, const IncomeSource& source, const Refund& refund,
                          std::vector<IncomeNode> nodes, MoneyByPayee money) {
  IncomeBooking booking(source, std::move(money));
  const auto earnings = earnings_of(refund, nodes);
  apply_refund(refund, nodes);
  for (const RefundNode& reversed : refund.nodes) {
    const IncomeNode& node = nodes[reversed.node];
    proto::NodeReversed effect;
    effect.set_refund(bytes_of(execution.new_id()));
    effect.set_gross_minor(reversed.gross_minor);
    for (const RefundLine& part : reversed.lines) {
      proto::LineReversed& line = *effect.add_lines();
      line.set_line(part.line);
      line.set_amount_minor(part.amount_minor);
      if (node.lines[part.line].kind == IncomeKind::kRoyalty) continue;
      booking.add(node.lines[part.line].payee, income_line(node, part.line, -part.amount_minor));
    }
    execution.change(event_node_key(source.event, node.path), kEffectNodeReversed, effect, node_state(node));
  }
  const IncomeOrigin origin = origin_at(source.exchange);
  write_book(execution, refund.changes, origin);
  if (auto written = booking.write(execution); !written) return written;
  return write_earnings(execution, earnings, source.time_s, origin);
}

}  // namespace circula::ledger
