#include <array>
#include <set>

#include "ledger/account.h"
#include "ledger/audit_rule.h"
#include "ledger/contract.h"
#include "ledger/funds.h"
#include "ledger/hold.h"

namespace circula::ledger {
namespace {

// What stands against the money at the bank of a venue, and the memorandum accounts beside it.
enum Class : std::size_t { kBankMoney, kAvail, kSusp, kFundMoney, kHeld, kTransit, kClaw, kDueTo, kClasses };

// "bank", "avail" ... of a key's second part.
std::optional<Class> class_of(std::string_view kind) {
  constexpr std::pair<std::string_view, Class> kTable[] = {{"bank", kBankMoney}, {"avail", kAvail},
                                                           {"susp", kSusp},      {"fund", kFundMoney},
                                                           {"claw", kClaw},      {"due", kDueTo}};
  for (const auto& [name, found] : kTable) {
    if (name == kind) return found;
  }
  return std::nullopt;
}

template <class Fields>
std::optional<Fields> parsed(const std::string& fields) {
  Fields message;
  if (!message.ParseFromString(fields)) return std::nullopt;
  return message;
}

// I06: per exchange and currency, what is claimed on the bank is what it has, and what is owed is owed to
// somebody. I07: no balance is negative, and each is the sum of its lines. I09: a hold ends once, and what is
// posted and freed is what was held. I10: a milestone is settled once. Nothing is read but the effects.
class Money final : public AuditRule {
 public:
  void entry(const AuditedEntry& entry, AuditFindings& findings) override {
    touched_.clear();
    for (const AppliedEffect& effect : entry.effects) {
      const auto decoded = decode_effect(effect.bytes);
      if (!decoded) continue;  // I04's to find
      const std::string_view subject = effect.subject;
      if (subject.starts_with("account/")) post(entry, effect.subject, *decoded, findings);
      if (subject.starts_with("hold/")) hold(entry, effect.subject, *decoded, findings);
      if (subject.starts_with("payout/")) payout(effect.subject, *decoded);
      if (subject.starts_with("contract/")) contract(entry, effect.subject, *decoded, findings);
    }
    for (const std::string& venue : touched_) balance(entry, venue, findings);
  }

  void finish(const Ledger&, AuditFindings&) override {}

 private:
  struct Venue {
    std::array<std::int64_t, kClasses> sums{};
    std::int64_t advanced = 0;  // by the guarantee fund, and not paid back
  };
  struct Hold {
    std::string venue;
    std::int64_t amount_minor = 0;
    bool live = false;
  };
  struct Transit {
    std::string venue;
    std::int64_t amount_minor = 0;
  };

  void add(const std::string& venue, Class kind, std::int64_t change) {
    venues_[venue].sums[kind] += change;
    touched_.insert(venue);
  }

  void post(const AuditedEntry& entry, const SubjectKey& key, const Effect& effect, AuditFindings& findings) {
    const auto posted = parsed<proto::Posted>(effect.fields);
    // account/<kind>/<oid>@<exchange>/<currency>
    const std::size_t kind_end = key.find('/', 8), at = key.find('@');
    const auto kind = class_of(std::string_view(key).substr(8, kind_end - 8));
    if (!posted || !kind || at == std::string::npos) return;
    const std::string venue = key.substr(at + 1);
    std::int64_t& balance = balances_[key];
    for (const proto::PostingLine& line : posted->lines()) {
      balance += line.amount_minor();
      add(venue, *kind, line.amount_minor());
      if (*kind == kClaw && line.counter().starts_with("account/fund/"))
        venues_[venue].advanced += line.amount_minor();
    }
    if (balance < 0 || balance != posted->balance_minor())
      findings.add("I07", entry.height,
                   key + " says " + std::to_string(posted->balance_minor()) + ", its lines give " +
                       std::to_string(balance),
                   entry.index);
  }

  void hold(const AuditedEntry& entry, const SubjectKey& key, const Effect& effect, AuditFindings& findings) {
    Hold& hold = holds_[key];
    if (effect.type == kEffectHoldPlaced) {
      const auto placed = parsed<proto::HoldPlaced>(effect.fields);
      if (!placed) return;
      if (hold.live) findings.add("I09", entry.height, key + " is held twice", entry.index);
      hold = {placed->exchange() + "/" + placed->currency(), placed->amount_minor(), true};
      add(hold.venue, kHeld, hold.amount_minor);
    } else if (effect.type == kEffectHoldEnded) {
      const auto ended = parsed<proto::HoldEnded>(effect.fields);
      if (!ended) return;
      if (!hold.live || ended->posted_minor() + ended->freed_minor() != hold.amount_minor)
        findings.add("I09", entry.height, key + " ends without a hold, or not with all of it", entry.index);
      if (hold.live) add(hold.venue, kHeld, -hold.amount_minor);
      hold.live = false;
    }
  }

  void payout(const SubjectKey& key, const Effect& effect) {
    if (effect.type == kEffectPayoutOrdered) {
      const auto ordered = parsed<proto::PayoutOrdered>(effect.fields);
      if (!ordered) return;
      const proto::PayoutOrder& order = ordered->order();
      payouts_[key] = {order.exchange() + "/" + order.currency(), order.amount_minor()};
      add(payouts_[key].venue, kTransit, order.amount_minor());
    } else if (effect.type == kEffectPayoutEnded) {
      add(payouts_[key].venue, kTransit, -payouts_[key].amount_minor);
      payouts_[key].amount_minor = 0;
    }
  }

  void contract(const AuditedEntry& entry, const SubjectKey& key, const Effect& effect,
                AuditFindings& findings) {
    if (effect.type != kEffectMilestoneSettled) return;
    const auto settled = parsed<proto::MilestoneSettled>(effect.fields);
    if (settled && !settled_.insert(key + "/" + std::to_string(settled->n())).second)
      findings.add("I10", entry.height, key + " settles milestone " + std::to_string(settled->n()) + " twice",
                   entry.index);
  }

  void balance(const AuditedEntry& entry, const std::string& name, AuditFindings& findings) {
    const Venue& venue = venues_[name];
    const auto& sums = venue.sums;
    const std::int64_t claimed = sums[kAvail] + sums[kSusp] + sums[kFundMoney] + sums[kHeld] + sums[kTransit];
    if (claimed != sums[kBankMoney])
      findings.add("I06", entry.height,
                   name + " has " + std::to_string(sums[kBankMoney]) + " at its bank, and accounts of " +
                       std::to_string(claimed),
                   entry.index);
    if (sums[kClaw] != sums[kDueTo] + venue.advanced)
      findings.add("I06", entry.height, "what is owed in " + name + " is not what is due and advanced",
                   entry.index);
  }

  std::map<std::string, Venue> venues_;  // "<exchange>/<currency>"
  std::map<SubjectKey, std::int64_t> balances_;
  std::map<SubjectKey, Hold> holds_;
  std::map<SubjectKey, Transit> payouts_;
  std::set<std::string> settled_;
  std::set<std::string> touched_;
};

}  // namespace

std::unique_ptr<AuditRule> make_money_rule() { return std::make_unique<Money>(); }

}  // namespace circula::ledger
