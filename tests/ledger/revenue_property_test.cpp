// Random agreements and events against the reference model of revenue_model.h, and the invariants that
// hold whatever happens (records.md 3.7, audit rules I11 to I15).
#include <gtest/gtest.h>

#include <numeric>
#include <random>

#include "ledger/revenue_scenario.h"
#include "revenue_model.h"
#include "tests/ledger/sequences.h"

namespace circula::ledger {
namespace {

constexpr std::size_t kProducts = 4;
constexpr std::size_t kEventsPerSeed = 24;

// Draws by remainder: the same sequence with every standard library.
class Draw {
 public:
  explicit Draw(std::uint64_t seed) : engine_(seed) {}
  std::int64_t below(std::int64_t bound) {
    return static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(bound));
  }
  std::int64_t between(std::int64_t low, std::int64_t high) { return low + below(high - low + 1); }
  bool one_in(std::int64_t n) { return below(n) == 0; }
  // Small amounts show rounding, large ones the limits.
  std::int64_t amount() {
    switch (below(6)) {
      case 0:
        return between(1, 3);
      case 1:
        return between(1, 100);
      case 2:
        return kAmountMax - below(3);
      case 3:
        return between(1, kAmountMax);
      default:
        return between(1, 1'000'000);
    }
  }
  std::int64_t rate() { return one_in(8) ? kWholePpm * below(2) : below(kWholePpm + 1); }

 private:
  std::mt19937_64 engine_;
};

std::string product_name(std::int64_t index) { return "P" + std::to_string(index); }

class AgreementMaker {
 public:
  AgreementMaker(Draw& draw, std::int64_t index) : draw_(draw), index_(index) {}

  RevenueAgreement make(std::int64_t version) {
    next_id_ = 0;
    RevenueAgreement agreement;
    agreement.id = "A" + std::to_string(index_);
    agreement.version = version;
    agreement.product = product_name(index_);
    agreement.effective_from_s = version == 1 ? 0 : 500 * version + draw_.below(400);
    if (draw_.one_in(20)) agreement.effective_to_s = agreement.effective_from_s + 1 + draw_.below(2'000);
    agreement.rounding = draw_.one_in(2) ? Rounding::kCarry : Rounding::kLargestRemainder;
    agreement.steps = steps();
    if (draw_.one_in(3)) agreement.royalty_steps = steps();
    if (draw_.one_in(3)) agreement.guarantees.push_back({party(0), "guarantor", draw_.between(1, 100'000)});
    return agreement;
  }

 private:
  std::string party(std::int64_t n) const { return "p" + std::to_string(index_) + "." + std::to_string(n); }
  std::string id() { return "c" + std::to_string(next_id_++); }
  std::int64_t total() { return draw_.one_in(2) ? draw_.below(1'000) : draw_.below(kAmountMax); }
  ShareBase base() { return static_cast<ShareBase>(draw_.between(1, 3)); }

  std::vector<RevenueStep> steps() {
    std::vector<RevenueStep> list;
    for (std::int64_t i = draw_.below(3); i > 0; --i) list.push_back(TaxStep{"tax", draw_.rate()});
    for (std::int64_t i = draw_.below(5); i > 0; --i) list.push_back(middle());
    list.push_back(split());
    return list;
  }

  RevenueStep middle() {
    switch (draw_.below(6)) {
      case 0:
        return FixedStep{"fixed", draw_.below(50)};
      case 1:
        return percent();
      case 2:
        return tiered();
      case 3:
        return RecoupStep{id(), "investor", draw_.rate(), total()};
      default:
        return royalty();
    }
  }

  RevenueStep percent() {
    PercentStep step{"exchange", draw_.rate(), base(), draw_.one_in(2) ? 0 : draw_.below(20), {}, {}};
    if (draw_.one_in(2)) step.max_minor = step.min_minor + draw_.below(1'000);
    if (draw_.one_in(2)) step.cap = FeeCap{id(), total()};
    return step;
  }

  RevenueStep tiered() {
    TieredStep step{id(), "platform", base(), static_cast<TierPeriod>(draw_.between(1, 3)), {}};
    std::int64_t upto = 0;
    for (std::int64_t i = draw_.below(3); i > 0; --i) {
      upto += draw_.between(1, 500'000);
      step.tiers.push_back({upto, draw_.rate()});
    }
    step.tiers.push_back({std::nullopt, draw_.rate()});
    return step;
  }

  // Mostly to products of a higher number; now and then backwards, which makes cycles.
  RevenueStep royalty() {
    if (index_ == static_cast<std::int64_t>(kProducts)) return FixedStep{"fixed", 1};  // the last source
    RoyaltyStep step{base(), {}};
    std::int64_t left = kWholePpm;
    for (std::int64_t i = draw_.between(1, 3); i > 0; --i) {
      const std::int64_t to =
          draw_.one_in(30) ? draw_.below(kProducts) : draw_.between(index_ + 1, kProducts);
      const std::int64_t rate = draw_.below(left + 1);
      left -= rate;
      step.items.push_back({product_name(to), rate});
    }
    return step;
  }

  RevenueStep split() {
    SplitStep step;
    const std::int64_t payees = draw_.between(1, 6);
    std::int64_t left = kWholePpm;
    for (std::int64_t i = 0; i < payees; ++i) {
      SplitPayee payee;
      payee.party = party(i);
      payee.share_ppm = i + 1 == payees ? left : draw_.between(1, left - (payees - i - 1));
      left -= payee.share_ppm;
      if (draw_.one_in(4)) payee.cap = ShareCap{id(), total(), "fund"};
      if (draw_.one_in(4)) payee.advance = Advance{id(), "lender", total(), draw_.rate()};
      if (draw_.one_in(4)) payee.withhold = Withholding{"tax", draw_.rate()};
      step.payees.push_back(payee);
    }
    return step;
  }

  Draw& draw_;
  std::int64_t index_;
  std::int64_t next_id_ = 0;
};

// How often the interesting things happened: a property that is never met proves nothing.
using Seen = std::map<std::string, std::size_t, std::less<>>;

// The engine and the model side by side.
class Pair {
 public:
  Pair(std::uint64_t seed, Seen& seen) : draw_(seed), seen_(seen) {
    for (std::int64_t i = 0; i <= static_cast<std::int64_t>(kProducts); ++i) {
      if (draw_.one_in(25)) continue;  // a product without agreement
      AgreementMaker maker(draw_, i);
      const std::int64_t versions = draw_.between(1, 3);
      for (std::int64_t version = 1; version <= versions; ++version) {
        const RevenueAgreement agreement = maker.make(version);
        const auto added = engine_.add_agreement(agreement);
        EXPECT_TRUE(added) << added.error().detail << " " << added.error().field;
        model_.agreements.push_back(agreement);
      }
    }
  }

  void run() {
    for (std::size_t i = 0; i < kEventsPerSeed && !::testing::Test::HasFailure(); ++i) {
      const std::string id = "e" + std::to_string(i);
      switch (draw_.below(8)) {
        case 0:
        case 1:
          refund_some(id);
          break;
        case 2:
          close(id);
          break;
        default:
          sell(id);
          break;
      }
      compare_books();
    }
    refund_everything();
  }

 private:
  void sell(const std::string& id) {
    const std::string product = product_name(draw_.below(kProducts + 1));
    const std::int64_t time = draw_.one_in(4) ? 1'672'500'000 + draw_.below(200'000) : draw_.below(3'000);
    const std::int64_t amount = draw_.amount();
    const std::string failure = model_.sell(id, product, time, amount);
    const auto counters = engine_.book().counters();
    const auto carries = engine_.book().carries();

    const auto sold = engine_.sell(id, {product, time, amount});
    if (!sold) {
      ++seen_[failure];
      EXPECT_EQ(name(sold.error().code), failure) << sold.error().field;
      EXPECT_EQ(engine_.book().counters(), counters) << "an error leaves the counters";
      EXPECT_EQ(engine_.book().carries(), carries) << "an error leaves the carries";
      return;
    }
    ASSERT_EQ(failure, "");
    sales_.push_back(id);
    compare_nodes(*sold.value(), model_.history.at(id));
  }

  void compare_nodes(const std::vector<IncomeNode>& nodes, const model::Event& expected) {
    ASSERT_EQ(nodes.size(), expected.nodes.size());
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const IncomeNode& node = nodes[i];
      const model::Node& other = expected.nodes[i];
      EXPECT_EQ(node.path, other.path);
      EXPECT_EQ(node.product, other.product);
      EXPECT_EQ(node.agreement, other.agreement->id);
      EXPECT_EQ(node.version, other.agreement->version);
      EXPECT_TRUE(node.gross_minor == other.gross);
      ASSERT_EQ(node.lines.size(), other.lines.size());
      std::int64_t sum = 0;
      for (std::size_t j = 0; j < node.lines.size(); ++j) {
        const IncomeLine& line = node.lines[j];
        EXPECT_EQ(line.step, other.lines[j].step);
        EXPECT_EQ(to_string(line.kind), other.lines[j].kind);
        EXPECT_EQ(line.payee, other.lines[j].payee);
        EXPECT_EQ(line.for_party, other.lines[j].for_party);
        EXPECT_TRUE(line.amount_minor == other.lines[j].amount) << line.amount_minor;
        EXPECT_GT(line.amount_minor, 0);
        ++seen_[std::string(to_string(line.kind))];
        sum += line.amount_minor;
        if (line.kind == IncomeKind::kRoyalty) {
          ASSERT_LT(line.child, nodes.size());
          EXPECT_EQ(nodes[line.child].gross_minor, line.amount_minor);
          EXPECT_EQ(nodes[line.child].product, line.payee);
        }
      }
      EXPECT_EQ(sum, node.gross_minor) << "lines sum to the gross of their node";
    }
  }

  void refund_some(const std::string& id) {
    if (sales_.empty()) return;
    const std::string& of =
        sales_[static_cast<std::size_t>(draw_.below(static_cast<std::int64_t>(sales_.size())))];
    const std::int64_t gross = engine_.sale(of)->front().gross_minor;
    give_back(id, of, draw_.one_in(3) ? std::min(draw_.amount(), gross) : draw_.between(1, gross));
  }

  void give_back(const std::string& id, const std::string& of, std::int64_t amount) {
    std::map<std::pair<std::string, std::size_t>, model::Big> expected;
    const std::string failure = model_.refund(of, amount, expected);
    const auto refunded = engine_.give_back(id, of, amount);
    if (!refunded) {
      EXPECT_EQ(name(refunded.error().code), failure);
      return;
    }
    ASSERT_EQ(failure, "");
    std::size_t lines = 0;
    for (const RefundNode& node : refunded->nodes) {
      const IncomeNode& of_node = (*engine_.sale(of))[node.node];
      std::int64_t sum = 0;
      for (const RefundLine& line : node.lines) {
        EXPECT_TRUE((expected[{of_node.path, line.line}] == line.amount_minor));
        EXPECT_GE(of_node.lines[line.line].left_minor, 0);
        sum += line.amount_minor;
        ++lines;
      }
      EXPECT_EQ(sum, node.gross_minor);
    }
    EXPECT_EQ(lines, expected.size());
  }

  void close(const std::string& id) {
    const std::string agreement = "A" + std::to_string(draw_.below(kProducts + 1));
    const std::int64_t from = draw_.below(3'000);
    const std::int64_t to = from + draw_.below(2'000) - 50;
    const auto closed = engine_.close(id, agreement, from, to);
    const auto any = std::any_of(model_.agreements.begin(), model_.agreements.end(), [&](const auto& each) {
      return each.id == agreement && each.effective_from_s < to;
    });
    ASSERT_EQ(closed.has_value(), any && to > from);
    if (!closed) return;
    for (const TopUp& top_up : *closed) {
      const model::Big earned = model_.earned(agreement, top_up.party, from, to);
      EXPECT_TRUE(earned == top_up.earned_minor);
      EXPECT_GT(top_up.amount_minor, 0);
      ++seen_["top-up"];
      if (earned > 0) ++seen_["top-up of some income"];
    }
  }

  // Counters, tiers and carries are what the whole history adds up to.
  void compare_books() {
    for (const auto& [key, value] : engine_.book().counters()) {
      const model::Big expected = key.period.empty()
                                      ? model_.used(key.agreement, key.id)
                                      : model_.volume(key.agreement, key.id + "@" + key.period);
      EXPECT_TRUE(expected == value) << key.agreement << "/" << key.id << "@" << key.period << " " << value;
      EXPECT_GT(value, 0);
    }
    for (const auto& [key, carry] : engine_.book().carries()) {
      EXPECT_EQ(std::accumulate(carry.begin(), carry.end(), std::int64_t{0}), 0);
      const auto agreement = std::find_if(
          model_.agreements.begin(), model_.agreements.end(),
          [&](const auto& each) { return each.id == key.agreement && each.version == key.version; });
      const auto owing = model_.owing(*agreement, key.royalty_list, carry.size());
      for (std::size_t i = 0; i < carry.size(); ++i) {
        EXPECT_TRUE(owing[i] == carry[i]);
        EXPECT_LE(std::abs(carry[i]), 2 * kWholePpm) << "nobody is more than about one unit behind";
      }
    }
  }

  // Whatever came before, partial refunds end at exactly zero for every line.
  void refund_everything() {
    std::size_t number = 0;
    for (const std::string& of : sales_) {
      for (std::int64_t left = left_of(engine_.sale(of)->front()); left > 0 && !::testing::Test::HasFailure();
           left = left_of(engine_.sale(of)->front())) {
        give_back("last" + std::to_string(number++), of,
                  draw_.one_in(3) ? left : draw_.between((left + 1) / 2, left));
      }
      for (const IncomeNode& node : *engine_.sale(of)) EXPECT_EQ(left_of(node), 0);
      EXPECT_EQ(name(engine_.give_back("more", of, 1).error().code), "E_REFUND_EXCEEDS");
    }
    for (const auto& [key, value] : engine_.book().counters()) {
      EXPECT_NE(key.period, "") << "with all sales undone nothing is used, but tiers stay";
    }
    compare_books();
  }

  Draw draw_;
  Seen& seen_;
  RevenueScenario engine_;
  model::Model model_;
  std::vector<std::string> sales_;
};

TEST(RevenueProperties, the_engine_agrees_with_the_model_and_keeps_its_invariants) {
  Seen seen;
  for (std::uint64_t seed = 1; seed <= testing::kSequences; ++seed) {
    Pair pair(seed, seen);
    if (!HasFailure()) pair.run();
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
  }
  for (const char* what :
       {"tax", "fixed", "percent", "tiered", "royalty", "recoup", "overflow", "advance", "withhold", "share",
        "E_CYCLE", "E_NO_AGREEMENT", "top-up", "top-up of some income"}) {
    EXPECT_GT(seen[what], 10 * testing::kSeenMin) << what;
  }
}

}  // namespace
}  // namespace circula::ledger
