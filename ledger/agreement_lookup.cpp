#include "ledger/agreement_lookup.h"

#include "crypto/encoding.h"
#include "crypto/hash.h"

namespace circula::ledger {

std::uint32_t last_version_before(const proto::AgreementState& agreement, std::int64_t time_s) {
  std::uint32_t last = 0;
  for (int item = 0; item < agreement.versions_size(); ++item) {
    if (agreement.versions(item).from_s() < time_s) last = static_cast<std::uint32_t>(item + 1);
  }
  return last;
}

std::uint32_t version_in_force(const proto::AgreementState& agreement, std::int64_t time_s) {
  std::uint32_t found = 0;
  for (int item = 0; item < agreement.versions_size(); ++item) {
    if (agreement.versions(item).from_s() <= time_s) found = static_cast<std::uint32_t>(item + 1);
  }
  if (found == 0) return 0;
  const std::int64_t to_s = agreement.versions(static_cast<int>(found) - 1).to_s();
  return to_s != 0 && time_s >= to_s ? 0 : found;
}

const proto::AgreementState* AgreementLookup::state(std::string_view agreement) const {
  if (const auto known = states_.find(agreement); known != states_.end()) return &known->second;
  auto found = find_state(agreement_of(agreement));
  if (!found) return nullptr;
  return &states_.emplace(std::string(agreement), std::move(*found)).first->second;
}

const RevenueAgreement* AgreementLookup::version(std::string_view agreement, std::int64_t number) const {
  const auto key = std::make_pair(std::string(agreement), number);
  if (const auto known = versions_.find(key); known != versions_.end()) return &known->second;
  const proto::AgreementState* found = state(agreement);
  if (found == nullptr || number < 1 || number > found->versions_size()) return nullptr;
  const auto terms = find_terms(agreement_of(agreement), static_cast<std::uint32_t>(number));
  if (!terms) return nullptr;
  auto read = read_terms(*terms);
  if (!read) return nullptr;
  RevenueAgreement& result = *read;
  const proto::VersionPeriod& period = found->versions(static_cast<int>(number) - 1);
  result.id = agreement;
  result.version = number;
  result.product = product_name(ShortId::from(crypto::as_bytes(found->product())));
  result.effective_from_s = period.from_s();
  if (period.to_s() != 0) result.effective_to_s = period.to_s();
  return &versions_.emplace(key, std::move(result)).first->second;
}

const RevenueAgreement* AgreementLookup::in_force(std::string_view product, std::int64_t time_s) const {
  const std::optional<ShortId> governing = find_governing(product_of(product));
  if (!governing) return nullptr;
  const std::string agreement = agreement_name(*governing);
  if (const auto pin = pins_.find(product); pin != pins_.end()) {
    const RevenueAgreement* pinned = version(agreement, pin->second.version);
    if (pinned == nullptr || pin->second.for_ever) return pinned;
    if (time_s < pinned->effective_from_s) return nullptr;
    return pinned->effective_to_s && time_s >= *pinned->effective_to_s ? nullptr : pinned;
  }
  const proto::AgreementState* found = state(agreement);
  const std::uint32_t number = found == nullptr ? 0 : version_in_force(*found, time_s);
  return number == 0 ? nullptr : version(agreement, number);
}

SubjectKey governing_key(const ShortId& product) {
  return unique_key("agreement-product", crypto::sha256(product.view()));
}

std::optional<ShortId> LedgerAgreements::find_governing(const ShortId& product) const {
  const auto taken = execution_.read<proto::UniqueState>(governing_key(product));
  if (!taken) return std::nullopt;
  const std::string_view key = taken->subject();
  const auto bytes = crypto::from_hex(key.substr(key.find('/') + 1));
  assert(bytes && "taken by agreement/<id>");
  return ShortId::from(*bytes);
}

std::optional<proto::AgreementState> LedgerAgreements::find_state(const ShortId& agreement) const {
  return execution_.read<proto::AgreementState>(agreement_key(agreement));
}

std::optional<proto::AgreementTerms> LedgerAgreements::find_terms(const ShortId& agreement,
                                                                  std::uint32_t version) const {
  const auto state = execution_.read<proto::AgreementVersionState>(agreement_version_key(agreement, version));
  if (!state) return std::nullopt;
  return state->terms();
}

}  // namespace circula::ledger
