#include "ledger/event_refund.h"

#include "ledger/agreement.h"
#include "ledger/identity.h"
#include "ledger/income.h"
#include "ledger/posting.h"

namespace circula::ledger {
namespace {

// The buyer is credited with what is there; the rest is owed to it.
Result<MoneyByPayee> move_money(Execution& execution, const ShortId& id, const proto::EventState& event,
                                const std::map<std::string, std::int64_t>& payees) {
  Postings postings(execution, {event.exchange(), event.currency()}, proto::MONEY_CAUSE_REFUND,
                    execution.new_id());
  const auto owed =
      postings.give_back(payees, event.buyer(), event_key(id), execution.new_id(), Postings::Fund::kAdvances);
  if (!owed) return owed.error();
  MoneyByPayee money;
  for (const auto& [payee, minor] : *owed) money[payee].owed_minor = minor;
  std::map<std::string, int> open_items;
  if (auto written = postings.write(open_items); !written) return written.error();
  adjust_open_items(execution, open_items);
  return money;
}

Result<void> give_back(Execution& execution, const proto::Refund& body) {
  if (body.event().size() != ShortId::kSize)
    return error(Code::E_FORMAT, "an event id has 16 bytes", "event");
  if (body.reason() == proto::REFUND_REASON_UNSPECIFIED)
    return error(Code::E_FORMAT, "a refund has a reason", "reason");
  const ShortId event = ShortId::from(crypto::as_bytes(body.event()));
  auto state = execution.read<proto::EventState>(event_key(event));
  if (!state) return error(Code::E_UNKNOWN_EVENT, "no " + event_key(event), "event");
  // Off the exchange both sides agree; on it the exchange, which moves the money, stands for the buyer.
  const bool posts = !state->exchange().empty();
  const std::string& other = posts ? state->exchange() : state->buyer();
  if (auto signed_by = require_each(execution, {state->seller(), other}, kBusiness, "event", Code::E_POLICY);
      !signed_by)
    return signed_by;

  const std::vector<IncomeNode> nodes = read_nodes(execution, event);
  const LedgerAgreements agreements(execution);
  const LedgerBook book(execution, origin_at(state->exchange()));
  const auto reversed = refund(nodes, body.amount_minor(), agreements, book);
  if (!reversed) return error(reversed.error().code, reversed.error().detail, "amount_minor");

  state->set_refunded_minor(state->refunded_minor() + body.amount_minor());
  proto::EventRefunded effect;
  effect.set_amount_minor(body.amount_minor());
  effect.set_reason(body.reason());
  effect.set_refunded_minor(state->refunded_minor());
  effect.set_refund(std::string(execution.new_id().text()));
  execution.change(event_key(event), kEffectEventRefunded, effect, *state);
  Result<MoneyByPayee> money = MoneyByPayee();
  if (posts) money = move_money(execution, event, *state, sums_by_payee(*reversed, nodes));
  if (!money) return money.error();
  return write_refund(execution,
                      {.cause = proto::INCOME_CAUSE_REFUND,
                       .event = event,
                       .contract = state->contract(),
                       .payer = state->buyer(),
                       .currency = state->currency(),
                       .time_s = state->time_s(),
                       .exchange = state->exchange()},
                      *reversed, nodes, std::move(*money));
}

constexpr RecordType kRecords[] = {record_type<proto::Refund, give_back>(24, 1, "REFUND")};
constexpr EffectType kEffects[] = {effect_type<proto::EventRefunded>(kEffectEventRefunded, "refunded")};

}  // namespace

const Family kRefundFamily = {"refund", kRecords, kEffects, {}, {}};

}  // namespace circula::ledger
