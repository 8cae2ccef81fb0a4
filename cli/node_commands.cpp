// node run, config check: a node as a process and its configuration.
#include <boost/json.hpp>

#include "cli/command.h"
#include "cli/shell.h"
#include "node/config.h"
#include "node/run_node.h"

namespace circula::cli {
namespace {

constexpr Option kRunOptions[] = {
    {"--config", "FILE", "The node's configuration, TOML", Take::kValue, true},
};

Result<int> run(Shell&, const Arguments& arguments) {
  return node::run_node(arguments.text("config"), CIRCULA_VERSION);
}

// Checks the file whole and shows every key with its meaning.
Result<int> check(Shell& shell, const Arguments& arguments) {
  const std::string path = arguments.text("FILE");
  auto config = node::read_config(path);
  if (!config) return config.error();
  boost::json::array keys;
  std::string text;
  for (const node::ConfigKey& key : node::config_keys()) {
    keys.push_back(boost::json::object{{"name", std::string(key.name)},
                                       {"kind", std::string(key.kind)},
                                       {"default", std::string(key.fallback)},
                                       {"meaning", std::string(key.meaning)}});
    std::string name(key.name);
    constexpr std::size_t kNameColumn = 22;
    if (name.size() < kNameColumn) name.resize(kNameColumn, ' ');
    text += "  " + name + std::string(key.kind) +
            (key.fallback.empty() ? "" : ", " + std::string(key.fallback)) + ": " + std::string(key.meaning) +
            "\n";
  }
  shell.answer("config",
               {{"file", path}, {"node_id", config->node_id}, {"valid", true}, {"keys", std::move(keys)}},
               shell.terminal().good() + " " + path + " is valid: node " + std::to_string(config->node_id) +
                   "\nkeys and defaults\n" + text);
  return 0;
}

constexpr Option kCheckOptions[] = {{"FILE", "", "The node's configuration, TOML", Take::kValue, true}};

const Command kCommands[] = {
    {"config check", "Is a node's configuration valid? Also lists all keys", kCheckOptions, check,
     "D/1/node.toml"},
    {"node run", "Run a node until it is told to stop", kRunOptions, run, "--config D/1/node.toml"},
};

}  // namespace

std::span<const Command> node_commands() { return kCommands; }

}  // namespace circula::cli
