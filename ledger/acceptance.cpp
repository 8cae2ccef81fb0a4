#include "ledger/acceptance.h"

#include "crypto/encoding.h"
#include "ledger/apportion.h"
#include "ledger/calendar.h"
#include "ledger/data_digest.h"
#include "ledger/identity.h"
#include "ledger/milestone.h"
#include "ledger/proto/delivery.pb.h"

namespace circula::ledger {
namespace {

constexpr std::uint16_t kEffectMilestoneAccepted = 2201;
constexpr std::uint16_t kEffectMilestoneRejected = 2202;
constexpr std::uint16_t kEffectMilestonesDeemed = 2203;

std::uint32_t score_of(const proto::Acceptance& body) {
  return body.op_case() == proto::Acceptance::kAccept ? body.accept().score_ppm() : body.reject().score_ppm();
}

Result<void> check_form(const proto::Acceptance& body) {
  if (body.op_case() == proto::Acceptance::OP_NOT_SET) return error(Code::E_FORMAT, "no operation", "op");
  const bool accepts = body.op_case() == proto::Acceptance::kAccept;
  if (score_of(body) > kWholePpm)
    return error(Code::E_FORMAT, "a score is at most 1,000,000",
                 accepts ? "accept.score_ppm" : "reject.score_ppm");
  if (body.has_findings()) return check_data_digest(body.findings(), "findings");
  if (accepts) return {};
  return error(Code::E_FORMAT, "a rejection names what was found", "findings");
}

Result<void> check_state(const proto::MilestoneState& milestone) {
  if (milestone.deemed())
    return error(Code::E_LATE, "it counts as accepted since " + format_time(milestone.accepted_at_s()),
                 "milestone");
  if (milestone.status() == proto::CONTRACT_STATUS_DELIVERED) return {};
  if (milestone.accepted_at_s() != 0) return error(Code::E_STATE, "it has been accepted", "milestone");
  return error(Code::E_NOT_DELIVERED, "no delivery waits for acceptance", "milestone");
}

// To the state as it counts, and written down as what the record says.
template <class Effect>
void write(Execution& execution, LiveContract& contract, const proto::Acceptance& body,
           std::uint16_t effect_type, Effect effect) {
  effect.set_n(body.milestone());
  effect.set_score_ppm(score_of(body));
  if (body.has_findings()) *effect.mutable_findings() = body.findings();
  OpenItems open_items;
  write_contract(execution, contract, effect_type, effect, open_items);
  adjust_open_items(execution, open_items);
}

Result<void> judge(Execution& execution, const proto::Acceptance& body) {
  if (auto good = check_form(body); !good) return good;
  auto contract = live_contract(execution, body.contract(), "contract");
  if (!contract) return contract.error();
  auto found = find_milestone(*contract, body.milestone(), "milestone");
  if (!found) return found.error();
  if (auto signed_by = execution.require(contract->state.buyer(), kBusiness, "contract"); !signed_by)
    return signed_by;
  proto::MilestoneState& milestone = **found;
  if (auto good = check_state(milestone); !good) return good;

  const std::int64_t until_s = milestone.accept_until_s();
  if (body.op_case() == proto::Acceptance::kAccept) {
    accept_milestone(*contract, milestone, execution.time_s(), false);
    forget_acceptance(execution, *contract, until_s);
    write(execution, *contract, body, kEffectMilestoneAccepted, proto::MilestoneAccepted());
    return {};
  }
  milestone.set_status(proto::CONTRACT_STATUS_DELIVERING);
  milestone.set_accept_until_s(0);
  milestone.set_cure_until_s(execution.time_s() + contract->state.cure_days() * kSecondsPerDay);
  forget_acceptance(execution, *contract, until_s);
  proto::MilestoneRejected effect;
  effect.set_cure_until_s(milestone.cure_until_s());
  write(execution, *contract, body, kEffectMilestoneRejected, std::move(effect));
  return {};
}

// Due work, on contract/<id>.
void deem(Execution& execution, const SubjectKey& key) {
  auto state = execution.read<proto::ContractState>(key);
  const auto id = crypto::from_hex(std::string_view(key).substr(key.find('/') + 1));
  if (!state || !id) return;
  LiveContract contract{ShortId::from(*id), std::move(*state)};
  proto::MilestonesDeemed effect;
  for (const std::uint32_t n : deem_accepted(contract, execution.time_s())) effect.add_milestones(n);
  if (effect.milestones().empty()) return;  // a record has written it down with its own effect
  OpenItems open_items;
  write_contract(execution, contract, kEffectMilestonesDeemed, effect, open_items);
  adjust_open_items(execution, open_items);
}

constexpr RecordType kRecords[] = {record_type<proto::Acceptance, judge>(22, 1, "ACCEPTANCE")};
constexpr EffectType kEffects[] = {
    effect_type<proto::MilestoneAccepted>(kEffectMilestoneAccepted, "accepted"),
    effect_type<proto::MilestoneRejected>(kEffectMilestoneRejected, "rejected"),
    effect_type<proto::MilestonesDeemed>(kEffectMilestonesDeemed, "deemed accepted"),
};
constexpr DueRule kDueRules[] = {{kDueDeemedAcceptance, "deemed acceptance", deem}};

}  // namespace

const Family kAcceptanceFamily = {"acceptance", kRecords, kEffects, {}, kDueRules};

}  // namespace circula::ledger
