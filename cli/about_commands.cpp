// version, explain, completion: what the program knows about itself.
#include <boost/json.hpp>

#include "cli/command.h"
#include "cli/help.h"
#include "cli/shell.h"
#include "ledger/genesis.h"
#include "ledger/nearest_name.h"
#include "ledger/outcome_json.h"
#include "ledger/registry.h"

namespace circula::cli {
namespace {

using ledger::OutcomeRow;

std::string row_text(const OutcomeRow& row, Language language) {
  std::string text = std::string(row.name) + " (" + std::to_string(static_cast<unsigned>(row.code)) +
                     "): " + std::string(language == Language::kChinese ? row.chinese : row.english) + "\n";
  text += "  why        " + std::string(row.cause) + "\n";
  text += "  what to do " + std::string(row.remedy) + "\n";
  text += "  decided by " + std::string(ledger::name(row.stage)) +
          (row.stage == ledger::Stage::kExecution ? ": it stands in the log as the record's outcome"
                                                  : ": nothing stands in the log") +
          "\n";
  text +=
      "  again?     " +
      std::string(row.retryable ? "the same bytes may succeed later" : "the same bytes will not succeed") +
      "\n";
  text += "  HTTP " + std::to_string(row.http_status) + ", exit " + std::to_string(row.exit_code) + "\n";
  if (row.reserved()) text += "  reserved   nothing in this version answers it yet\n";
  return text;
}

Result<int> explain(Shell& shell, const Arguments& arguments) {
  if (arguments.has("all")) {
    boost::json::array rows;
    std::string text;
    for (const OutcomeRow& row : ledger::outcome_table()) {
      rows.push_back(ledger::outcome_json(row));
      text += row_text(row, shell.language()) + "\n";
    }
    shell.answer("errors", {{"errors", std::move(rows)}}, text);
    return 0;
  }
  std::string wanted = arguments.text("CODE");
  if (wanted.empty()) return error(Code::E_USAGE, "which code? For example: circula explain E_NO_RIGHT");
  for (char& letter : wanted)
    letter = letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 32) : letter;
  std::vector<std::string> names;
  for (const OutcomeRow& row : ledger::outcome_table()) {
    const std::string name(row.name);
    if (wanted == name || "E_" + wanted == name ||
        wanted == std::to_string(static_cast<unsigned>(row.code))) {
      shell.answer("error", ledger::outcome_json(row), row_text(row, shell.language()));
      return 0;
    }
    names.push_back(name);
  }
  return error(Code::E_NOT_FOUND, "no code \"" + wanted + "\"" + ledger::nearest_name_hint(wanted, names));
}

Result<int> version(Shell& shell, const Arguments&) {
  boost::json::array types;
  std::string listed;
  for (const ledger::Family* family : ledger::families()) {
    for (const ledger::RecordType& type : family->records) {
      types.push_back(boost::json::object{
          {"type", type.number}, {"version", type.version}, {"name", std::string(type.name)}});
      listed += "  " + std::to_string(type.number) + " " + std::string(type.name) + " version " +
                std::to_string(type.version) + "\n";
    }
  }
  shell.answer("version",
               {{"version", CIRCULA_VERSION},
                {"format", ledger::kFormatVersion},
                {"rules", ledger::kRulesVersion},
                {"records", std::move(types)}},
               "circula " CIRCULA_VERSION ", format " + std::to_string(ledger::kFormatVersion) + ", rules " +
                   std::to_string(ledger::kRulesVersion) + "\nrecords\n" + listed);
  return 0;
}

Result<int> completion(Shell& shell, const Arguments&) {
  const std::string script = bash_completion();
  shell.answer("completion", {{"bash", script}}, script);
  return 0;
}

constexpr Option kExplainOptions[] = {
    {"CODE", "", "Name or number: E_NO_RIGHT, no_right, 1101"},
    {"--all", "", "Every code", Take::kFlag},
};

const Command kCommands[] = {
    {"explain", "What a code means, why it happens and what to do", kExplainOptions, &explain, "E_NO_RIGHT"},
    {"completion",
     "Completion for bash: eval \"$(circula completion)\"",
     {},
     &completion,
     "> ~/.local/share/bash-completion/completions/circula"},
    {"version", "Version of the program, of its formats and records", {}, &version, "--json"},
};

}  // namespace

std::span<const Command> about_commands() { return kCommands; }

}  // namespace circula::cli
