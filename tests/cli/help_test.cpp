#include <gtest/gtest.h>

#include <set>

#include "cli/command_line.h"
#include "tests/cli/command_run.h"

namespace circula::cli::testing {
namespace {

TEST(Help, gives_every_command_an_example_that_parses) {
  for (const Command& command : all_commands()) {
    ASSERT_FALSE(command.example.empty()) << command.path;
    const std::string line = std::string(command.path) + " " + std::string(command.example);
    const auto parsed = parse_command_line(words_of_line(line.substr(0, line.find(" > "))));
    ASSERT_TRUE(parsed) << line << ": " << parsed.error().detail;
    ASSERT_NE(parsed->command, nullptr) << line;
    EXPECT_EQ(parsed->command->path, command.path) << line;
    const CommandRun help = run({"help", line.substr(0, command.path.size())});
    if (command.path.find(' ') == std::string_view::npos) {
      EXPECT_NE(help.out.find("circula " + line), std::string::npos) << help.out;
    }
  }
}

TEST(Help, says_what_every_flag_is_for) {
  const auto explained = [](std::span<const Option> options, std::string_view where) {
    std::set<std::string_view> names;
    for (const Option& option : options) {
      EXPECT_FALSE(option.help.empty()) << where << " " << option.name;
      EXPECT_TRUE(names.insert(long_name(option)).second) << where << " " << option.name << " stands twice";
      const bool takes = option.take != Take::kFlag && !is_positional(option);
      EXPECT_EQ(takes, !option.value.empty()) << where << " " << option.name;
    }
  };
  explained(global_options(), "all commands");
  for (const Command& command : all_commands()) explained(command.options, command.path);
}

TEST(Help, names_every_first_word_once) {
  const CommandRun help = run({"--help"});
  EXPECT_EQ(help.exit, 0);
  std::set<std::string> words;
  for (const Command& command : all_commands())
    words.insert(std::string(command.path.substr(0, command.path.find(' '))));
  for (const std::string& word : words) {
    const std::string row = "\n  " + word + " ";
    const auto first = help.out.find(row);
    ASSERT_NE(first, std::string::npos) << word;
    EXPECT_EQ(help.out.find(row, first + 1), std::string::npos) << word;
  }
}

}  // namespace
}  // namespace circula::cli::testing
