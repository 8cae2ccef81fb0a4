#include "cli/program.h"

#include <boost/json.hpp>

#include "cli/command_line.h"
#include "cli/help.h"

namespace circula::cli {
namespace {

bool is_utf8_locale(const Environment& environment) {
  for (const char* variable : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string value = environment(variable).value_or("");
    if (value.empty()) continue;
    return value.find("UTF-8") != std::string::npos || value.find("utf8") != std::string::npos;
  }
  return false;
}

Result<TerminalStyle> style_of(const Arguments& globals, const Streams& streams,
                               const Environment& environment) {
  TerminalStyle style;
  const std::string when = globals.text("color", "auto");
  if (when != "auto" && when != "always" && when != "never") {
    return error(Code::E_USAGE, "--color is auto, always or never, not \"" + when + "\"");
  }
  const bool plain =
      !environment("NO_COLOR").value_or("").empty() || environment("TERM").value_or("") == "dumb";
  style.colour_out = when == "always" || (when == "auto" && streams.out_is_terminal && !plain);
  style.colour_err = when == "always" || (when == "auto" && streams.err_is_terminal && !plain);
  style.ascii = globals.has("ascii") || !is_utf8_locale(environment);
  style.quiet = globals.has("quiet");
  style.yes = globals.has("yes");
  return style;
}

int report(const Error& problem, std::string_view command, bool json, Language language, Terminal& terminal) {
  if (json) {
    terminal.complain(boost::json::serialize(problem_json(problem, command, language)) + "\n");
  } else {
    terminal.complain(problem_text(problem, command, language, terminal));
  }
  return exit_code(problem.code);
}

std::string help_of(const Invocation& invocation) {
  if (invocation.command != nullptr) return command_help(*invocation.command);
  return invocation.group.empty() ? program_help() : group_help(invocation.group);
}

bool takes_output_itself(const Command& command) {
  for (const Option& option : command.options) {
    if (long_name(option) == "--output") return true;
  }
  return false;
}

}  // namespace

int run_program(const std::vector<std::string>& words, Streams streams, const Environment& environment) {
  Terminal terminal(streams);
  const std::string command = command_path(words);
  auto invocation = parse_command_line(words);
  if (!invocation) {
    return report(invocation.error(), command, has_flag(words, "--json"), Language::kEnglish, terminal);
  }
  const Arguments& arguments = invocation->arguments;
  Shell shell(terminal, environment, arguments);
  auto style = style_of(arguments, streams, environment);
  if (!style) return report(style.error(), command, shell.json(), shell.language(), terminal);
  terminal.set_style(*style);
  if (invocation->help) {
    terminal.print(help_of(*invocation));
    return 0;
  }
  if (!takes_output_itself(*invocation->command)) terminal.set_output_file(arguments.text("output"));
  auto done = invocation->command->run(shell, arguments);
  // What was found before an error is kept: the steps of a verification say why it failed.
  auto finished = terminal.finish();
  if (!done) return report(done.error(), command, shell.json(), shell.language(), terminal);
  if (!finished) return report(finished.error(), command, shell.json(), shell.language(), terminal);
  return *done;
}

}  // namespace circula::cli
