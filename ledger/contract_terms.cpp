#include "ledger/contract_terms.h"

#include "ledger/agreement.h"
#include "ledger/apportion.h"
#include "ledger/asset.h"
#include "ledger/calendar.h"
#include "ledger/hold.h"
#include "ledger/rights.h"

namespace circula::ledger {
namespace {

Result<void> check_milestone(const proto::Milestone& milestone, int item, bool is_free, bool on_exchange,
                             const std::string& at) {
  if (milestone.n() != static_cast<std::uint32_t>(item + 1))
    return error(Code::E_FORMAT, "milestones are numbered 1, 2, 3 ...", at + ".n");
  if (milestone.trigger() == proto::MILESTONE_TRIGGER_UNSPECIFIED)
    return error(Code::E_FORMAT, "a milestone has a trigger", at + ".trigger");
  if (on_exchange && milestone.trigger() != proto::MILESTONE_TRIGGER_DELIVERY)
    return error(Code::E_TERMS, "on the exchange a milestone is triggered by its delivery", at + ".trigger");
  if (on_exchange == (milestone.due_s() == 0))
    return error(Code::E_FORMAT, on_exchange ? "a milestone has a date" : "a report has no dates to come",
                 at + ".due_s");
  // A hold for it ends within what times can say.
  const std::int64_t due_max_s = kTimeMax - (kAcceptanceDaysMax + kHoldSlackDays) * kSecondsPerDay;
  if (milestone.due_s() < 0 || milestone.due_s() > due_max_s)
    return error(Code::E_FORMAT, "the latest date is " + format_time(due_max_s), at + ".due_s");
  const std::int64_t least = is_free ? 0 : 1;
  const std::int64_t most = is_free ? 0 : kAmountMax;
  if (milestone.amount_minor() >= least && milestone.amount_minor() <= most) return {};
  return error(
      Code::E_AMOUNT,
      is_free ? "a deal for nothing has no amounts" : "an amount is 1 to " + std::to_string(kAmountMax),
      at + ".amount_minor");
}

}  // namespace

Result<void> check_schedule(const Milestones& milestones, std::int64_t total_minor, bool on_exchange,
                            const std::string& field) {
  const std::string list = field + ".milestones";
  if (milestones.empty()) return error(Code::E_FORMAT, "at least one milestone", list);
  if (milestones.size() > kMilestonesMax) return error(Code::E_LIMIT, "at most 32 milestones", list);
  const bool is_free = on_exchange && total_minor == 0;
  Wide sum = 0;
  for (int item = 0; item < milestones.size(); ++item) {
    const std::string at = list + "[" + std::to_string(item) + "]";
    if (auto good = check_milestone(milestones[item], item, is_free, on_exchange, at); !good) return good;
    sum += milestones[item].amount_minor();
  }
  if (!is_free && (total_minor < 1 || total_minor > kAmountMax))
    return error(Code::E_AMOUNT, "an amount is 1 to " + std::to_string(kAmountMax), field + ".total_minor");
  if (sum == total_minor) return {};
  return error(Code::E_SCHEDULE_SUM, "the milestones do not sum to the total", field + ".total_minor");
}

Result<void> check_sides(Execution& execution, const Sides& sides, const std::string& field) {
  if (sides.seller == sides.buyer)
    return error(Code::E_TERMS, "seller and buyer are one organisation", field + ".buyer");
  for (const auto& [oid, side] : {std::pair(&sides.seller, ".seller"), std::pair(&sides.buyer, ".buyer")}) {
    if (auto signed_by = require_each(execution, {*oid}, kExecutive, field + side, Code::E_POLICY);
        !signed_by)
      return signed_by;
    if (sides.grade < kGradeImportant) continue;
    if (auto signed_by = require_for_grade(execution, *oid, sides.grade, field + side); !signed_by)
      return signed_by;
  }
  const proto::RightState table =
      right_table(execution, ShortId::from(crypto::as_bytes(sides.product)), proto::RIGHT_KIND_OPERATION);
  if (held_ppm(table, sides.seller) == 0)
    return error(Code::E_NO_RIGHT, sides.seller + " holds nothing of right O", field + ".seller");
  return require_operators(execution, sides.product, sides.grade, kExecutive, field + ".product");
}

}  // namespace circula::ledger
