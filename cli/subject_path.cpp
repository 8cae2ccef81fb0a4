#include "cli/subject_path.h"

#include <algorithm>

#include "cli/time_option.h"
#include "ledger/certificate_number.h"
#include "ledger/organisation_code.h"

namespace circula::cli {
namespace {

Result<std::string> right_letter(const std::string& text) {
  if (text == "H" || text == "h" || text == "holding") return std::string("H");
  if (text == "U" || text == "u" || text == "use") return std::string("U");
  if (text == "O" || text == "o" || text == "operation") return std::string("O");
  return error(Code::E_USAGE, "--right is H (holding), U (use) or O (operation), not \"" + text + "\"");
}

}  // namespace

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return out;
}

bool is_record_id(std::string_view text) {
  constexpr std::size_t kPrefixMin = 6;
  constexpr std::size_t kWhole = 64;
  return text.size() >= kPrefixMin && text.size() <= kWhole && !ledger::is_uscc(text) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

Result<std::string> subject_path(Names& names, const std::string& id, const std::string& right) {
  if (id.starts_with('@') || ledger::check_oid(id)) {
    auto oid = names.oid(id);
    if (!oid) return oid.error();
    return "org/" + *oid;
  }
  const auto slash = id.find('/');
  if (slash != std::string::npos) return id;  // kind/id, as the API has it
  if (ledger::parse_certificate_number(id)) return names.certificate_path(id);
  auto kind = subject_kind(id);
  if (!kind) return kind.error();
  if (right.empty()) return *kind + "/" + id;
  if (*kind != "asset" && *kind != "product")
    return error(Code::E_USAGE, "--right is for assets and products");
  auto letter = right_letter(right);
  if (!letter) return letter.error();
  return "right/" + id + "/" + *letter;
}

Result<std::string> point_query(const Arguments& arguments) {
  std::string query;
  for (const auto& [option, parameter] :
       {std::pair("as-of", "at"), std::pair("from", "from"), std::pair("to", "to")}) {
    if (!arguments.has(option)) continue;
    auto point = point_option(arguments, option);
    if (!point) return point.error();
    query += "&" + std::string(parameter) + "=" + percent_encoded(*point);
  }
  if (arguments.has("as-of") && (arguments.has("from") || arguments.has("to"))) {
    return error(Code::E_USAGE, "either --as-of, or --from and --to");
  }
  return query;
}

Result<std::string> proof_query(const Arguments& arguments) {
  if (auto good = check_time_options(arguments, {"from", "to", "before"}); !good) return good.error();
  if (auto height = arguments.number("height"); !height) return height.error();
  std::string query = arguments.has("history") ? "&history=1" : "";
  for (const char* option : {"from", "to", "before", "height"}) {
    if (arguments.has(option)) {
      query += "&" + std::string(option) + "=" + percent_encoded(arguments.text(option));
    }
  }
  if (!query.empty()) query.front() = '?';
  return query;
}

}  // namespace circula::cli
