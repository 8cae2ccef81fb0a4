// Clients of a simulation who trade: each takes a product from its asset to the market, then sells it again
// and again, one record at a time, the next when a node has shown the last one final. What seems lost is sent
// again as it is; a deal that somebody or the time has overtaken is left for the next one.
//
// Thread rule: one thread. All chance comes from the simulation's.
#pragma once

#include <optional>
#include <vector>

#include "tests/ledger/trade_chain.h"
#include "tests/sim/random.h"

namespace circula::sim {

class TradeClients {
 public:
  explicit TradeClients(ledger::testing::TradeChain& chain);

  // The record that somebody sends now, signed by who must; nothing while all wait for an answer.
  std::optional<ledger::EnvelopePtr> next(Random& random, std::uint64_t now_ms);
  // A node has shown it final.
  void learned(const crypto::Digest& record, std::uint16_t outcome);

  [[nodiscard]] std::uint64_t settled() const { return settled_; }

 private:
  enum class Step : int {
    kPayIn,
    kAsset,
    kAssetNotice,
    kAssetIssue,
    kProduct,
    kProductNotice,
    kProductIssue,
    kAgreement,
    kListing,
    kOrder,
    kAcceptOrder,
    kContract,
    kHold,
    kStart,
    kComplete,
    kAccept,
    kSettle,
    kRefund,
    kPayout,
    kPaid
  };
  // One product and the deal that is being made about it.
  struct Flow {
    std::string seller, buyer;
    Step step = Step::kPayIn;
    ledger::ShortId asset{}, order{}, contract{}, event{}, payout{};
    ledger::testing::OnSale sale;
    ledger::EnvelopePtr sent;  // until it is known what became of it
    std::uint64_t sent_ms = 0;
    std::uint64_t number = 0;
  };

  [[nodiscard]] ledger::testing::RecordSpec record_of(Flow& flow, Random& random);
  [[nodiscard]] ledger::RevenueAgreement terms_of(const Flow& flow) const;
  void succeeded(Flow& flow, const ledger::ShortId& id);
  void failed(Flow& flow);

  ledger::testing::TradeChain& chain_;
  std::vector<Flow> flows_;
  std::uint64_t settled_ = 0;
};

}  // namespace circula::sim
