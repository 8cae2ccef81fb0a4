// Agreements, contracts and settlements for tests: terms are written as the engine has them, with names of
// organisations, and signed by all who must.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "ledger/agreement_terms.h"
#include "ledger/proto/contract.pb.h"
#include "ledger/proto/income.pb.h"
#include "ledger/proto/period_close.pb.h"
#include "ledger/proto/settlement.pb.h"
#include "tests/ledger/asset_records.h"

namespace circula::ledger::testing {

inline constexpr std::uint16_t kContract = 17;
inline constexpr std::uint16_t kSettle = 23;
inline constexpr std::uint16_t kRefund = 24;
inline constexpr std::uint16_t kAgreement = 26;
inline constexpr std::uint16_t kPeriodClose = 28;

// The terms as a record carries them; `effective_*` and the ids are not among them.
[[nodiscard]] proto::AgreementTerms proto_terms(const RevenueAgreement& terms);
// All of it to one organisation.
[[nodiscard]] RevenueAgreement all_to(const std::string& oid);
[[nodiscard]] SplitPayee part(const std::string& oid, std::int64_t ppm);

// A chain on which deals are made.
class DealChain : public TestChain {
 public:
  using TestChain::TestChain;

  [[nodiscard]] std::int64_t now_s() const { return static_cast<std::int64_t>(time_ms() / 1000); }
  [[nodiscard]] ShortId product(const std::string& owner, const std::string& title) {
    return certified(*this, owner, asset_body(title));
  }

  // A version 1 unless `agreement` is given; in force from the block on unless the terms say more.
  [[nodiscard]] proto::Agreement agreement_body(const ShortId& product, const RevenueAgreement& terms) const;
  [[nodiscard]] proto::Agreement version_body(const ShortId& agreement, const ShortId& product,
                                              std::uint32_t version, const RevenueAgreement& terms) const;
  // Signed by the cdos of these organisations; the first is the author.
  [[nodiscard]] RecordSpec by_cdos(std::uint16_t type, const google::protobuf::Message& body,
                                   const std::vector<std::string>& names) const;
  // By the product's owner and the parties of the terms; throws unless that is E_OK.
  [[nodiscard]] ShortId agree(const std::string& owner, const ShortId& product,
                              const RevenueAgreement& terms);
  void next_version(const std::string& owner, const ShortId& agreement, const ShortId& product,
                    std::uint32_t version, const RevenueAgreement& terms);
  [[nodiscard]] std::vector<std::string> signers_of(const std::string& owner,
                                                    const RevenueAgreement& terms) const;

  [[nodiscard]] proto::Contract contract_body(const std::string& seller, const std::string& buyer,
                                              const ShortId& product, const ShortId& agreement,
                                              const std::vector<std::int64_t>& milestones) const;
  // Signed by both officers; throws unless that is E_OK.
  [[nodiscard]] ShortId contract(const std::string& seller, const std::string& buyer, const ShortId& product,
                                 const ShortId& agreement, const std::vector<std::int64_t>& milestones);
  [[nodiscard]] ShortId report(const proto::Contract& body);

  [[nodiscard]] proto::Settle settle_body(const ShortId& contract, std::uint32_t milestone,
                                          std::int64_t amount_minor) const;
  [[nodiscard]] RecordSpec settle_spec(const std::string& seller, const std::string& buyer,
                                       const proto::Settle& body) const;
  // The event, by both finance keys; throws unless that is E_OK.
  [[nodiscard]] ShortId settle(const std::string& seller, const std::string& buyer, const ShortId& contract,
                               std::uint32_t milestone, std::int64_t amount_minor);
  // A contract of one milestone, settled at once.
  [[nodiscard]] ShortId sell(const std::string& seller, const ShortId& product, const ShortId& agreement,
                             std::int64_t amount_minor);
  [[nodiscard]] RecordSpec refund_spec(const std::string& seller, const std::string& buyer,
                                       const ShortId& event, std::int64_t amount_minor) const;
  [[nodiscard]] RecordSpec close_spec(const std::string& by, const ShortId& agreement, std::int64_t from_s,
                                      std::int64_t to_s) const;

  [[nodiscard]] std::string submit_name(const RecordSpec& record) { return outcome(*this, record); }
  [[nodiscard]] std::int64_t income(const std::string& name, const std::string& currency = "CNY");
  [[nodiscard]] proto::EventNodeState node(const ShortId& event, const std::string& path);
  // 0 when it never counted.
  [[nodiscard]] std::int64_t counter(const ShortId& agreement, const std::string& id,
                                     IncomeOrigin origin = IncomeOrigin::kPosted,
                                     const std::string& period = {});
};

void require_ok(const Error& outcome);

}  // namespace circula::ledger::testing
