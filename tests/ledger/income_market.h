// A chain on which random agreements, contracts, settlements, refunds and closes happen, valid and invalid
// mixed, beside the engine in memory (RevenueScenario), which has no subjects, records or signatures: for
// income_property_test.cpp. After each block the state must hold exactly what the engine holds, and nothing
// may have been made or lost (records.md 4, I10 to I16). The engine itself is held against the reference
// model of revenue_model.h (revenue_property_test.cpp).
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <tuple>

#include "ledger/agreement_lookup.h"
#include "ledger/income.h"
#include "ledger/revenue_scenario.h"
#include "tests/ledger/deal_records.h"
#include "tests/ledger/market_terms.h"

namespace circula::ledger::testing {

// How often what happened, so that a property which is never met shows.
using Seen = std::map<std::string, std::size_t, std::less<>>;

class Market {
  static constexpr std::size_t kProducts = 6;
  static constexpr std::int64_t kDay = 86'400;

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
  // What the test knows beside the chain.
  using Books =
      std::tuple<RevenueScenario, std::vector<Product>, std::vector<Deal>, std::vector<ShortId>,
                 std::map<RevenueCounterKey, std::int64_t>, std::map<ShortId, std::vector<Period>>, Wide>;
  auto books() { return std::tie(engine_, products_, deals_, events_, counters_, closed_, gross_); }

 public:
  Market(std::uint64_t seed, Seen& seen) : draw_(seed), seen_(seen) {
    for (std::size_t i = 0; i < kProducts; ++i) {
      products_.push_back({chain_.product(owner(i), "product " + std::to_string(i)), {}, 0});
    }
  }

  void run(int blocks) {
    for (int block = 0; block < blocks && !::testing::Test::HasFailure(); ++block) {
      chain_.advance_ms(static_cast<std::uint64_t>(draw_.one_in(10) ? draw_.between(1, 20) * kDay * 1000
                                                                    : draw_.between(1'000, 100'000)));
      std::vector<Planned> plans = {plan(), plan()};
      // One envelope each, so that the order of signers does not tie them together.
      std::vector<EnvelopePtr> bodies;
      for (const Planned& planned : plans) bodies.push_back(chain_.envelope({planned.record}));
      const ExecutedBlock executed = chain_.execute(bodies);
      for (std::size_t i = 0; i < plans.size(); ++i) {
        const std::string outcome(name(executed.outcomes[i].error.code));
        ++seen_[plans[i].what + " " + outcome];
        plans[i].judge(ShortId::from(executed.outcomes[i].record_id.view().first(ShortId::kSize)), outcome);
      }
      compare();
    }
  }

  // The chain, executed again from nothing, comes to the same roots.
  void replay() {
    MemoryStorage state;
    MemoryStorage index;
    const auto again = chain_.replay(state, index);
    EXPECT_EQ(again->state_root(), chain_.ledger().state_root());
    EXPECT_EQ(again->position().log.root(), chain_.ledger().position().log.root());
  }

  // Another way on from where keep() was called; then back again.
  void keep() { chain_.keep(); }
  void branch(std::uint64_t seed, int blocks) {
    const Books kept = books();
    draw_ = Draw(seed);
    run(blocks);
    books() = kept;
    chain_.rewind();
  }

 private:
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

  Planned plan_agreement() {
    const auto product = static_cast<std::size_t>(draw_.below(static_cast<std::int64_t>(kProducts)));
    Product& about = products_[product];
    std::vector<ShortId> assets;
    for (const Product& each : products_) assets.push_back(each.asset);
    RevenueAgreement terms = maker_.make(product, std::move(assets));
    terms.effective_from_s = chain_.now_s() + (draw_.one_in(3) ? draw_.below(20) * kDay : 0);
    if (draw_.one_in(5)) terms.effective_to_s = terms.effective_from_s + draw_.below(40 * kDay);
    const bool broken = draw_.one_in(15);
    if (broken) std::get<SplitStep>(terms.steps.back()).payees[0].share_ppm += 1;
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
            [this, product, terms, broken, all = signers.size() == parties_.size() + 2,
             opens = !about.agreement](const ShortId& id, const std::string& outcome) mutable {
              Product& governed = products_[product];
              const bool late = opens == governed.agreement.has_value() ||
                                terms.version != std::int64_t{governed.versions} + 1;
              judge_refusal(outcome, governed, terms, broken || late, all);
              if (outcome != "E_OK") return;
              if (!governed.agreement) governed.agreement = id;
              ++governed.versions;
              terms.id = agreement_name(*governed.agreement);
              terms.product = product_name(governed.asset);
              const auto added = engine_.add_agreement(terms);
              EXPECT_TRUE(added) << name(added.error().code);
            }};
  }

  // A defect is refused; what has none, and nothing that other agreements decide, is not.
  void judge_refusal(const std::string& outcome, const Product& product, const RevenueAgreement& terms,
                     bool defect, bool all_signed) {
    const auto* previous =
        product.agreement ? engine_.version(agreement_name(*product.agreement), product.versions) : nullptr;
    const bool empty = terms.effective_to_s && *terms.effective_to_s <= terms.effective_from_s;
    const bool before = previous != nullptr && terms.effective_from_s <= previous->effective_from_s;
    if (defect || empty || before) {
      EXPECT_NE(outcome, "E_OK");
    } else if (all_signed && is_in_force(product) && royalty_products_of(terms).empty() &&
               !terms.effective_to_s) {
      EXPECT_EQ(outcome, "E_OK");
      ++seen_["agreement without a reason to refuse it"];
    }
  }

  bool is_in_force(const Product& product) {
    return asset_state(chain_, product.asset).valid_to_s() > chain_.now_s();
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
    const bool wrong_sum = draw_.one_in(20);
    if (wrong_sum) report.set_total_minor(report.total_minor() + 1);
    const bool by_buyer = !draw_.one_in(20);
    return {"contract", spec(owner(deal.product), kContract, body, {by_buyer ? "buyer" : "bank"}),
            [this, deal, wrong_sum, by_buyer, known = about.agreement.has_value()](
                const ShortId& id, const std::string& outcome) mutable {
              if (outcome != "E_LIMIT") {
                EXPECT_EQ(outcome, wrong_sum                               ? "E_SCHEDULE_SUM"
                                   : !is_in_force(products_[deal.product]) ? "E_STATE"
                                   : !by_buyer                             ? "E_POLICY"
                                   : !known                                ? "E_NOT_FOUND"
                                   : is_shared(deal)                       ? "E_OK"
                                                                           : "E_NO_AGREEMENT");
              }
              if (outcome != "E_OK") return;
              deal.id = id;
              deals_.push_back(deal);
            }};
  }

  // By agreements in force when the deal was made, all the way down.
  bool is_shared(const Deal& deal) {
    const std::string product = product_name(products_[deal.product].asset);
    const RevenueAgreement* terms = engine_.in_force(product, deal.signed_at_s);
    return terms != nullptr && (deal.pinned == 0 || deal.pinned == terms->version) &&
           is_shared(*terms, false, deal.signed_at_s);
  }
  bool is_shared(const RevenueAgreement& terms, bool royalty, std::int64_t time_s) {
    for (const RevenueStep& step : terms.list(royalty)) {
      const auto* paid = std::get_if<RoyaltyStep>(&step);
      if (paid == nullptr || paid->items[0].rate_ppm == 0) continue;
      const RevenueAgreement* below = engine_.in_force(paid->items[0].product, time_s);
      if (below == nullptr || !is_shared(*below, true, time_s)) return false;
    }
    return true;
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
    // The bank guarantees everything: a party of versions with a guarantee, and of no other.
    return {"close", chain_.close_spec("bank", agreement, period.from, period.to),
            [this, agreement, period](const ShortId& id, const std::string& outcome) {
              const std::string name = agreement_name(agreement);
              const RevenueAgreement* rules = engine_.version(name, 1);
              for (std::int64_t n = 2; engine_.version(name, n) != nullptr; ++n) {
                if (engine_.version(name, n)->effective_from_s < period.to) rules = engine_.version(name, n);
              }
              std::vector<Period>& closed = closed_[agreement];
              const bool again = std::ranges::any_of(
                  closed, [&](const Period& each) { return period.from < each.to && each.from < period.to; });
              EXPECT_EQ(outcome, rules->guarantees.empty()              ? "E_ROLE"
                                 : period.to <= period.from             ? "E_NO_AGREEMENT"
                                 : period.to > chain_.now_s()           ? "E_PERIOD_OPEN"
                                 : rules->effective_from_s >= period.to ? "E_NO_AGREEMENT"
                                 : again                                ? "E_CLOSED"
                                                                        : "E_OK");
              if (outcome != "E_OK") return;
              closed.push_back(period);
              const auto top_ups = engine_.close(id_text(id), name, period.from, period.to);
              EXPECT_TRUE(top_ups);
              if (top_ups && !top_ups->empty()) ++seen_["top-up"];
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
      EXPECT_EQ(chain_.read<proto::CounterState>(subject_of(key, IncomeOrigin::kReported))
                    .value_or(proto::CounterState())
                    .value(),
                engine_.book().counter(key))
          << key.agreement << "/" << key.id << "@" << key.period;
    }
    for (const auto& [key, carry] : engine_.book().carries()) {
      const auto state = chain_.read<proto::CounterState>(subject_of(key, IncomeOrigin::kReported))
                             .value_or(proto::CounterState());
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
  std::map<ShortId, std::vector<Period>> closed_;
  Wide gross_ = 0;
  MarketTerms maker_{draw_, chain_, parties_};
};

}  // namespace circula::ledger::testing
