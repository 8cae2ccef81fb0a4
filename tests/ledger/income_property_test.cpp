// 10,000 random records on agreements, contracts, settlements, refunds and closes, valid and invalid mixed,
// beside the engine in memory (RevenueScenario), which has no subjects, records or signatures. After each
// block the state must hold exactly what the engine holds, and nothing may have been made or lost
// (records.md 4, I10 to I16).
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <numeric>
#include <random>

#include "ledger/agreement_lookup.h"
#include "ledger/income.h"
#include "ledger/revenue_scenario.h"
#include "tests/ledger/deal_records.h"

namespace circula::ledger {
namespace {

using namespace testing;

constexpr std::uint64_t kChains = 20;
constexpr int kBlocksPerChain = 250;  // of two records each
constexpr std::size_t kProducts = 6;
constexpr std::int64_t kDay = 86'400;

class Draw {
 public:
  explicit Draw(std::uint64_t seed) : engine_(seed) {}
  std::int64_t below(std::int64_t bound) {
    return static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(bound));
  }
  std::int64_t between(std::int64_t low, std::int64_t high) { return low + below(high - low + 1); }
  bool one_in(std::int64_t n) { return below(n) == 0; }
  std::int64_t amount() {
    return one_in(20) ? kAmountMax - below(3) : one_in(3) ? between(1, 20) : between(1, 1'000'000);
  }
  std::int64_t rate() { return below(kWholePpm + 1); }
  template <class List>
  auto& of(List& list) {
    return list[static_cast<std::size_t>(below(static_cast<std::int64_t>(list.size())))];
  }

 private:
  std::mt19937_64 engine_;
};

// How often what happened, so that a property which is never met shows.
using Seen = std::map<std::string, std::size_t, std::less<>>;

class Market {
 public:
  Market(std::uint64_t seed, Seen& seen) : draw_(seed), seen_(seen) {
    for (std::size_t i = 0; i < kProducts; ++i) {
      products_.push_back({chain_.product(owner(i), "product " + std::to_string(i)), {}, 0});
    }
  }

  void run() {
    for (int block = 0; block < kBlocksPerChain && !::testing::Test::HasFailure(); ++block) {
      chain_.advance_ms(static_cast<std::uint64_t>(draw_.one_in(10) ? draw_.between(1, 20) * kDay * 1000
                                                                    : draw_.between(1'000, 100'000)));
      std::vector<Planned> plans = {plan(), plan()};
      std::vector<RecordSpec> records;
      for (const Planned& planned : plans) records.push_back(planned.record);
      // One envelope each, so that the order of signers does not tie them together.
      std::vector<EnvelopePtr> bodies;
      for (const RecordSpec& record : records) bodies.push_back(chain_.envelope({record}));
      const ExecutedBlock executed = chain_.execute(bodies);
      for (std::size_t i = 0; i < plans.size(); ++i) {
        const std::string outcome(name(executed.outcomes[i].error.code));
        ++seen_[plans[i].what + " " + outcome];
        plans[i].judge(ShortId::from(executed.outcomes[i].record_id.view().first(ShortId::kSize)), outcome);
      }
      compare();
    }
    MemoryStorage state;
    MemoryStorage index;
    const auto again = chain_.replay(state, index);
    EXPECT_EQ(again->state_root(), chain_.ledger().state_root());
    EXPECT_EQ(again->position().log.root(), chain_.ledger().position().log.root());
  }

 private:
  struct Product {
    ShortId asset;
    std::optional<ShortId> agreement;
    std::uint32_t versions;
  };
  struct Deal {
    ShortId id;
    std::size_t product;
    std::int64_t signed_at_s;
    std::int64_t pinned;                   // version; 0: follows them
    std::vector<std::int64_t> milestones;  // what is open of each; 0: settled
  };
  struct Planned {
    std::string what;
    RecordSpec record;
    // Compares the outcome with the engine's, and lets the engine do the same.
    std::function<void(const ShortId& id, const std::string& outcome)> judge;
  };

  std::string owner(std::size_t product) const { return product % 2 == 0 ? "provider" : "vendor-b"; }

  Planned plan() {
    switch (draw_.below(10)) {
      case 0:
      case 1:
        return plan_agreement();
      case 2:
      case 3:
        return plan_contract();
      case 4:
      case 5:
        return plan_refund();
      case 6:
        return plan_close();
      default:
        return plan_settle();
    }
  }

  // --- agreements

  std::string party() { return chain_.oid(draw_.of(parties_)); }
  std::string counter_id() { return "c" + std::to_string(next_id_++); }
  std::int64_t total() { return draw_.one_in(2) ? draw_.below(1'000) : draw_.below(1'000'000); }
  ShareBase base() { return static_cast<ShareBase>(draw_.between(1, 3)); }

  std::vector<RevenueStep> steps(std::size_t product) {
    std::vector<RevenueStep> list;
    if (draw_.one_in(2)) list.push_back(TaxStep{chain_.oid("tax"), draw_.rate()});
    for (std::int64_t i = draw_.below(4); i > 0; --i) list.push_back(middle(product));
    list.push_back(split());
    return list;
  }

  RevenueStep middle(std::size_t product) {
    switch (draw_.below(6)) {
      case 0:
        return FixedStep{party(), draw_.below(50)};
      case 1: {
        PercentStep step{chain_.oid("exchange"), draw_.rate(), base(), draw_.below(20), {}, {}};
        if (draw_.one_in(2)) step.max_minor = step.min_minor + draw_.between(1, 1'000);
        if (draw_.one_in(2)) step.cap = FeeCap{counter_id(), total()};
        return step;
      }
      case 2:
        return TieredStep{counter_id(),
                          party(),
                          base(),
                          static_cast<TierPeriod>(draw_.between(1, 3)),
                          {{draw_.between(1, 500'000), draw_.rate()}, {std::nullopt, draw_.rate()}}};
      case 3:
        return RecoupStep{counter_id(), party(), draw_.rate(), total()};
      default: {
        // Mostly to products of a lower number; now and then upwards, which may close a circle.
        const auto below = static_cast<std::int64_t>(draw_.one_in(12) ? kProducts : product);
        if (below == 0) return FixedStep{party(), 1};
        const Product& source = products_[static_cast<std::size_t>(draw_.below(below))];
        return RoyaltyStep{base(), {{product_name(source.asset), draw_.below(600'000)}}};
      }
    }
  }

  RevenueStep split() {
    SplitStep step;
    std::set<std::string> taken;
    const std::int64_t payees = draw_.between(1, 4);
    while (static_cast<std::int64_t>(taken.size()) < payees) taken.insert(party());
    std::int64_t left = kWholePpm;
    std::int64_t more = payees;
    for (const std::string& oid : taken) {
      SplitPayee payee = part(oid, --more == 0 ? left : draw_.between(1, left - more));
      left -= payee.share_ppm;
      if (draw_.one_in(4)) payee.cap = ShareCap{counter_id(), total(), party()};
      if (draw_.one_in(4)) payee.advance = Advance{counter_id(), party(), total(), draw_.rate()};
      if (draw_.one_in(4)) payee.withhold = Withholding{chain_.oid("tax"), draw_.rate()};
      step.payees.push_back(payee);
    }
    return step;
  }

  Planned plan_agreement() {
    const auto product = static_cast<std::size_t>(draw_.below(static_cast<std::int64_t>(kProducts)));
    Product& about = products_[product];
    next_id_ = 0;
    RevenueAgreement terms;
    terms.rounding = draw_.one_in(2) ? Rounding::kCarry : Rounding::kLargestRemainder;
    terms.steps = steps(product);
    if (draw_.one_in(3)) terms.royalty_steps = steps(product);
    if (draw_.one_in(3)) {
      const std::string guaranteed = party();
      terms.guarantees.push_back({guaranteed, chain_.oid("bank"), draw_.between(1, 1'000'000)});
    }
    terms.effective_from_s = chain_.now_s() + (draw_.one_in(3) ? draw_.below(20) * kDay : 0);
    if (draw_.one_in(5)) terms.effective_to_s = terms.effective_from_s + draw_.below(40 * kDay);
    if (draw_.one_in(15)) std::get<SplitStep>(terms.steps.back()).payees[0].share_ppm += 1;
    const std::uint32_t version = about.versions + (draw_.one_in(15) ? 2 : 1);
    const proto::Agreement body = about.agreement
                                      ? chain_.version_body(*about.agreement, about.asset, version, terms)
                                      : chain_.agreement_body(about.asset, terms);
    terms.version = about.agreement ? version : 1;
    // All may have a claim that is not repaid; an unnecessary signature does no harm.
    std::vector<std::string> signers = {owner(product), "exchange", "bank"};
    for (const std::string& name : parties_) {
      if (name != owner(product) && !draw_.one_in(60)) signers.push_back(name);
    }
    return {"agreement", chain_.by_cdos(kAgreement, body, signers),
            [this, product, terms](const ShortId& id, const std::string& outcome) mutable {
              if (outcome != "E_OK") return;
              Product& governed = products_[product];
              if (!governed.agreement) governed.agreement = id;
              ++governed.versions;
              terms.id = agreement_name(*governed.agreement);
              terms.product = product_name(governed.asset);
              const auto added = engine_.add_agreement(terms);
              EXPECT_TRUE(added) << name(added.error().code);
            }};
  }

  // --- contracts and settlements

  Planned plan_contract() {
    Deal deal;
    deal.product = static_cast<std::size_t>(draw_.below(static_cast<std::int64_t>(kProducts)));
    const Product& about = products_[deal.product];
    for (std::int64_t i = draw_.between(1, 3); i > 0; --i)
      deal.milestones.push_back(std::min(draw_.amount(), kAmountMax / 4));
    proto::Contract body = chain_.contract_body(owner(deal.product), "buyer", about.asset,
                                                about.agreement.value_or(about.asset), deal.milestones);
    proto::ContractReport& report = *body.mutable_report();
    report.set_signed_at_s(chain_.now_s() - (draw_.one_in(3) ? draw_.below(10 * kDay) : 0));
    deal.signed_at_s = report.signed_at_s();
    const bool pins = draw_.one_in(2);
    const RevenueAgreement* now = engine_.in_force(product_name(about.asset), deal.signed_at_s);
    deal.pinned = !pins ? 0 : now == nullptr ? 1 : now->version;
    report.set_agreement_version(static_cast<std::uint32_t>(deal.pinned));
    report.set_follows_versions(!pins);
    if (draw_.one_in(20)) report.set_total_minor(report.total_minor() + 1);
    return {"contract", spec(owner(deal.product), kContract, body, {draw_.one_in(20) ? "bank" : "buyer"}),
            [this, deal](const ShortId& id, const std::string& outcome) mutable {
              if (outcome != "E_OK") return;
              deal.id = id;
              deals_.push_back(deal);
            }};
  }

  Planned plan_settle() {
    if (deals_.empty()) return plan_contract();
    // Mostly one of the last: those before are settled.
    const std::size_t first = draw_.one_in(5) || deals_.size() < 12 ? 0 : deals_.size() - 12;
    const std::size_t which =
        first + static_cast<std::size_t>(draw_.below(static_cast<std::int64_t>(deals_.size() - first)));
    const Deal& deal = deals_[which];
    const auto n =
        static_cast<std::uint32_t>(draw_.between(1, static_cast<std::int64_t>(deal.milestones.size())));
    const std::int64_t open = deal.milestones[n - 1];
    const std::int64_t amount =
        draw_.one_in(10) ? open + draw_.below(2) : draw_.between(1, std::max<std::int64_t>(1, open));
    proto::Settle body = chain_.settle_body(deal.id, n, amount);
    // A pinned version is the engine's own choice at the time of the deal, unless the next one began in the
    // same second.
    if (deal.pinned != 0) {
      const RevenueAgreement* then =
          engine_.in_force(product_name(products_[deal.product].asset), deal.signed_at_s);
      if (then != nullptr && then->version != deal.pinned) return plan_contract();
    }
    if (deal.pinned != 0)
      body.set_accepted_at_s(deal.signed_at_s);
    else if (draw_.one_in(3))
      body.set_accepted_at_s(draw_.between(deal.signed_at_s, chain_.now_s()));
    const std::int64_t time_s = body.accepted_at_s();
    return {"settle", chain_.settle_spec(owner(deal.product), "buyer", body),
            [this, which, n, amount, time_s](const ShortId& id, const std::string& outcome) {
              Deal& settled = deals_[which];
              std::int64_t& left = settled.milestones[n - 1];
              if (left == 0) {
                EXPECT_EQ(outcome, "E_SETTLED");
                return;
              }
              if (amount > left) {
                EXPECT_EQ(outcome, "E_EXCEEDS_HOLD");
                return;
              }
              const std::string product = product_name(products_[settled.product].asset);
              const auto sold = engine_.sell(id_text(id), {product, time_s, amount});
              EXPECT_EQ(outcome, sold ? "E_OK" : name(sold.error().code));
              if (!sold) return;
              left = 0;
              events_.push_back(id);
              gross_ += amount;
            }};
  }

  Planned plan_refund() {
    if (events_.empty()) return plan_settle();
    const ShortId event = draw_.of(events_);
    const std::int64_t left = left_of(engine_.sale(id_text(event))->front());
    const std::int64_t amount =
        draw_.one_in(8) ? left + 1 : draw_.between(0, std::max<std::int64_t>(1, left));
    const std::string seller = chain_.name_of(chain_.read<proto::EventState>(event_key(event))->seller());
    return {"refund", chain_.refund_spec(seller, "buyer", event, amount),
            [this, event, amount](const ShortId& id, const std::string& outcome) {
              const auto refunded = engine_.give_back(id_text(id), id_text(event), amount);
              EXPECT_EQ(outcome, refunded ? "E_OK" : name(refunded.error().code));
              if (refunded) gross_ -= amount;
            }};
  }

  Planned plan_close() {
    const Product& about = draw_.of(products_);
    if (!about.agreement) return plan_agreement();
    const DayNumber today = day_of(chain_.now_s());
    const auto from = static_cast<DayNumber>(today - draw_.between(0, 60));
    const auto to = static_cast<DayNumber>(from + draw_.between(0, 40));
    const Period period{start_of_day(from), start_of_day(to)};
    const ShortId agreement = *about.agreement;
    const std::string by = "bank";  // guarantees everything; a party of versions with a guarantee only
    const auto versions = about.versions;
    return {"close", chain_.close_spec(by, agreement, period.from, period.to),
            [this, agreement, period, versions](const ShortId& id, const std::string& outcome) {
              if (outcome == "E_ROLE" || outcome == "E_CLOSED" || outcome == "E_PERIOD_OPEN") return;
              EXPECT_GE(versions, 1U);
              const auto closed =
                  engine_.close(id_text(id), agreement_name(agreement), period.from, period.to);
              EXPECT_EQ(outcome, closed ? "E_OK" : name(closed.error().code));
              if (closed && !closed->empty()) ++seen_["top-up"];
            }};
  }

  // --- what must hold after each block

  void compare() {
    Wide sum = 0;
    for (const std::string& name : everybody_) {
      const auto expected = engine_.totals().find(chain_.oid(name));
      const std::int64_t income = chain_.income(name);
      EXPECT_TRUE((expected == engine_.totals().end() ? Wide{0} : expected->second) == income)
          << name << " " << income;
      sum += income;
    }
    EXPECT_TRUE(sum == gross_) << "not a unit more or less than was settled and not refunded";
    compare_books();
    for (std::size_t i = events_.size() < 6 ? 0 : events_.size() - 6; i < events_.size(); ++i)
      compare_event(events_[i]);
    if (!events_.empty()) compare_event(draw_.of(events_));
  }

  void compare_books() {
    for (const auto& [key, value] : engine_.book().counters()) counters_[key] = 0;
    for (auto& [key, value] : counters_) {
      EXPECT_EQ(chain_.read<proto::CounterState>(subject_of(key)).value_or(proto::CounterState()).value(),
                engine_.book().counter(key))
          << key.agreement << "/" << key.id << "@" << key.period;
    }
    for (const auto& [key, carry] : engine_.book().carries()) {
      const auto state = chain_.read<proto::CounterState>(subject_of(key)).value_or(proto::CounterState());
      const std::vector<std::int64_t> held(state.carry_ppm().begin(), state.carry_ppm().end());
      EXPECT_EQ(held, carry);
      EXPECT_EQ(std::accumulate(held.begin(), held.end(), std::int64_t{0}), 0) << "I13";
      ++seen_["carry"];
    }
  }

  void compare_event(const ShortId& event) {
    const std::vector<IncomeNode>& nodes = *engine_.sale(id_text(event));
    std::int64_t refunded = 0;
    for (const IncomeNode& node : nodes) {
      const proto::EventNodeState state = chain_.node(event, node.path);
      EXPECT_EQ(serialise_canonical(state), serialise_canonical(node_state(node))) << node.path << " I11";
      Wide lines = 0;
      for (const proto::NodeLine& line : state.lines()) {
        EXPECT_LE(line.refunded_minor(), line.amount_minor()) << "I15";
        lines += line.amount_minor();
        if (node.path == "0") refunded += line.refunded_minor();
      }
      EXPECT_TRUE(lines == state.gross_minor()) << "I12";
    }
    if (nodes.size() > 2) ++seen_["cascade"];
    const auto state = chain_.read<proto::EventState>(event_key(event));
    EXPECT_EQ(state->refunded_minor(), refunded);
    EXPECT_LE(state->refunded_minor(), state->gross_minor());
  }

  const std::vector<std::string> parties_ = {"provider", "vendor-b", "merchant", "broker", "department"};
  const std::vector<std::string> everybody_ = {"provider", "vendor-b", "merchant", "broker", "department",
                                               "exchange", "tax",      "bank",     "buyer"};
  Draw draw_;
  Seen& seen_;
  DealChain chain_;
  RevenueScenario engine_;
  std::vector<Product> products_;
  std::vector<Deal> deals_;
  std::vector<ShortId> events_;
  std::map<RevenueCounterKey, std::int64_t> counters_;  // ever seen: also those that are at zero again
  Wide gross_ = 0;
  int next_id_ = 0;
};

TEST(IncomeProperties, ten_thousand_records_leave_what_the_engine_leaves) {
  Seen seen;
  for (std::uint64_t seed = 1; seed <= kChains; ++seed) {
    Market market(seed, seen);
    market.run();
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
  }
  for (const char* what : {"agreement E_OK",
                           "agreement E_VERSION",
                           "agreement E_SHARE_SUM",
                           "agreement E_CYCLE",
                           "agreement E_COSIGN",
                           "contract E_OK",
                           "contract E_POLICY",
                           "contract E_SCHEDULE_SUM",
                           "settle E_OK",
                           "settle E_SETTLED",
                           "settle E_EXCEEDS_HOLD",
                           "refund E_OK",
                           "refund E_REFUND_EXCEEDS",
                           "refund E_AMOUNT",
                           "close E_OK",
                           "close E_CLOSED",
                           "close E_PERIOD_OPEN",
                           "top-up",
                           "carry",
                           "cascade"}) {
    EXPECT_GT(seen[what], 10U) << what;
  }
  EXPECT_GT(seen["settle E_NO_AGREEMENT"], 0U);
  for (const char* what : {"contract E_CYCLE", "settle E_CYCLE"}) {
    EXPECT_EQ(seen[what], 0U) << what << ": a registration should have been refused";
  }
  std::string counts;
  for (const auto& [what, count] : seen) counts += what + " " + std::to_string(count) + "\n";
  RecordProperty("seen", counts);
}

}  // namespace
}  // namespace circula::ledger
