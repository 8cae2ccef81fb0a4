#include "ledger/account.h"

#include "crypto/hash.h"
#include "ledger/apportion.h"
#include "ledger/chain_family.h"
#include "ledger/data_digest.h"
#include "ledger/identity.h"

namespace circula::ledger {
namespace {

constexpr EffectType kEffects[] = {
    effect_type<proto::BankAppointed>(kEffectBankAppointed, "bank appointed"),
    effect_type<proto::Posted>(kEffectPosted, "posted"),
};
constexpr SubjectFields kSubjects[] = {
    subject_fields<proto::AccountState>(SubjectKind::kAccount, "account/"),
    subject_fields<proto::BankState>(SubjectKind::kBank, "bank/"),
};

unsigned finance_signatures(Execution& execution, std::int64_t amount_minor) {
  const std::int64_t above = execution.parameters().two_finance_above_minor();
  return above > 0 && amount_minor > above ? 2 : 1;
}

// A bank numbers the transfers of each exchange's account.
SubjectKey bank_reference_key(const proto::DataDigest& reference, const Venue& venue) {
  return unique_key("bank-reference", crypto::Sha256()
                                          .update(venue.exchange)
                                          .update("/")
                                          .update(venue.currency)
                                          .update("/")
                                          .update(reference.digest())
                                          .finish());
}

}  // namespace

const Family kAccountFamily = {"account", {}, kEffects, kSubjects, {}};

std::string_view to_string(AccountKind kind) {
  switch (kind) {
    case AccountKind::kBank:
      return "bank";
    case AccountKind::kFund:
      return "fund";
    case AccountKind::kAvailable:
      return "avail";
    case AccountKind::kSuspense:
      return "susp";
    case AccountKind::kOwed:
      return "claw";
    case AccountKind::kDue:
      return "due";
  }
  return "unknown";
}

SubjectKey account_key(AccountKind kind, std::string_view oid, const Venue& venue) {
  return account_key(to_string(kind), oid, venue.exchange, venue.currency);
}

SubjectKey bank_key(const Venue& venue) { return bank_key(venue.exchange, venue.currency); }

Result<void> require_account(Execution& execution, std::string_view oid, std::string_view exchange,
                             std::string_view field) {
  const auto organisation = execution.read<proto::OrgState>(org_key(oid));
  if (!organisation)
    return error(Code::E_NOT_FOUND, "no organisation " + std::string(oid), std::string(field));
  if (organisation->admitted_by().empty() || organisation->admitted_by() == exchange) return {};
  return error(Code::E_CROSS_EXCHANGE,
               std::string(oid) + " has its accounts at " + organisation->admitted_by() + ", not at " +
                   std::string(exchange),
               std::string(field));
}

Result<proto::BankState> settlement_bank(Execution& execution, std::string_view exchange,
                                         std::string_view currency, std::string_view field) {
  const auto organisation = execution.read<proto::OrgState>(org_key(exchange));
  if (!organisation)
    return error(Code::E_NOT_FOUND, "no organisation " + std::string(exchange), std::string(field));
  if (!has_kind(*organisation, proto::ORG_KIND_EXCHANGE))
    return error(Code::E_ROLE, std::string(exchange) + " is no exchange", std::string(field));
  auto bank = execution.read<proto::BankState>(bank_key({std::string(exchange), std::string(currency)}));
  if (bank) return *bank;
  return error(Code::E_BANK,
               std::string(exchange) + " has no settlement bank for \"" + std::string(currency) + "\"",
               std::string(field));
}

Result<void> require_finance(Execution& execution, std::string_view oid, std::int64_t amount_minor,
                             std::string_view field) {
  return execution.require(oid, kFinance, field, Code::E_POLICY, finance_signatures(execution, amount_minor));
}

Result<void> require_settlement_bank(Execution& execution, const Venue& venue, std::int64_t amount_minor,
                                     std::string_view field) {
  const auto bank = settlement_bank(execution, venue.exchange, venue.currency, field);
  if (!bank) return bank.error();
  if (bank->bank() != execution.author_oid()) {
    return error(Code::E_BANK, bank->bank() + " is the settlement bank of " + venue.exchange, "author");
  }
  return require_finance(execution, bank->bank(), amount_minor, "author");
}

Result<void> check_amount(std::int64_t amount_minor, const std::string& field) {
  if (amount_minor >= 1 && amount_minor <= kAmountMax) return {};
  return error(Code::E_AMOUNT, "an amount is 1 to " + std::to_string(kAmountMax), field);
}

Result<void> check_bank_reference(Execution& execution, const proto::DataDigest& reference,
                                  const Venue& venue, const std::string& field) {
  if (auto good = check_data_digest(reference, field); !good) return good;
  const auto taken = execution.read<proto::UniqueState>(bank_reference_key(reference, venue));
  if (!taken) return {};
  return error(Code::E_BANK_REF, "the reference stands at " + taken->subject(), field);
}

void take_bank_reference(Execution& execution, const proto::DataDigest& reference, const Venue& venue,
                         const SubjectKey& taken_by) {
  take_unique(execution, bank_reference_key(reference, venue), taken_by);
}

void appoint_bank(Execution& execution, const proto::SettlementBank& appointed) {
  proto::BankAppointed effect;
  effect.set_bank(appointed.bank());
  proto::BankState state;
  state.set_bank(appointed.bank());
  execution.change(bank_key({appointed.exchange(), appointed.currency()}), kEffectBankAppointed, effect,
                   state);
}

}  // namespace circula::ledger
