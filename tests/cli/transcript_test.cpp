// Runs every file of transcripts/: what a user types and what the program answers, word for word.
//
//   $ circula explain E_NO_RIGT        a command; DIR stands for a directory of the transcript's own
//   2> error[E_NOT_FOUND]: Not found   a line on stderr
//   some text                          a line on stdout
//   exit 3                             when it is not 0
// Lines that begin with # and a space are comments. stdout stands before stderr.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "tests/cli/command_run.h"
#include "tests/ledger/scratch_directory.h"
#include "tests/paths.h"

namespace circula::cli::testing {
namespace {

const std::string kFolder = paths::source("tests/cli/transcripts");

std::vector<std::string> transcript_names() {
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(kFolder)) {
    if (file.path().extension() == ".txt") names.push_back(file.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

std::string transcript_of(const std::string& command, const std::string& directory) {
  std::string line = command;
  replace_all(line, "DIR", directory);
  auto words = words_of_line(line);
  words.erase(words.begin());  // "circula"
  const CommandRun done = run(words, {{"CIRCULA_HOME", directory + "/home"}, {"LC_ALL", "C.UTF-8"}});
  std::string text = done.out;
  std::istringstream errors(done.err);
  for (std::string error; std::getline(errors, error);) text += "2> " + error + "\n";
  if (done.exit != 0) text += "exit " + std::to_string(done.exit) + "\n";
  replace_all(text, directory, "DIR");
  return text;
}

class Transcripts : public ::testing::TestWithParam<std::string> {};

TEST_P(Transcripts, reads_as_written) {
  const ledger::test::ScratchDirectory scratch;
  std::istringstream file(ledger::test::read_text(kFolder + "/" + GetParam() + ".txt"));
  std::string written;
  std::string real;
  for (std::string line; std::getline(file, line);) {
    written += line + "\n";
    if (line.starts_with("# ")) real += line + "\n";
    if (line.starts_with("$ ")) real += line + "\n" + transcript_of(line.substr(2), scratch.path().string());
  }
  EXPECT_EQ(real, written);
}

INSTANTIATE_TEST_SUITE_P(Files, Transcripts, ::testing::ValuesIn(transcript_names()),
                         [](const auto& file) { return file.param; });

TEST(Transcripts, are_found) { EXPECT_GE(transcript_names().size(), 3u); }

}  // namespace
}  // namespace circula::cli::testing
