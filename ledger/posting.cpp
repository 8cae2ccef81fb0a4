#include "ledger/posting.h"

#include <algorithm>
#include <deque>

#include "ledger/apportion.h"
#include "ledger/identity.h"

namespace circula::ledger {
namespace {

// Far above what all amounts of a market add up to, and far below what overflows.
constexpr std::int64_t kBalanceMax = 1'000 * kAmountMax;
static_assert(kBalanceMax / 1'000 == kAmountMax);

std::string bytes_of(const ShortId& id) { return std::string(id.text()); }

}  // namespace

Postings::Account& Postings::account(AccountKind kind, std::string_view oid) {
  const SubjectKey subject = key(kind, oid);
  const auto [place, fresh] = accounts_.try_emplace(subject);
  if (fresh) {
    place->second.oid = oid;
    place->second.kind = kind;
    place->second.state = execution_.read<proto::AccountState>(subject).value_or(proto::AccountState());
    place->second.before_minor = place->second.state.balance_minor();
  }
  return place->second;
}

std::int64_t Postings::balance(AccountKind kind, std::string_view oid) {
  return account(kind, oid).state.balance_minor();
}

void Postings::post(AccountKind kind, std::string_view oid, std::int64_t amount_minor,
                    const SubjectKey& counter) {
  if (amount_minor == 0) return;
  Account& account = this->account(kind, oid);
  std::int64_t after = 0;
  if (__builtin_add_overflow(account.state.balance_minor(), amount_minor, &after) || after > kBalanceMax) {
    overflowed_ = true;
    return;
  }
  assert(after >= 0 && "every move looks at the balance first");
  account.state.set_balance_minor(after);
  proto::PostingLine& line = *account.effect.add_lines();
  line.set_amount_minor(amount_minor);
  line.set_counter(counter);
}

void Postings::bank_receives(std::int64_t amount_minor, const SubjectKey& counter) {
  post(AccountKind::kBank, venue_.exchange, amount_minor, counter);
}
void Postings::bank_pays(std::int64_t amount_minor, const SubjectKey& counter) {
  post(AccountKind::kBank, venue_.exchange, -amount_minor, counter);
}
void Postings::fund_receives(std::int64_t amount_minor, const SubjectKey& counter) {
  post(AccountKind::kFund, venue_.exchange, amount_minor, counter);
}

Result<void> Postings::take(std::string_view oid, std::int64_t amount_minor, const SubjectKey& counter,
                            const std::string& field) {
  const std::int64_t there = balance(AccountKind::kAvailable, oid);
  if (there < amount_minor) {
    return error(Code::E_FUNDS,
                 std::to_string(there) + " is available to " + std::string(oid) + ", not " +
                     std::to_string(amount_minor),
                 field);
  }
  post(AccountKind::kAvailable, oid, -amount_minor, counter);
  return {};
}

std::int64_t Postings::take_up_to(AccountKind kind, const std::string& oid, std::int64_t amount_minor,
                                  const SubjectKey& counter) {
  const std::int64_t taken = std::min(amount_minor, balance(kind, oid));
  post(kind, oid, -taken, counter);
  return taken;
}

bool Postings::has_left(const std::string& oid) {
  const auto organisation = execution_.read<proto::OrgState>(org_key(oid));
  return !organisation || organisation->status() == proto::ORG_STATUS_EXITED;
}

// Fills the debtor's claims, oldest first; what is left of the amount.
std::int64_t Postings::pay_claims(const std::string& oid, std::int64_t amount_minor,
                                  const SubjectKey& counter,
                                  std::map<std::string, std::int64_t>& to_creditors) {
  Account& owed = account(AccountKind::kOwed, oid);
  while (amount_minor > 0 && !owed.state.claims().empty() && claim_payments_ < kClaimPaymentsMax) {
    ++claim_payments_;
    proto::Claim& claim = *owed.state.mutable_claims(0);
    const std::int64_t paid = std::min(amount_minor, claim.left_minor());
    const std::string creditor = claim.creditor();
    claim.set_left_minor(claim.left_minor() - paid);
    if (claim.left_minor() == 0) owed.state.mutable_claims()->DeleteSubrange(0, 1);
    amount_minor -= paid;
    credited_[oid].claims_minor += paid;
    if (creditor.empty()) {
      post(AccountKind::kOwed, oid, -paid, key(AccountKind::kFund, venue_.exchange));
      post(AccountKind::kFund, venue_.exchange, paid, counter);
      continue;
    }
    post(AccountKind::kOwed, oid, -paid, key(AccountKind::kDue, creditor));
    post(AccountKind::kDue, creditor, -paid, key(AccountKind::kOwed, oid));
    to_creditors[creditor] += paid;
  }
  return amount_minor;
}

void Postings::credit(const std::string& oid, std::int64_t amount_minor, const SubjectKey& counter) {
  struct Open {
    std::string receiver;
    std::int64_t amount_minor;
    SubjectKey from;
  };
  std::deque<Open> open = {{oid, amount_minor, counter}};
  while (!open.empty()) {
    const auto [receiver, amount, from] = open.front();
    open.pop_front();
    std::map<std::string, std::int64_t> to_creditors;
    const std::int64_t rest = pay_claims(receiver, amount, from, to_creditors);
    for (const auto& [creditor, paid] : to_creditors)
      open.push_back({creditor, paid, key(AccountKind::kOwed, receiver)});
    const bool waits = rest > 0 && has_left(receiver);
    post(waits ? AccountKind::kSuspense : AccountKind::kAvailable, receiver, rest, from);
    (waits ? credited_[receiver].suspense_minor : credited_[receiver].available_minor) += rest;
  }
}

Result<void> Postings::add_claim(const std::string& debtor, const std::string& creditor, const ShortId& cause,
                                 std::int64_t amount_minor) {
  if (amount_minor == 0) return {};
  Account& owed = account(AccountKind::kOwed, debtor);
  if (owed.state.claims_size() >= kClaimsMax) {
    return error(Code::E_LIMIT, debtor + " owes for " + std::to_string(kClaimsMax) + " refunds already",
                 "amount_minor");
  }
  proto::Claim& claim = *owed.state.add_claims();
  claim.set_creditor(creditor);
  claim.set_cause(bytes_of(cause));
  claim.set_left_minor(amount_minor);
  const SubjectKey other =
      creditor.empty() ? key(AccountKind::kFund, venue_.exchange) : key(AccountKind::kDue, creditor);
  post(AccountKind::kOwed, debtor, amount_minor, other);
  if (!creditor.empty()) post(AccountKind::kDue, creditor, amount_minor, key(AccountKind::kOwed, debtor));
  return {};
}

Result<std::map<std::string, std::int64_t>> Postings::give_back(
    const std::map<std::string, std::int64_t>& debtors, const std::string& creditor, const SubjectKey& shown,
    const ShortId& cause, Fund fund) {
  const SubjectKey to = key(AccountKind::kAvailable, creditor);
  std::int64_t paid = 0;
  std::map<std::string, std::int64_t> missing;
  for (const auto& [debtor, amount_minor] : debtors) {
    if (debtor == creditor) continue;  // owes itself nothing
    std::int64_t& left = missing[debtor];
    left = amount_minor;
    for (const AccountKind kind : {AccountKind::kAvailable, AccountKind::kSuspense}) {
      const std::int64_t taken = take_up_to(kind, debtor, left, to);
      paid += taken;
      left -= taken;
    }
  }
  // The fund advances for one debtor after the other; the creditor's own claim stands before the fund's.
  for (const auto& [debtor, left] : missing) {
    const std::int64_t advanced =
        fund == Fund::kAdvances ? take_up_to(AccountKind::kFund, venue_.exchange, left, to) : 0;
    paid += advanced;
    if (auto added = add_claim(debtor, creditor, cause, left - advanced); !added) return added.error();
    if (auto added = add_claim(debtor, {}, cause, advanced); !added) return added.error();
  }
  // Only when everything is taken: what the creditor owes may go back to one of the debtors.
  if (paid > 0) credit(creditor, paid, shown);
  return missing;
}

Result<void> Postings::write(std::map<std::string, int>& open_items) {
  if (overflowed_) return error(Code::E_AMOUNT, "a balance would leave its bounds", "amount_minor");
  for (auto& [subject, account] : accounts_) {
    if (account.effect.lines().empty()) continue;
    account.state.set_lines(account.state.lines() + static_cast<std::uint64_t>(account.effect.lines_size()));
    account.effect.set_cause(cause_);
    account.effect.set_reference(bytes_of(reference_));
    account.effect.set_balance_minor(account.state.balance_minor());
    execution_.change(subject, kEffectPosted, account.effect, account.state);
    if (account.kind == AccountKind::kBank || account.kind == AccountKind::kFund) continue;
    open_items[account.oid] +=
        static_cast<int>(account.state.balance_minor() > 0) - static_cast<int>(account.before_minor > 0);
  }
  return {};
}

}  // namespace circula::ledger
