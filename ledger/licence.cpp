#include "ledger/licence.h"

#include <algorithm>

#include "ledger/calendar.h"
#include "ledger/classification_code.h"
#include "ledger/listing.h"

namespace circula::ledger {
namespace {

constexpr std::uint16_t kEffectLicenceGranted = 1201;
constexpr std::uint16_t kEffectLicenceChanged = 1202;
constexpr int kTerritoriesMax = 40;  // all provinces

std::uint64_t ms(std::int64_t time_s) { return static_cast<std::uint64_t>(time_s) * 1000; }

// Strictly ascending, none unspecified.
template <class Values>
bool is_ascending(const Values& values) {
  return std::ranges::adjacent_find(values, std::greater_equal<>()) == values.end();
}

Result<void> check_kinds(const google::protobuf::RepeatedField<int>& values, const std::string& field) {
  if (!values.empty() && values.Get(0) != 0 && is_ascending(values)) return {};
  return error(Code::E_FORMAT, "at least one, ascending, each once", field);
}

Result<void> check_places(const proto::LicenceTerms& terms, const std::string& field) {
  if (terms.purposes().empty() || !is_ascending(terms.purposes()))
    return error(Code::E_FORMAT, "at least one purpose, ascending, each once", field + ".purposes");
  if (terms.purposes_size() > kPurposesMax || terms.territory_size() > kTerritoriesMax)
    return error(Code::E_LIMIT, "at most 16 purposes and 40 regions", field);
  for (const std::string& purpose : terms.purposes()) {
    if (auto good = check_purpose(purpose, field + ".purposes"); !good) return good;
  }
  if (!is_ascending(terms.territory()))
    return error(Code::E_FORMAT, "regions are ascending, each once", field + ".territory");
  for (const std::string& region : terms.territory()) {
    if (region.empty())
      return error(Code::E_FORMAT, "no region stands for the whole country", field + ".territory");
    if (auto good = check_region(region, field + ".territory"); !good) return good;
  }
  return {};
}

void change(Execution& execution, const ShortId& licence, proto::LicenceState state,
            proto::LicenceStatus status) {
  state.set_status(status);
  proto::LicenceChanged effect;
  effect.set_status(status);
  execution.change(licence_key(licence), kEffectLicenceChanged, effect, state);
}

Error inactive(const proto::LicenceState& state, const std::string& field) {
  return error(Code::E_LICENCE_INACTIVE,
               "the licence runs from " + format_time(state.terms().from_s()) + " until before " +
                   format_time(state.terms().to_s()),
               field);
}

proto::LicenceState licence_of(Execution& execution, const ShortId& licence) {
  auto state = execution.read<proto::LicenceState>(licence_key(licence));
  assert(state && "each contract of the exchange has its licence");
  return *state;
}

// Due work.
void end_licence(Execution& execution, const SubjectKey& key) {
  auto state = execution.read<proto::LicenceState>(key);
  if (!state || state->status() == proto::LICENCE_STATUS_TERMINATED) return;
  state->set_status(proto::LICENCE_STATUS_ENDED);
  proto::LicenceChanged effect;
  effect.set_status(state->status());
  execution.change(key, kEffectLicenceChanged, effect, *state);
}

constexpr EffectType kEffects[] = {
    effect_type<proto::LicenceGranted>(kEffectLicenceGranted, "licence granted"),
    effect_type<proto::LicenceChanged>(kEffectLicenceChanged, "licence changed"),
};
constexpr SubjectFields kSubjects[] = {
    subject_fields<proto::LicenceState>(SubjectKind::kLicence, "licence/"),
};
constexpr DueRule kDueRules[] = {{kDueLicenceEnds, "licence ends", end_licence}};

}  // namespace

const Family kLicenceFamily = {"licence", {}, kEffects, kSubjects, kDueRules};

Result<void> check_licence_terms(Execution& execution, const proto::LicenceTerms& terms,
                                 const std::string& field) {
  if (auto good = check_kinds(terms.acts(), field + ".acts"); !good) return good;
  if (auto good = check_kinds(terms.modes(), field + ".modes"); !good) return good;
  if (auto good = check_places(terms, field); !good) return good;
  if (terms.exclusivity() == proto::EXCLUSIVITY_UNSPECIFIED)
    return error(Code::E_FORMAT, "a licence says whether it is exclusive", field + ".exclusivity");
  if (terms.from_s() < 0 || terms.to_s() > kTimeMax || terms.to_s() <= terms.from_s() ||
      terms.to_s() <= execution.time_s())
    return error(Code::E_TERMS, "a licence ends after it begins, and later than now", field + ".to_s");
  if (terms.exclusivity() != proto::EXCLUSIVITY_NONE)
    return error(Code::E_EXCLUSIVE, "exclusive licences are granted by record 12, which is not active",
                 field + ".exclusivity");
  const bool passes_on =
      std::ranges::find(terms.acts(), static_cast<int>(proto::LICENCE_ACT_SUBLICENSE)) != terms.acts().end();
  if (passes_on || terms.onward_depth() != 0)
    return error(Code::E_NO_SUBLICENCE, "sublicences are granted by record 12, which is not active",
                 field + ".onward_depth");
  return {};
}

Result<void> check_covers(const proto::LicenceTerms& terms, const std::string& purpose,
                          const std::string& territory, const std::string& field) {
  if (!purpose.empty() && std::ranges::find(terms.purposes(), purpose) == terms.purposes().end())
    return error(Code::E_PURPOSE, "the order's purpose is \"" + purpose + "\"", field + ".purposes");
  const bool within =
      terms.territory().empty() || std::ranges::any_of(terms.territory(), [&](const std::string& region) {
        return !territory.empty() && lies_within(territory, region);
      });
  if (within) return {};
  return error(Code::E_SCOPE_EXCEEDS, "the order is for \"" + territory + "\"", field + ".territory");
}

void grant_licence(Execution& execution, const ShortId& licence, const proto::LicenceState& granted) {
  proto::LicenceGranted effect;
  *effect.mutable_licence() = granted;
  execution.change(licence_key(licence), kEffectLicenceGranted, effect, granted);
  execution.schedule(ms(granted.terms().to_s()), licence_key(licence), kDueLicenceEnds);
}

Result<void> check_not_over(Execution& execution, const ShortId& licence, const std::string& field) {
  const proto::LicenceState state = licence_of(execution, licence);
  const bool over =
      state.status() == proto::LICENCE_STATUS_TERMINATED || execution.time_s() >= state.terms().to_s();
  return over ? inactive(state, field) : Result<void>();
}

Result<void> check_delivery(Execution& execution, const ShortId& licence, proto::DeliveryMode mode,
                            const std::string& field) {
  if (auto good = check_not_over(execution, licence, field); !good) return good;
  const proto::LicenceState state = licence_of(execution, licence);
  if (execution.time_s() < state.terms().from_s()) return inactive(state, field);
  const auto& modes = state.terms().modes();
  if (std::ranges::find(modes, static_cast<int>(mode)) != modes.end()) return {};
  return error(Code::E_SCOPE_EXCEEDS, "the licence does not allow this mode of delivery", field);
}

void activate_licence(Execution& execution, const ShortId& licence) {
  const proto::LicenceState state = licence_of(execution, licence);
  if (state.status() == proto::LICENCE_STATUS_CONDITIONAL)
    change(execution, licence, state, proto::LICENCE_STATUS_ACTIVE);
}

void terminate_licence(Execution& execution, const ShortId& licence) {
  const proto::LicenceState state = licence_of(execution, licence);
  if (state.status() != proto::LICENCE_STATUS_CONDITIONAL && state.status() != proto::LICENCE_STATUS_ACTIVE)
    return;
  change(execution, licence, state, proto::LICENCE_STATUS_TERMINATED);
  execution.unschedule(ms(state.terms().to_s()), licence_key(licence), kDueLicenceEnds);
}

}  // namespace circula::ledger
