#include "cli/text_view.h"

#include <boost/json.hpp>

namespace circula::cli {
namespace {

bool is_plain(const boost::json::value& value) {
  if (const auto* object = value.if_object()) return object->empty();
  if (const auto* array = value.if_array()) {
    for (const auto& item : *array) {
      if (item.is_object() || item.is_array()) return false;
    }
  }
  return true;
}

std::string plain(const boost::json::value& value) {
  if (value.is_string()) return std::string(value.get_string());
  if (const auto* array = value.if_array()) {
    std::string text;
    for (const auto& item : *array) text += (text.empty() ? "" : ", ") + plain(item);
    return text.empty() ? "none" : text;
  }
  if (value.is_object()) return "none";
  return boost::json::serialize(value);
}

}  // namespace

std::string text_view(const boost::json::value& value, std::size_t indent) {
  const std::string margin(indent, ' ');
  if (is_plain(value)) return margin + plain(value) + "\n";
  std::string text;
  if (const auto* array = value.if_array()) {
    for (std::size_t at = 0; at < array->size(); ++at) {
      const auto& item = (*array)[at];
      text += margin + "[" + std::to_string(at) + "]";
      text += is_plain(item) ? " " + plain(item) + "\n" : "\n" + text_view(item, indent + 2);
    }
    return text;
  }
  for (const auto& [key, item] : value.get_object()) {
    text += margin + std::string(key);
    text += is_plain(item) ? ": " + plain(item) + "\n" : "\n" + text_view(item, indent + 2);
  }
  return text;
}

}  // namespace circula::cli
