#include "tests/cli/command_run.h"

#include <sstream>

#include "cli/program.h"
#include "crypto/ed25519.h"
#include "ledger/organisation_code.h"

namespace circula::cli::testing {

CommandRun run(const std::vector<std::string>& words, const Variables& variables, const std::string& input) {
  if (!crypto::init()) return {-1, "", "crypto::init failed"};
  std::istringstream in(input);
  std::ostringstream out;
  std::ostringstream err;
  const auto environment = [&](const std::string& name) -> std::optional<std::string> {
    if (const auto found = variables.find(name); found != variables.end()) return found->second;
    return name == "LC_ALL" ? std::optional<std::string>("C.UTF-8") : std::nullopt;
  };
  const int exit = run_program(words, Streams{in, out, err, false, false, false}, environment);
  return {exit, out.str(), err.str()};
}

std::vector<std::string> words_of_line(std::string_view line) {
  std::vector<std::string> words(1);
  char quote = 0;
  for (const char c : line) {
    if (c == quote) {
      quote = 0;
    } else if (quote == 0 && (c == '"' || c == '\'')) {
      quote = c;
    } else if (quote == 0 && c == ' ') {
      words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  return words;
}

std::string test_oid(unsigned number) {
  std::string digits = std::to_string(number);
  const std::string body = "91990000" + std::string(9 - digits.size(), '0') + digits;
  return body + *ledger::gb32100_check_character(body);
}

}  // namespace circula::cli::testing
