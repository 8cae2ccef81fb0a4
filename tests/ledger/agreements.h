// A product whose agreement tests register, follow up and end.
#pragma once

#include <gtest/gtest.h>

#include "ledger/proto/identity.pb.h"
#include "tests/ledger/deal_records.h"

namespace circula::ledger::testing {

class Agreements : public ::testing::Test {
 protected:
  // Version 1 by its owner and all parties.
  std::string register_terms(const RevenueAgreement& terms) {
    return chain_.submit_name(chain_.by_cdos(kAgreement, chain_.agreement_body(asset_, terms),
                                             chain_.signers_of("provider", terms)));
  }
  std::string next_version(const ShortId& agreement, std::uint32_t version, const RevenueAgreement& terms) {
    return chain_.submit_name(chain_.by_cdos(kAgreement,
                                             chain_.version_body(agreement, asset_, version, terms),
                                             chain_.signers_of("provider", terms)));
  }
  std::string end(const ShortId& agreement, std::int64_t to_s, const std::vector<std::string>& signers) {
    proto::Agreement body;
    body.mutable_end()->set_agreement(id_text(agreement));
    body.mutable_end()->set_effective_to_s(to_s);
    return chain_.submit_name(chain_.by_cdos(kAgreement, body, signers));
  }
  RevenueAgreement shared() const {
    RevenueAgreement terms = all_to(chain_.oid("provider"));
    terms.steps = {TaxStep{chain_.oid("tax"), 60'000},
                   PercentStep{chain_.oid("exchange"), 25'000, ShareBase::kNet, 0, {}, {}},
                   SplitStep{{part(chain_.oid("provider"), 600'000), part(chain_.oid("vendor-b"), 400'000)}}};
    return terms;
  }
  RevenueAgreement royalty_to(const ShortId& product, std::int64_t ppm = 100'000) const {
    RevenueAgreement terms = all_to(chain_.oid("provider"));
    terms.steps.insert(terms.steps.begin(), RoyaltyStep{ShareBase::kGross, {{product_name(product), ppm}}});
    return terms;
  }
  SplitStep& split_of(RevenueAgreement& terms) { return std::get<SplitStep>(terms.steps.back()); }
  std::uint64_t open_items(const std::string& name) { return chain_.open_items(name); }

  DealChain chain_;
  ShortId asset_ = chain_.product("provider", "Bus GPS");
};

}  // namespace circula::ledger::testing
