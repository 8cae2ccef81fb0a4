// Bodies of records 14, 15 and 16 that are good as they stand, for tests to alter; and a market with one
// product that can be listed and ordered.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ledger/proto/identity.pb.h"
#include "ledger/proto/listing.pb.h"
#include "ledger/proto/order.pb.h"
#include "ledger/proto/product.pb.h"
#include "tests/ledger/deal_records.h"

namespace circula::ledger::testing {

inline constexpr std::uint16_t kProduct = 14;
inline constexpr std::uint16_t kListing = 15;
inline constexpr std::uint16_t kOrder = 16;

[[nodiscard]] proto::ProductInput of_asset(const ShortId& asset);
[[nodiscard]] proto::ProductInput of_product(const ShortId& product, std::uint32_t version,
                                             proto::InputBasis basis);
// Inputs in any order.
[[nodiscard]] proto::ProductDescription description(const std::string& title,
                                                    std::vector<proto::ProductInput> inputs);
[[nodiscard]] proto::Product product_body(const proto::ProductDescription& description);
[[nodiscard]] proto::Product version_body(const ShortId& product, std::uint32_t version,
                                          const proto::ProductDescription& description);
[[nodiscard]] proto::Product retire_body(const ShortId& product);

class MarketChain : public DealChain {
 public:
  using DealChain::DealChain;

  // By the maker's cdo; throws unless that is E_OK.
  [[nodiscard]] ShortId made(const std::string& maker, const proto::ProductDescription& description);
  // And certified.
  [[nodiscard]] ShortId sold(const std::string& maker, const proto::ProductDescription& description);
  [[nodiscard]] proto::ProductState product_state(const ShortId& product);

  // At the exchange, version 1 for 500 fen, for "analysis" and "training", from now on without end.
  [[nodiscard]] proto::Listing listing_body(const ShortId& product, const ShortId& agreement) const;
  [[nodiscard]] proto::Listing price_body(const ShortId& listing, std::int64_t price_minor) const;
  [[nodiscard]] proto::Listing suspend_body(const ShortId& listing) const;
  [[nodiscard]] proto::Listing resume_body(const ShortId& listing) const;
  [[nodiscard]] proto::Listing delist_body(const ShortId& listing) const;
  [[nodiscard]] proto::ListingState listing_state(const ShortId& listing);

  // One at 500 fen, for "analysis", open for a day.
  [[nodiscard]] proto::Order order_body(const ShortId& listing) const;
  [[nodiscard]] proto::Order accept_body(const ShortId& order) const;
  [[nodiscard]] proto::Order reject_body(const ShortId& order) const;
  [[nodiscard]] proto::Order cancel_body(const ShortId& order) const;
  [[nodiscard]] proto::OrderState order_state(const ShortId& order);

  // The id of what the record creates; throws unless it is E_OK.
  [[nodiscard]] ShortId create(const RecordSpec& record);
  // A block at the chain's time, for due work.
  void tick();
};

// A certified product of provider's, whose agreement pays provider and vendor-b.
class Trade : public ::testing::Test {
 protected:
  std::string submit(const RecordSpec& record) { return chain_.submit_name(record); }
  // By provider, which holds all of right O, and the exchange.
  std::string by_both(const proto::Listing& body) {
    return submit(spec("provider", kListing, body, {"exchange"}));
  }
  proto::Listing listing() const { return chain_.listing_body(product_, agreement_); }
  ShortId listed() { return chain_.create(spec("provider", kListing, listing(), {"exchange"})); }
  ShortId listed(const proto::Listing& body) {
    return chain_.create(spec("provider", kListing, body, {"exchange"}));
  }
  ShortId ordered(const ShortId& listing) {
    return chain_.create(spec("buyer.finance", kOrder, chain_.order_body(listing)));
  }
  // Gives ppm of right O of the product away.
  void give(const std::string& to, std::uint32_t ppm) {
    require_ok(chain_.submit(chain_.by_cdos(
        kRights, transfer_body(chain_, product_, "provider", {{to, ppm}}, ppm), {"provider", to})));
  }
  void revoke_certificate() { require_ok(chain_.submit(spec("registrar", kCertify, revoke_body(product_)))); }
  RevenueAgreement two_parts() const {
    RevenueAgreement terms = all_to(chain_.oid("provider"));
    terms.steps = {SplitStep{{part(chain_.oid("provider"), 700'000), part(chain_.oid("vendor-b"), 300'000)}}};
    return terms;
  }

  MarketChain chain_;
  ShortId asset_ = chain_.product("provider", "Bus GPS");
  ShortId product_ = chain_.sold("provider", description("Bus index", {of_asset(asset_)}));
  ShortId agreement_ = chain_.agree("provider", product_, two_parts());
};

}  // namespace circula::ledger::testing
