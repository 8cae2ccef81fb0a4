#include "ledger/funds.h"

#include "ledger/data_digest.h"
#include "ledger/identity.h"
#include "ledger/posting.h"

namespace circula::ledger {
namespace {

Result<void> write(Execution& execution, Postings& postings) {
  std::map<std::string, int> open_items;
  if (auto written = postings.write(open_items); !written) return written;
  adjust_open_items(execution, open_items);
  return {};
}

Result<void> receive(Execution& execution, const proto::FundsIn& body) {
  const Venue venue{body.exchange(), body.currency()};
  if (auto good = check_amount(body.amount_minor(), "amount_minor"); !good) return good;
  if (auto bank = require_settlement_bank(execution, venue, body.amount_minor(), "exchange"); !bank)
    return bank;
  if (auto good = check_bank_reference(execution, body.bank_reference(), venue, "bank_reference"); !good)
    return good;
  if (auto has = require_account(execution, body.oid(), body.exchange(), "oid"); !has) return has;
  const auto owner = execution.read<proto::OrgState>(org_key(body.oid()));
  if (owner && owner->status() == proto::ORG_STATUS_EXITED)
    return error(Code::E_STATE, body.oid() + " has left: the bank sends the money back", "oid");
  if (body.guarantee_fund() && body.oid() != body.exchange())
    return error(Code::E_ROLE, "the exchange feeds its guarantee fund", "oid");
  if (body.value_date_s() > execution.time_s())
    return error(Code::E_TIME, "the value date lies after ledger time", "value_date_s");

  Postings postings(execution, venue, proto::MONEY_CAUSE_FUNDS_IN, execution.new_id());
  const SubjectKey bank = account_key(AccountKind::kBank, venue.exchange, venue);
  if (body.guarantee_fund()) {
    postings.bank_receives(body.amount_minor(), account_key(AccountKind::kFund, venue.exchange, venue));
    postings.fund_receives(body.amount_minor(), bank);
  } else {
    postings.bank_receives(body.amount_minor(), account_key(AccountKind::kAvailable, body.oid(), venue));
    postings.credit(body.oid(), body.amount_minor(), bank);
  }
  take_bank_reference(execution, body.bank_reference(), venue, bank);
  return write(execution, postings);
}

Result<void> order(Execution& execution, const proto::PayoutOrder& body) {
  const Venue venue{body.exchange(), body.currency()};
  if (auto good = check_amount(body.amount_minor(), "order.amount_minor"); !good) return good;
  if (auto good = check_data_digest(body.account(), "order.account"); !good) return good;
  if (auto has = require_account(execution, body.payee(), body.exchange(), "order.payee"); !has) return has;
  if (auto signed_by = require_finance(execution, body.payee(), body.amount_minor(), "order.payee");
      !signed_by)
    return signed_by;
  // Somebody must be able to pay it.
  if (auto bank = settlement_bank(execution, body.exchange(), body.currency(), "order.exchange"); !bank)
    return bank.error();
  Postings postings(execution, venue, proto::MONEY_CAUSE_PAYOUT, execution.new_id());
  if (const std::int64_t owed = postings.balance(AccountKind::kOwed, body.payee()); owed > 0) {
    return error(Code::E_CLAWBACK, body.payee() + " owes " + std::to_string(owed) + " at this exchange",
                 "order.payee");
  }
  const SubjectKey key = payout_key(execution.new_id());
  if (auto taken = postings.take(body.payee(), body.amount_minor(), key, "order.amount_minor"); !taken)
    return taken;

  proto::PayoutState state;
  state.set_payee(body.payee());
  state.set_exchange(body.exchange());
  state.set_currency(body.currency());
  state.set_amount_minor(body.amount_minor());
  *state.mutable_account() = body.account();
  state.set_status(proto::PAYOUT_STATUS_ORDERED);
  state.set_ordered_at_s(execution.time_s());
  proto::PayoutOrdered effect;
  *effect.mutable_order() = body;
  execution.change(key, kEffectPayoutOrdered, effect, state);
  std::map<std::string, int> open_items = {{body.payee(), 1}};  // until it is paid or returned
  if (auto written = postings.write(open_items); !written) return written;
  adjust_open_items(execution, open_items);
  return {};
}

// The bank says how a payout ended.
Result<void> end(Execution& execution, const std::string& payout, const proto::DataDigest& reference,
                 proto::PayoutStatus status, const std::string& op) {
  if (payout.size() != ShortId::kSize)
    return error(Code::E_FORMAT, "a payout id has 16 bytes", op + ".payout");
  const ShortId id = ShortId::from(crypto::as_bytes(payout));
  const SubjectKey key = payout_key(id);
  auto state = execution.read<proto::PayoutState>(key);
  if (!state) return error(Code::E_NOT_FOUND, "no " + key, op + ".payout");
  const Venue venue{state->exchange(), state->currency()};
  if (auto bank = require_settlement_bank(execution, venue, state->amount_minor(), op + ".payout"); !bank)
    return bank;
  if (auto good = check_bank_reference(execution, reference, venue, op + ".bank_reference"); !good)
    return good;
  if (state->status() != proto::PAYOUT_STATUS_ORDERED)
    return error(Code::E_STATE, "the payout has been paid or returned", op + ".payout");

  const bool paid = status == proto::PAYOUT_STATUS_PAID;
  Postings postings(execution, venue,
                    paid ? proto::MONEY_CAUSE_PAYOUT_PAID : proto::MONEY_CAUSE_PAYOUT_RETURNED, id);
  if (paid) {
    postings.bank_pays(state->amount_minor(), key);
  } else {
    postings.credit(state->payee(), state->amount_minor(), key);
  }
  state->set_status(status);
  state->set_ended_at_s(execution.time_s());
  proto::PayoutEnded effect;
  effect.set_status(status);
  *effect.mutable_bank_reference() = reference;
  execution.change(key, kEffectPayoutEnded, effect, *state);
  take_bank_reference(execution, reference, venue, key);
  std::map<std::string, int> open_items = {{state->payee(), -1}};
  if (auto written = postings.write(open_items); !written) return written;
  adjust_open_items(execution, open_items);
  return {};
}

Result<void> apply_payout(Execution& execution, const proto::Payout& body) {
  switch (body.op_case()) {
    case proto::Payout::kOrder:
      return order(execution, body.order());
    case proto::Payout::kPaid:
      return end(execution, body.paid().payout(), body.paid().bank_reference(), proto::PAYOUT_STATUS_PAID,
                 "paid");
    case proto::Payout::kReturned:
      return end(execution, body.returned().payout(), body.returned().bank_reference(),
                 proto::PAYOUT_STATUS_RETURNED, "returned");
    case proto::Payout::OP_NOT_SET:
      break;
  }
  return error(Code::E_FORMAT, "no operation", "op");
}

constexpr RecordType kRecords[] = {
    record_type<proto::FundsIn, receive>(18, 1, "FUNDS_IN"),
    record_type<proto::Payout, apply_payout>(29, 1, "PAYOUT"),
};
constexpr EffectType kEffects[] = {
    effect_type<proto::PayoutOrdered>(kEffectPayoutOrdered, "payout ordered"),
    effect_type<proto::PayoutEnded>(kEffectPayoutEnded, "payout ended"),
};
constexpr SubjectFields kSubjects[] = {
    subject_fields<proto::PayoutState>(SubjectKind::kPayout, "payout/"),
};

}  // namespace

const Family kFundsFamily = {"funds", kRecords, kEffects, kSubjects, {}};

}  // namespace circula::ledger
