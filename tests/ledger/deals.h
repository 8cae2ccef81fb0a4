// A product with an agreement of two parts, and deals about it.
#pragma once

#include <gtest/gtest.h>

#include "ledger/proto/identity.pb.h"
#include "tests/ledger/deal_records.h"

namespace circula::ledger::testing {

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
  std::uint64_t open_items(const std::string& name) { return chain_.open_items(name); }
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

}  // namespace circula::ledger::testing
