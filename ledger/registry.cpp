#include "ledger/registry.h"

#include <algorithm>

#include "ledger/acceptance.h"
#include "ledger/account.h"
#include "ledger/agreement.h"
#include "ledger/asset.h"
#include "ledger/certificate.h"
#include "ledger/chain_family.h"
#include "ledger/contract.h"
#include "ledger/delivery.h"
#include "ledger/event_refund.h"
#include "ledger/funds.h"
#include "ledger/hold.h"
#include "ledger/income.h"
#include "ledger/licence.h"
#include "ledger/listing.h"
#include "ledger/order.h"
#include "ledger/organisation.h"
#include "ledger/period_close.h"
#include "ledger/product.h"
#include "ledger/record_key.h"
#include "ledger/rights.h"
#include "ledger/settlement.h"

namespace circula::ledger {
namespace {

// A new record type adds its family here and nowhere else.
constexpr const Family* kFamilies[] = {
    &kChainFamily,      &kOrganisationFamily, &kRecordKeyFamily, &kAssetFamily,       &kCertificateFamily,
    &kRightsFamily,     &kProductFamily,      &kListingFamily,   &kOrderFamily,       &kAgreementFamily,
    &kContractFamily,   &kLicenceFamily,      &kHoldFamily,      &kDeliveryFamily,    &kAcceptanceFamily,
    &kSettlementFamily, &kIncomeFamily,       &kRefundFamily,    &kPeriodCloseFamily, &kAccountFamily,
    &kFundsFamily,
};

}  // namespace

std::span<const Family* const> families() { return kFamilies; }

const RecordType* find_record_type(std::uint32_t number, std::uint32_t version) {
  for (const Family* family : kFamilies) {
    for (const RecordType& type : family->records) {
      if (type.number == number && type.version == version) return &type;
    }
  }
  return nullptr;
}

const EffectType* find_effect_type(std::uint16_t number) {
  for (const Family* family : kFamilies) {
    for (const EffectType& type : family->effects) {
      if (type.number == number) return &type;
    }
  }
  return nullptr;
}

const SubjectFields* find_subject_fields(std::string_view key) {
  const auto parts = static_cast<unsigned>(std::ranges::count(key, '/'));
  for (const Family* family : kFamilies) {
    for (const SubjectFields& row : family->subjects) {
      if (key.starts_with(row.key_prefix) && (row.parts == 0 || row.parts == parts)) return &row;
    }
  }
  return nullptr;
}

const DueRule* find_due_rule(std::uint16_t number) {
  for (const Family* family : kFamilies) {
    for (const DueRule& rule : family->due_rules) {
      if (rule.number == number) return &rule;
    }
  }
  return nullptr;
}

}  // namespace circula::ledger
