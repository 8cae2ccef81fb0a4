// Help, made from the rows of the commands.
#pragma once

#include <string>
#include <string_view>

#include "cli/command.h"

namespace circula::cli {

[[nodiscard]] std::string program_help();
[[nodiscard]] std::string group_help(std::string_view group);
[[nodiscard]] std::string command_help(const Command& command);

// Shell completion for bash.
[[nodiscard]] std::string bash_completion();

}  // namespace circula::cli
