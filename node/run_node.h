// A node as a process: daemon, HTTP, signals.
#pragma once

#include <filesystem>
#include <string>

#include "ledger/outcome.h"

namespace circula::node {

// Runs until SIGTERM or SIGINT, then hands over and stops. Writes one line to standard output when it is
// ready: "ready http=<url> operator=<url> peers=<host:port>". The exit code is reliability.md 5's.
[[nodiscard]] int run_node(const std::filesystem::path& config_file, const std::string& version);

}  // namespace circula::node
