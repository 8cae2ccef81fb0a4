#include "ledger/hold.h"

#include <algorithm>

#include "crypto/encoding.h"
#include "ledger/calendar.h"
#include "ledger/identity.h"
#include "ledger/licence.h"

namespace circula::ledger {
namespace {

std::uint64_t ms(std::int64_t time_s) { return static_cast<std::uint64_t>(time_s) * 1000; }

bool is_live(const proto::HoldState& hold, std::int64_t time_s) {
  return hold.status() == proto::HOLD_STATUS_LIVE && (hold.pinned() || time_s < hold.expires_s());
}

std::int64_t earliest_expiry(const proto::ContractState& contract) {
  std::int64_t last_due_s = 0;
  for (const proto::MilestoneState& milestone : contract.milestones())
    last_due_s = std::max(last_due_s, milestone.due_s());
  return last_due_s + (contract.acceptance_days() + kHoldSlackDays) * kSecondsPerDay;
}

Result<void> check_place(Execution& execution, const proto::HoldPlace& body, const LiveContract& contract,
                         const proto::MilestoneState& milestone) {
  if (contract.is_free()) return error(Code::E_AMOUNT, "the deal is for nothing", "place.contract");
  if (body.amount_minor() != milestone.amount_minor())
    return error(Code::E_AMOUNT, "the milestone is about " + std::to_string(milestone.amount_minor()),
                 "place.amount_minor");
  const auto before = execution.read<proto::HoldState>(hold_key(contract.id, body.milestone()));
  if (before && before->status() == proto::HOLD_STATUS_LIVE)
    return error(Code::E_HOLD_EXISTS, "money is held for this milestone", "place.milestone");
  if (!is_untouched(milestone))
    return error(Code::E_STATE, "the milestone has been delivered or has ended", "place.milestone");
  if (auto good = check_not_over(execution, contract.id, "place.contract"); !good) return good;
  const std::int64_t earliest_s = earliest_expiry(contract.state);
  if (body.expires_s() >= earliest_s && body.expires_s() > execution.time_s() && body.expires_s() <= kTimeMax)
    return {};
  return error(Code::E_TIME,
               "not before " + format_time(std::max(earliest_s, execution.time_s() + 1)) +
                   ": the last delivery, its acceptance and 5 days",
               "place.expires_s");
}

Result<void> place(Execution& execution, const proto::HoldPlace& body) {
  auto contract = live_contract(execution, body.contract(), "place.contract");
  if (!contract) return contract.error();
  auto milestone = find_milestone(*contract, body.milestone(), "place.milestone");
  if (!milestone) return milestone.error();
  const std::string& buyer = contract->state.buyer();
  if (auto signed_by = require_finance(execution, buyer, body.amount_minor(), "place.contract"); !signed_by)
    return signed_by;
  if (auto good = check_place(execution, body, *contract, **milestone); !good) return good;

  const SubjectKey key = hold_key(contract->id, body.milestone());
  Postings postings(execution, contract->venue(), proto::MONEY_CAUSE_HOLD, contract->id);
  if (auto taken = postings.take(buyer, body.amount_minor(), key, "place.amount_minor"); !taken) return taken;
  proto::HoldState state;
  state.set_buyer(buyer);
  state.set_exchange(contract->state.exchange());
  state.set_currency(contract->state.currency());
  state.set_amount_minor(body.amount_minor());
  state.set_expires_s(body.expires_s());
  state.set_status(proto::HOLD_STATUS_LIVE);
  proto::HoldPlaced effect;
  effect.set_amount_minor(body.amount_minor());
  effect.set_expires_s(body.expires_s());
  effect.set_exchange(state.exchange());
  effect.set_currency(state.currency());
  execution.change(key, kEffectHoldPlaced, effect, state);
  execution.schedule(ms(body.expires_s()), key, kDueHoldExpires);

  OpenItems open_items;
  (*milestone)->set_status(proto::CONTRACT_STATUS_FUNDED);
  proto::MilestoneFunded funded;
  funded.set_n(body.milestone());
  write_contract(execution, *contract, kEffectMilestoneFunded, funded, open_items);
  if (auto written = postings.write(open_items); !written) return written;
  adjust_open_items(execution, open_items);
  return {};
}

// The milestone waits for money again.
Result<void> free_milestone(Execution& execution, LiveContract& contract, std::uint32_t n,
                            const proto::HoldState& hold, proto::HoldStatus status, proto::MoneyCause cause) {
  Postings postings(execution, contract.venue(), cause, contract.id);
  end_hold(execution, contract.id, n, hold, status, 0, postings);
  OpenItems open_items;
  contract.state.mutable_milestones(static_cast<int>(n) - 1)->set_status(proto::CONTRACT_STATUS_SIGNED);
  proto::MilestoneReleased released;
  released.set_n(n);
  write_contract(execution, contract, kEffectMilestoneReleased, released, open_items);
  if (auto written = postings.write(open_items); !written) return written;
  adjust_open_items(execution, open_items);
  return {};
}

Result<void> release(Execution& execution, const proto::HoldRelease& body) {
  auto contract = live_contract(execution, body.contract(), "release.contract");
  if (!contract) return contract.error();
  auto milestone = find_milestone(*contract, body.milestone(), "release.milestone");
  if (!milestone) return milestone.error();
  const std::string& author = execution.author_oid();
  if (author != contract->state.seller() && author != contract->state.buyer())
    return error(Code::E_ROLE, "a side of the contract frees the money", "release.contract");
  if (auto signed_by = execution.require(author, kBusiness, "release.contract"); !signed_by) return signed_by;
  const auto hold = live_hold(execution, contract->id, body.milestone());
  if (!hold) return error(Code::E_NOT_FUNDED, "no money is held for this milestone", "release.milestone");
  // What has been started is ended by DELIVERY terminate or CONTRACT terminate, which say so to both sides.
  if ((*milestone)->status() != proto::CONTRACT_STATUS_FUNDED)
    return error(Code::E_DELIVERED, "its delivery has started", "release.milestone");
  return free_milestone(execution, *contract, body.milestone(), *hold, proto::HOLD_STATUS_VOIDED,
                        proto::MONEY_CAUSE_HOLD_VOIDED);
}

// Due work. The key is hold/<contract>/<n>.
void expire(Execution& execution, const SubjectKey& key) {
  const auto hold = execution.read<proto::HoldState>(key);
  if (!hold || hold->status() != proto::HOLD_STATUS_LIVE || hold->pinned()) return;
  const std::string_view parts = std::string_view(key).substr(key.find('/') + 1);
  const auto id = crypto::from_hex(parts.substr(0, parts.find('/')));
  const auto n = crypto::u64_from_decimal(parts.substr(parts.find('/') + 1));
  assert(id && n && "the key of a hold");
  auto contract = live_contract(execution, std::string(crypto::as_text(*id)), {});
  assert(contract && "a hold is for a contract");
  [[maybe_unused]] const auto freed =
      free_milestone(execution, *contract, static_cast<std::uint32_t>(*n), *hold, proto::HOLD_STATUS_EXPIRED,
                     proto::MONEY_CAUSE_HOLD_EXPIRED);
  assert(freed && "the balance had this money before");
}

Result<void> apply_hold(Execution& execution, const proto::Hold& body) {
  switch (body.op_case()) {
    case proto::Hold::kPlace:
      return place(execution, body.place());
    case proto::Hold::kRelease:
      return release(execution, body.release());
    case proto::Hold::OP_NOT_SET:
      break;
  }
  return error(Code::E_FORMAT, "no operation", "op");
}

constexpr RecordType kRecords[] = {record_type<proto::Hold, apply_hold>(19, 1, "HOLD")};
constexpr EffectType kEffects[] = {
    effect_type<proto::HoldPlaced>(kEffectHoldPlaced, "held"),
    effect_type<proto::HoldPinned>(kEffectHoldPinned, "hold pinned"),
    effect_type<proto::HoldEnded>(kEffectHoldEnded, "hold ended"),
};
constexpr SubjectFields kSubjects[] = {subject_fields<proto::HoldState>(SubjectKind::kHold, "hold/")};
constexpr DueRule kDueRules[] = {{kDueHoldExpires, "hold expires", expire}};

}  // namespace

const Family kHoldFamily = {"hold", kRecords, kEffects, kSubjects, kDueRules};

std::optional<proto::HoldState> live_hold(Execution& execution, const ShortId& contract,
                                          std::uint32_t milestone) {
  auto hold = execution.read<proto::HoldState>(hold_key(contract, milestone));
  if (!hold || !is_live(*hold, execution.time_s())) return std::nullopt;
  return hold;
}

void pin_hold(Execution& execution, const ShortId& contract, std::uint32_t milestone, proto::HoldState hold) {
  const SubjectKey key = hold_key(contract, milestone);
  hold.set_pinned(true);
  execution.change(key, kEffectHoldPinned, proto::HoldPinned(), hold);
  execution.unschedule(ms(hold.expires_s()), key, kDueHoldExpires);
}

void end_hold(Execution& execution, const ShortId& contract, std::uint32_t milestone, proto::HoldState hold,
              proto::HoldStatus status, std::int64_t posted_minor, Postings& postings) {
  const SubjectKey key = hold_key(contract, milestone);
  if (!hold.pinned() && status != proto::HOLD_STATUS_EXPIRED)
    execution.unschedule(ms(hold.expires_s()), key, kDueHoldExpires);
  proto::HoldEnded effect;
  effect.set_status(status);
  effect.set_posted_minor(posted_minor);
  effect.set_freed_minor(hold.amount_minor() - posted_minor);
  hold.set_status(status);
  execution.change(key, kEffectHoldEnded, effect, hold);
  if (effect.freed_minor() > 0) postings.credit(hold.buyer(), effect.freed_minor(), key);
}

}  // namespace circula::ledger
