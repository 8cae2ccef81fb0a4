// Finds the agreement that shares the income of a product, for the engine: in the state that a record
// executes on, or in what a client has gathered. Both read the same subjects by the same rule.
//
// Invariant: what was found once stays the same, as the engine asks for it, until the object goes.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "ledger/agreement_terms.h"
#include "ledger/execution.h"

namespace circula::ledger {

// The version in force at a time (records.md 3.7, "Version"): the highest that has begun, unless it has
// ended. 0: none.
[[nodiscard]] std::uint32_t version_in_force(const proto::AgreementState& agreement, std::int64_t time_s);

// The last version that begins before the time, also when it has ended. 0: none.
[[nodiscard]] std::uint32_t last_version_before(const proto::AgreementState& agreement, std::int64_t time_s);

class AgreementLookup : public AgreementSource {
 public:
  [[nodiscard]] const RevenueAgreement* in_force(std::string_view product,
                                                 std::int64_t time_s) const override;
  [[nodiscard]] const RevenueAgreement* version(std::string_view agreement,
                                                std::int64_t number) const override;

  // A contract's own version of its product's agreement, for as long as that one runs.
  void pin(std::string product, std::uint32_t version) { pins_[std::move(product)] = {version, false}; }
  // Whatever ends it meanwhile: a deal on the exchange can be settled as it was made.
  void pin_for_ever(std::string product, std::uint32_t version) {
    pins_[std::move(product)] = {version, true};
  }

  [[nodiscard]] std::optional<ShortId> governing(std::string_view product) const {
    return find_governing(product_of(product));
  }
  // Of an agreement that exists. Valid as long as the object.
  [[nodiscard]] const proto::AgreementState* state(std::string_view agreement) const;

 private:
  [[nodiscard]] virtual std::optional<ShortId> find_governing(const ShortId& product) const = 0;
  [[nodiscard]] virtual std::optional<proto::AgreementState> find_state(const ShortId& agreement) const = 0;
  [[nodiscard]] virtual std::optional<proto::AgreementTerms> find_terms(const ShortId& agreement,
                                                                        std::uint32_t version) const = 0;

  struct Pin {
    std::uint32_t version = 0;
    bool for_ever = false;
  };
  std::map<std::string, Pin, std::less<>> pins_;
  mutable std::map<std::string, proto::AgreementState, std::less<>> states_;
  mutable std::map<std::pair<std::string, std::int64_t>, RevenueAgreement> versions_;
};

// The subjects of the state.
class LedgerAgreements final : public AgreementLookup {
 public:
  explicit LedgerAgreements(Execution& execution) : execution_(execution) {}

 private:
  [[nodiscard]] std::optional<ShortId> find_governing(const ShortId& product) const override;
  [[nodiscard]] std::optional<proto::AgreementState> find_state(const ShortId& agreement) const override;
  [[nodiscard]] std::optional<proto::AgreementTerms> find_terms(const ShortId& agreement,
                                                                std::uint32_t version) const override;

  Execution& execution_;
};

// unique/agreement-product/...: the agreement that governs a product, for ever.
[[nodiscard]] SubjectKey governing_key(const ShortId& product);

}  // namespace circula::ledger
