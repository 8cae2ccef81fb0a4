// A revenue agreement: how the income of one product is shared (records.md 3.6), and whether it may be.
//
// 1. An agreement belongs to one product and a product to one agreement, for ever; its versions are
//    numbered 1, 2, 3 ... with rising effective_from.
// 2. Counters (the `id` of caps, tiers, recoupments and advances) belong to the agreement, not to the
//    version, so a recoupment continues across versions.
// 3. What check_terms() accepts, the engine can distribute: no later step meets a rate, a sum or a list
//    that it cannot work with.
//
// Values without behaviour; agreements, products and parties are opaque names. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ledger/outcome.h"

namespace circula::ledger {

// kUnknown stands for a word that this version does not know; check_terms() refuses it (E_STEPS).
enum class Rounding : std::uint8_t { kUnknown, kLargestRemainder, kCarry };
enum class ShareBase : std::uint8_t { kUnknown, kGross, kNet, kRemaining };
enum class TierPeriod : std::uint8_t { kUnknown, kNone, kMonth, kYear };

// Tax inside the price; a prefix of the steps.
struct TaxStep {
  std::string payee;
  std::int64_t rate_ppm = 0;
};

struct FixedStep {
  std::string payee;
  std::int64_t amount_minor = 0;
};

struct FeeCap {
  std::string id;
  std::int64_t total_minor = 0;
};

struct PercentStep {
  std::string payee;
  std::int64_t rate_ppm = 0;
  ShareBase base = ShareBase::kUnknown;
  std::int64_t min_minor = 0;
  std::optional<std::int64_t> max_minor;
  std::optional<FeeCap> cap;
};

struct Tier {
  std::optional<std::int64_t> upto_minor;  // absent: open, only in the last tier
  std::int64_t rate_ppm = 0;
};

struct TieredStep {
  std::string id;
  std::string payee;
  ShareBase base = ShareBase::kUnknown;
  TierPeriod period = TierPeriod::kUnknown;
  std::vector<Tier> tiers;
};

struct RoyaltyItem {
  std::string product;
  std::int64_t rate_ppm = 0;
};

// Each item's part becomes the income of another product, distributed by that product's agreement.
struct RoyaltyStep {
  ShareBase base = ShareBase::kUnknown;
  std::vector<RoyaltyItem> items;
};

struct RecoupStep {
  std::string id;
  std::string payee;
  std::int64_t rate_ppm = 0;
  std::int64_t total_minor = 0;
};

struct ShareCap {
  std::string id;
  std::int64_t total_minor = 0;
  std::string overflow;  // who takes what lies above the cap
};

struct Advance {
  std::string id;
  std::string to;  // who advanced the money and is repaid
  std::int64_t total_minor = 0;
  std::int64_t rate_ppm = 0;
};

struct Withholding {
  std::string payee;
  std::int64_t rate_ppm = 0;
};

struct SplitPayee {
  std::string party;
  std::int64_t share_ppm = 0;
  std::optional<ShareCap> cap;
  std::optional<Advance> advance;
  std::optional<Withholding> withhold;
};

// Takes all that is left; the last step, exactly one.
struct SplitStep {
  std::vector<SplitPayee> payees;
};

// monostate: a kind of step that this version does not know.
using RevenueStep = std::variant<std::monostate, TaxStep, FixedStep, PercentStep, TieredStep, RoyaltyStep,
                                 RecoupStep, SplitStep>;

struct Guarantee {
  std::string party;
  std::string guarantor;
  std::int64_t amount_minor = 0;  // for each closed period
};

struct RevenueAgreement {
  std::string id;
  std::int64_t version = 0;
  std::string product;
  std::int64_t effective_from_s = 0;
  std::optional<std::int64_t> effective_to_s;
  Rounding rounding = Rounding::kUnknown;
  std::vector<RevenueStep> steps;
  std::vector<RevenueStep> royalty_steps;  // for income that is a royalty; empty: `steps` hold for it too
  std::vector<Guarantee> guarantees;

  [[nodiscard]] const std::vector<RevenueStep>& list(bool royalty) const {
    return royalty && !royalty_steps.empty() ? royalty_steps : steps;
  }
};

// Everything that can be judged from the version alone: E_EFFECTIVE (empty period), E_STEPS, E_RATE,
// E_SHARE_SUM, E_TIERS, E_AMOUNT, E_DUP_ID, E_PARTY, and E_PRODUCT or E_FORMAT for an empty product or id.
// The error's field is a path such as "steps[1].payees[0].ppm", in the words of records.md 3.6.
[[nodiscard]] Result<void> check_terms(const RevenueAgreement& agreement);

// Whether `next` may follow `previous` (nullptr: `next` opens its agreement), when the product's income
// is governed by `governing` (empty: by none yet): E_VERSION, E_PRODUCT, E_EFFECTIVE.
[[nodiscard]] Result<void> check_succession(const RevenueAgreement& next, const RevenueAgreement* previous,
                                            std::string_view governing);

// Bounds of record 26 (records.md 3.4), E_LIMIT beyond them: with these, one version fits a record, and a
// person can read it. The engine itself distributes larger lists.
constexpr std::size_t kAgreementStepsMax = 16;        // in each of the two lists
constexpr std::size_t kAgreementSplitPayeesMax = 16;  // in a split
constexpr std::size_t kAgreementRoyaltyItemsMax = 8;  // over all royalty steps of a list
[[nodiscard]] Result<void> check_size(const RevenueAgreement& agreement);

// Where the engine finds agreements. The ledger reads its subjects, an evaluation its own register. A
// pointer stays valid until the call of the engine that asked for it returns.
class AgreementSource {
 public:
  virtual ~AgreementSource() = default;

  // The version that decides over income of `product` at `time_s`, or nullptr: the highest one with
  // effective_from <= time, unless time >= its effective_to. A contract may pin another one.
  [[nodiscard]] virtual const RevenueAgreement* in_force(std::string_view product,
                                                         std::int64_t time_s) const = 0;

  // A version by its number, or nullptr.
  [[nodiscard]] virtual const RevenueAgreement* version(std::string_view agreement,
                                                        std::int64_t number) const = 0;
};

}  // namespace circula::ledger
