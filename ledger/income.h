// 27 DISTRIBUTE: how records 23 SETTLE, 24 REFUND and 28 PERIOD_CLOSE write what the engine computed: nodes
// of events, counters and carries, incomes and earnings (records.md 3.4, 3.7; design.md 3).
//
// An organisation's income in a currency is one subject, with one effect a record: all its lines of that
// record, and the running total. Earnings are what a guarantee is measured by; they are kept by day and by
// month, so that closing 400 days reads at most 73 subjects a party.
//
// Posted and reported income share one history, and are counted apart: the parties of a source's agreement
// do not sign a report, so that one must not use up a recoupment, cap, tier or guarantee that posted money is
// shared by, nor fill a total so that postings no longer fit.
//
// Invariants: 1. a node's lines sum to its gross, a child's gross is its royalty line (I12); 2. a carry sums
// to zero (I13); 3. no line is given back beyond its amount (I15); 4. an income's total is the sum of its
// lines.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ledger/calendar.h"
#include "ledger/distribution.h"
#include "ledger/guarantee.h"
#include "ledger/proto/income.pb.h"
#include "ledger/proto/settlement.pb.h"
#include "ledger/refund.h"
#include "ledger/registry.h"

namespace circula::ledger {

extern const Family kIncomeFamily;

inline constexpr std::uint16_t kEffectCounterChanged = 2701;
inline constexpr std::uint16_t kEffectCarryChanged = 2702;
inline constexpr std::uint16_t kEffectNodeDistributed = 2703;
inline constexpr std::uint16_t kEffectNodeReversed = 2704;
inline constexpr std::uint16_t kEffectIncomeBooked = 2705;
inline constexpr std::uint16_t kEffectEarned = 2706;

// By the exchange of an event or an agreement, which is empty off the exchange.
[[nodiscard]] inline IncomeOrigin origin_at(std::string_view exchange) {
  return exchange.empty() ? IncomeOrigin::kReported : IncomeOrigin::kPosted;
}

// What the sum of an organisation's income lines may be moved to by reports and by guarantees, up or down:
// both are made without money. Beyond it there is room for settlements and their refunds only.
constexpr std::int64_t kReportedTotalMax = std::int64_t{1} << 62;

// The agreements' counters and carries, as the engine reads them from subjects. What it read is kept: it
// is all that another one needs to come to the same lines.
class LedgerBook final : public RevenueBook {
 public:
  LedgerBook(Execution& execution, IncomeOrigin origin) : execution_(execution), origin_(origin) {}

  [[nodiscard]] std::int64_t counter(const RevenueCounterKey& key) const override;
  [[nodiscard]] std::vector<std::int64_t> carry_ppm(const RevenueCarryKey& key) const override;

  // What was read and is not zero.
  void list_read(proto::EventSettled& effect) const;

 private:
  Execution& execution_;
  IncomeOrigin origin_;
  mutable std::map<RevenueCounterKey, std::int64_t> counters_;
  mutable std::map<RevenueCarryKey, std::vector<std::int64_t>> carries_;
};

[[nodiscard]] SubjectKey subject_of(const RevenueCounterKey& key, IncomeOrigin origin);
[[nodiscard]] SubjectKey subject_of(const RevenueCarryKey& key, IncomeOrigin origin);
// Contracts whose income the agreement will share; `by` is added.
[[nodiscard]] std::int64_t open_contracts(Execution& execution, const ShortId& agreement);
void adjust_open_contracts(Execution& execution, const ShortId& agreement, std::int64_t by);
// Live listings of the same kind.
[[nodiscard]] std::int64_t live_listings(Execution& execution, const ShortId& agreement);
void adjust_live_listings(Execution& execution, const ShortId& agreement, std::int64_t by);

// Effects on counters and carries; nothing that does not change.
void write_book(Execution& execution, const BookChanges& changes, IncomeOrigin origin);

// The event that lines come from.
struct IncomeSource {
  proto::IncomeCause cause{};
  ShortId event{};
  std::string contract;  // 16 bytes, or empty
  std::string payer;
  std::string currency;
  std::int64_t time_s = 0;
  std::string exchange = {};  // empty: nothing is posted, the lines are reported
};

// What a record's postings did for one organisation.
struct MoneyMoved {
  proto::MoneyPlace went = proto::MONEY_PLACE_ACCOUNT;
  std::int64_t claims_minor = 0;
  std::int64_t owed_minor = 0;
};
using MoneyByPayee = std::map<std::string, MoneyMoved>;

// Collects a record's lines by payee, then writes one effect for each.
class IncomeBooking {
 public:
  explicit IncomeBooking(IncomeSource source, MoneyByPayee money = {})
      : source_(std::move(source)), money_(std::move(money)) {}

  void add(const std::string& oid, proto::IncomeLine line) { lines_[oid].push_back(std::move(line)); }
  // E_AMOUNT when a total would leave 64 bits, or by a report kReportedTotalMax.
  [[nodiscard]] Result<void> write(Execution& execution) const;

 private:
  IncomeSource source_;
  MoneyByPayee money_;
  std::map<std::string, std::vector<proto::IncomeLine>> lines_;
};

// What events of a time add to what the parties earned: its day's and its month's sums. E_AMOUNT.
[[nodiscard]] Result<void> write_earnings(Execution& execution,
                                          const std::map<EarningKey, std::int64_t>& earnings,
                                          std::int64_t time_s, IncomeOrigin origin);
// Earned by events in [from, to), whole days at UTC+8. Above int64 it stops there, beyond every guarantee.
[[nodiscard]] std::int64_t earned_between(Execution& execution, const ShortId& agreement,
                                          std::string_view oid, const Period& days, IncomeOrigin origin);

// What each payee is given by a distribution, and gives back by a refund of these nodes.
[[nodiscard]] std::map<std::string, std::int64_t> sums_by_payee(const Distribution& distribution);
[[nodiscard]] std::map<std::string, std::int64_t> sums_by_payee(const Refund& refund,
                                                                const std::vector<IncomeNode>& nodes);

// Writes a distribution: nodes, counters, incomes, earnings. `money` is what was posted, on the exchange.
// E_AMOUNT.
[[nodiscard]] Result<void> write_distribution(Execution& execution, const IncomeSource& source,
                                              const Distribution& distribution, MoneyByPayee money = {});
// Writes what a refund reverses of these nodes, which are as they were before it. E_AMOUNT.
[[nodiscard]] Result<void> write_refund(Execution& execution, const IncomeSource& source,
                                        const Refund& refund, std::vector<IncomeNode> nodes,
                                        MoneyByPayee money = {});

// The nodes of an event, depth first. REQUIRES: the event exists.
[[nodiscard]] std::vector<IncomeNode> read_nodes(Execution& execution, const ShortId& event);

// A line of a node as it stands in its payee's income, with this amount.
[[nodiscard]] proto::IncomeLine income_line(const IncomeNode& node, std::size_t number,
                                            std::int64_t amount_minor);

// A node as its subject has it, and back; the child of a royalty line is found by its path.
[[nodiscard]] proto::EventNodeState node_state(const IncomeNode& node);
[[nodiscard]] IncomeNode income_node(const proto::EventNodeState& state, std::string path);

}  // namespace circula::ledger
