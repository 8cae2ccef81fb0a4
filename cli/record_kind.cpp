#include "cli/record_kind.h"

#include <algorithm>
#include <boost/json.hpp>

#include "cli/data_digest_file.h"
#include "cli/local_file.h"
#include "cli/shell.h"
#include "crypto/encoding.h"
#include "crypto/hash.h"

namespace circula::cli {

Result<boost::json::object> plain_digest_json(const std::string& path) {
  auto digest = plain_digest(path);
  if (!digest) return digest.error();
  return boost::json::object{{"suite", 1}, {"digest", crypto::to_hex(digest->view())}};
}

Result<boost::json::object> reference_json(Shell& shell, const std::string& file_or_text) {
  if (exists(file_or_text)) {
    shell.terminal().note(file_or_text + ": the digest of the file goes to the ledger");
    return plain_digest_json(file_or_text);
  }
  shell.terminal().note("\"" + file_or_text + "\" is no file: the digest of this text goes to the ledger");
  return boost::json::object{{"suite", 1}, {"digest", crypto::to_hex(crypto::sha256(file_or_text).view())}};
}

RecordInput operation_of(std::uint32_t type, std::string_view operation, boost::json::object body,
                         std::vector<std::string> author_usages) {
  RecordInput input{type, 1, {}, std::move(author_usages)};
  input.body[operation] = std::move(body);
  return input;
}

Result<boost::json::object> body_from_file(const std::string& path, Names& names) {
  auto value = read_json(path);
  if (!value) return value.error();
  if (!value->is_object()) return error(Code::E_FORMAT, path + ": a body is a JSON object");
  if (auto resolved = names.resolve_aliases(*value); !resolved) return resolved.error();
  return std::move(value->get_object());
}

Result<std::vector<NamedShare>> parse_shares(const std::vector<std::string>& texts, Names& names,
                                             std::string_view option) {
  std::vector<NamedShare> shares;
  for (const std::string& text : texts) {
    const auto equals = text.find('=');
    auto ppm = crypto::u64_from_decimal(
        equals == std::string::npos ? std::string_view{} : std::string_view(text).substr(equals + 1));
    if (!ppm) {
      return error(Code::E_USAGE,
                   "--" + std::string(option) + " @org=PPM (1,000,000 is all), not \"" + text + "\"");
    }
    auto oid = names.oid(text.substr(0, equals));
    if (!oid) return oid.error();
    shares.push_back({*oid, *ppm});
  }
  std::sort(shares.begin(), shares.end(), [](const auto& a, const auto& b) { return a.oid < b.oid; });
  return shares;
}

boost::json::array holders_json(const std::vector<NamedShare>& shares) {
  boost::json::array list;
  for (const NamedShare& share : shares) {
    list.push_back(boost::json::object{{"oid", share.oid}, {"ppm", share.ppm}});
  }
  return list;
}

Result<std::string> right_name(const std::string& text) {
  if (text == "H" || text == "h" || text == "holding") return std::string("holding");
  if (text == "U" || text == "u" || text == "use") return std::string("use");
  if (text == "O" || text == "o" || text == "operation") return std::string("operation");
  return error(Code::E_USAGE, "a right is H (holding), U (use) or O (operation), not \"" + text + "\"");
}

}  // namespace circula::cli
