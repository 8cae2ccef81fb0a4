#include "cli/home.h"

#include <boost/json.hpp>

#include "cli/local_file.h"
#include "ledger/nearest_name.h"

namespace circula::cli {
namespace {

using ledger::Code;
using ledger::error;
using ledger::Result;

constexpr std::string_view kContextsFile = "contexts.json";
constexpr std::string_view kSettingsFile = "settings.json";

std::string text_of(const boost::json::object& object, std::string_view key) {
  const boost::json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string{};
}

Result<boost::json::object> read_object(const std::string& path) {
  auto value = read_json(path);
  if (!value) return value.error();
  if (!value->is_object()) return error(Code::E_FORMAT, path + ": an object is expected");
  return std::move(value->get_object());
}

std::string last_part(std::string_view path) {
  const auto slash = path.find_last_of('/');
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

}  // namespace

std::string ContextEntry::display() const { return cluster.empty() ? name : last_part(cluster) + "/" + name; }

Result<std::size_t> Contexts::find(std::string_view wanted) const {
  const std::string cluster = current ? entries[*current].cluster : std::string{};
  std::optional<std::size_t> by_name;
  std::vector<std::string> names;
  for (std::size_t at = 0; at < entries.size(); ++at) {
    const ContextEntry& entry = entries[at];
    if (entry.display() == wanted || (entry.name == wanted && entry.cluster == cluster)) return at;
    if (entry.name == wanted) by_name = at;
    names.push_back(entry.name);
    names.push_back(entry.display());
  }
  if (by_name) return *by_name;
  return error(Code::E_NOT_FOUND,
               "no context \"" + std::string(wanted) + "\"" + ledger::nearest_name_hint(wanted, names));
}

Result<Contexts> read_contexts(const std::string& directory) {
  Contexts contexts;
  const std::string path = directory + "/" + std::string(kContextsFile);
  if (!exists(path)) return contexts;
  auto object = read_object(path);
  if (!object) return object.error();
  const boost::json::value* list = object->if_contains("contexts");
  if (list == nullptr || !list->is_array())
    return error(Code::E_FORMAT, path + ": \"contexts\" is a list", "contexts");
  for (const boost::json::value& item : list->get_array()) {
    if (!item.is_object()) return error(Code::E_FORMAT, path + ": a context is an object", "contexts");
    const auto& entry = item.get_object();
    contexts.entries.push_back({text_of(entry, "cluster"), text_of(entry, "name"), text_of(entry, "home")});
  }
  if (const auto* current = object->if_contains("current"); current != nullptr && current->is_int64()) {
    const auto at = static_cast<std::size_t>(current->get_int64());
    if (at < contexts.entries.size()) contexts.current = at;
  }
  return contexts;
}

Result<void> write_contexts(const std::string& directory, const Contexts& contexts) {
  boost::json::array list;
  for (const ContextEntry& entry : contexts.entries) {
    list.push_back(
        boost::json::object{{"cluster", entry.cluster}, {"name", entry.name}, {"home", entry.home}});
  }
  boost::json::object object;
  if (contexts.current) object["current"] = static_cast<std::int64_t>(*contexts.current);
  object["contexts"] = std::move(list);
  return write_text(directory + "/" + std::string(kContextsFile), pretty(object));
}

std::string Home::resolve(const std::string& path_in_settings) const {
  return path_in_settings.empty() || path_in_settings.front() == '/' ? path_in_settings
                                                                     : path(path_in_settings);
}

Result<Home> open_home(const std::string& directory, std::string_view context) {
  Home home;
  home.directory = directory;
  auto contexts = read_contexts(directory);
  if (!contexts) return contexts.error();
  std::optional<std::size_t> chosen = contexts->current;
  if (!context.empty()) {
    auto found = contexts->find(context);
    if (!found) return found.error();
    chosen = *found;
  }
  if (chosen) {
    home.directory = contexts->entries[*chosen].home;
    home.context = contexts->entries[*chosen].display();
  }
  const std::string path = home.path(kSettingsFile);
  if (!exists(path)) return home;
  auto object = read_object(path);
  if (!object) return object.error();
  home.has_settings = true;
  Settings& settings = home.settings;
  for (const auto& [key, field] :
       {std::pair("name", &settings.name), std::pair("oid", &settings.oid), std::pair("url", &settings.url),
        std::pair("operator_url", &settings.operator_url), std::pair("chain_id", &settings.chain_id),
        std::pair("origin", &settings.origin), std::pair("clock", &settings.clock),
        std::pair("profile", &settings.profile), std::pair("policy", &settings.policy),
        std::pair("genesis", &settings.genesis)}) {
    *field = text_of(*object, key);
  }
  if (const auto* kinds = object->if_contains("kinds"); kinds != nullptr && kinds->is_array()) {
    for (const boost::json::value& kind : kinds->get_array()) {
      if (kind.is_string()) settings.kinds.emplace_back(kind.get_string());
    }
  }
  return home;
}

Result<void> write_settings(const std::string& home, const Settings& settings) {
  boost::json::object object{{"name", settings.name},         {"oid", settings.oid},
                             {"url", settings.url},           {"operator_url", settings.operator_url},
                             {"chain_id", settings.chain_id}, {"origin", settings.origin},
                             {"clock", settings.clock},       {"profile", settings.profile},
                             {"policy", settings.policy},     {"genesis", settings.genesis}};
  boost::json::array kinds(settings.kinds.begin(), settings.kinds.end());
  object["kinds"] = std::move(kinds);
  return write_text(home + "/" + std::string(kSettingsFile), pretty(object));
}

}  // namespace circula::cli
