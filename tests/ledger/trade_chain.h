// A chain on which products are traded at "exchange", with "bank" as its settlement bank: every step of the
// trade path as one call, and the books of the venue for tests to add up.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ledger/account.h"
#include "ledger/proto/delivery.pb.h"
#include "ledger/proto/funds.pb.h"
#include "ledger/proto/hold.pb.h"
#include "ledger/proto/listing.pb.h"
#include "ledger/proto/order.pb.h"
#include "ledger/proto/product.pb.h"
#include "ledger/registered.h"
#include "tests/ledger/deal_records.h"

namespace circula::ledger::testing {

inline constexpr std::int64_t kDay_s = 86'400;

// A product that "provider" has made, certified, agreed on and listed.
struct OnSale {
  ShortId product{};
  ShortId agreement{};
  ShortId listing{};
};

class TradeChain : public DealChain {
 public:
  using DealChain::DealChain;

  // --- money; the specs are for tests of what is refused
  [[nodiscard]] proto::FundsIn funds_body(const std::string& name, std::int64_t amount_minor);
  void fund(const std::string& name, std::int64_t amount_minor);
  void feed_guarantee_fund(std::int64_t amount_minor);
  [[nodiscard]] RecordSpec payout_spec(const std::string& name, std::int64_t amount_minor) const;
  [[nodiscard]] ShortId order_payout(const std::string& name, std::int64_t amount_minor);
  [[nodiscard]] RecordSpec paid_spec(const ShortId& payout, const std::string& reference) const;
  [[nodiscard]] RecordSpec returned_spec(const ShortId& payout, const std::string& reference) const;
  void pay_out(const std::string& name, std::int64_t amount_minor);
  [[nodiscard]] std::int64_t balance(AccountKind kind, const std::string& name,
                                     const std::string& exchange = "exchange");
  [[nodiscard]] proto::AccountState account(const std::string& kind, const std::string& name) {
    return read<proto::AccountState>(account_key(kind, oid(name), oid("exchange"), "CNY"))
        .value_or(proto::AccountState());
  }
  [[nodiscard]] std::int64_t available(const std::string& name) {
    return balance(AccountKind::kAvailable, name);
  }

  // --- what a sale begins with; `open_for_s` is until when an order may be accepted
  [[nodiscard]] RecordSpec asset_spec(const std::string& owner, const std::string& title) const;
  [[nodiscard]] RecordSpec notice_spec(const ShortId& id) const;
  [[nodiscard]] RecordSpec issue_spec(const ShortId& id, const std::string& owner);
  [[nodiscard]] RecordSpec product_spec(const std::string& owner, const ShortId& asset,
                                        const std::string& title) const;
  [[nodiscard]] RecordSpec agreement_spec(const std::string& owner, const ShortId& product,
                                          const RevenueAgreement& terms) const;
  [[nodiscard]] RecordSpec listing_spec(const std::string& owner, const OnSale& sale,
                                        std::int64_t price_minor) const;
  [[nodiscard]] RecordSpec order_spec(const std::string& buyer, const ShortId& listing,
                                      std::int64_t price_minor, std::uint32_t price_version,
                                      std::uint32_t quantity, std::int64_t open_for_s) const;
  [[nodiscard]] RecordSpec order_accept_spec(const std::string& owner, const ShortId& order) const;

  // --- trade
  // A product's certificate, all rights to one.
  void certify(const ShortId& product, const std::string& owner);
  // Throws unless every step is E_OK. The terms say how its income is shared.
  [[nodiscard]] OnSale put_on_sale(const std::string& owner, const std::string& title,
                                   std::int64_t price_minor, const RevenueAgreement& terms);
  [[nodiscard]] ShortId ordered(const OnSale& sale, const std::string& buyer, std::uint32_t quantity = 1);
  [[nodiscard]] proto::Contract sign_body(const ShortId& order,
                                          const std::vector<std::int64_t>& milestones) const;
  [[nodiscard]] RecordSpec sign_spec(const proto::Contract& body, const std::string& seller,
                                     const std::string& buyer) const;
  [[nodiscard]] ShortId signed_contract(const OnSale& sale, const std::string& seller,
                                        const std::string& buyer,
                                        const std::vector<std::int64_t>& milestones);
  [[nodiscard]] RecordSpec hold_spec(const std::string& buyer, const ShortId& contract,
                                     std::uint32_t milestone, std::int64_t amount_minor) const;
  [[nodiscard]] RecordSpec release_spec(const std::string& by, const ShortId& contract,
                                        std::uint32_t milestone) const;
  [[nodiscard]] RecordSpec start_spec(const std::string& seller, const ShortId& contract,
                                      std::uint32_t milestone) const;
  [[nodiscard]] RecordSpec complete_spec(const std::string& seller, const ShortId& contract,
                                         std::uint32_t milestone) const;
  [[nodiscard]] RecordSpec delivery_spec(const std::string& by, proto::Delivery body) const;
  [[nodiscard]] RecordSpec accept_spec(const std::string& buyer, const ShortId& contract,
                                       std::uint32_t milestone) const;
  [[nodiscard]] RecordSpec reject_spec(const std::string& buyer, const ShortId& contract,
                                       std::uint32_t milestone) const;
  [[nodiscard]] RecordSpec exchange_settle_spec(const std::string& by, const ShortId& contract,
                                                std::uint32_t milestone, std::int64_t amount_minor,
                                                std::vector<std::string> with = {}) const;
  [[nodiscard]] RecordSpec terminate_spec(const std::vector<std::string>& by, const ShortId& contract) const;
  void deliver(const std::string& seller, const ShortId& contract, std::uint32_t milestone);
  // Hold, delivery, acceptance and settlement of a milestone; the event.
  [[nodiscard]] ShortId settle_whole(const std::string& seller, const std::string& buyer,
                                     const ShortId& contract, std::uint32_t milestone,
                                     std::int64_t amount_minor);
  [[nodiscard]] RecordSpec exchange_refund_spec(const std::string& seller, const ShortId& event,
                                                std::int64_t amount_minor) const;
  [[nodiscard]] proto::MilestoneState milestone(const ShortId& contract, std::uint32_t n);

  // Submits, and throws unless it is E_OK.
  void must(const RecordSpec& record) { require_ok(submit(record)); }
  [[nodiscard]] ShortId made_by(const RecordSpec& record);

  // Every balance of the venue adds up (I06, I07): "" or what does not.
  [[nodiscard]] std::string check_books(const std::string& exchange = "exchange");

 private:
  std::uint64_t references_ = 0;
};

}  // namespace circula::ledger::testing
