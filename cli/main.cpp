#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>

#include "cli/program.h"
#include "crypto/ed25519.h"

namespace {

// Found by a path, it is called by this path again; found through PATH, by its name.
std::string called_as(const std::string& word) {
  return word.find('/') == std::string::npos ? "circula" : word;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  if (auto ready = circula::crypto::init(); !ready) {
    std::cerr << "circula: " << ready.error().detail << '\n';
    return 9;
  }
  const circula::cli::Streams streams{std::cin,
                                      std::cout,
                                      std::cerr,
                                      isatty(STDIN_FILENO) == 1,
                                      isatty(STDOUT_FILENO) == 1,
                                      isatty(STDERR_FILENO) == 1,
                                      called_as(argc > 0 ? argv[0] : "")};
  const auto environment = [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
  return circula::cli::run_program({argv + std::min(argc, 1), argv + argc}, streams, environment);
}
