// Runs a command as a shell does, in this process: words, streams that are no terminals, an environment.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace circula::cli::testing {

struct CommandRun {
  int exit = 0;
  std::string out;
  std::string err;
};

using Variables = std::map<std::string, std::string>;

// The locale is UTF-8 unless `variables` say otherwise.
[[nodiscard]] CommandRun run(const std::vector<std::string>& words, const Variables& variables = {},
                             const std::string& input = {});

// Words apart by spaces; "two words" and 'two words' are one.
[[nodiscard]] std::vector<std::string> words_of_line(std::string_view line);

// A valid organisation code (GB 32100) out of a number.
[[nodiscard]] std::string test_oid(unsigned number);

}  // namespace circula::cli::testing
