#include "cli/command_line.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <deque>
#include <set>

#include "ledger/nearest_name.h"

namespace circula::cli {
namespace {

bool is_option(std::string_view word) { return word.size() > 1 && word.front() == '-'; }

// Whether one of the option's names is this word.
bool has_name(const Option& option, std::string_view word) {
  std::string_view rest = option.name;
  while (true) {
    const auto comma = rest.find(',');
    if (rest.substr(0, comma) == word) return true;
    if (comma == std::string_view::npos) return false;
    rest.remove_prefix(comma + 1);
  }
}

const Option* find_option(std::span<const Option> options, std::string_view word) {
  const auto found = std::find_if(options.begin(), options.end(),
                                  [&](const Option& option) { return has_name(option, word); });
  return found == options.end() ? nullptr : &*found;
}

bool begins_command(std::string_view path) {
  return std::any_of(all_commands().begin(), all_commands().end(), [&](const Command& command) {
    return command.path == path || (command.path.starts_with(path) && command.path[path.size()] == ' ');
  });
}

const Command* find_command(std::string_view path) {
  const auto found = std::find_if(all_commands().begin(), all_commands().end(),
                                  [&](const Command& command) { return command.path == path; });
  return found == all_commands().end() ? nullptr : &*found;
}

// The names that may follow a group's path.
std::vector<std::string> names_below(const std::string& path) {
  std::set<std::string> names;
  const std::string prefix = path.empty() ? "" : path + " ";
  for (const Command& command : all_commands()) {
    if (!command.path.starts_with(prefix)) continue;
    const std::string_view rest = command.path.substr(prefix.size());
    names.insert(std::string(rest.substr(0, rest.find(' '))));
  }
  return {names.begin(), names.end()};
}

struct Split {
  std::string path;
  std::vector<std::string> rest;  // all other words, in order
};

// Takes the words that name the command out of the others. Words after the path's end stay arguments.
Result<Split> split_path(const std::vector<std::string>& words) {
  Split split;
  bool path_ended = false;
  for (std::size_t at = 0; at < words.size(); ++at) {
    const std::string& word = words[at];
    if (word == "--") path_ended = true;
    if (!path_ended && is_option(word)) {
      split.rest.push_back(word);
      const Option* option = find_option(global_options(), word);
      if (option == nullptr) {
        path_ended = find_command(split.path) != nullptr;
      } else if (option->take != Take::kFlag && at + 1 < words.size()) {
        split.rest.push_back(words[++at]);
      }
      continue;
    }
    const std::string longer = split.path.empty() ? word : split.path + " " + word;
    if (!path_ended && begins_command(longer)) {
      split.path = longer;
      continue;
    }
    if (!path_ended && find_command(split.path) == nullptr) {
      const auto names = names_below(split.path);
      return error(Code::E_USAGE,
                   "there is no command \"circula " + longer + "\"" + ledger::nearest_name_hint(word, names));
    }
    path_ended = true;
    split.rest.push_back(word);
  }
  return split;
}

Error unknown_option(const Command& command, const std::string& word) {
  std::vector<std::string> names;
  for (const auto options : {command.options, global_options()}) {
    for (const Option& option : options) {
      if (!is_positional(option)) names.emplace_back(long_name(option));
    }
  }
  return error(Code::E_USAGE, "circula " + std::string(command.path) + " has no option \"" + word + "\"" +
                                  ledger::nearest_name_hint(word, names));
}

// The place of one option's values while CLI11 parses; a deque keeps them where they are.
struct Slot {
  const Option* option;
  std::vector<std::string> values;  // of a list
  std::string value;                // of an option that takes one
  bool flag = false;
  CLI::Option* parsed = nullptr;
};

void add_options(CLI::App& app, std::span<const Option> options, std::deque<Slot>& slots) {
  for (const Option& option : options) {
    // A command's own option stands before the global one of the same name.
    const bool shadowed = std::any_of(slots.begin(), slots.end(), [&](const Slot& slot) {
      return long_name(*slot.option) == long_name(option);
    });
    if (shadowed) continue;
    Slot& slot = slots.emplace_back(Slot{&option, {}, {}, false, nullptr});
    const std::string name(option.name);
    if (option.take == Take::kFlag) {
      slot.parsed = app.add_flag(name, slot.flag);
    } else if (option.take == Take::kValue) {
      slot.parsed = app.add_option(name, slot.value);
    } else {
      slot.parsed = app.add_option(name, slot.values);
      if (is_positional(option)) {
        slot.parsed->expected(option.required ? 1 : 0, -1);
      } else {
        slot.parsed->delimiter(',')
            ->expected(1)
            ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
            ->allow_extra_args(false);
      }
    }
    if (option.required) slot.parsed->required();
  }
}

Result<Arguments> parse_options(const Command& command, std::vector<std::string> words) {
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  std::deque<Slot> slots;
  add_options(app, command.options, slots);
  add_options(app, global_options(), slots);
  std::reverse(words.begin(), words.end());  // CLI11 takes them from the back
  try {
    app.parse(std::move(words));
  } catch (const CLI::ParseError& refused) {
    return error(Code::E_USAGE, std::string("circula ") + std::string(command.path) + ": " + refused.what());
  }
  for (const std::string& word : app.remaining()) {
    if (word == "--") continue;
    if (is_option(word)) return unknown_option(command, word);
    return error(Code::E_USAGE,
                 "circula " + std::string(command.path) + ": \"" + word + "\" is one argument too many");
  }
  Arguments arguments;
  for (Slot& slot : slots) {
    if (slot.parsed->count() == 0) continue;
    std::string_view name = long_name(*slot.option);
    if (!is_positional(*slot.option)) name.remove_prefix(2);
    if (slot.option->take == Take::kValue) slot.values = {slot.value};
    arguments.set(std::string(name), std::move(slot.values));
  }
  return arguments;
}

}  // namespace

std::string_view long_name(const Option& option) {
  const auto comma = option.name.find(',');
  return comma == std::string_view::npos ? option.name : option.name.substr(comma + 1);
}

bool is_positional(const Option& option) { return option.name.front() != '-'; }

std::string command_path(const std::vector<std::string>& words) {
  std::string path;
  for (std::size_t at = 0; at < words.size(); ++at) {
    const std::string& word = words[at];
    if (word == "--") break;
    if (is_option(word)) {
      const Option* option = find_option(global_options(), word);
      if (option == nullptr) break;
      if (option->take != Take::kFlag) ++at;
      continue;
    }
    const std::string longer = path.empty() ? word : path + " " + word;
    if (!begins_command(longer)) break;
    path = longer;
  }
  return path;
}

bool has_flag(const std::vector<std::string>& words, std::string_view long_name) {
  for (const std::string& word : words) {
    if (word == "--") return false;
    if (word == long_name) return true;
  }
  return false;
}

Result<Invocation> parse_command_line(const std::vector<std::string>& given) {
  std::vector<std::string> words = given;
  if (!words.empty() && words.front() == "help") {  // `circula help sign` is `circula sign --help`
    words.erase(words.begin());
    words.emplace_back("--help");
  }
  auto split = split_path(words);
  if (!split) return split.error();
  Invocation invocation;
  invocation.command = find_command(split->path);
  invocation.group = split->path;
  invocation.help = has_flag(words, "--help") || has_flag(words, "-h");
  if (invocation.help) return invocation;
  if (invocation.command == nullptr) {
    if (split->path.empty() && split->rest.empty()) {
      invocation.help = true;
      return invocation;
    }
    return error(Code::E_USAGE, "a command is missing after \"circula" +
                                    (split->path.empty() ? "" : " " + split->path) + "\"");
  }
  auto arguments = parse_options(*invocation.command, std::move(split->rest));
  if (!arguments) return arguments.error();
  invocation.arguments = std::move(*arguments);
  return invocation;
}

}  // namespace circula::cli
