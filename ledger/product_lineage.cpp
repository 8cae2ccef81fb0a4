#include "ledger/product_lineage.h"

#include <algorithm>

#include "ledger/apportion.h"
#include "ledger/product.h"
#include "ledger/registered.h"
#include "ledger/rights.h"

namespace circula::ledger {
namespace {

std::string input_field(const std::string& field, int item) {
  return field + ".inputs[" + std::to_string(item) + "]";
}

// An application that was refused, or a certificate that was revoked, is no clean ground for another product.
bool may_stand(proto::AssetStatus status) {
  return status == proto::ASSET_STATUS_APPLIED || status == proto::ASSET_STATUS_NOTICE ||
         status == proto::ASSET_STATUS_CERTIFIED;
}

Result<void> check_own(Execution& execution, const Registered& input, const std::string& maker,
                       const std::string& field) {
  if (input.product() == nullptr || input.applicant() != maker)
    return error(Code::E_INPUT_BASIS, "no product of " + maker, field + ".basis");
  if (!may_stand(input.status()))
    return error(Code::E_INPUT_BASIS, input.key() + " was refused or revoked", field + ".subject");
  if (input.status() != proto::ASSET_STATUS_CERTIFIED) return {};
  const proto::RightState use = right_table(execution, input.id(), proto::RIGHT_KIND_USE);
  if (held_ppm(use, maker) > 0) return {};
  return error(Code::E_INPUT_BASIS, maker + " has given all of right U away", field + ".subject");
}

Result<void> check_right(Execution& execution, const Registered& input, const std::string& maker,
                         const std::string& field) {
  if (!input.is_in_force(execution.time_s()))
    return error(Code::E_INPUT_BASIS, input.key() + " has no certificate in force", field + ".subject");
  const proto::RightState use = right_table(execution, input.id(), proto::RIGHT_KIND_USE);
  if (held_ppm(use, maker) > 0) return {};
  return error(Code::E_INPUT_BASIS, maker + " holds nothing of right U on the input", field + ".subject");
}

Result<void> check_basis(Execution& execution, const Registered& input, const proto::ProductInput& named,
                         const std::string& maker, const std::string& field) {
  if (input.product() != nullptr && input.product()->retired())
    return error(Code::E_INPUT_BASIS, input.key() + " is retired", field + ".subject");
  switch (named.basis()) {
    case proto::INPUT_BASIS_OWN:
      return check_own(execution, input, maker, field);
    case proto::INPUT_BASIS_RIGHT:
      return check_right(execution, input, maker, field);
    default:
      return error(Code::E_INPUT_BASIS, "licences cannot be recorded yet", field + ".basis");
  }
}

// Adds what is below a version of a product.
Result<void> add_product(Execution& execution, const Registered& input, std::uint32_t version,
                         const std::string& field, Lineage& lineage) {
  const auto state = execution.read<proto::ProductVersionState>(product_version_key(input.id(), version));
  if (!state)
    return error(Code::E_NOT_FOUND, input.key() + " has no version " + std::to_string(version),
                 field + ".version");
  lineage.grade = std::max(lineage.grade, state->description().grade());
  lineage.depth = std::max(lineage.depth, state->depth() + 1);
  lineage.ancestors.insert(state->ancestors().begin(), state->ancestors().end());
  return {};
}

Result<void> add_input(Execution& execution, const proto::ProductInput& named, const std::string& maker,
                       const std::string& field, Lineage& lineage) {
  const auto input = find_registered(execution, named.subject(), field + ".subject");
  if (!input) return input.error();
  lineage.ancestors.insert(named.subject());
  if (input->product() == nullptr) {
    if (named.version() != 0) return error(Code::E_REF, "an asset has no versions", field + ".version");
    lineage.grade = std::max(lineage.grade, input->grade());
    lineage.depth = std::max(lineage.depth, 1U);
  } else if (auto added = add_product(execution, *input, named.version(), field, lineage); !added) {
    return added;
  }
  return check_basis(execution, *input, named, maker, field);
}

}  // namespace

Result<void> check_inputs(const proto::ProductDescription& description, const std::string& field) {
  if (description.inputs().empty())
    return error(Code::E_FORMAT, "a product is made of at least one input", field + ".inputs");
  if (description.inputs_size() > kProductInputsMax)
    return error(Code::E_LIMIT, "at most 16 inputs", field + ".inputs");
  std::int64_t weights = 0;
  for (int item = 0; item < description.inputs_size(); ++item) {
    const proto::ProductInput& input = description.inputs(item);
    const std::string at = input_field(field, item);
    if (input.subject().size() != ShortId::kSize)
      return error(Code::E_FORMAT, "the id of an asset or a product has 16 bytes", at + ".subject");
    if (item > 0 && input.subject() <= description.inputs(item - 1).subject())
      return error(Code::E_FORMAT, "inputs are ascending, each once", at + ".subject");
    if (input.basis() == proto::INPUT_BASIS_UNSPECIFIED)
      return error(Code::E_FORMAT, "an input has a basis", at + ".basis");
    if (input.weight_ppm() == 0) return error(Code::E_PPM, "a weight is at least 1 ppm", at + ".weight_ppm");
    weights += input.weight_ppm();
  }
  if (weights <= kWholePpm) return {};
  return error(Code::E_PPM, "weights sum to at most 1,000,000, here " + std::to_string(weights),
               field + ".inputs");
}

Result<Lineage> trace_lineage(Execution& execution, const ShortId& product, const std::string& maker,
                              const proto::ProductDescription& description, const std::string& field) {
  Lineage lineage;
  for (int item = 0; item < description.inputs_size(); ++item) {
    const std::string at = input_field(field, item);
    if (auto added = add_input(execution, description.inputs(item), maker, at, lineage); !added)
      return added.error();
    // A later version may name a product that is made of an earlier one.
    if (lineage.ancestors.contains(std::string(product.text())))
      return error(Code::E_CYCLE, "the input is the product itself or made of it", at + ".subject");
    if (lineage.depth > kProductDepthMax)
      return error(Code::E_DEPTH, "at most 8 levels below a product", at + ".subject");
  }
  if (lineage.ancestors.size() <= kProductAncestorsMax) return lineage;
  return error(Code::E_LIMIT,
               "at most 256 assets and products below, here " + std::to_string(lineage.ancestors.size()),
               field + ".inputs");
}

}  // namespace circula::ledger
