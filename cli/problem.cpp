#include "cli/problem.h"

#include <boost/json.hpp>

namespace circula::cli {
namespace {

std::string remedy(const ledger::OutcomeRow& row, std::string_view command) {
  if (row.code != ledger::Code::E_USAGE || command.empty()) return std::string(row.remedy);
  return "See `circula " + std::string(command) + " --help`.";
}

}  // namespace

int exit_code(ledger::Code code) {
  constexpr int kLocalEnvironment = 9;
  const int listed = ledger::outcome_row(code).exit_code;
  return listed > kLocalEnvironment ? kLocalEnvironment : listed;
}

std::string problem_text(const ledger::Error& error, std::string_view command, Language language,
                         const Terminal& terminal) {
  const ledger::OutcomeRow& row = ledger::outcome_row(error.code);
  std::string text = terminal.coloured_err("error[" + std::string(row.name) + "]", Colour::kRed) + ": ";
  text += std::string(language == Language::kChinese ? row.chinese : row.english) + "\n";
  if (!error.detail.empty()) {
    text += "  " + error.detail + (error.field.empty() ? "" : " (" + error.field + ")") + "\n";
  } else if (!error.field.empty()) {
    text += "  in " + error.field + "\n";
  }
  text += "  " + remedy(row, command) + "\n";
  text += "  details: " + terminal.command({"explain", std::string(row.name)}) + "\n";
  return text;
}

boost::json::object problem_json(const ledger::Error& error, std::string_view command, Language language) {
  const ledger::OutcomeRow& row = ledger::outcome_row(error.code);
  boost::json::object out;
  out["type"] = "/errors/" + std::string(row.name);
  out["title"] = std::string(language == Language::kChinese ? row.chinese : row.english);
  out["status"] = row.http_status;
  out["detail"] = error.detail;
  out["remedy"] = remedy(row, command);
  out["code"] = std::string(row.name);
  out["retryable"] = row.retryable;
  boost::json::array fields;
  if (!error.field.empty()) fields.emplace_back(error.field);
  out["fields"] = std::move(fields);
  out["exit"] = exit_code(error.code);
  return out;
}

}  // namespace circula::cli
