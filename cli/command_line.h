// From words to a command and its arguments.
//
// The path of the command is found first, so that its name may stand anywhere among the global options; what
// remains is parsed against the options of that one command and the global ones. A word that fits nothing is
// E_USAGE with the nearest name.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace circula::cli {

struct Invocation {
  const Command* command = nullptr;  // none: the program's own help was asked for
  std::string group;                 // a group's help was asked for: "draft"
  Arguments arguments;
  bool help = false;
};

// `words` without the program's name.
[[nodiscard]] Result<Invocation> parse_command_line(const std::vector<std::string>& words);

// Whether a global flag stands among the words, also when the rest does not parse: errors are written in
// the form that was asked for.
[[nodiscard]] bool has_flag(const std::vector<std::string>& words, std::string_view long_name);

// The words that name a command, or a group, as far as there is one: "draft transfer".
[[nodiscard]] std::string command_path(const std::vector<std::string>& words);

// "--output" of "-o,--output"; a positional's name as it is.
[[nodiscard]] std::string_view long_name(const Option& option);
[[nodiscard]] bool is_positional(const Option& option);

}  // namespace circula::cli
