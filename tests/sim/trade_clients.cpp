#include "tests/sim/trade_clients.h"

namespace circula::sim {
namespace {

using ledger::ShortId;
using ledger::testing::RecordSpec;

constexpr std::int64_t kPrice = 1'003;
constexpr std::uint64_t kPatienceMs = 10'000;

}  // namespace

TradeClients::TradeClients(ledger::testing::TradeChain& chain) : chain_(chain) {
  for (const auto& [seller, buyer] : {std::pair("provider", "buyer"), std::pair("vendor-b", "merchant"),
                                      std::pair("provider", "vendor-b")}) {
    Flow flow;
    flow.seller = seller;
    flow.buyer = buyer;
    flow.number = flows_.size();
    flows_.push_back(flow);
  }
}

ledger::RevenueAgreement TradeClients::terms_of(const Flow& flow) const {
  ledger::RevenueAgreement terms;
  terms.rounding = flow.number == 1 ? ledger::Rounding::kCarry : ledger::Rounding::kLargestRemainder;
  terms.steps = {ledger::PercentStep{chain_.oid("exchange"), 20'000, ledger::ShareBase::kGross, 0, {}, {}},
                 ledger::SplitStep{{ledger::testing::part(chain_.oid(flow.seller), 700'000),
                                    ledger::testing::part(chain_.oid("broker"), 300'000)}}};
  return terms;
}

RecordSpec TradeClients::record_of(Flow& flow, Random& random) {
  switch (flow.step) {
    case Step::kPayIn:
      return ledger::testing::spec("bank.finance", 18, chain_.funds_body(flow.buyer, 2 * kPrice));
    case Step::kAsset:
      return chain_.asset_spec(flow.seller, "data " + std::to_string(flow.number));
    case Step::kAssetNotice:
      return chain_.notice_spec(flow.asset);
    case Step::kAssetIssue:
      return chain_.issue_spec(flow.asset, flow.seller);
    case Step::kProduct:
      return chain_.product_spec(flow.seller, flow.asset, "product " + std::to_string(flow.number));
    case Step::kProductNotice:
      return chain_.notice_spec(flow.sale.product);
    case Step::kProductIssue:
      return chain_.issue_spec(flow.sale.product, flow.seller);
    case Step::kAgreement:
      return chain_.agreement_spec(flow.seller, flow.sale.product, terms_of(flow));
    case Step::kListing:
      return chain_.listing_spec(flow.seller, flow.sale, kPrice);
    case Step::kOrder:
      // Now and then for so short a time that due work is sooner than the seller.
      return chain_.order_spec(flow.buyer, flow.sale.listing, kPrice, 1, 1,
                               static_cast<std::int64_t>(random.chance(200'000) ? 2 : 3'600));
    case Step::kAcceptOrder:
      return chain_.order_accept_spec(flow.seller, flow.order);
    case Step::kContract:
      return chain_.sign_spec(chain_.sign_body(flow.order, {kPrice}), flow.seller, flow.buyer);
    case Step::kHold:
      return chain_.hold_spec(flow.buyer, flow.contract, 1, kPrice);
    case Step::kStart:
      return chain_.start_spec(flow.seller, flow.contract, 1);
    case Step::kComplete:
      return chain_.complete_spec(flow.seller, flow.contract, 1);
    case Step::kAccept:
      return chain_.accept_spec(flow.buyer, flow.contract, 1);
    case Step::kSettle:
      return chain_.exchange_settle_spec("exchange", flow.contract, 1, kPrice);
    case Step::kRefund:
      return chain_.exchange_refund_spec(flow.seller, flow.event,
                                         static_cast<std::int64_t>(1 + random.below(kPrice)));
    case Step::kPayout:
      return chain_.payout_spec(flow.seller, 500);
    case Step::kPaid:
      return chain_.paid_spec(flow.payout, "out " + std::to_string(random.next()));
  }
  return {};
}

std::optional<ledger::EnvelopePtr> TradeClients::next(Random& random, std::uint64_t now_ms) {
  Flow& flow = flows_[random.below(flows_.size())];
  if (flow.sent && now_ms < flow.sent_ms + kPatienceMs) return std::nullopt;
  flow.sent_ms = now_ms;
  if (flow.sent) return flow.sent;
  chain_.set_time_ms(now_ms);
  // Half of the sales are given back, in part; the seller often has paid the money out before.
  if (flow.step == Step::kRefund && random.chance(500'000)) flow.step = Step::kPayout;
  flow.sent = chain_.envelope({record_of(flow, random)});
  return flow.sent;
}

void TradeClients::learned(const crypto::Digest& record, std::uint16_t outcome) {
  for (Flow& flow : flows_) {
    if (!flow.sent || flow.sent->records()[0].id != record) continue;
    flow.sent.reset();
    if (outcome == static_cast<std::uint16_t>(ledger::Code::E_OK))
      succeeded(flow, ShortId::from(record.view().first(ShortId::kSize)));
    else
      failed(flow);
  }
}

void TradeClients::succeeded(Flow& flow, const ShortId& id) {
  if (flow.step == Step::kAsset) flow.asset = id;
  if (flow.step == Step::kProduct) flow.sale.product = id;
  if (flow.step == Step::kAgreement) flow.sale.agreement = id;
  if (flow.step == Step::kListing) flow.sale.listing = id;
  if (flow.step == Step::kOrder) flow.order = id;
  if (flow.step == Step::kContract) flow.contract = id;
  if (flow.step == Step::kSettle) {
    flow.event = id;
    ++settled_;
  }
  if (flow.step == Step::kPayout) flow.payout = id;
  const bool deal_over = flow.step == Step::kPaid || flow.step == Step::kRefund;
  const bool on_sale = flow.step == Step::kPayIn && flow.sale.listing != ShortId{};
  flow.step = deal_over ? Step::kPayIn
              : on_sale ? Step::kOrder
                        : static_cast<Step>(static_cast<int>(flow.step) + 1);
}

// A deal that cannot go on is left, and a new one begun; what leads to the market does not fail.
void TradeClients::failed(Flow& flow) {
  if (flow.step == Step::kPayout || flow.step == Step::kPaid || flow.step == Step::kRefund)
    flow.step = Step::kPayIn;
  else if (flow.step >= Step::kOrder)
    flow.step = Step::kOrder;
}

}  // namespace circula::sim
