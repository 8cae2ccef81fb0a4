// context list|use|show|add|set: whose keys act and which node is asked (cli/home.h).
#include <boost/json.hpp>

#include "cli/command.h"
#include "cli/local_file.h"
#include "cli/shell.h"

namespace circula::cli {
namespace {

boost::json::object settings_json(const Home& home) {
  const Settings& settings = home.settings;
  return {{"context", home.context},     {"home", home.directory},
          {"name", settings.name},       {"oid", settings.oid},
          {"url", settings.url},         {"chain_id", settings.chain_id},
          {"origin", settings.origin},   {"clock", settings.clock},
          {"profile", settings.profile}, {"policy", home.resolve(settings.policy)}};
}

Result<int> show(Shell& shell, const Arguments&) {
  auto home = shell.home();
  if (!home) return home.error();
  auto object = settings_json(*home);
  std::string text;
  for (const auto& [key, value] : object) {
    std::string line(key);
    line.resize(10, ' ');
    const auto& shown = value.get_string();
    text += line + (shown.empty() ? "-" : std::string(shown)) + "\n";
  }
  shell.answer("context", std::move(object), text);
  return 0;
}

Result<int> list(Shell& shell, const Arguments&) {
  auto contexts = read_contexts(shell.base_directory());
  if (!contexts) return contexts.error();
  boost::json::array rows;
  std::string text;
  for (std::size_t at = 0; at < contexts->entries.size(); ++at) {
    const ContextEntry& entry = contexts->entries[at];
    const bool current = contexts->current == at;
    rows.push_back(
        boost::json::object{{"name", entry.display()}, {"home", entry.home}, {"current", current}});
    text += std::string(current ? "* " : "  ") + entry.display() + "  " + entry.home + "\n";
  }
  if (text.empty()) text = "no contexts: the home is " + shell.base_directory() + "\n";
  shell.answer("contexts", {{"contexts", std::move(rows)}}, text);
  return 0;
}

Result<int> use(Shell& shell, const Arguments& arguments) {
  auto contexts = read_contexts(shell.base_directory());
  if (!contexts) return contexts.error();
  auto found = contexts->find(arguments.text("NAME"));
  if (!found) return found.error();
  contexts->current = *found;
  if (auto written = write_contexts(shell.base_directory(), *contexts); !written) return written.error();
  const ContextEntry& entry = contexts->entries[*found];
  shell.answer("context_used", {{"context", entry.display()}, {"home", entry.home}},
               "context " + entry.display() + " selected\n");
  return 0;
}

Result<int> add(Shell& shell, const Arguments& arguments) {
  auto contexts = read_contexts(shell.base_directory());
  if (!contexts) return contexts.error();
  auto directory = absolute_path(arguments.text("DIR"));
  if (!directory) return directory.error();
  ContextEntry entry{"", arguments.text("NAME"), *directory};
  for (const ContextEntry& known : contexts->entries) {
    if (known.display() == entry.name) {
      return error(Code::E_USAGE, "there is a context " + entry.name + " already: " + known.home);
    }
  }
  contexts->entries.push_back(entry);
  contexts->current = contexts->entries.size() - 1;
  if (auto written = write_contexts(shell.base_directory(), *contexts); !written) return written.error();
  shell.answer("context_added", {{"context", entry.name}, {"home", entry.home}},
               "context " + entry.name + " saved and selected\n");
  return 0;
}

Result<int> set(Shell& shell, const Arguments& arguments) {
  auto home = shell.home();
  if (!home) return home.error();
  Settings settings = home->settings;
  for (const auto& [option, field] :
       {std::pair("node", &settings.url), std::pair("trust", &settings.policy),
        std::pair("chain", &settings.chain_id), std::pair("oid", &settings.oid),
        std::pair("name", &settings.name), std::pair("clock", &settings.clock)}) {
    if (arguments.has(option)) *field = arguments.text(option);
  }
  if (auto written = write_settings(home->directory, settings); !written) return written.error();
  home->settings = settings;
  shell.answer("context", settings_json(*home), "saved in " + home->path("settings.json") + "\n");
  return 0;
}

constexpr Option kUseOptions[] = {{"NAME", "", "Name of the context", Take::kValue, true}};
constexpr Option kAddOptions[] = {{"NAME", "", "Name of the context", Take::kValue, true},
                                  {"DIR", "", "The home that it stands for", Take::kValue, true}};
constexpr Option kSetOptions[] = {
    {"--node", "URL", "The node to ask, such as http://127.0.0.1:8401"},
    {"--trust", "FILE", "Trust policy, a path from the home"},
    {"--chain", "HEX", "Chain id, 64 hex characters"},
    {"--oid", "OID", "Code of the organisation"},
    {"--name", "NAME", "Name of the organisation"},
    {"--clock", "CLOCK", "wall or scripted"},
};

const Command kCommands[] = {
    {"context show", "The context in use: home, node, chain, organisation", {}, &show, "--ctx regulator"},
    {"context list", "All contexts", {}, &list, "--home D/cli"},
    {"context use", "Select a context", kUseOptions, &use, "D/regulator"},
    {"context add", "Name a home and select it", kAddOptions, &add, "vendor homes/vendor"},
    {"context set", "Change the settings of the home in use", kSetOptions, &set,
     "--node http://127.0.0.1:8401 --chain HEX --trust policy.txt"},
};

}  // namespace

std::span<const Command> context_commands() { return kCommands; }

}  // namespace circula::cli
