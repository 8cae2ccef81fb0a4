#include "ledger/delivery.h"

#include <algorithm>

#include "ledger/asset.h"
#include "ledger/calendar.h"
#include "ledger/data_digest.h"
#include "ledger/hold.h"
#include "ledger/identity.h"
#include "ledger/licence.h"
#include "ledger/text.h"

namespace circula::ledger {
namespace {

constexpr std::uint16_t kEffectDeliveryStarted = 2001;
constexpr std::uint16_t kEffectDeliverySuspended = 2002;
constexpr std::uint16_t kEffectDeliveryCompleted = 2003;
constexpr std::uint16_t kEffectDeliveryAcknowledged = 2004;
constexpr std::uint16_t kEffectDeliveryTerminated = 2005;

// What every operation is about.
struct DeliveryOf {
  LiveContract contract;
  proto::MilestoneState* milestone = nullptr;
  std::uint32_t n = 0;
};

Result<void> check_process(const std::string& name, const std::string& field) {
  const bool plain = std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._:-").find(c) != std::string_view::npos;
  });
  if (!plain || name.empty())
    return error(Code::E_FORMAT, "a process is 1 to 64 letters, digits, '.', '_', ':' or '-'", field);
  return check_text(name, kProcessNameBytesMax, field);
}

Result<void> wrong_state(const std::string& detail) { return error(Code::E_STATE, detail, "milestone"); }

void write(Execution& execution, LiveContract& contract, std::uint16_t effect_type,
           const google::protobuf::Message& effect) {
  OpenItems open_items;
  write_contract(execution, contract, effect_type, effect, open_items);
  adjust_open_items(execution, open_items);
}

Result<void> start(Execution& execution, DeliveryOf& about, const proto::DeliveryStart& body) {
  if (body.mode() == proto::DELIVERY_MODE_UNSPECIFIED)
    return error(Code::E_FORMAT, "a delivery has a mode", "start.mode");
  if (body.environment() == proto::DELIVERY_ENVIRONMENT_UNSPECIFIED)
    return error(Code::E_FORMAT, "a delivery has an environment", "start.environment");
  for (const auto& [name, field] : {std::pair(&body.provider_process(), "start.provider_process"),
                                    std::pair(&body.consumer_process(), "start.consumer_process")}) {
    if (auto good = check_process(*name, field); !good) return good;
  }
  proto::MilestoneState& milestone = *about.milestone;
  const bool again = milestone.status() == proto::CONTRACT_STATUS_DELIVERING;
  if (again && !milestone.suspended() && milestone.cure_until_s() == 0)
    return wrong_state("the delivery is under way");
  const auto hold = live_hold(execution, about.contract.id, about.n);
  const bool funded = about.contract.is_free() || hold.has_value();
  if (!again && is_untouched(milestone) && !about.contract.is_free())
    return error(Code::E_NOT_FUNDED, "no money is held for this milestone", "milestone");
  if (!again && !is_untouched(milestone) && milestone.status() != proto::CONTRACT_STATUS_FUNDED)
    return wrong_state("the milestone has been delivered or has ended");
  if (!funded) return error(Code::E_NOT_FUNDED, "the hold has expired", "milestone");
  if (auto good = check_delivery(execution, about.contract.id, body.mode(), "start.mode"); !good) return good;

  if (hold && !hold->pinned()) pin_hold(execution, about.contract.id, about.n, *hold);
  activate_licence(execution, about.contract.id);
  milestone.set_status(proto::CONTRACT_STATUS_DELIVERING);
  milestone.set_suspended(false);
  milestone.set_mode(body.mode());
  proto::DeliveryStarted effect;
  effect.set_n(about.n);
  *effect.mutable_start() = body;
  write(execution, about.contract, kEffectDeliveryStarted, effect);
  return {};
}

Result<void> suspend(Execution& execution, DeliveryOf& about) {
  proto::MilestoneState& milestone = *about.milestone;
  if (milestone.status() != proto::CONTRACT_STATUS_DELIVERING || milestone.suspended())
    return wrong_state("no delivery is under way");
  milestone.set_suspended(true);
  proto::DeliverySuspended effect;
  effect.set_n(about.n);
  write(execution, about.contract, kEffectDeliverySuspended, effect);
  return {};
}

Result<void> complete(Execution& execution, DeliveryOf& about, const proto::DeliveryComplete& body) {
  if (body.has_content() == body.has_endpoint())
    return error(Code::E_DIGEST, "either the content or the endpoint is named", "complete");
  const proto::DataDigest& digest = body.has_content() ? body.content() : body.endpoint();
  if (auto good = check_data_digest(digest, body.has_content() ? "complete.content" : "complete.endpoint");
      !good)
    return good;
  proto::MilestoneState& milestone = *about.milestone;
  if (milestone.status() != proto::CONTRACT_STATUS_DELIVERING || milestone.suspended())
    return wrong_state("no delivery is under way");
  if (auto good = check_delivery(execution, about.contract.id, milestone.mode(), "milestone"); !good)
    return good;
  const std::int64_t until_s = execution.time_s() + about.contract.state.acceptance_days() * kSecondsPerDay;
  milestone.set_status(proto::CONTRACT_STATUS_DELIVERED);
  milestone.set_delivered_at_s(execution.time_s());
  milestone.set_accept_until_s(until_s);
  milestone.set_cure_until_s(0);
  proto::DeliveryCompleted effect;
  effect.set_n(about.n);
  *effect.mutable_complete() = body;
  effect.set_accept_until_s(until_s);
  write(execution, about.contract, kEffectDeliveryCompleted, effect);
  await_acceptance(execution, about.contract, until_s);
  return {};
}

Result<void> acknowledge(Execution& execution, DeliveryOf& about) {
  if (about.milestone->delivered_at_s() == 0)
    return error(Code::E_NOT_DELIVERED, "nothing has been delivered", "milestone");
  // A contract whose last milestone has ended is never written again: its parties are free already.
  if (has_ended(*about.milestone)) return wrong_state("the milestone has ended");
  proto::DeliveryAcknowledged effect;
  effect.set_n(about.n);
  write(execution, about.contract, kEffectDeliveryAcknowledged, effect);
  return {};
}

// The seller gives up: the buyer's money is free.
Result<void> terminate(Execution& execution, DeliveryOf& about) {
  proto::MilestoneState& milestone = *about.milestone;
  if (milestone.status() != proto::CONTRACT_STATUS_DELIVERING) return wrong_state("no delivery is under way");
  const ShortId& id = about.contract.id;
  Postings postings(execution, about.contract.venue(), proto::MONEY_CAUSE_HOLD_VOIDED, id);
  if (const auto hold = live_hold(execution, id, about.n))
    end_hold(execution, id, about.n, *hold, proto::HOLD_STATUS_VOIDED, 0, postings);
  milestone.set_status(proto::CONTRACT_STATUS_TERMINATED);
  proto::DeliveryTerminated effect;
  effect.set_n(about.n);
  OpenItems open_items;
  write_contract(execution, about.contract, kEffectDeliveryTerminated, effect, open_items);
  if (auto written = postings.write(open_items); !written) return written;
  adjust_open_items(execution, open_items);
  return {};
}

Result<void> apply_delivery(Execution& execution, const proto::Delivery& body) {
  auto contract = live_contract(execution, body.contract(), "contract");
  if (!contract) return contract.error();
  DeliveryOf about{std::move(*contract), nullptr, body.milestone()};
  auto milestone = find_milestone(about.contract, body.milestone(), "milestone");
  if (!milestone) return milestone.error();
  about.milestone = *milestone;
  const bool by_buyer = body.op_case() == proto::Delivery::kAcknowledge;
  const std::string& side = by_buyer ? about.contract.state.buyer() : about.contract.state.seller();
  const Usages usages = kBusiness | usage(proto::KEY_USAGE_SYSTEM);
  if (auto signed_by = execution.require(side, usages, "contract"); !signed_by) return signed_by;
  switch (body.op_case()) {
    case proto::Delivery::kStart:
      return start(execution, about, body.start());
    case proto::Delivery::kSuspend:
      return suspend(execution, about);
    case proto::Delivery::kComplete:
      return complete(execution, about, body.complete());
    case proto::Delivery::kAcknowledge:
      return acknowledge(execution, about);
    case proto::Delivery::kTerminate:
      return terminate(execution, about);
    case proto::Delivery::OP_NOT_SET:
      break;
  }
  return error(Code::E_FORMAT, "no operation", "op");
}

constexpr RecordType kRecords[] = {record_type<proto::Delivery, apply_delivery>(20, 1, "DELIVERY")};
constexpr EffectType kEffects[] = {
    effect_type<proto::DeliveryStarted>(kEffectDeliveryStarted, "delivery started"),
    effect_type<proto::DeliverySuspended>(kEffectDeliverySuspended, "delivery suspended"),
    effect_type<proto::DeliveryCompleted>(kEffectDeliveryCompleted, "delivered"),
    effect_type<proto::DeliveryAcknowledged>(kEffectDeliveryAcknowledged, "delivery acknowledged"),
    effect_type<proto::DeliveryTerminated>(kEffectDeliveryTerminated, "delivery terminated"),
};

}  // namespace

const Family kDeliveryFamily = {"delivery", kRecords, kEffects, {}, {}};

}  // namespace circula::ledger
