// The table of codes against the sources: what is answered somewhere has a test, and what is reserved is
// answered nowhere.
#include <gtest/gtest.h>

#include <cctype>
#include <filesystem>
#include <set>

#include "ledger/outcome.h"
#include "tests/ledger/scratch_directory.h"
#include "tests/paths.h"

namespace circula::ledger {
namespace {

constexpr std::string_view kCode = "Code::";

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == ':'; }

// A source as it reads without comments and white space, apart from one space between two words.
std::string condensed(const std::string& source) {
  std::string out;
  for (std::size_t at = 0; at < source.size(); ++at) {
    if (source.compare(at, 2, "//") == 0) at = std::min(source.find('\n', at), source.size() - 1);
    const char c = source[at];
    if (std::isspace(static_cast<unsigned char>(c)) == 0) {
      out += c;
    } else if (!out.empty() && is_word(out.back())) {
      out += ' ';
    }
  }
  return out;
}

// Whether the code between `begin` and `end` is only looked at: compared, or listed for the documentation of
// a route among codes and nothing else.
bool is_only_looked_at(std::string_view text, std::size_t begin, std::size_t end) {
  const std::string_view before = text.substr(0, begin);
  for (const std::string_view look : {"==", "!=", "case ", "push_back(", "insert("}) {
    if (before.ends_with(look)) return true;
  }
  const auto is_code = [](std::string_view word) {
    return word.starts_with("Code::E_") || word.starts_with("ledger::Code::E_");
  };
  const std::string_view after = text.substr(end);
  const std::size_t word =
      before.find_last_of("{(,", before.size() - std::min<std::size_t>(before.size(), 2));
  const bool code_before = before.ends_with(',') && word != before.npos &&
                           is_code(before.substr(word + 1, before.size() - word - 2));
  const bool code_after = after.starts_with(',') && is_code(after.substr(1));
  return code_before || code_after || (before.ends_with('{') && after.starts_with('}'));
}

void add_answers(const std::string& source, std::set<std::string>& answers) {
  const std::string text = condensed(source);
  for (std::size_t at = text.find(kCode); at != text.npos; at = text.find(kCode, at + 1)) {
    std::size_t begin = at, end = at + kCode.size();
    while (begin > 0 && is_word(text[begin - 1])) --begin;
    while (end < text.size() && is_word(text[end])) ++end;
    if (!is_only_looked_at(text, begin, end))
      answers.insert(text.substr(at + kCode.size(), end - at - kCode.size()));
  }
}

std::set<std::string> answers_of_all_layers() {
  std::set<std::string> answers;
  for (const char* layer : {"crypto", "ledger", "consensus", "node", "cli"}) {
    for (const auto& file : std::filesystem::recursive_directory_iterator(paths::source(layer))) {
      const std::string name = file.path().filename().string();
      if (file.path().extension() != ".cpp" && file.path().extension() != ".h") continue;
      if (name.starts_with("generator_")) continue;  // it names refusals that it provokes on purpose
      add_answers(test::read_text(file.path()), answers);
    }
  }
  return answers;
}

TEST(OutcomeAnswers, have_a_test_unless_they_are_reserved) {
  const std::set<std::string> answers = answers_of_all_layers();
  for (const OutcomeRow& row : outcome_table()) {
    if (row.code == Code::E_OK) continue;
    EXPECT_EQ(answers.contains(std::string(row.name)), !row.reserved())
        << row.name
        << (row.reserved() ? " is answered: it needs a test" : " is answered nowhere: it is reserved");
  }
}

TEST(OutcomeAnswers, are_told_from_codes_that_are_only_looked_at) {
  std::set<std::string> answers;
  add_answers(
      "if (x.code == Code::E_ONE) y(); // Code::E_TWO\n"
      "routes({ledger::Code::E_THREE,\n  ledger::Code::E_FOUR}, {Code::E_FIVE});\n"
      "return error(Code::E_SIX, \"\"); f(a, Code::E_SEVEN); return ok ? Code::E_EIGHT : Code::E_NINE;",
      answers);
  EXPECT_EQ(answers, (std::set<std::string>{"E_EIGHT", "E_NINE", "E_SEVEN", "E_SIX"}));
}

// tests/listed_tests.cpp looks for the test in each of these.
TEST(OutcomeAnswers, are_tested_by_programs_that_check_their_list) {
  for (const OutcomeRow& row : outcome_table()) {
    if (row.reserved()) continue;
    const std::string program(row.test.substr(0, row.test.find('.')));
    EXPECT_TRUE((std::set<std::string>{"cli_test", "e2e_test", "ledger_test", "node_test"}.contains(program)))
        << row.test;
  }
}

}  // namespace
}  // namespace circula::ledger
