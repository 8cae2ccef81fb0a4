// Processes of this program that this program starts: founding commands that it waits for, and nodes that
// stay.
//
// A process is named by its number and the time it began, so that a number which the system has given to
// another process is never signalled. A zombie counts as ended.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ledger/outcome.h"

namespace circula::cli {

struct ProcessName {
  pid_t pid = 0;
  std::uint64_t started = 0;  // clock ticks since the system began, from /proc
};

[[nodiscard]] bool is_running(const ProcessName& process);
// "pid started" in a file: nothing when it is not there or the process has ended.
[[nodiscard]] std::optional<ProcessName> read_pid_file(const std::string& path);
[[nodiscard]] ledger::Result<void> write_pid_file(const std::string& path, const ProcessName& process);

// Runs this executable with these words and waits. An exit code other than 0 is an error that quotes what it
// wrote to stderr.
[[nodiscard]] ledger::Result<std::string> run_self(const std::vector<std::string>& words);
// Runs it and waits; any exit code is an answer. It has no network but an empty one of its own where the
// system lets us make one, and is ended by the system when it asks for a socket where that lets us say so.
struct OfflineRun {
  int exit_code = 0;      // 128 + signal when a signal ended it
  bool isolated = false;  // no network
  bool guarded = false;   // no sockets
};
[[nodiscard]] ledger::Result<OfflineRun> run_offline(const std::vector<std::string>& words);
// Starts this executable in a session of its own, without a terminal, its output appended to `log`. One that
// does not outlive us is told to stop when we end, however that comes.
enum class Outlives : std::uint8_t { kYes, kNo };
[[nodiscard]] ledger::Result<ProcessName> start_self(const std::vector<std::string>& words,
                                                     const std::string& log,
                                                     Outlives outlives = Outlives::kYes);

// SIGTERM to all, then waits; SIGKILL to those that outlast the time. The number of those.
[[nodiscard]] std::size_t stop_processes(const std::vector<ProcessName>& processes,
                                         std::chrono::milliseconds patience);

// From the first call on, SIGINT, SIGTERM and SIGHUP no longer end this process but are remembered.
void watch_for_interrupts();
[[nodiscard]] bool interrupted();

}  // namespace circula::cli
