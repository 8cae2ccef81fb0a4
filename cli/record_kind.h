// Kinds of records that the command line can make: each is a row with its flags and the function that turns
// them into a body. `draft KIND` and `submit KIND` are made from these rows (record_commands.cpp).
#pragma once

#include <boost/json/fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"
#include "cli/drafting.h"

namespace circula::cli {

struct RecordKind {
  std::string_view path;  // "asset", "certify issue"
  std::string_view summary;
  std::span<const Option> options;
  Result<RecordInput> (*build)(Shell&, Names&, const Arguments&);
  std::string_view example;  // what may stand after the path
  std::string_view details = {};
};

[[nodiscard]] std::span<const RecordKind> asset_kinds();
[[nodiscard]] std::span<const RecordKind> member_kinds();
[[nodiscard]] std::span<const RecordKind> deal_kinds();
[[nodiscard]] std::span<const RecordKind> market_kinds();
[[nodiscard]] std::span<const RecordKind> trade_kinds();
[[nodiscard]] std::span<const RecordKind> money_kinds();

// {"suite": 1, "digest": hex} of a file, as bodies carry it.
[[nodiscard]] Result<boost::json::object> plain_digest_json(const std::string& path);
// The same of a file, or of the text itself when no file is called so: references of banks, accounts and
// endpoints. Notes which of the two it was.
[[nodiscard]] Result<boost::json::object> reference_json(Shell& shell, const std::string& file_or_text);
// A record whose body is one operation.
[[nodiscard]] RecordInput operation_of(std::uint32_t type, std::string_view operation,
                                       boost::json::object body, std::vector<std::string> author_usages);
// A body out of a JSON file, with @names replaced.
[[nodiscard]] Result<boost::json::object> body_from_file(const std::string& path, Names& names);
// "@a=600000": the oid, and the ppm.
struct NamedShare {
  std::string oid;
  std::uint64_t ppm = 0;
};
[[nodiscard]] Result<std::vector<NamedShare>> parse_shares(const std::vector<std::string>& texts,
                                                           Names& names, std::string_view option);
// [{"oid", "ppm"}], ascending by oid.
[[nodiscard]] boost::json::array holders_json(const std::vector<NamedShare>& shares);
// "holding" of H, h or holding; and so on.
[[nodiscard]] Result<std::string> right_name(const std::string& text);

}  // namespace circula::cli
