#include "ledger/json_text.h"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/parse.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace circula::ledger {
namespace {

namespace json = boost::json;

// Deeper than any document of ours; bounds the parser's stack against hostile files.
constexpr std::size_t kDepthMax = 32;

// Follows the text and remembers the keys of the objects that are open. Makes no values.
struct KeyWatch {
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) {
    open.emplace_back();
    return true;
  }
  bool on_object_end(std::size_t, json::error_code&) {
    open.pop_back();
    return true;
  }
  bool on_array_begin(json::error_code&) { return true; }
  bool on_array_end(std::size_t, json::error_code&) { return true; }
  bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
    key.append(part.data(), part.size());
    return true;
  }
  bool on_key(json::string_view part, std::size_t, json::error_code& failed) {
    key.append(part.data(), part.size());
    if (!open.back().insert(key).second) {
      twice = key;
      failed = json::error::syntax;
      return false;
    }
    key.clear();
    return true;
  }
  bool on_string_part(json::string_view, std::size_t, json::error_code&) { return true; }
  bool on_string(json::string_view, std::size_t, json::error_code&) { return true; }
  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(std::int64_t, json::string_view, json::error_code&) { return true; }
  bool on_uint64(std::uint64_t, json::string_view, json::error_code&) { return true; }
  bool on_double(double, json::string_view, json::error_code&) { return true; }
  bool on_bool(bool, json::error_code&) { return true; }
  bool on_null(json::error_code&) { return true; }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

  std::vector<std::set<std::string>> open;
  std::string key;                   // as far as it was read
  std::optional<std::string> twice;  // the key that stands twice
};

std::string place_of(std::string_view before) {
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  return "line " + std::to_string(lines + 1) + ", column " + std::to_string(before.size() - line_start + 1);
}

}  // namespace

Result<json::value> parse_json(std::string_view text) {
  json::parse_options options;
  options.max_depth = kDepthMax;
  json::basic_parser<KeyWatch> watch(options);
  json::error_code failed;
  const std::size_t read = watch.write_some(false, text.data(), text.size(), failed);
  if (!failed && read < text.size()) failed = json::error::extra_data;
  if (failed) {
    const std::optional<std::string>& twice = watch.handler().twice;
    const std::string why =
        twice ? "the key \"" + *twice + "\" stands twice in one object" : "no JSON: " + failed.message();
    return error(Code::E_FORMAT, why, place_of(text.substr(0, std::min(read, text.size()))));
  }
  json::value value = json::parse(text, failed, {}, options);
  if (failed) return error(Code::E_FORMAT, "no JSON: " + failed.message());
  return value;
}

}  // namespace circula::ledger
