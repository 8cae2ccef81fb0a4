#include "cli/help.h"

#include <algorithm>
#include <map>

#include "cli/command_line.h"

namespace circula::cli {
namespace {

constexpr std::size_t kColumn = 30;

// "  left                 right", the left one padded, or on a line of its own when it is long.
std::string row(std::string_view left, std::string_view right) {
  std::string line = "  " + std::string(left);
  if (line.size() + 2 > kColumn) {
    line += "\n" + std::string(kColumn, ' ');
  } else {
    line.resize(kColumn, ' ');
  }
  return line + std::string(right) + "\n";
}

std::string option_rows(std::span<const Option> options) {
  std::string text;
  for (const Option& option : options) {
    std::string left(option.name);
    if (const auto comma = left.find(','); comma != std::string::npos) left.insert(comma + 1, " ");
    if (!option.value.empty()) left += " " + std::string(option.value);
    std::string right(option.help);
    if (option.required && !is_positional(option)) right += " (needed)";
    text += row(left, right);
  }
  return text;
}

std::string usage(const Command& command) {
  std::string line = "circula " + std::string(command.path);
  for (const Option& option : command.options) {
    if (!is_positional(option)) continue;
    const std::string name = std::string(option.name) + (option.take == Take::kList ? "..." : "");
    line += option.required ? " " + name : " [" + name + "]";
  }
  const bool has_options = std::any_of(command.options.begin(), command.options.end(),
                                       [](const Option& option) { return !is_positional(option); });
  return line + (has_options ? " [options]" : "");
}

std::string command_rows(std::string_view group) {
  std::string text;
  for (const Command& command : all_commands()) {
    if (group.empty() || command.path == group ||
        (command.path.starts_with(group) && command.path[group.size()] == ' ')) {
      text += row(command.path, command.summary);
    }
  }
  return text;
}

const Command* find_word(std::string_view word) {
  for (const Command& command : all_commands()) {
    if (command.path == word) return &command;
  }
  return nullptr;
}

// One row for each first word, in the order of the commands; a group's row names what it holds.
std::string first_words() {
  constexpr std::size_t kNamesMax = 60;  // characters, so that a row fits most screens
  constexpr std::string_view kMore = ", ...";
  std::vector<std::string_view> order;
  std::map<std::string_view, std::string> texts;
  for (const Command& command : all_commands()) {
    const auto space = command.path.find(' ');
    const std::string_view word = command.path.substr(0, space);
    const auto [place, is_new] = texts.try_emplace(word);
    if (is_new) order.push_back(word);
    std::string& text = place->second;
    if (space == std::string_view::npos) {
      text = command.summary;
    } else if (find_word(word) == nullptr) {
      const std::string_view rest = command.path.substr(space + 1);
      const std::string name(rest.substr(0, rest.find(' ')));
      const bool known = (", " + text + ", ").find(", " + name + ", ") != std::string::npos;
      if (known || text.ends_with(kMore)) continue;
      text += text.empty() ? name : text.size() <= kNamesMax ? ", " + name : std::string(kMore);
    }
  }
  std::string rows;
  for (const std::string_view word : order) rows += row(word, texts[word]);
  return rows;
}

}  // namespace

std::string program_help() {
  return "Circula: a ledger of who holds which right to which data, and how its income is shared.\n\n"
         "Usage: circula COMMAND [arguments] [options]\n\nCommands; `circula COMMAND --help` says more and "
         "gives an "
         "example\n" +
         first_words() + "\nOptions of all commands\n" + option_rows(global_options()) +
         "\nExit codes: 0 done, 1 failed, 2 usage, 3 not found, 4 refused by a rule, 5 not authorised,\n"
         "6 unavailable and safe to repeat, 7 not verified, 8 audit findings, 9 local environment,\n"
         "130 interrupted.\n";
}

std::string group_help(std::string_view group) {
  return "Usage: circula " + std::string(group) + " COMMAND\n\nCommands\n" + command_rows(group);
}

std::string command_help(const Command& command) {
  std::string text = std::string(command.summary) + "\n\nUsage: " + usage(command) + "\n";
  if (!command.options.empty()) text += "\nArguments and options\n" + option_rows(command.options);
  text += "\nExample\n  circula " + std::string(command.path) + " " + std::string(command.example) + "\n";
  if (!command.details.empty()) text += "\n" + std::string(command.details) + "\n";
  return text + "\nOptions of all commands: circula --help\n";
}

std::string bash_completion() {
  // For each path the words that may follow.
  std::map<std::string, std::string> words;
  std::string globals;
  for (const Option& option : global_options()) globals += std::string(long_name(option)) + " ";
  for (const Command& command : all_commands()) {
    std::string path(command.path);
    for (const Option& option : command.options) {
      if (!is_positional(option)) words[path] += std::string(long_name(option)) + " ";
    }
    words[path] += globals;
    while (!path.empty()) {
      const auto space = path.find_last_of(' ');
      const std::string parent = space == std::string::npos ? "" : path.substr(0, space);
      const std::string name = space == std::string::npos ? path : path.substr(space + 1);
      std::string& list = words[parent];
      if ((" " + list).find(" " + name + " ") == std::string::npos) list += name + " ";
      path = parent;
    }
  }
  std::string text =
      "_circula() {\n  local path=\"\" word at\n  for ((at = 1; at < COMP_CWORD; at++)); do\n"
      "    word=\"${COMP_WORDS[at]}\"\n    [[ \"$word\" == -* ]] || path=\"${path:+$path }$word\"\n  done\n"
      "  local words=\"\"\n  case \"$path\" in\n";
  for (auto place = words.rbegin(); place != words.rend(); ++place) {  // longer paths first
    text += "    \"" + place->first + "\"" + (place->first.empty() ? "" : "*") + ") words=\"" +
            place->second + "\" ;;\n";
  }
  return text +
         "  esac\n  COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
         "  [[ ${#COMPREPLY[@]} -gt 0 ]] || COMPREPLY=($(compgen -f -- \"${COMP_WORDS[COMP_CWORD]}\"))\n}\n"
         "complete -F _circula circula\n";
}

}  // namespace circula::cli
