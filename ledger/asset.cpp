#include "ledger/asset.h"

#include <algorithm>

#include "ledger/chain_family.h"
#include "ledger/classification_code.h"
#include "ledger/data_digest.h"
#include "ledger/registered.h"
#include "ledger/rights.h"
#include "ledger/text.h"

namespace circula::ledger {
namespace {

constexpr std::size_t kTitleBytesMax = 200;
constexpr std::size_t kSummaryBytesMax = 2000;
constexpr std::size_t kStandardBytesMax = 40;
// Lists that keep the asset's row within its 16 KiB.
constexpr int kSourcesMax = 16;
constexpr int kStandardsMax = 64;
constexpr int kEvidenceMax = 16;
constexpr std::uint32_t kSubjectBuckets[] = {0, 100, 1'000, 10'000, 100'000, 1'000'000};

constexpr std::uint16_t kEffectAssetRegistered = 601;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }

// "GB/T 36344-2018", "ISO/IEC 25012": as it is printed, in one line.
Result<void> check_standard(const std::string& code, const std::string& field) {
  if (auto good = check_text(code, kStandardBytesMax, field); !good) return good;
  const bool known = std::ranges::all_of(code, [](char c) {
    return is_digit(c) || is_capital(c) || c == '/' || c == ' ' || c == '-' || c == '.';
  });
  if (known && !code.empty() && is_capital(code.front()) && code.back() != ' ') return {};
  return error(Code::E_FORMAT, "a standard code such as GB/T 36344-2018 expected", field);
}

Result<void> check_codes(const proto::AssetDescription& description) {
  if (auto good = check_region(description.region(), "description.region"); !good) return good;
  if (auto good = check_industry(description.industry(), "description.industry"); !good) return good;
  if (description.standards_size() > kStandardsMax)
    return error(Code::E_LIMIT, "at most 64 standards", "description.standards");
  for (int item = 0; item < description.standards_size(); ++item) {
    const std::string field = "description.standards[" + std::to_string(item) + "]";
    if (auto good = check_standard(description.standards(item), field); !good) return good;
    if (item > 0 && description.standards(item) <= description.standards(item - 1))
      return error(Code::E_FORMAT, "standards are ascending, each once", field);
  }
  return {};
}

// Digests of data that hold no personal information are plain, so that the same content is known again; all
// others are salted, since a plain digest is pseudonymous (records.md 3.4, "Personal data rule").
Result<void> check_content(const proto::AssetDescription& description) {
  const std::string field = "description.content";
  if (!description.has_content()) return error(Code::E_FORMAT, "an asset has a content digest", field);
  if (auto good = check_data_digest(description.content(), field); !good) return good;
  const bool impersonal = is_impersonal(description.personal_information());
  if (impersonal && description.content().salted())
    return error(Code::E_FORMAT, "the digest of data without personal information is not salted",
                 field + ".salted");
  if (!impersonal && !description.content().salted())
    return error(Code::E_PI_FIELD, "the digest of data with personal information is salted",
                 field + ".salted");
  return {};
}

Result<void> check_lists(const proto::AssetDescription& description) {
  if (description.sources_size() > kSourcesMax)
    return error(Code::E_LIMIT, "at most 16 sources", "description.sources");
  for (int item = 0; item < description.sources_size(); ++item) {
    const std::string field = "description.sources[" + std::to_string(item) + "]";
    const proto::AssetSource& source = description.sources(item);
    if (source.how() == proto::SOURCE_KIND_UNSPECIFIED)
      return error(Code::E_FORMAT, "a source says how the data came", field + ".how");
    if (!source.asset().empty() && source.asset().size() != ShortId::kSize)
      return error(Code::E_FORMAT, "an asset id has 16 bytes", field + ".asset");
    if (!source.has_evidence()) continue;
    if (auto good = check_data_digest(source.evidence(), field + ".evidence"); !good) return good;
  }
  const auto& rights = description.rights_claimed();
  const bool ascending =
      std::adjacent_find(rights.begin(), rights.end(), std::greater_equal<>()) == rights.end();
  if (rights.empty() || rights[0] == proto::RIGHT_KIND_UNSPECIFIED || !ascending)
    return error(Code::E_FORMAT, "rights are ascending, each once, at least one",
                 "description.rights_claimed");
  if (description.evidence_size() > kEvidenceMax)
    return error(Code::E_LIMIT, "at most 16 pieces of evidence", "description.evidence");
  for (int item = 0; item < description.evidence_size(); ++item) {
    const std::string field = "description.evidence[" + std::to_string(item) + "]";
    if (auto good = check_data_digest(description.evidence(item), field); !good) return good;
  }
  return {};
}

// What the body alone decides.
Result<void> check_description(const proto::AssetDescription& description) {
  if (description.asset_class() == proto::ASSET_CLASS_UNSPECIFIED)
    return error(Code::E_FORMAT, "an asset has a class", "description.asset_class");
  if (description.form() == proto::ASSET_FORM_UNSPECIFIED)
    return error(Code::E_FORMAT, "an asset has a form", "description.form");
  if (description.title().empty()) return error(Code::E_FORMAT, "an asset has a title", "description.title");
  if (auto good = check_text(description.title(), kTitleBytesMax, "description.title"); !good) return good;
  if (auto good = check_text(description.summary(), kSummaryBytesMax, "description.summary"); !good)
    return good;
  if (auto good = check_codes(description); !good) return good;
  if (description.grade() < 1 || description.grade() > kGradeCore)
    return error(Code::E_FORMAT, "grades are 1 to 6", "description.grade");
  if (description.personal_information() == proto::PERSONAL_INFORMATION_UNSPECIFIED)
    return error(Code::E_FORMAT, "an asset says whether it holds personal information",
                 "description.personal_information");
  if (description.asset_class() == proto::ASSET_CLASS_PERSONAL &&
      description.personal_information() == proto::PERSONAL_INFORMATION_NONE)
    return error(Code::E_FORMAT, "personal data holds personal information, unless it was anonymised",
                 "description.personal_information");
  if (std::ranges::find(kSubjectBuckets, description.data_subjects_bucket()) == std::end(kSubjectBuckets))
    return error(Code::E_FORMAT, "persons are counted as 0, 100, 1000, 10000, 100000 or 1000000",
                 "description.data_subjects_bucket");
  if (description.span_from_s() > description.span_to_s())
    return error(Code::E_FORMAT, "the span ends before it begins", "description.span_to_s");
  if (description.update() == proto::UPDATE_RHYTHM_UNSPECIFIED)
    return error(Code::E_FORMAT, "an asset says how often it is updated", "description.update");
  if (description.has_schema()) {
    if (auto good = check_data_digest(description.schema(), "description.schema"); !good) return good;
  }
  if (auto good = check_content(description); !good) return good;
  return check_lists(description);
}

// A source that is an asset was certified and is in force, and the applicant may process it: it holds some of
// right U. That it once registered the source is not enough, since rights move.
Result<void> check_sources(Execution& execution, const proto::AssetDescription& description) {
  for (int item = 0; item < description.sources_size(); ++item) {
    const std::string field = "description.sources[" + std::to_string(item) + "].asset";
    const proto::AssetSource& source = description.sources(item);
    if (source.asset().empty()) {
      if (source.how() != proto::SOURCE_KIND_DERIVED) continue;
      return error(Code::E_SOURCE, "a derived asset names what it is derived from", field);
    }
    const auto found = find_certified(execution, source.asset(), field, Code::E_SOURCE);
    if (!found) return error(Code::E_SOURCE, found.error().detail, field);
    if (found->asset() == nullptr)
      return error(Code::E_SOURCE, "what is made of a product is a product", field);
    const proto::RightState use = right_table(execution, found->id(), proto::RIGHT_KIND_USE);
    if (held_ppm(use, execution.author_oid()) > 0) continue;
    return error(Code::E_SOURCE, execution.author_oid() + " holds nothing of right U on the source", field);
  }
  return {};
}

bool is_derived(const proto::AssetDescription& description) {
  return std::ranges::any_of(description.sources(), [](const proto::AssetSource& source) {
    return source.how() == proto::SOURCE_KIND_DERIVED;
  });
}

// An application that was refused, or a certificate that was revoked, does not keep the content from whom it
// belongs to.
bool still_counts(Execution& execution, const SubjectKey& asset) {
  const auto state = execution.read<proto::AssetState>(asset);
  return state && state->status() != proto::ASSET_STATUS_REFUSED &&
         state->status() != proto::ASSET_STATUS_REVOKED && state->status() != proto::ASSET_STATUS_CANCELLED;
}

// A plain content digest is registered once on the chain, unless the asset is derived: then it is marked only
// when it is free.
Result<void> take_content(Execution& execution, const proto::AssetDescription& description,
                          const SubjectKey& asset) {
  if (description.content().salted()) return {};
  const SubjectKey key =
      unique_key("content", Digest::from(crypto::as_bytes(description.content().digest())));
  const auto taken = execution.read<proto::UniqueState>(key);
  if (taken && still_counts(execution, taken->subject())) {
    if (is_derived(description)) return {};
    return error(Code::E_DUP_CONTENT, "registered as " + taken->subject(), "description.content");
  }
  take_unique(execution, key, asset);
  return {};
}

Result<void> register_asset(Execution& execution, const proto::AssetRegister& body) {
  const proto::AssetDescription& description = body.description();
  const std::string& applicant = execution.author_oid();
  if (auto good = check_description(description); !good) return good;
  if (auto signed_by = require_for_grade(execution, applicant, description.grade(), "author"); !signed_by)
    return signed_by;
  if (auto good = check_sources(execution, description); !good) return good;
  const SubjectKey key = asset_key(execution.new_id());
  if (read_registered(execution, execution.new_id()))
    return error(Code::E_DUPLICATE, key + ", or a product of this id, is there already");
  if (description.grade() == kGradeCore)
    return error(Code::E_CORE_DATA, "core data is not registered", "description.grade");
  if (!is_impersonal(description.personal_information()))
    return error(Code::E_NO_BASIS, "no lawful basis for personal data is recorded",
                 "description.personal_information");
  if (auto good = take_content(execution, description, key); !good) return good;

  proto::AssetRegistered effect;
  effect.set_applicant(applicant);
  *effect.mutable_description() = description;
  proto::AssetState state;
  state.set_applicant(applicant);
  *state.mutable_description() = description;
  state.set_status(proto::ASSET_STATUS_APPLIED);
  execution.change(key, kEffectAssetRegistered, effect, state);
  return {};
}

constexpr RecordType kRecords[] = {record_type<proto::AssetRegister, register_asset>(6, 1, "ASSET_REGISTER")};
constexpr EffectType kEffects[] = {effect_type<proto::AssetRegistered>(kEffectAssetRegistered, "registered")};
constexpr SubjectFields kSubjects[] = {subject_fields<proto::AssetState>(SubjectKind::kAsset, "asset/")};

}  // namespace

const Family kAssetFamily = {"asset", kRecords, kEffects, kSubjects, {}};

bool is_impersonal(proto::PersonalInformation held) {
  return held == proto::PERSONAL_INFORMATION_NONE || held == proto::PERSONAL_INFORMATION_ANONYMISED;
}

Result<void> require_for_grade(Execution& execution, std::string_view oid, std::uint32_t grade,
                               std::string_view field) {
  if (auto signed_by = execution.require(oid, kCdo, field); !signed_by) return signed_by;
  if (grade < kGradeImportant) return {};
  return execution.require(oid, kOfficer, field);
}

}  // namespace circula::ledger
