// Contracts, settlements, refunds and closes of periods on a chain: records 17, 23, 24, 28 and what they
// distribute (27).
#include <gtest/gtest.h>

#include <numeric>

#include "ledger/income.h"
#include "ledger/period_close.h"
#include "ledger/proto/identity.pb.h"
#include "tests/ledger/deal_records.h"

namespace circula::ledger {
namespace {

using namespace testing;

constexpr std::int64_t kDay = 86'400;
constexpr std::int64_t kMarch28 = 1'679'932'800;  // 2023-03-28T00:00:00+08:00

class Deals : public ::testing::Test {
 protected:
  std::string report(const proto::Contract& body) {
    return chain_.submit_name(spec("provider", kContract, body, {"buyer"}));
  }
  std::string settle(const proto::Settle& body) {
    return chain_.submit_name(chain_.settle_spec("provider", "buyer", body));
  }
  std::string refund(const ShortId& event, std::int64_t amount) {
    return chain_.submit_name(chain_.refund_spec("provider", "buyer", event, amount));
  }
  proto::Contract deal(const std::vector<std::int64_t>& milestones) {
    return chain_.contract_body("provider", "buyer", asset_, agreement_, milestones);
  }
  ShortId open(const std::vector<std::int64_t>& milestones) { return chain_.report(deal(milestones)); }
  RevenueAgreement two_parts() const {
    RevenueAgreement terms = all_to(chain_.oid("provider"));
    terms.steps = {SplitStep{{part(chain_.oid("provider"), 700'000), part(chain_.oid("vendor-b"), 300'000)}}};
    return terms;
  }
  std::uint64_t open_items(const std::string& name) {
    return chain_.read<proto::OrgState>(org_key(chain_.oid(name)))->open_items();
  }
  std::vector<proto::IncomeBooked> incomes(const std::string& name) {
    const SubjectKey key = income_key(chain_.oid(name), "CNY");
    std::vector<proto::IncomeBooked> result;
    for (const HistoryRow& row : *chain_.ledger().index().history(key, 0, 1'000))
      result.push_back(
          *parse_canonical<proto::IncomeBooked>(crypto::as_bytes(decode_effect(row.effect).value().fields)));
    return result;
  }

  DealChain chain_;
  ShortId asset_ = chain_.product("provider", "Bus GPS");
  ShortId agreement_ = chain_.agree("provider", asset_, two_parts());
};

TEST_F(Deals, are_reported_by_both_sides) {
  const std::uint64_t before = open_items("provider");
  const ShortId id = open({600, 400});
  const auto state = chain_.read<proto::ContractState>(contract_key(id));
  ASSERT_TRUE(state.has_value());
  EXPECT_EQ(state->total_minor(), 1'000);
  EXPECT_EQ(state->agreement_version(), 1U);
  EXPECT_EQ(state->status(), proto::CONTRACT_STATUS_SIGNED);
  EXPECT_EQ(open_items("provider"), before + 1);
  EXPECT_EQ(open_items("buyer"), 1U);

  EXPECT_EQ(chain_.submit_name(spec("provider", kContract, deal({100}))), "E_POLICY");
  EXPECT_EQ(chain_.submit_name(spec("buyer", kContract, deal({100}))), "E_POLICY");
  EXPECT_EQ(chain_.submit_name(spec("provider.finance", kContract, deal({100}), {"buyer"})), "E_POLICY")
      << "finance settles, but does not bind the organisation";
}

TEST_F(Deals, have_milestones_that_sum_to_the_total) {
  proto::Contract body = deal({600, 400});
  body.mutable_report()->set_total_minor(1'001);
  EXPECT_EQ(report(body), "E_SCHEDULE_SUM");
  body = deal({600, 400});
  body.mutable_report()->mutable_milestones(1)->set_n(3);
  EXPECT_EQ(report(body), "E_FORMAT");
  EXPECT_EQ(report(deal({0})), "E_AMOUNT");
  EXPECT_EQ(report(deal({})), "E_FORMAT");
  EXPECT_EQ(report(deal(std::vector<std::int64_t>(33, 1))), "E_LIMIT");
  EXPECT_EQ(report(deal(std::vector<std::int64_t>(32, 1))), "E_OK");
}

TEST_F(Deals, are_about_a_product_that_the_seller_operates) {
  proto::Contract body = deal({100});
  body.mutable_report()->set_seller(chain_.oid("vendor-b"));
  EXPECT_EQ(chain_.submit_name(spec("vendor-b", kContract, body, {"buyer"})), "E_NO_RIGHT");
  require_ok(chain_.submit(
      chain_.by_cdos(kRights, transfer_body(chain_, asset_, "provider", {{"vendor-b", 500'000}}, 500'000),
                     {"provider", "vendor-b"})));
  EXPECT_EQ(chain_.submit_name(spec("vendor-b", kContract, body, {"buyer"})), "E_NO_RIGHT")
      << "half of the right is no majority of it";
  EXPECT_EQ(chain_.submit_name(spec("vendor-b", kContract, body, {"buyer", "provider"})), "E_OK");
  const ShortId applied = registered(chain_, "provider", asset_body("Only applied"));
  body = deal({100});
  body.mutable_report()->set_product(id_text(applied));
  EXPECT_EQ(report(body), "E_STATE");
}

TEST_F(Deals, have_two_sides_and_a_date_that_has_come) {
  proto::Contract body = deal({100});
  body.mutable_report()->set_buyer(chain_.oid("provider"));
  EXPECT_EQ(report(body), "E_TERMS");
  body = deal({100});
  body.mutable_report()->set_signed_at_s(chain_.now_s() + 1);
  EXPECT_EQ(report(body), "E_TERMS");
  body = deal({100});
  body.mutable_report()->set_buyer(test_oid(900));
  EXPECT_EQ(report(body), "E_NOT_FOUND");
}

TEST_F(Deals, name_the_agreement_that_was_in_force) {
  proto::Contract body = deal({100});
  body.mutable_report()->set_signed_at_s(chain_.now_s() - 1);
  EXPECT_EQ(report(body), "E_NO_AGREEMENT") << "the deal is older than the agreement";
  body = deal({100});
  body.mutable_report()->set_agreement_version(2);
  EXPECT_EQ(report(body), "E_NO_AGREEMENT");
  body.mutable_report()->set_follows_versions(true);
  EXPECT_EQ(report(body), "E_FORMAT") << "pins a version and follows them";
  body.mutable_report()->set_agreement_version(0);
  body.mutable_report()->set_follows_versions(false);
  EXPECT_EQ(report(body), "E_FORMAT");
  body = deal({100});
  body.mutable_report()->set_agreement(std::string(16, 'x'));
  EXPECT_EQ(report(body), "E_NOT_FOUND");
  body = deal({100});
  body.mutable_report()->set_currency("USD");
  EXPECT_EQ(report(body), "E_CURRENCY");
  const ShortId other = chain_.product("provider", "Taxi GPS");
  body = deal({100});
  body.mutable_report()->set_product(id_text(other));
  EXPECT_EQ(report(body), "E_REF");
}

// A source's agreement has run out since the agreement was made: every settlement would fail.
TEST_F(Deals, are_refused_when_income_below_could_not_be_shared) {
  const ShortId source = chain_.product("vendor-b", "Road map");
  RevenueAgreement short_lived = all_to(chain_.oid("vendor-b"));
  short_lived.effective_from_s = chain_.now_s();
  short_lived.effective_to_s = chain_.now_s() + 100;
  (void)chain_.agree("vendor-b", source, short_lived);
  RevenueAgreement terms = two_parts();
  terms.steps.insert(terms.steps.begin(), RoyaltyStep{ShareBase::kGross, {{product_name(source), 1'000}}});
  chain_.advance_ms(1000);
  chain_.next_version("provider", agreement_, asset_, 2, terms);
  proto::Contract body = deal({100});
  body.mutable_report()->set_agreement_version(2);
  EXPECT_EQ(report(body), "E_OK");
  chain_.advance_ms(100'000);
  body = deal({100});
  body.mutable_report()->set_agreement_version(2);
  EXPECT_EQ(report(body), "E_NO_AGREEMENT");
}

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
  EXPECT_EQ(chain_.counter(over, "invest"), 0);
  EXPECT_EQ(chain_.income("bank"), 0);
  EXPECT_EQ(chain_.ledger().state_keys(), keys) << "but for the spent id nothing is written";
  EXPECT_NE(chain_.ledger().state_root(), state);
  chain_.next_version("vendor-b", below, source, 2, all_to(chain_.oid("vendor-b")));
  EXPECT_EQ(settle(chain_.settle_body(id, 1, 1'000)), "E_OK");
  EXPECT_EQ(chain_.counter(over, "invest"), 375);
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

TEST_F(Deals, are_refunded_up_to_what_was_settled) {
  const ShortId event = chain_.sell("provider", asset_, agreement_, 1'000);
  EXPECT_EQ(refund(event, 0), "E_AMOUNT");
  EXPECT_EQ(refund(event, 1'001), "E_REFUND_EXCEEDS");
  EXPECT_EQ(refund(event, 333), "E_OK");
  EXPECT_EQ(chain_.income("provider"), 700 - 233);
  EXPECT_EQ(chain_.income("vendor-b"), 300 - 100);
  EXPECT_EQ(chain_.node(event, "0").lines(1).refunded_minor(), 100);
  EXPECT_EQ(refund(event, 668), "E_REFUND_EXCEEDS");
  EXPECT_EQ(refund(event, 667), "E_OK");
  EXPECT_EQ(chain_.income("provider"), 0);
  EXPECT_EQ(chain_.read<proto::EventState>(event_key(event))->refunded_minor(), 1'000);
  const auto booked = incomes("vendor-b");
  EXPECT_EQ(booked[1].cause(), proto::INCOME_CAUSE_REFUND);
  EXPECT_EQ(booked[1].event(), id_text(event));
  EXPECT_EQ(booked[1].lines(0).amount_minor(), -100);
}

TEST_F(Deals, are_refunded_by_both_sides_and_only_if_they_are_sales) {
  const ShortId event = chain_.sell("provider", asset_, agreement_, 1'000);
  RecordSpec one_side = chain_.refund_spec("provider", "buyer", event, 10);
  one_side.signers.clear();
  EXPECT_EQ(chain_.submit_name(one_side), "E_POLICY");
  EXPECT_EQ(refund(asset_, 10), "E_UNKNOWN_EVENT");
  const Digest refunded = chain_.submit_for_id(chain_.refund_spec("provider", "buyer", event, 10));
  EXPECT_EQ(refund(ShortId::from(refunded.view().first(ShortId::kSize)), 1), "E_UNKNOWN_EVENT")
      << "a refund of a refund";
}

TEST_F(Deals, lower_counters_when_they_are_refunded) {
  const ShortId derived = chain_.product("provider", "Index");
  RevenueAgreement terms = two_parts();
  terms.steps.insert(terms.steps.begin(), RecoupStep{"invest", chain_.oid("bank"), 500'000, 300});
  terms.steps.insert(
      terms.steps.begin(),
      TieredStep{
          "tier", chain_.oid("exchange"), ShareBase::kGross, TierPeriod::kMonth, {{std::nullopt, 10'000}}});
  const ShortId id = chain_.agree("provider", derived, terms);
  const ShortId event = chain_.sell("provider", derived, id, 500);
  EXPECT_EQ(chain_.counter(id, "invest"), 248) << "half of 495";
  EXPECT_EQ(chain_.counter(id, "tier", "2023-03"), 500);
  EXPECT_EQ(refund(event, 500), "E_OK");
  EXPECT_EQ(chain_.counter(id, "invest"), 0);
  EXPECT_EQ(chain_.counter(id, "tier", "2023-03"), 500) << "tiers are not opened again";
}

TEST_F(Deals, close_a_period_with_the_top_up_that_is_owed) {
  const ShortId product = chain_.product("provider", "Index");
  RevenueAgreement terms = two_parts();
  terms.guarantees = {{chain_.oid("vendor-b"), chain_.oid("merchant"), 1'000}};
  const ShortId id = chain_.agree("provider", product, terms);
  const auto close = [&](const std::string& by, std::int64_t from_s, std::int64_t to_s) {
    return chain_.submit_name(chain_.close_spec(by, id, from_s, to_s));
  };
  const ShortId event = chain_.sell("provider", product, id, 1'000);  // 300 on 28 March
  EXPECT_EQ(chain_.submit_name(chain_.refund_spec("provider", "buyer", event, 100)), "E_OK");
  const std::int64_t to_s = kMarch28 + 30 * kDay;
  EXPECT_EQ(close("merchant", kMarch28, to_s), "E_PERIOD_OPEN");
  chain_.set_time_ms(static_cast<std::uint64_t>(to_s) * 1000);
  (void)chain_.sell("provider", product, id, 10'000);  // after the period
  EXPECT_EQ(chain_.income("vendor-b"), 270 + 3'000);

  EXPECT_EQ(close("buyer", kMarch28, to_s), "E_ROLE");
  EXPECT_EQ(close("merchant", kMarch28 + 1, to_s), "E_FORMAT");
  EXPECT_EQ(close("merchant", kMarch28, to_s - 3600), "E_FORMAT");
  EXPECT_EQ(close("merchant", to_s, to_s), "E_NO_AGREEMENT");
  EXPECT_EQ(close("merchant", kMarch28 - 371 * kDay, to_s), "E_LIMIT");
  EXPECT_EQ(close("merchant", kMarch28 - 10 * kDay, kMarch28), "E_NO_AGREEMENT");
  EXPECT_EQ(close("merchant", kMarch28, to_s), "E_OK");
  EXPECT_EQ(chain_.income("vendor-b"), 1'000 + 3'000);
  EXPECT_EQ(chain_.income("merchant"), -730);
  EXPECT_EQ(close("vendor-b", kMarch28 + 29 * kDay, to_s), "E_CLOSED");
  EXPECT_EQ(close("vendor-b", kMarch28, kMarch28 + kDay), "E_CLOSED");

  const auto closed = incomes("merchant");
  ASSERT_EQ(closed.size(), 1U);
  EXPECT_EQ(closed[0].cause(), proto::INCOME_CAUSE_PERIOD_CLOSE);
  EXPECT_EQ(closed[0].lines(0).kind(), proto::INCOME_KIND_TOP_UP);
  EXPECT_EQ(closed[0].lines(0).for_party(), chain_.oid("vendor-b"));
  const auto state = chain_.read<proto::AgreementState>(agreement_key(id));
  ASSERT_EQ(state->closed_size(), 1);
}

TEST_F(Deals, close_periods_that_touch_as_one) {
  chain_.set_time_ms(static_cast<std::uint64_t>(kMarch28 + 200 * kDay) * 1000);
  const auto close = [&](std::int64_t from, std::int64_t to) {
    return chain_.submit_name(
        chain_.close_spec("provider", agreement_, kMarch28 + from * kDay, kMarch28 + to * kDay));
  };
  EXPECT_EQ(close(0, 10), "E_OK");
  EXPECT_EQ(close(20, 30), "E_OK");
  EXPECT_EQ(chain_.read<proto::AgreementState>(agreement_key(agreement_))->closed_size(), 2);
  EXPECT_EQ(close(5, 25), "E_CLOSED");
  EXPECT_EQ(close(10, 20), "E_OK");
  EXPECT_EQ(chain_.read<proto::AgreementState>(agreement_key(agreement_))->closed_size(), 1);
}

// Whole months are read as one sum, the days at the ends one by one.
TEST_F(Deals, add_up_earnings_over_months_and_days) {
  const ShortId product = chain_.product("provider", "Index");
  RevenueAgreement terms = two_parts();
  terms.guarantees = {{chain_.oid("vendor-b"), chain_.oid("merchant"), 1'000'000}};
  const ShortId id = chain_.agree("provider", product, terms);
  const std::int64_t start_s = chain_.now_s();
  for (int week = 0; week < 16; ++week) {  // until 11 July, each time 300 x (week + 1)
    chain_.set_time_ms(static_cast<std::uint64_t>(start_s + week * 7 * kDay) * 1000);
    (void)chain_.sell("provider", product, id, 1'000 * (week + 1));
  }
  chain_.set_time_ms(static_cast<std::uint64_t>(kMarch28 + 200 * kDay) * 1000);
  const std::int64_t before = chain_.income("vendor-b");
  // 4 April to 11 July: weeks 1 to 14.
  require_ok(chain_.submit(chain_.close_spec("provider", id, kMarch28 + 7 * kDay, kMarch28 + 105 * kDay)));
  EXPECT_EQ(chain_.income("vendor-b") - before, 1'000'000 - 300 * (15 * 16 / 2 - 1));
}

// A guarantor that exists only from version 2 on pays for a period in which version 2 began.
TEST_F(Deals, close_by_the_last_version_of_the_period) {
  chain_.advance_ms(5 * 86'400'000ULL);
  RevenueAgreement terms = two_parts();
  terms.guarantees = {{chain_.oid("vendor-b"), chain_.oid("merchant"), 1'000}};
  chain_.next_version("provider", agreement_, asset_, 2, terms);
  chain_.advance_ms(5 * 86'400'000ULL);
  require_ok(chain_.submit(chain_.close_spec("provider", agreement_, kMarch28, kMarch28 + kDay)));
  EXPECT_EQ(chain_.income("merchant"), 0);
  require_ok(chain_.submit(chain_.close_spec("provider", agreement_, kMarch28 + kDay, kMarch28 + 8 * kDay)));
  EXPECT_EQ(chain_.income("merchant"), -1'000);
}

TEST_F(Deals, of_other_forms_are_refused) {
  RecordSpec record = spec("provider", kContract, deal({100}), {"buyer"});
  record.body = {0x0a, 0x00};  // field 1, an operation that this version does not know
  EXPECT_EQ(chain_.submit_name(record), "E_FORMAT");
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
