// The postings of one record: double entry at the settlement bank of one exchange (records.md 3.3).
//
// Money is in bank:X, and who may claim it stands in avail, susp and fund, in holds and in payouts in
// transit; what an organisation owes after a refund or a guarantee stands outside, in memorandum accounts.
// Whatever is credited to an organisation fills first what it owes, oldest claim first, and the creditor's
// own debts with that; the rest is available to it. One that has left the ledger cannot use money: it waits
// in suspense.
//
// Invariants (I06, I07): 1. each move takes from one account what it gives another; 2. no balance is
// negative;
// 3. claw of an organisation is the sum of its claims, and all claws of a venue are its dues plus what its
// fund advanced; 4. nothing is written before write(), and then one effect an account.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "ledger/account.h"

namespace circula::ledger {

// Keeps an account's row small; a debtor with as many claims pays some first (E_LIMIT).
inline constexpr int kClaimsMax = 64;
// Claims that one record fills, whoever's: beyond it money stays available to its owner, who can still not
// have it paid out while it owes something.
inline constexpr int kClaimPaymentsMax = 32;

// Where what was credited to an organisation went.
struct CreditParts {
  std::int64_t available_minor = 0;
  std::int64_t suspense_minor = 0;
  std::int64_t claims_minor = 0;
};

class Postings {
 public:
  // `reference`: id of the contract, payout, event or close that it is about.
  Postings(Execution& execution, Venue venue, proto::MoneyCause cause, const ShortId& reference)
      : execution_(execution), venue_(std::move(venue)), cause_(cause), reference_(reference) {}

  [[nodiscard]] std::int64_t balance(AccountKind kind, std::string_view oid);

  // Money that came in at the bank, or went out of it again; the other account is the next call's.
  void bank_receives(std::int64_t amount_minor, const SubjectKey& counter);
  void bank_pays(std::int64_t amount_minor, const SubjectKey& counter);
  void fund_receives(std::int64_t amount_minor, const SubjectKey& counter);

  // From what is available: E_FUNDS.
  [[nodiscard]] Result<void> take(std::string_view oid, std::int64_t amount_minor, const SubjectKey& counter,
                                  const std::string& field);
  // To the organisation: what it owes, then what is available to it.
  void credit(const std::string& oid, std::int64_t amount_minor, const SubjectKey& counter);

  // Whether the guarantee fund advances what a debtor lacks. It is the exchange's money: only where the
  // exchange signs.
  enum class Fund : std::uint8_t { kAdvances, kKeeps };

  // What `debtors` give back to `creditor`: out of what is available (or in suspense) to each, then perhaps
  // out of the guarantee fund, then as claims. What each of them owes now because of it, to whomever. E_LIMIT
  // when a debtor has too many claims. The creditor is credited in one sum, whose counter-account is `shown`:
  // a buyer is not to see what each payee of its money was given.
  [[nodiscard]] Result<std::map<std::string, std::int64_t>> give_back(
      const std::map<std::string, std::int64_t>& debtors, const std::string& creditor,
      const SubjectKey& shown, const ShortId& cause, Fund fund);

  [[nodiscard]] const CreditParts& credited(const std::string& oid) { return credited_[oid]; }

  // Writes each account that moved, and counts in `open_items` those that began or ceased to hold something:
  // an organisation with a balance cannot leave. E_AMOUNT when a balance would leave its bounds.
  [[nodiscard]] Result<void> write(std::map<std::string, int>& open_items);

 private:
  struct Account {
    std::string oid;
    AccountKind kind{};
    proto::AccountState state;
    std::int64_t before_minor = 0;
    proto::Posted effect;
  };

  [[nodiscard]] Account& account(AccountKind kind, std::string_view oid);
  void post(AccountKind kind, std::string_view oid, std::int64_t amount_minor, const SubjectKey& counter);
  [[nodiscard]] SubjectKey key(AccountKind kind, std::string_view oid) const {
    return account_key(kind, oid, venue_);
  }
  [[nodiscard]] std::int64_t take_up_to(AccountKind kind, const std::string& oid, std::int64_t amount_minor,
                                        const SubjectKey& counter);
  [[nodiscard]] std::int64_t pay_claims(const std::string& oid, std::int64_t amount_minor,
                                        const SubjectKey& counter,
                                        std::map<std::string, std::int64_t>& to_creditors);
  [[nodiscard]] Result<void> add_claim(const std::string& debtor, const std::string& creditor,
                                       const ShortId& cause, std::int64_t amount_minor);
  [[nodiscard]] bool has_left(const std::string& oid);

  Execution& execution_;
  Venue venue_;
  proto::MoneyCause cause_;
  ShortId reference_;
  std::map<SubjectKey, Account> accounts_;
  std::map<std::string, CreditParts> credited_;
  int claim_payments_ = 0;
  bool overflowed_ = false;
};

}  // namespace circula::ledger
