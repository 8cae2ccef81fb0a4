#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>

#include "cli/program.h"
#include "crypto/ed25519.h"

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
                                      isatty(STDERR_FILENO) == 1};
  const auto environment = [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
  return circula::cli::run_program({argv + 1, argv + argc}, streams, environment);
}
