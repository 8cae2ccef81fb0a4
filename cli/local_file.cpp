#include "cli/local_file.h"

#include <boost/json.hpp>
#include <filesystem>

#include "ledger/durable_file.h"
#include "ledger/json_text.h"

namespace circula::cli {
namespace {

using ledger::Code;
using ledger::error;
using ledger::system_disk;

void print_value(std::string& out, const boost::json::value& value, std::size_t indent) {
  const std::string inner(indent + 2, ' ');
  const std::string outer(indent, ' ');
  if (const auto* object = value.if_object(); object != nullptr && !object->empty()) {
    out += "{";
    const char* before = "\n";
    for (const auto& [key, item] : *object) {
      out += before + inner + boost::json::serialize(key) + ": ";
      print_value(out, item, indent + 2);
      before = ",\n";
    }
    out += "\n" + outer + "}";
  } else if (const auto* array = value.if_array(); array != nullptr && !array->empty()) {
    out += "[";
    const char* before = "\n";
    for (const boost::json::value& item : *array) {
      out += before + inner;
      print_value(out, item, indent + 2);
      before = ",\n";
    }
    out += "\n" + outer + "]";
  } else {
    out += boost::json::serialize(value);
  }
}

}  // namespace

bool exists(const std::string& path) { return ledger::file_exists(system_disk(), path); }

ledger::Result<std::string> read_text(const std::string& path, std::size_t bytes_max) {
  auto content = ledger::read_file(system_disk(), path, bytes_max);
  if (!content) return error(Code::E_FILE, content.error().detail);
  return std::string(crypto::as_text(*content));
}

ledger::Result<void> write_text(const std::string& path, std::string_view text) {
  auto made = ledger::create_directory(system_disk(), ledger::parent_directory(path));
  if (made) made = ledger::write_file_durably(system_disk(), path, crypto::as_bytes(text));
  if (!made) return error(Code::E_FILE, made.error().detail);
  return {};
}

ledger::Result<boost::json::value> read_json(const std::string& path) {
  auto text = read_text(path);
  if (!text) return text.error();
  auto value = ledger::parse_json(*text);
  if (!value) return error(Code::E_FORMAT, path + ": " + value.error().detail, value.error().field);
  return value;
}

ledger::Result<std::string> absolute_path(const std::string& path) {
  std::error_code failed;
  const std::filesystem::path absolute = std::filesystem::absolute(path, failed);
  if (failed) return error(Code::E_FILE, path + ": " + failed.message());
  std::string text = absolute.lexically_normal().string();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

std::string pretty(const boost::json::value& value) {
  std::string out;
  print_value(out, value, 0);
  return out + "\n";
}

}  // namespace circula::cli
