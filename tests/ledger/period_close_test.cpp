// Record 28 PERIOD_CLOSE: guarantees are settled for whole days at UTC+8.
#include "tests/ledger/deals.h"

#include "ledger/period_close.h"

namespace circula::ledger {
namespace {

using namespace testing;

constexpr std::int64_t kDay = 86'400;
constexpr std::int64_t kMarch28 = 1'679'932'800;  // 2023-03-28T00:00:00+08:00

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

}  // namespace
}  // namespace circula::ledger
