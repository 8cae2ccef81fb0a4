// The whole trade path by production periods, on a scripted chain: 60 ledger days in which an asset and its
// product are registered and certified, listed and sold every day; buyers accept, stay silent or reject;
// money is paid in, settled, given back and paid out, and months are closed. Twice, with the same roots.
#include <gtest/gtest.h>

#include <chrono>

#include "ledger/calendar.h"
#include "tests/ledger/trade_chain.h"

namespace circula::ledger::testing {
namespace {

constexpr int kDays = 60;
constexpr std::int64_t kPrice = 1'000;

struct Outcome {
  Digest state_root{}, log_root{};
  int contracts = 0, settled = 0, deemed = 0, by_seller = 0, rejected = 0, refunded = 0, paid_out = 0;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

// A deal on its way: on which day it was signed decides how it goes.
struct Deal {
  ShortId contract{};
  int number = 0;
};

class SixtyDays {
 public:
  SixtyDays() : chain_({.clock = proto::CLOCK_SCRIPTED, .profile = proto::PROFILE_PRODUCTION}) {
    RevenueAgreement terms = all_to(chain_.oid("provider"));
    terms.steps = {PercentStep{chain_.oid("exchange"), 20'000, ShareBase::kGross, 0, {}, {}},
                   SplitStep{{part(chain_.oid("provider"), 700'000), part(chain_.oid("vendor-b"), 300'000)}}};
    terms.guarantees = {Guarantee{chain_.oid("vendor-b"), chain_.oid("provider"), 9'000}};
    const std::int64_t began_s = chain_.now_s();
    end_s_ = began_s + kDays * kDay_s;
    sale_ = chain_.put_on_sale("provider", "roads", kPrice, terms);
    EXPECT_GE(chain_.now_s() - began_s, 10 * kDay_s) << "two notices of five working days";
    chain_.fund("buyer", 200 * kPrice);
    chain_.feed_guarantee_fund(500);
  }

  Outcome run() {
    int day = 0;
    for (; chain_.now_s() < end_s_; ++day) {
      sign(day);
      for (Deal& deal : std::exchange(open_, {})) go_on(deal);
      if (day % 10 == 9) pay_out("vendor-b");
      close_month();
      chain_.advance_ms(static_cast<std::uint64_t>(kDay_s) * 1'000);
    }
    EXPECT_EQ(chain_.check_books(), "");
    outcome_.state_root = chain_.ledger().state_root();
    outcome_.log_root = chain_.ledger().position().log.root();
    return outcome_;
  }

 private:
  void sign(int day) {
    if (chain_.now_s() + 25 * kDay_s > end_s_) return;  // what is signed is to end within the 60 days
    for (int i = 0; i < 4; ++i) {
      const ShortId contract = chain_.signed_contract(sale_, "provider", "buyer", {kPrice});
      chain_.must(chain_.hold_spec("buyer", contract, 1, kPrice));
      chain_.deliver("provider", contract, 1);
      open_.push_back({contract, 4 * day + i});
      ++outcome_.contracts;
    }
  }

  // One step a day, unless the deal waits.
  void go_on(const Deal& deal) {
    const proto::MilestoneState milestone = chain_.milestone(deal.contract, 1);
    const int way = deal.number % 4;
    switch (milestone.status()) {
      case proto::CONTRACT_STATUS_DELIVERED:
        if (way == 0) chain_.must(chain_.accept_spec("buyer", deal.contract, 1));
        if (way == 1 && milestone.cure_until_s() == 0 && !rejected_.contains(deal.number)) {
          chain_.must(chain_.reject_spec("buyer", deal.contract, 1));
          rejected_.insert(deal.number);
          ++outcome_.rejected;
        }
        return wait(deal);                     // the others stay silent for the acceptance days
      case proto::CONTRACT_STATUS_DELIVERING:  // again, within the time to cure
        chain_.deliver("provider", deal.contract, 1);
        return wait(deal);
      case proto::CONTRACT_STATUS_ACCEPTED:
        return settle(deal, milestone);
      default:
        FAIL() << "milestone in status " << milestone.status();
    }
  }

  // One in four is left to the seller, who may settle after three working days.
  void settle(const Deal& deal, const proto::MilestoneState& milestone) {
    const bool by_seller = deal.number % 4 == 3;
    const RecordSpec record =
        chain_.exchange_settle_spec(by_seller ? "provider" : "exchange", deal.contract, 1, kPrice);
    const std::string outcome = chain_.submit_name(record);
    if (by_seller && outcome == "E_POLICY") return wait(deal);
    ASSERT_EQ(outcome, "E_OK");
    ++outcome_.settled;
    outcome_.deemed += milestone.deemed() ? 1 : 0;
    outcome_.by_seller += by_seller ? 1 : 0;
    if (deal.number % 8 != 2) return;
    const std::string event = chain_.milestone(deal.contract, 1).event();
    chain_.must(chain_.exchange_refund_spec("provider", ShortId::from(crypto::as_bytes(event)), kPrice / 2));
    ++outcome_.refunded;
  }

  void pay_out(const std::string& name) {
    const std::int64_t there = chain_.available(name);
    if (there == 0 || chain_.balance(AccountKind::kOwed, name) != 0) return;
    chain_.pay_out(name, there);
    ++outcome_.paid_out;
  }

  void close_month() {
    const Period month = parse_period(month_key(chain_.now_s() - kDay_s)).value();
    if (month.to > chain_.now_s() || !closed_.insert(month.from).second) return;
    chain_.must(chain_.close_spec("vendor-b", sale_.agreement, month.from, month.to));
  }

  void wait(const Deal& deal) { open_.push_back(deal); }

  TradeChain chain_;
  OnSale sale_;
  std::int64_t end_s_ = 0;
  std::vector<Deal> open_;
  std::set<int> rejected_;
  std::set<std::int64_t> closed_;
  Outcome outcome_;
};

TEST(TradePath, sixty_days_by_production_periods_come_to_the_same_roots_twice) {
  const auto began = std::chrono::steady_clock::now();
  const Outcome first = SixtyDays().run();
  const Outcome second = SixtyDays().run();
  const auto took = std::chrono::steady_clock::now() - began;
  EXPECT_EQ(first, second);
  EXPECT_GE(first.contracts, 80);
  EXPECT_EQ(first.settled, first.contracts) << "what was delivered is settled";
  EXPECT_GT(first.deemed, 40);
  EXPECT_GE(first.by_seller, 20);
  EXPECT_GE(first.rejected, 20);
  EXPECT_GE(first.refunded, 10);
  EXPECT_GT(first.paid_out, 2);
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  EXPECT_LT(took, std::chrono::seconds(10));
#endif
  std::printf(
      "%d contracts, %d settled (%d deemed accepted, %d by the seller), %d refunded, %ld ms for both\n",
      first.contracts, first.settled, first.deemed, first.by_seller, first.refunded,
      static_cast<long>(std::chrono::duration_cast<std::chrono::milliseconds>(took).count()));
}

}  // namespace
}  // namespace circula::ledger::testing
