#include "ledger/subject_key.h"

#include <algorithm>

#include "crypto/encoding.h"
#include "ledger/subject.h"

namespace circula::ledger {
namespace {

// A part of a key, by what may stand in it.
enum class Part : char {
  kId = 'i',        // 16 bytes in hex
  kDigest = 'd',    // 32 bytes in hex: a key, a digest
  kRight = 'r',     // H, U or O
  kNumber = 'n',    // decimal
  kCurrency = 'c',  // three capital letters
  kName = 'a',      // anything that may stand in a key, but a slash
};

// The parts after the kind; a kind may have several forms.
struct Form {
  SubjectKind kind;
  std::string_view parts;
};
constexpr Form kForms[] = {
    {SubjectKind::kOrg, "a"},         {SubjectKind::kKey, "d"},
    {SubjectKind::kAsset, "i"},       {SubjectKind::kRight, "ir"},
    {SubjectKind::kCertificate, "a"}, {SubjectKind::kAgreement, "i"},
    {SubjectKind::kAgreement, "in"},  {SubjectKind::kContract, "i"},
    {SubjectKind::kEvent, "i"},       {SubjectKind::kEvent, "ia"},
    {SubjectKind::kCounter, "ia"},    {SubjectKind::kCounter, "iaa"},
    {SubjectKind::kCounter, "iaaa"},  {SubjectKind::kIncome, "ac"},
    {SubjectKind::kPeriod, "iaa"},    {SubjectKind::kPeriod, "iaaa"},
    {SubjectKind::kReplay, "n"},      {SubjectKind::kUnique, "ad"},
    {SubjectKind::kSerial, "an"},     {SubjectKind::kConfig, "a"},
    {SubjectKind::kHold, "in"},       {SubjectKind::kAccount, "aac"},
    {SubjectKind::kBank, "ac"},       {SubjectKind::kPayout, "i"},
    {SubjectKind::kLicence, "i"},     {SubjectKind::kTradeCertificate, "a"},
    {SubjectKind::kProduct, "i"},     {SubjectKind::kProduct, "in"},
    {SubjectKind::kListing, "i"},     {SubjectKind::kOrder, "i"},
    {SubjectKind::kOpenItems, "a"},
};

bool is_part(std::string_view text, Part part) {
  switch (part) {
    case Part::kId:
      return crypto::fixed_from_hex<ShortId>(text).has_value();
    case Part::kDigest:
      return crypto::fixed_from_hex<Digest>(text).has_value();
    case Part::kRight:
      return text == "H" || text == "U" || text == "O";
    case Part::kNumber:
      return crypto::u64_from_decimal(text).has_value();
    case Part::kCurrency:
      return text.size() == 3 && std::ranges::all_of(text, [](char c) { return c >= 'A' && c <= 'Z'; });
    case Part::kName:
      return !text.empty() && std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7F; });
  }
  return false;
}

// Whether the text, parts joined by slashes, has exactly these parts.
bool has_parts(std::string_view text, std::string_view parts) {
  for (std::size_t at = 0; at < parts.size(); ++at) {
    const std::size_t slash = text.find('/');
    const bool last = at + 1 == parts.size();
    if (last != (slash == std::string_view::npos)) return false;
    if (!is_part(text.substr(0, slash), static_cast<Part>(parts[at]))) return false;
    if (!last) text.remove_prefix(slash + 1);
  }
  return true;
}

}  // namespace

bool is_subject_key(std::string_view key) {
  const std::size_t slash = key.find('/');
  const auto kind = find_kind(key);
  if (!kind || slash == std::string_view::npos || key.size() > kSubjectKeyBytesMax) return false;
  return std::ranges::any_of(kForms, [&](const Form& form) {
    return form.kind == *kind && has_parts(key.substr(slash + 1), form.parts);
  });
}

}  // namespace circula::ledger
