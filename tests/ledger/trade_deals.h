// Deals about one product on sale: what tests of the trade path, of holds and of debts begin with.
#pragma once

#include <gtest/gtest.h>

#include "tests/ledger/trade_chain.h"

namespace circula::ledger::testing {

class TradeDeals : public ::testing::Test {
 protected:
  void SetUp() override {
    RevenueAgreement terms;
    terms.rounding = Rounding::kLargestRemainder;
    terms.steps = {PercentStep{chain_.oid("exchange"), 20'000, ShareBase::kGross, 0, {}, {}},
                   SplitStep{{part(chain_.oid("provider"), 700'000), part(chain_.oid("vendor-b"), 300'000)}}};
    sale_ = chain_.put_on_sale("provider", "roads", 1'000, terms);
    chain_.fund("buyer", 10'000);
  }
  void TearDown() override { EXPECT_EQ(chain_.check_books(), ""); }

  ShortId contract(const std::vector<std::int64_t>& milestones = {1'000}) {
    std::uint32_t quantity = 0;
    for (const std::int64_t amount : milestones) quantity += static_cast<std::uint32_t>(amount / 1'000);
    const ShortId order = chain_.ordered(sale_, "buyer", quantity);
    return chain_.made_by(chain_.sign_spec(chain_.sign_body(order, milestones), "provider", "buyer"));
  }
  std::string submit(const RecordSpec& record) { return chain_.submit_name(record); }
  void days(std::uint64_t n) { chain_.advance_ms(n * 1'000 * static_cast<std::uint64_t>(kDay_s)); }
  // Executes a block without records, so that due work is done.
  void tick() { (void)chain_.execute({}); }
  proto::ContractStatus status(const ShortId& id, std::uint32_t n = 1) {
    return chain_.milestone(id, n).status();
  }
  std::uint64_t open_items(const std::string& name) { return chain_.open_items(name); }

  TradeChain chain_;
  OnSale sale_;
};

}  // namespace circula::ledger::testing
