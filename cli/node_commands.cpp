// node run, config check: a node as a process and its configuration.
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

const Command kCommands[] = {
    {"node run", "Run a node until it is told to stop", kRunOptions, run},
};

}  // namespace

std::span<const Command> node_commands() { return kCommands; }

}  // namespace circula::cli
