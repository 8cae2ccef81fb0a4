// The program `circula` without main(): from words, streams and an environment to an exit code, so that tests
// run it as a shell does.
#pragma once

#include <string>
#include <vector>

#include "cli/shell.h"
#include "cli/terminal.h"

namespace circula::cli {

// REQUIRES crypto::init() has succeeded.
[[nodiscard]] int run_program(const std::vector<std::string>& words, Streams streams,
                              const Environment& environment);

}  // namespace circula::cli
