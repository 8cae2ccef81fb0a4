#include "ledger/statement.h"

#include <gtest/gtest.h>

#include "ledger/income.h"
#include "ledger/recompute.h"
#include "tests/ledger/deal_records.h"

namespace circula::ledger {
namespace {

using namespace testing;

constexpr std::uint64_t kDayMs = 86'400'000;

class Statements : public ::testing::Test {
 protected:
  void SetUp() override {
    RevenueAgreement terms = all_to(chain_.oid("provider"));
    terms.rounding = Rounding::kCarry;
    terms.steps = {RecoupStep{"invest", chain_.oid("bank"), 100'000, 60},
                   SplitStep{{part(chain_.oid("provider"), 700'000), part(chain_.oid("vendor-b"), 300'000)}}};
    source_agreement_ = chain_.agree("provider", source_, terms);
    terms.steps = {TieredStep{"tier",
                              chain_.oid("exchange"),
                              ShareBase::kGross,
                              TierPeriod::kMonth,
                              {{500, 50'000}, {std::nullopt, 10'000}}},
                   RoyaltyStep{ShareBase::kGross, {{product_name(source_), 333'333}}},
                   SplitStep{{part(chain_.oid("provider"), 500'000), part(chain_.oid("vendor-b"), 500'000)}}};
    agreement_ = chain_.agree("provider", product_, terms);
    for (int day = 0; day < 5; ++day) {  // 28 March to 1 April
      chain_.set_time_ms(start_ms_ + static_cast<std::uint64_t>(day) * kDayMs);
      events_.push_back(chain_.sell("provider", product_, agreement_, 1'000 + day));
    }
    require_ok(chain_.submit(chain_.refund_spec("provider", "buyer", events_[1], 500)));
  }

  std::vector<StatementRow> rows(const std::string& name) {
    std::vector<StatementRow> result;
    const LogIndex& index = chain_.ledger().index();
    for (const HistoryRow& row : *index.history(income_key(chain_.oid(name), "CNY"), 0, 1'000)) {
      const auto entry = index.entry(row.log_index);
      const auto block = index.block((*entry)->height());
      result.push_back({row.seq, row.log_index, (*block)->time_ms(), row.effect});
    }
    return result;
  }
  // The effects of the entry that settled the event.
  std::vector<SubjectEffect> effects_of(const ShortId& event) {
    const LogIndex& index = chain_.ledger().index();
    const auto history = index.history(event_key(event), 0, 1);
    std::vector<SubjectEffect> effects;
    const auto entry = index.entry((*history)[0].log_index);
    for (const proto::IndexedEffect& effect : (*entry)->effects()) {
      const ByteView bytes = crypto::as_bytes(effect.effect());
      effects.push_back({effect.subject(), Bytes(bytes.begin(), bytes.end())});
    }
    return effects;
  }
  GatheredAgreements gather(const RecordedEvent& event) {
    GatheredAgreements gathered;
    for (const auto& [agreement, version] : versions_needed(event)) {
      gathered.states[agreement] = *chain_.read<proto::AgreementState>(agreement_key(agreement));
      gathered.versions[{agreement, version}] =
          chain_.read<proto::AgreementVersionState>(agreement_version_key(agreement, version))->terms();
    }
    return gathered;
  }
  std::string recomputed(const RecordedEvent& event) {
    const auto result = recompute(event, gather(event));
    return result ? "E_OK" : std::string(name(result.error().code)) + " " + result.error().field;
  }

  static std::string code_of(const Result<void>& result) {
    return result ? "E_OK" : std::string(name(result.error().code));
  }

  DealChain chain_;
  ShortId source_ = chain_.product("provider", "Road map");
  ShortId product_ = chain_.product("provider", "Index");
  ShortId agreement_{};
  ShortId source_agreement_{};
  std::uint64_t start_ms_ = chain_.time_ms();
  std::vector<ShortId> events_;
};

TEST_F(Statements, cover_a_month_and_carry_the_balance_over) {
  const std::uint64_t april_ms = 1'680'278'400'000;  // 2023-04-01T00:00:00+08:00
  const auto all = rows("vendor-b");
  ASSERT_EQ(all.size(), 6U);
  const auto march = make_statement(all, 0, april_ms);
  const auto april = make_statement(all, april_ms, april_ms + 30 * kDayMs);
  ASSERT_TRUE(march && april);
  EXPECT_EQ(march->opening_minor, 0);
  EXPECT_EQ(march->entries.size(), 4U);
  EXPECT_EQ(march->closing_minor, april->opening_minor);
  EXPECT_EQ(april->closing_minor, chain_.income("vendor-b"));
  EXPECT_EQ(april->entries.size(), 2U) << "a sale and a refund";
  EXPECT_EQ(april->late_lines, 2U) << "the refund concerns a sale of March: two lines of two nodes";
  for (const auto* statement : {&*march, &*april}) {
    std::int64_t sum = 0;
    std::size_t lines = 0;
    for (const StatementEntry& entry : statement->entries) {
      for (const proto::IncomeLine& line : entry.booked.lines()) {
        sum += line.amount_minor();
        ++lines;
      }
    }
    EXPECT_EQ(sum, statement->sum_minor());
    EXPECT_EQ(lines, statement->lines);
    std::int64_t by_product = 0;
    for (const auto& [product, amount] : statement->by_product) by_product += amount;
    EXPECT_EQ(by_product, sum);
  }
}

TEST_F(Statements, of_a_part_of_the_history_know_their_opening) {
  const auto all = rows("vendor-b");
  const std::vector<StatementRow> tail(all.begin() + 3, all.end());
  const auto whole = make_statement(all, all[3].time_ms, all[4].time_ms);
  const auto part = make_statement(tail, all[3].time_ms, all[4].time_ms);
  ASSERT_TRUE(whole && part);
  EXPECT_EQ(part->opening_minor, whole->opening_minor);
  EXPECT_EQ(part->entries.size(), 1U);
  const auto nothing = make_statement(all, all[5].time_ms + 1, all[5].time_ms + 2);
  EXPECT_EQ(nothing->opening_minor, chain_.income("vendor-b"));
  EXPECT_EQ(nothing->closing_minor, chain_.income("vendor-b"));
  EXPECT_EQ(make_statement({}, 0, 1)->closing_minor, 0);
}

TEST_F(Statements, show_that_an_entry_was_left_out) {
  const auto all = rows("vendor-b");
  std::vector<StatementRow> without = all;
  without.erase(without.begin() + 2);
  EXPECT_EQ(name(make_statement(without, 0, ~0ULL).error().code), "E_PROOF");
  std::vector<StatementRow> renumbered = without;
  for (std::size_t i = 0; i < renumbered.size(); ++i) {
    Effect effect = *decode_effect(renumbered[i].effect);
    effect.seq = renumbered[i].seq = i;
    renumbered[i].effect = encode(effect);
  }
  EXPECT_EQ(make_statement(renumbered, 0, ~0ULL).error().field, "entry 2") << "the totals do not follow";
  std::vector<StatementRow> altered = all;
  Effect effect = *decode_effect(altered[0].effect);
  effect.type = kEffectEarned;
  altered[0].effect = encode(effect);
  EXPECT_EQ(name(make_statement(altered, 0, ~0ULL).error().code), "E_PROOF");
}

TEST_F(Statements, are_computed_again_from_agreement_and_event) {
  for (const ShortId& id : events_) {
    const auto event = read_event(effects_of(id));
    ASSERT_TRUE(event.has_value()) << event.error().detail;
    const auto result = recompute(*event, gather(*event));
    ASSERT_TRUE(result.has_value()) << result.error().field << " " << result.error().detail;
    EXPECT_EQ(result->nodes.size(), 2U);
    for (const std::string payee : {"provider", "vendor-b", "exchange", "bank"}) {
      for (const StatementRow& row : rows(payee)) {
        const auto booked =
            *parse_canonical<proto::IncomeBooked>(crypto::as_bytes(decode_effect(row.effect)->fields));
        if (booked.event() != id_text(id) || booked.cause() != proto::INCOME_CAUSE_SETTLE) continue;
        EXPECT_TRUE(check_income(*result, chain_.oid(payee), booked));
        proto::IncomeBooked less = booked;
        less.mutable_lines()->RemoveLast();
        EXPECT_EQ(code_of(check_income(*result, chain_.oid(payee), less)), "E_PROOF");
        less = booked;
        less.mutable_lines(0)->set_amount_minor(less.lines(0).amount_minor() - 1);
        EXPECT_EQ(code_of(check_income(*result, chain_.oid(payee), less)), "E_PROOF");
      }
    }
  }
}

TEST_F(Statements, show_what_was_computed_wrongly) {
  const RecordedEvent good = *read_event(effects_of(events_[2]));
  EXPECT_EQ(recomputed(good), "E_OK");
  ASSERT_GT(good.settled.counters_size(), 0);
  ASSERT_GT(good.settled.carries_size(), 0);

  RecordedEvent bad = good;
  proto::NodeLine& line = *bad.nodes["0.0"].mutable_lines(0);
  line.set_amount_minor(line.amount_minor() + 1);
  EXPECT_EQ(recomputed(bad), "E_PROOF 0.0[0]");
  bad = good;
  bad.settled.mutable_counters()->RemoveLast();
  EXPECT_TRUE(recomputed(bad).starts_with("E_PROOF")) << "another reading of the counters";
  bad = good;
  bad.settled.set_gross_minor(good.settled.gross_minor() + 1);
  EXPECT_TRUE(recomputed(bad).starts_with("E_PROOF"));
  bad = good;
  bad.nodes.erase("0.0");
  EXPECT_TRUE(recomputed(bad).starts_with("E_PROOF"));
  bad = good;
  bad.nodes["0.0"].set_version(2);
  EXPECT_EQ(recompute(bad, gather(good)).error().code, Code::E_NOT_FOUND);
  bad = good;
  bad.settled.set_time_s(1);
  EXPECT_EQ(recomputed(bad), "E_PROOF 0.0") << "the agreement was not in force then";
}

TEST_F(Statements, refuse_an_event_that_no_ledger_writes) {
  std::vector<SubjectEffect> effects = effects_of(events_[0]);
  EXPECT_TRUE(read_event(effects).has_value());
  std::vector<SubjectEffect> none;
  EXPECT_EQ(name(read_event(none).error().code), "E_PROOF");
  for (SubjectEffect& each : effects) {
    if (each.subject != event_key(events_[0])) continue;
    Effect effect = *decode_effect(each.effect);
    auto settled = *parse_canonical<proto::EventSettled>(crypto::as_bytes(effect.fields));
    proto::CarryRead& carry = *settled.add_carries();
    carry.set_agreement(id_text(agreement_));
    carry.set_version(1);
    carry.add_carry_ppm(5'000'000'000'000);
    carry.add_carry_ppm(-5'000'000'000'000);
    effect.fields = crypto::as_text(serialise_canonical(settled));
    each.effect = encode(effect);
  }
  EXPECT_EQ(name(read_event(effects).error().code), "E_PROOF") << "it would take the engine for ever";
}

}  // namespace
}  // namespace circula::ledger
