#include "ledger/product.h"

#include <algorithm>

#include "ledger/agreement.h"
#include "ledger/apportion.h"
#include "ledger/asset.h"
#include "ledger/data_digest.h"
#include "ledger/identity.h"
#include "ledger/product_lineage.h"
#include "ledger/registered.h"
#include "ledger/text.h"

namespace circula::ledger {
namespace {

constexpr std::size_t kTitleBytesMax = 200;

constexpr std::uint16_t kEffectVersionOpened = 1401;
constexpr std::uint16_t kEffectVersionMade = 1402;
constexpr std::uint16_t kEffectRetired = 1403;
constexpr std::uint16_t kEffectListingsCounted = 1404;

// What the body alone decides.
Result<void> check_description(const proto::ProductDescription& description, const std::string& field) {
  if (description.kind() == proto::PRODUCT_KIND_UNSPECIFIED)
    return error(Code::E_FORMAT, "a product has a kind", field + ".kind");
  if (description.title().empty()) return error(Code::E_FORMAT, "a product has a title", field + ".title");
  if (auto good = check_text(description.title(), kTitleBytesMax, field + ".title"); !good) return good;
  if (auto good = check_inputs(description, field); !good) return good;
  if (auto good = check_data_digest(description.process(), field + ".process"); !good) return good;
  if (description.has_schema()) {
    if (auto good = check_data_digest(description.schema(), field + ".schema"); !good) return good;
  }
  if (description.grade() < 1 || description.grade() > kGradeCore)
    return error(Code::E_FORMAT, "grades are 1 to 6", field + ".grade");
  if (description.personal_information() == proto::PERSONAL_INFORMATION_UNSPECIFIED)
    return error(Code::E_FORMAT, "a product says whether it holds personal information",
                 field + ".personal_information");
  if (description.unit() == proto::PRODUCT_UNIT_UNSPECIFIED)
    return error(Code::E_FORMAT, "a product says what it is sold by", field + ".unit");
  if (description.sla().availability_ppm() <= kWholePpm) return {};
  return error(Code::E_FORMAT, "availability is at most 1,000,000 ppm", field + ".sla.availability_ppm");
}

// What is asked of every version once its inputs are known.
Result<void> check_grade(const proto::ProductDescription& description, const Lineage& lineage,
                         const std::string& field) {
  if (description.grade() == kGradeCore)
    return error(Code::E_CORE_DATA, "core data is not registered", field + ".grade");
  if (!is_impersonal(description.personal_information()))
    return error(Code::E_NO_BASIS, "no lawful basis for personal data is recorded",
                 field + ".personal_information");
  if (description.grade() >= lineage.grade) return {};
  return error(Code::E_GRADE_LOWERED, "an input has grade " + std::to_string(lineage.grade),
               field + ".grade");
}

// Writes a version and its head. `state` is the head before it.
void write_version(Execution& execution, const ShortId& product, const proto::ProductDescription& description,
                   const Lineage& lineage, proto::ProductState state) {
  const std::uint32_t version = state.versions() + 1;
  state.set_kind(description.kind());
  state.set_title(description.title());
  state.set_versions(version);
  state.set_grade(std::max(state.grade(), description.grade()));
  proto::ProductVersionOpened opened;
  opened.set_maker(state.maker());
  opened.set_version(version);
  opened.set_title(state.title());
  opened.set_grade(state.grade());
  execution.change(product_key(product), kEffectVersionOpened, opened, state);

  proto::ProductVersionMade made;
  *made.mutable_description() = description;
  made.set_depth(lineage.depth);
  for (const std::string& ancestor : lineage.ancestors) made.add_ancestors(ancestor);
  proto::ProductVersionState says;
  *says.mutable_description() = description;
  says.set_depth(lineage.depth);
  *says.mutable_ancestors() = made.ancestors();
  execution.change(product_version_key(product, version), kEffectVersionMade, made, says);
}

Result<void> register_product(Execution& execution, const proto::ProductRegister& body) {
  const std::string field = "register.description";
  const proto::ProductDescription& description = body.description();
  const std::string& maker = execution.author_oid();
  const ShortId id = execution.new_id();
  if (auto good = check_description(description, field); !good) return good;
  if (auto signed_by = require_for_grade(execution, maker, description.grade(), "author"); !signed_by)
    return signed_by;
  const auto lineage = trace_lineage(execution, id, maker, description, field);
  if (!lineage) return lineage.error();
  if (read_registered(execution, id))
    return error(Code::E_DUPLICATE, product_key(id) + ", or an asset of this id, is there already");
  if (auto good = check_grade(description, *lineage, field); !good) return good;
  proto::ProductState state;
  state.set_maker(maker);
  state.set_status(proto::ASSET_STATUS_APPLIED);
  write_version(execution, id, description, *lineage, std::move(state));
  return {};
}

Result<void> check_still_made(const proto::ProductState& state, const std::string& field) {
  if (state.retired()) return error(Code::E_STATE, "the product is retired", field);
  if (state.status() == proto::ASSET_STATUS_REFUSED || state.status() == proto::ASSET_STATUS_REVOKED)
    return error(Code::E_STATE, "the product was refused, or its certificate revoked", field);
  return {};
}

Result<void> make_version(Execution& execution, const proto::ProductVersion& body) {
  const std::string field = "version.description";
  const proto::ProductDescription& description = body.description();
  if (auto good = check_description(description, field); !good) return good;
  auto state = find_product(execution, body.product(), "version.product");
  if (!state) return state.error();
  const std::uint32_t grade = std::max(state->grade(), description.grade());
  if (auto signed_by = require_for_grade(execution, state->maker(), grade, "version.product"); !signed_by)
    return signed_by;
  if (description.kind() != state->kind())
    return error(Code::E_REF, "the kind is the same in every version", field + ".kind");
  const ShortId id = short_id(body.product());
  const auto lineage = trace_lineage(execution, id, state->maker(), description, field);
  if (!lineage) return lineage.error();
  if (auto good = check_still_made(*state, "version.product"); !good) return good;
  if (body.version() != state->versions() + 1)
    return error(Code::E_VERSION, "the next version is " + std::to_string(state->versions() + 1),
                 "version.version");
  if (auto good = check_grade(description, *lineage, field); !good) return good;
  write_version(execution, id, description, *lineage, *std::move(state));
  return {};
}

// What was never certified is an application withdrawn; a certified product keeps its certificate and its
// rights, for what was sold.
Result<void> retire(Execution& execution, const proto::ProductRetire& body) {
  auto state = find_product(execution, body.product(), "retire.product");
  if (!state) return state.error();
  if (auto signed_by = require_for_grade(execution, state->maker(), state->grade(), "retire.product");
      !signed_by)
    return signed_by;
  if (state->status() == proto::ASSET_STATUS_CERTIFIED) {
    auto held =
        require_operators(execution, body.product(), state->grade(), kExecutive, "retire.product", kWholePpm);
    if (!held) return held;
  }
  if (state->retired()) return error(Code::E_STATE, "the product is retired", "retire.product");
  if (state->live_listings() > 0)
    return error(Code::E_IN_USE, std::to_string(state->live_listings()) + " listings are live",
                 "retire.product");
  state->set_retired(true);
  const bool waits =
      state->status() == proto::ASSET_STATUS_APPLIED || state->status() == proto::ASSET_STATUS_NOTICE;
  if (waits) state->set_status(proto::ASSET_STATUS_CANCELLED);
  execution.change(product_key(short_id(body.product())), kEffectRetired, proto::ProductRetired(), *state);
  return {};
}

Result<void> apply_product(Execution& execution, const proto::Product& body) {
  switch (body.op_case()) {
    case proto::Product::kRegister:
      return register_product(execution, body.register_());
    case proto::Product::kVersion:
      return make_version(execution, body.version());
    case proto::Product::kRetire:
      return retire(execution, body.retire());
    case proto::Product::OP_NOT_SET:
      break;
  }
  return error(Code::E_FORMAT, "no operation", "op");
}

constexpr RecordType kRecords[] = {record_type<proto::Product, apply_product>(14, 1, "PRODUCT")};
constexpr EffectType kEffects[] = {
    effect_type<proto::ProductVersionOpened>(kEffectVersionOpened, "version opened"),
    effect_type<proto::ProductVersionMade>(kEffectVersionMade, "version made"),
    effect_type<proto::ProductRetired>(kEffectRetired, "retired"),
    effect_type<proto::ProductListingsCounted>(kEffectListingsCounted, "listings counted"),
};
constexpr SubjectFields kSubjects[] = {
    subject_fields<proto::ProductState>(SubjectKind::kProduct, "product/", 1),
    subject_fields<proto::ProductVersionState>(SubjectKind::kProduct, "product/", 2),
};

}  // namespace

const Family kProductFamily = {"product", kRecords, kEffects, kSubjects, {}};

Result<proto::ProductState> find_product(Execution& execution, const std::string& id,
                                         const std::string& field) {
  if (id.size() != ShortId::kSize) return error(Code::E_FORMAT, "a product id has 16 bytes", field);
  const SubjectKey key = product_key(short_id(id));
  auto state = execution.read<proto::ProductState>(key);
  if (!state) return error(Code::E_NOT_FOUND, "no " + key, field);
  return *state;
}

void adjust_product_listings(Execution& execution, const ShortId& product, int by) {
  auto state = execution.read<proto::ProductState>(product_key(product));
  assert(state && "a listing names a product that exists");
  state->set_live_listings(state->live_listings() + static_cast<std::uint32_t>(by));
  proto::ProductListingsCounted effect;
  effect.set_live_listings(state->live_listings());
  execution.change(product_key(product), kEffectListingsCounted, effect, *state);
}

}  // namespace circula::ledger
