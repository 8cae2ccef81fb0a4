// Accounts of organisations at an exchange: claims on its settlement bank (records.md 3.3; design.md 9).
//
//   account/<kind>/<oid>@<exchange>/<currency>
//
// There is no record that opens one: an organisation has accounts at the exchange that admitted it, and those
// of genesis have them at every exchange. Balances move by Postings alone (posting.h).
#pragma once

#include <string>
#include <string_view>

#include "ledger/proto/account.pb.h"
#include "ledger/registry.h"

namespace circula::ledger {

extern const Family kAccountFamily;

inline constexpr std::uint16_t kEffectBankAppointed = 6;
inline constexpr std::uint16_t kEffectPosted = 7;

enum class AccountKind : std::uint8_t {
  kBank,       // money at the settlement bank; of the exchange
  kFund,       // the exchange's guarantee fund
  kAvailable,  // may be held or paid out
  kSuspense,   // income of an organisation that has left
  kOwed,       // "claw": what it owes after refunds and guarantees
  kDue,        // what is owed to it
};

// "bank", "fund", "avail", "susp", "claw", "due"
[[nodiscard]] std::string_view to_string(AccountKind kind);

// What an account belongs to. All postings of a record are in one venue.
struct Venue {
  std::string exchange;  // oid
  std::string currency;
};
[[nodiscard]] SubjectKey account_key(AccountKind kind, std::string_view oid, const Venue& venue);
[[nodiscard]] SubjectKey bank_key(const Venue& venue);

// E_NOT_FOUND without the organisation, E_CROSS_EXCHANGE without an account at the exchange.
[[nodiscard]] Result<void> require_account(Execution& execution, std::string_view oid,
                                           std::string_view exchange, std::string_view field);

// The bank that keeps the venue's money: E_NOT_FOUND or E_ROLE if there is no such exchange, E_BANK if none
// was appointed.
[[nodiscard]] Result<proto::BankState> settlement_bank(Execution& execution, std::string_view exchange,
                                                       std::string_view currency, std::string_view field);

// The settlement bank has signed as the author: E_BANK; its finance keys, two of them above the chain's
// parameter: E_POLICY.
[[nodiscard]] Result<void> require_settlement_bank(Execution& execution, const Venue& venue,
                                                   std::int64_t amount_minor, std::string_view field);
// The organisation's finance keys, two of them above the parameter (records.md 2.3): E_POLICY.
[[nodiscard]] Result<void> require_finance(Execution& execution, std::string_view oid,
                                           std::int64_t amount_minor, std::string_view field);

// 1 to kAmountMax: E_AMOUNT.
[[nodiscard]] Result<void> check_amount(std::int64_t amount_minor, const std::string& field);

// A reference of the settlement bank counts once for each exchange: E_FORMAT, E_BANK_REF. Taken by
// take_bank_reference(), when the record succeeds.
[[nodiscard]] Result<void> check_bank_reference(Execution& execution, const proto::DataDigest& reference,
                                                const Venue& venue, const std::string& field);
void take_bank_reference(Execution& execution, const proto::DataDigest& reference, const Venue& venue,
                         const SubjectKey& taken_by);

// Genesis appoints the settlement banks.
void appoint_bank(Execution& execution, const proto::SettlementBank& appointed);

}  // namespace circula::ledger
