// Record 23 SETTLE, off the exchange, and what it distributes (27).
#include "tests/ledger/deals.h"

#include <numeric>

#include "ledger/income.h"

namespace circula::ledger {
namespace {

using namespace testing;

TEST_F(Deals, are_settled_and_the_income_is_shared) {
  const std::uint64_t before = open_items("provider");
  const ShortId id = open({600, 401});
  const ShortId event = chain_.settle("provider", "buyer", id, 2, 401);
  EXPECT_EQ(chain_.income("provider"), 281) << "280.7";
  EXPECT_EQ(chain_.income("vendor-b"), 120) << "120.3";
  const auto state = chain_.read<proto::ContractState>(contract_key(id));
  EXPECT_EQ(state->milestones(1).status(), proto::CONTRACT_STATUS_SETTLED);
  EXPECT_EQ(state->milestones(0).status(), proto::CONTRACT_STATUS_SIGNED);
  EXPECT_EQ(state->milestones(1).event(), id_text(event));
  EXPECT_EQ(open_items("provider"), before + 1);
  (void)chain_.settle("provider", "buyer", id, 1, 500);
  EXPECT_EQ(chain_.read<proto::ContractState>(contract_key(id))->status(), proto::CONTRACT_STATUS_SETTLED);
  EXPECT_EQ(open_items("provider"), before);

  const auto booked = incomes("vendor-b");
  ASSERT_EQ(booked.size(), 2U);
  EXPECT_EQ(booked[0].event(), id_text(event));
  EXPECT_EQ(booked[0].payer(), chain_.oid("buyer"));
  EXPECT_EQ(booked[0].total_minor(), 120);
  EXPECT_FALSE(booked[0].late());
  ASSERT_EQ(booked[0].lines_size(), 1);
  const proto::IncomeLine& line = booked[0].lines(0);
  EXPECT_EQ(line.path(), "0");
  EXPECT_EQ(line.product(), id_text(asset_));
  EXPECT_EQ(line.agreement(), id_text(agreement_));
  EXPECT_EQ(line.version(), 1U);
  EXPECT_EQ(line.kind(), proto::INCOME_KIND_SHARE);
  EXPECT_EQ(line.amount_minor(), 120);
  EXPECT_EQ(line.went(), proto::MONEY_PLACE_REPORTED);
  EXPECT_EQ(booked[1].total_minor(), 120 + 150);
}

TEST_F(Deals, settle_each_milestone_once_and_within_its_amount) {
  const ShortId id = open({600, 400});
  EXPECT_EQ(settle(chain_.settle_body(id, 1, 601)), "E_EXCEEDS_HOLD");
  EXPECT_EQ(settle(chain_.settle_body(id, 1, 0)), "E_AMOUNT");
  EXPECT_EQ(settle(chain_.settle_body(id, 3, 1)), "E_NOT_FOUND");
  EXPECT_EQ(settle(chain_.settle_body(asset_, 1, 1)), "E_NOT_FOUND");
  EXPECT_EQ(settle(chain_.settle_body(id, 1, 600)), "E_OK");
  EXPECT_EQ(settle(chain_.settle_body(id, 1, 600)), "E_SETTLED");
}

TEST_F(Deals, settle_by_both_sides) {
  const ShortId id = open({600});
  const proto::Settle body = chain_.settle_body(id, 1, 600);
  EXPECT_EQ(chain_.submit_name(spec("provider.finance", kSettle, body)), "E_POLICY");
  EXPECT_EQ(chain_.submit_name(spec("buyer.finance", kSettle, body, {"vendor-b.finance"})), "E_POLICY");
  EXPECT_EQ(chain_.submit_name(spec("provider", kSettle, body, {"buyer.cdo"})), "E_OK");
}

TEST_F(Deals, settle_what_was_accepted_after_the_deal_and_before_now) {
  chain_.advance_ms(10'000);
  const ShortId id = open({600});
  proto::Settle body = chain_.settle_body(id, 1, 600);
  body.set_accepted_at_s(chain_.now_s() + 1);
  EXPECT_EQ(settle(body), "E_NOT_ACCEPTED");
  body.set_accepted_at_s(chain_.now_s() - 1);
  EXPECT_EQ(settle(body), "E_NOT_ACCEPTED") << "before the deal was made";
  body.set_accepted_at_s(0);
  EXPECT_EQ(settle(body), "E_NOT_ACCEPTED");
  body = chain_.settle_body(id, 1, 600);
  body.clear_invoice();
  EXPECT_EQ(settle(body), "E_FORMAT");
}

TEST_F(Deals, keep_the_version_that_they_pin) {
  const ShortId pinned = open({1'000});
  proto::Contract body = deal({1'000});
  body.mutable_report()->set_agreement_version(0);
  body.mutable_report()->set_follows_versions(true);
  const ShortId following = chain_.report(body);
  chain_.advance_ms(1'000);
  RevenueAgreement half = two_parts();
  half.steps = {SplitStep{{part(chain_.oid("provider"), 500'000), part(chain_.oid("vendor-b"), 500'000)}}};
  chain_.next_version("provider", agreement_, asset_, 2, half);
  const ShortId first = chain_.settle("provider", "buyer", pinned, 1, 1'000);
  EXPECT_EQ(chain_.node(first, "0").version(), 1U);
  EXPECT_EQ(chain_.income("vendor-b"), 300);
  const ShortId second = chain_.settle("provider", "buyer", following, 1, 1'000);
  EXPECT_EQ(chain_.node(second, "0").version(), 2U);
  EXPECT_EQ(chain_.income("vendor-b"), 800);
}

// Version 1 counts until the moment at which version 2 begins, however late it is reported.
TEST_F(Deals, share_by_the_version_of_their_own_time) {
  proto::Contract body = deal({1'000});
  body.mutable_report()->set_agreement_version(0);
  body.mutable_report()->set_follows_versions(true);
  const ShortId id = chain_.report(body);
  const std::int64_t accepted_at_s = chain_.now_s() + 1;
  chain_.advance_ms(2'000);
  chain_.next_version("provider", agreement_, asset_, 2, all_to(chain_.oid("provider")));
  chain_.advance_ms(1'000);
  proto::Settle settled = chain_.settle_body(id, 1, 1'000);
  settled.set_accepted_at_s(accepted_at_s);
  EXPECT_EQ(settle(settled), "E_OK");
  EXPECT_EQ(chain_.income("vendor-b"), 300);
}

TEST_F(Deals, fail_to_settle_without_a_trace_and_settle_once_the_agreement_is_mended) {
  const ShortId source = chain_.product("vendor-b", "Road map");
  RevenueAgreement short_lived = all_to(chain_.oid("vendor-b"));
  short_lived.effective_from_s = chain_.now_s();
  short_lived.effective_to_s = chain_.now_s() + 100;
  const ShortId below = chain_.agree("vendor-b", source, short_lived);
  const ShortId derived = chain_.product("provider", "Index");
  RevenueAgreement terms = two_parts();
  terms.rounding = Rounding::kCarry;
  terms.steps.insert(terms.steps.begin(), RecoupStep{"invest", chain_.oid("bank"), 500'000, 10'000});
  terms.steps.insert(terms.steps.begin(), RoyaltyStep{ShareBase::kGross, {{product_name(source), 250'000}}});
  const ShortId over = chain_.agree("provider", derived, terms);
  const ShortId id = chain_.contract("provider", "buyer", derived, over, {1'000});
  chain_.advance_ms(200'000);
  const Digest state = chain_.ledger().state_root();
  const std::uint64_t keys = chain_.ledger().state_keys();
  EXPECT_EQ(settle(chain_.settle_body(id, 1, 1'000)), "E_NO_AGREEMENT");
  EXPECT_EQ(chain_.counter(over, "invest", IncomeOrigin::kReported), 0);
  EXPECT_EQ(chain_.income("bank"), 0);
  EXPECT_EQ(chain_.ledger().state_keys(), keys) << "but for the spent id nothing is written";
  EXPECT_NE(chain_.ledger().state_root(), state);
  chain_.next_version("vendor-b", below, source, 2, all_to(chain_.oid("vendor-b")));
  EXPECT_EQ(settle(chain_.settle_body(id, 1, 1'000)), "E_OK");
  EXPECT_EQ(chain_.counter(over, "invest", IncomeOrigin::kReported), 375);
  EXPECT_EQ(chain_.income("vendor-b"), 250 + 112)
      << "the royalty, and of 112.5 of the split half a unit is carried";
}

TEST_F(Deals, mark_income_of_an_earlier_month) {
  proto::Contract body = deal({1'000, 1'000});
  const ShortId id = chain_.report(body);  // 2023-03-28
  proto::Settle settled = chain_.settle_body(id, 1, 1'000);
  chain_.advance_ms(10ULL * 86'400'000);
  EXPECT_EQ(settle(settled), "E_OK");
  EXPECT_EQ(settle(chain_.settle_body(id, 2, 1'000)), "E_OK");
  EXPECT_TRUE(incomes("vendor-b")[0].late());
  EXPECT_FALSE(incomes("vendor-b")[1].late());
}

// The example W2 of records.md 3.8: an index over a cleaned feed over trips, and weather.
TEST_F(Deals, share_through_three_levels_to_the_cent) {
  const auto oid = [&](const std::string& name) { return chain_.oid(name); };
  const ShortId trips = chain_.product("department", "Trips");
  RevenueAgreement trips_terms = all_to(oid("department"));
  trips_terms.steps = {SplitStep{
      {part(oid("department"), 500'000), part(oid("bank"), 300'000), part(oid("auditor"), 200'000)}}};
  (void)chain_.agree("department", trips, trips_terms);
  const ShortId weather = chain_.product("merchant", "Weather");
  (void)chain_.agree("merchant", weather, all_to(oid("merchant")));
  const ShortId feed = chain_.product("vendor-b", "Cleaned feed");
  RevenueAgreement feed_terms = all_to(oid("vendor-b"));
  feed_terms.steps.insert(feed_terms.steps.begin(), TaxStep{oid("tax"), 60'000});
  feed_terms.royalty_steps = {RoyaltyStep{ShareBase::kRemaining, {{product_name(trips), 400'000}}},
                              SplitStep{{part(oid("vendor-b"), 600'000), part(oid("broker"), 400'000)}}};
  (void)chain_.agree("vendor-b", feed, feed_terms);
  const ShortId index = chain_.product("provider", "Index");
  RevenueAgreement terms = all_to(oid("provider"));
  SplitPayee analyst = part(oid("exchange-2"), 100'000);
  analyst.withhold = Withholding{oid("regulator"), 200'000};
  terms.steps = {
      TaxStep{oid("tax"), 60'000}, PercentStep{oid("exchange"), 20'000, ShareBase::kNet, 0, {}, {}},
      RoyaltyStep{ShareBase::kNet, {{product_name(feed), 250'000}, {product_name(weather), 83'333}}},
      SplitStep{{part(oid("provider"), 900'000), analyst}}};
  const ShortId id = chain_.agree("provider", index, terms);
  const ShortId event = chain_.sell("provider", index, id, 1'234'567);

  const std::map<std::string, std::int64_t> expected = {
      {"tax", 69'881},        {"exchange", 23'294},   {"merchant", 97'057},  {"provider", 677'848},
      {"regulator", 15'063},  {"exchange-2", 60'253}, {"vendor-b", 104'822}, {"broker", 69'881},
      {"department", 58'234}, {"bank", 34'940},       {"auditor", 23'294}};
  std::int64_t sum = 0;
  for (const auto& [name, amount] : expected) {
    EXPECT_EQ(chain_.income(name), amount) << name;
    sum += amount;
  }
  EXPECT_EQ(sum, 1'234'567);
  EXPECT_EQ(chain_.node(event, "0.0").gross_minor(), 291'171);
  EXPECT_EQ(chain_.node(event, "0.0.0").gross_minor(), 116'468);
  EXPECT_EQ(chain_.node(event, "0.1").gross_minor(), 97'057);

  EXPECT_EQ(chain_.submit_name(chain_.refund_spec("provider", "buyer", event, 1'234'567)), "E_OK");
  for (const auto& [name, amount] : expected) EXPECT_EQ(chain_.income(name), 0) << name;
}

// Seven royalties to a product that pays seven more: 57 nodes and 211 lines, near the bounds of a record.
class LargeDeals : public Deals {
 protected:
  RevenueAgreement royalties(const ShortId& to, int count) const {
    RevenueAgreement terms = all_to(chain_.oid("provider"));
    RoyaltyStep step{ShareBase::kGross, {}};
    for (int i = 0; i < count; ++i) step.items.push_back({product_name(to), 100'000 + i});
    terms.steps.insert(terms.steps.begin(), step);
    return terms;
  }
  RevenueAgreement three_lines() const {
    RevenueAgreement terms = two_parts();
    terms.steps.insert(terms.steps.begin(), TaxStep{chain_.oid("tax"), 60'000});
    return terms;
  }

  ShortId leaf_ = chain_.product("provider", "leaf");
  ShortId middle_ = chain_.product("provider", "middle");
  ShortId top_ = chain_.product("provider", "top");
  ShortId leaf_agreement_ = chain_.agree("provider", leaf_, three_lines());
  ShortId middle_agreement_ = chain_.agree("provider", middle_, royalties(leaf_, 7));
};

TEST_F(LargeDeals, settle_and_are_refunded_within_the_bounds_of_a_record) {
  const ShortId top = chain_.agree("provider", top_, royalties(middle_, 7));
  const ShortId event = chain_.sell("provider", top_, top, 9'000'000'000'000'000);
  EXPECT_EQ(chain_.read<proto::EventState>(event_key(event))->nodes(), 57U);
  EXPECT_EQ(chain_.node(event, "0.6.6").lines_size(), 3);
  EXPECT_EQ(chain_.income("provider") + chain_.income("vendor-b") + chain_.income("tax"),
            9'000'000'000'000'000);
  EXPECT_EQ(refund(event, 9'000'000'000'000'000), "E_OK");
  EXPECT_EQ(chain_.income("provider"), 0);
  EXPECT_EQ(chain_.income("tax"), 0);
}

// A source's next version makes what stands above it too large: it does not look upwards.
TEST_F(LargeDeals, fail_to_settle_while_a_source_has_grown_too_large) {
  chain_.advance_ms(1'000);
  chain_.next_version("provider", middle_agreement_, middle_, 2, royalties(leaf_, 6));
  const ShortId top = chain_.agree("provider", top_, royalties(middle_, 8));
  const ShortId id = chain_.contract("provider", "buyer", top_, top, {1'000'000});
  chain_.advance_ms(1'000);
  chain_.next_version("provider", middle_agreement_, middle_, 3, royalties(leaf_, 8));
  EXPECT_EQ(settle(chain_.settle_body(id, 1, 1'000'000)), "E_NODES");
  EXPECT_EQ(report(chain_.contract_body("provider", "buyer", top_, top, {1'000'000})), "E_LIMIT");
  chain_.advance_ms(1'000);
  chain_.next_version("provider", middle_agreement_, middle_, 4, royalties(leaf_, 6));
  EXPECT_EQ(settle(chain_.settle_body(id, 1, 1'000'000)), "E_OK");
}

TEST_F(Deals, replay_to_the_same_roots) {
  const ShortId event = chain_.sell("provider", asset_, agreement_, 1'001);
  EXPECT_EQ(refund(event, 7), "E_OK");
  MemoryStorage state;
  MemoryStorage index;
  const auto again = chain_.replay(state, index);
  EXPECT_EQ(again->state_root(), chain_.ledger().state_root());
  EXPECT_EQ(again->position().log.root(), chain_.ledger().position().log.root());
}

}  // namespace
}  // namespace circula::ledger
