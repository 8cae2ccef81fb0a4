#include "ledger/json_field.h"

#include <array>

#include "ledger/calendar.h"

namespace circula::ledger {
namespace {

using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;

// A settlement and a refund are the event that they make.
constexpr std::array<FieldObjectKind, 11> kObjectFields{{{"asset", ObjectKind::kAsset},
                                                         {"product", ObjectKind::kProduct},
                                                         {"listing", ObjectKind::kListing},
                                                         {"order", ObjectKind::kOrder},
                                                         {"contract", ObjectKind::kContract},
                                                         {"licence", ObjectKind::kLicence},
                                                         {"agreement", ObjectKind::kAgreement},
                                                         {"dispute", ObjectKind::kDispute},
                                                         {"event", ObjectKind::kEvent},
                                                         {"settle", ObjectKind::kEvent},
                                                         {"payout", ObjectKind::kPayout}}};

// Fields that hold the id of an asset or a product, by their full names; beside them every `product`.
constexpr std::array<std::string_view, 11> kRegisteredFields{
    "circula.ledger.proto.CertifyNotice.subject",        "circula.ledger.proto.CertifyIssue.subject",
    "circula.ledger.proto.CertifyRefuse.subject",        "circula.ledger.proto.CertifyRevoke.subject",
    "circula.ledger.proto.CertificateIssued.asset",      "circula.ledger.proto.CertificateState.asset",
    "circula.ledger.proto.RightsTransfer.subject",       "circula.ledger.proto.RightsSurrender.subject",
    "circula.ledger.proto.ProductInput.subject",         "circula.ledger.proto.ProductVersionMade.ancestors",
    "circula.ledger.proto.ProductVersionState.ancestors"};

// 2000-01-01T00:00:00Z: no duration in our messages is as long, and no time as early.
constexpr std::uint64_t kTimeFromMs = 946'684'800'000;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

// "org_kind_" of OrgKind
std::string enum_prefix(const std::string& type) {
  std::string text;
  for (const char c : type) {
    if (is_upper(c) && !text.empty()) text += '_';
    text += lower(c);
  }
  return text + '_';
}

std::string_view without_suffix(std::string_view name, std::string_view suffix) {
  return name.ends_with(suffix) ? name.substr(0, name.size() - suffix.size()) : name;
}

std::optional<std::uint64_t> unit_by_name(const std::string& name) {
  if (name.ends_with("_ms")) return 1;
  if (name.ends_with("_s")) return 1000;
  return std::nullopt;
}

}  // namespace

std::string enum_text(const EnumValueDescriptor& value) {
  std::string text;
  for (const char c : value.name()) text += lower(c);
  const std::string prefix = enum_prefix(value.type()->name());
  return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

BytesForm bytes_form(const FieldDescriptor& field, const JsonViewOptions& options) {
  for (const FieldObjectKind& row : options.kinds) {
    if (row.field == field.name() || row.field == field.full_name()) return {.object = row.kind};
  }
  for (const std::string_view name : kRegisteredFields) {
    if (field.full_name() == name) return {.object = ObjectKind::kAsset, .either = true};
  }
  if (field.name() == "subject") return {.object = std::nullopt, .text = true};
  std::string_view name = without_suffix(without_suffix(field.name(), "_ids"), "_id");
  if (field.is_repeated()) name = without_suffix(name, "s");
  for (const FieldObjectKind& row : kObjectFields) {
    if (row.field == name) return {.object = row.kind, .either = row.kind == ObjectKind::kProduct};
  }
  return {};
}

std::optional<std::string> time_name(const FieldDescriptor& field) {
  const bool wide = field.cpp_type() == FieldDescriptor::CPPTYPE_INT64 ||
                    field.cpp_type() == FieldDescriptor::CPPTYPE_UINT64;
  if (!wide || field.is_repeated() || !unit_by_name(field.name())) return std::nullopt;
  std::string name(without_suffix(without_suffix(field.name(), "_ms"), "_s"));
  if (field.containing_type()->FindFieldByName(name) != nullptr) return std::nullopt;
  return name;
}

std::uint64_t time_unit_ms(const FieldDescriptor& field) { return unit_by_name(field.name()).value_or(1); }

std::optional<std::string> time_text(const FieldDescriptor& field, std::uint64_t number) {
  const std::uint64_t unit_ms = time_unit_ms(field);
  if (number < kTimeFromMs / unit_ms || number > static_cast<std::uint64_t>(kTimeMax) * 1000 / unit_ms) {
    return std::nullopt;
  }
  return format_time_ms(number * unit_ms);
}

}  // namespace circula::ledger
