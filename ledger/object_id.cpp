#include "ledger/object_id.h"

#include <array>
#include <utility>

#include "crypto/encoding.h"

namespace circula::ledger {
namespace {

constexpr std::array<std::pair<ObjectKind, std::string_view>, 10> kPrefixes{{
    {ObjectKind::kAsset, "as"},
    {ObjectKind::kProduct, "pd"},
    {ObjectKind::kListing, "ls"},
    {ObjectKind::kOrder, "or"},
    {ObjectKind::kContract, "ct"},
    {ObjectKind::kLicence, "lc"},
    {ObjectKind::kAgreement, "ag"},
    {ObjectKind::kDispute, "dp"},
    {ObjectKind::kEvent, "ev"},
    {ObjectKind::kPayout, "po"},
}};

}  // namespace

std::string_view prefix(ObjectKind kind) {
  for (const auto& [candidate, text] : kPrefixes) {
    if (candidate == kind) return text;
  }
  return "";
}

std::optional<ObjectKind> kind_of_prefix(std::string_view text) {
  for (const auto& [kind, candidate] : kPrefixes) {
    if (candidate == text) return kind;
  }
  return std::nullopt;
}

std::string object_text(ObjectKind kind, const ObjectId& id) {
  return std::string(prefix(kind)) + "-" + crypto::to_base32(id);
}

Result<ObjectName> parse_object_name(std::string_view text, std::string_view field) {
  const std::size_t dash = text.find('-');
  const std::optional<ObjectKind> kind =
      dash == std::string_view::npos ? std::nullopt : kind_of_prefix(text.substr(0, dash));
  if (!kind) {
    return error(Code::E_FORMAT, "an object id such as as-... expected, found \"" + std::string(text) + "\"",
                 std::string(field));
  }
  const auto id = crypto::short_id_from_base32(text.substr(dash + 1));
  if (!id) return error(Code::E_FORMAT, id.error().detail, std::string(field));
  return ObjectName{*kind, *id};
}

Result<ObjectId> parse_object_id(ObjectKind kind, std::string_view text, std::string_view field) {
  const Result<ObjectName> name = parse_object_name(text, field);
  if (!name) return name.error();
  if (name->kind != kind) {
    return error(Code::E_FORMAT,
                 "an id that begins with " + std::string(prefix(kind)) + "- expected, found \"" +
                     std::string(text) + "\"",
                 std::string(field));
  }
  return name->id;
}

}  // namespace circula::ledger
