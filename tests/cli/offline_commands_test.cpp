// Commands on files alone: digests, salts, income, keys with passphrases, shell completion, plain terminals.
#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/json.hpp>

#include "cli/command_line.h"
#include "cli/process.h"
#include "crypto/encoding.h"
#include "tests/cli/command_run.h"
#include "tests/ledger/scratch_directory.h"
#include "tests/paths.h"

namespace circula::cli::testing {
namespace {

using ledger::test::read_text;
using ledger::test::write_text;

TEST(DigestCommand, is_sha256) {
  const ledger::test::ScratchDirectory scratch;
  write_text(scratch / "abc", "abc");
  // FIPS 180-4, example of one block.
  const std::string digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  EXPECT_EQ(run({"digest", "make", scratch / "abc"}).out, digest + "  " + scratch / "abc" + "\n");
  EXPECT_EQ(run({"digest", "check", scratch / "abc", digest}).exit, 0);
  write_text(scratch / "abc", "abd");
  EXPECT_EQ(run({"digest", "check", scratch / "abc", digest}).exit, 7);
}

TEST(DigestCommand, salts_with_a_salt_of_its_own) {
  const ledger::test::ScratchDirectory scratch;
  write_text(scratch / "a", "persons");
  write_text(scratch / "b", "persons");
  const auto digest_of = [&](const std::string& name) {
    const auto done = run({"digest", "make", "--salted", scratch / name, "--json"});
    EXPECT_EQ(done.exit, 0) << done.err;
    return std::string(boost::json::parse(done.out).at_pointer("/digests/0/digest").as_string());
  };
  const std::string a = digest_of("a");
  EXPECT_NE(a, digest_of("b"));
  EXPECT_EQ(run({"digest", "check", scratch / "a", a, "--salt", scratch / "a.salt"}).exit, 0);
  EXPECT_EQ(run({"digest", "check", scratch / "a", a, "--salt", scratch / "b.salt"}).exit, 7);
  EXPECT_EQ(run({"digest", "make", "--salted", scratch / "a"}).exit, 9) << "a salt is never replaced";
}

TEST(RevenueCommand, computes_what_the_vectors_expect) {
  const std::string path = paths::source("tests/vectors/revenue_cases.json");
  const auto done = run({"revenue", "evaluate", path});
  ASSERT_EQ(done.exit, 0) << done.err;
  const auto ours = boost::json::parse(done.out);
  const auto theirs = boost::json::parse(read_text(path));
  const auto& cases = theirs.at("cases").as_array();
  EXPECT_EQ(cases.size(), 61u);
  for (std::size_t at = 0; at < cases.size(); ++at) {
    EXPECT_EQ(ours.at("cases").at(at).at("expected"), cases[at].at("expected")) << cases[at].at("id");
  }
}

TEST(RevenueCommand, names_the_place_of_a_mistake) {
  const auto done =
      run({"revenue", "evaluate", "-"}, {}, R"({"format": "revenue-cases", "version": 1, "cases": 3})");
  EXPECT_EQ(done.exit, 4);
  EXPECT_NE(done.err.find("cases"), std::string::npos) << done.err;
}

TEST(KeyCommand, protects_a_key_with_a_passphrase) {
  const ledger::test::ScratchDirectory scratch;
  const std::string home = scratch / "home";
  const std::vector<std::string> stdin_passphrase{"--passphrase-file", "-", "--home", home};
  std::vector<std::string> words{"key", "new", "cold"};
  words.insert(words.end(), stdin_passphrase.begin(), stdin_passphrase.end());
  ASSERT_EQ(run(words, {}, "correct horse\n").exit, 0);
  EXPECT_NE(read_text(home + "/keys/cold.pem").find("ENCRYPTED"), std::string::npos);
  ASSERT_EQ(run({"context", "set", "--home", home, "--chain", std::string(64, '0')}).exit, 0);
  std::vector<std::string> show{"key", "show", "cold", "--possession", test_oid(1)};
  show.insert(show.end(), stdin_passphrase.begin(), stdin_passphrase.end());
  EXPECT_EQ(run(show, {}, "correct horse\n").exit, 0);
  const auto wrong = run(show, {}, "battery\n");
  EXPECT_EQ(wrong.exit, 9);
  EXPECT_NE(wrong.err.find("E_KEY_FILE"), std::string::npos) << wrong.err;
}

TEST(PlainTerminals, get_words_in_place_of_marks_and_no_colour) {
  const ledger::test::ScratchDirectory scratch;
  write_text(scratch / "abc", "abc");
  const std::string digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  const std::vector<std::string> check{"digest", "check", scratch / "abc", digest};
  EXPECT_TRUE(run(check, {{"LC_ALL", "C"}}).out.starts_with("ok   "));
  EXPECT_TRUE(run(check).out.starts_with("✔ "));
  auto coloured = check;
  coloured.insert(coloured.end(), {"--color", "always"});
  EXPECT_NE(run(coloured, {{"NO_COLOR", "1"}}).out.find("\x1b[32m"), std::string::npos)
      << "what is asked for stands above the environment";
}

TEST(Answers, go_to_the_file_that_is_named) {
  const ledger::test::ScratchDirectory scratch;
  const auto version = run({"version", "--json", "-o", scratch / "version.json"});
  EXPECT_EQ(version.exit, 0);
  EXPECT_EQ(version.out, "");
  EXPECT_TRUE(boost::json::parse(read_text(scratch / "version.json")).as_object().contains("version"));
}

TEST(Help, exists_for_every_command) {
  for (const Command& command : all_commands()) {
    std::vector<std::string> words;
    std::string path(command.path);
    for (std::size_t at = 0; at != std::string::npos;) {
      const auto space = path.find(' ', at);
      words.push_back(path.substr(at, space == std::string::npos ? space : space - at));
      at = space == std::string::npos ? space : space + 1;
    }
    words.emplace_back("--help");
    const auto done = run(words);
    EXPECT_EQ(done.exit, 0) << path;
    EXPECT_NE(done.out.find("Usage: circula " + path), std::string::npos) << done.out;
    for (const Option& option : command.options) {
      EXPECT_NE(done.out.find(std::string(long_name(option))), std::string::npos) << path;
    }
  }
}

TEST(Completion, knows_every_flag) {
  const std::string script = run({"completion"}).out;
  for (const Command& command : all_commands()) {
    for (const Option& option : command.options) {
      if (is_positional(option)) continue;
      EXPECT_NE(script.find(std::string(long_name(option)) + " "), std::string::npos) << command.path;
    }
  }
}

TEST(ProcessNames, are_not_those_of_another_process) {
  const ledger::test::ScratchDirectory scratch;
  ASSERT_TRUE(write_pid_file(scratch / "pid", {getpid(), 1}));
  EXPECT_FALSE(read_pid_file(scratch / "pid")) << "this process did not begin at tick 1";
  EXPECT_FALSE(read_pid_file(scratch / "none"));
}

}  // namespace
}  // namespace circula::cli::testing
