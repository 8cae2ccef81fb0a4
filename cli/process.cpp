#include "cli/process.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <system_error>
#include <thread>

#include "cli/local_file.h"

namespace circula::cli {
namespace {

using ledger::Code;
using ledger::error;
using ledger::Result;

constexpr std::chrono::milliseconds kPoll{20};

std::atomic<bool> was_interrupted = false;
static_assert(std::atomic<bool>::is_always_lock_free, "a handler writes it, threads read it");
void remember(int) { was_interrupted = true; }

struct ProcessState {
  char state = '?';
  std::uint64_t started = 0;
};

// proc(5): fields 3 and 22 of /proc/PID/stat; the name in field 2 may hold spaces and brackets.
std::optional<ProcessState> process_state(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  const auto bracket = line.rfind(')');
  if (bracket == std::string::npos) return std::nullopt;
  std::istringstream rest(line.substr(bracket + 1));
  ProcessState state;
  rest >> state.state;
  std::string skipped;
  for (int field = 4; field < 22; ++field) rest >> skipped;
  rest >> state.started;
  if (!rest) return std::nullopt;
  return state;
}

ledger::Error system_failure(const std::string& action) {
  return error(Code::E_FILE, action + ": " + std::generic_category().message(errno));
}

// Runs in the child: never returns.
[[noreturn]] void execute(const std::vector<std::string>& words) {
  std::vector<std::string> copy{"circula"};
  copy.insert(copy.end(), words.begin(), words.end());
  std::vector<char*> pointers;
  for (std::string& word : copy) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  execv("/proc/self/exe", pointers.data());
  _exit(127);
}

// seccomp(2): from now on the system ends this process, and what it executes, when it makes a socket. False
// where the system or the architecture does not let us.
bool forbid_sockets() {
#if defined(__x86_64__) || defined(__aarch64__)
#if defined(__x86_64__)
  constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#else
  constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#endif
  sock_filter rules[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_socket, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{static_cast<unsigned short>(std::size(rules)), rules};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
#else
  return false;
#endif
}

void use_null_stdin() {
  const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (null >= 0) dup2(null, STDIN_FILENO);
}

}  // namespace

bool is_running(const ProcessName& process) {
  const auto state = process_state(process.pid);
  return state && state->state != 'Z' && state->state != 'X' && state->started == process.started;
}

std::optional<ProcessName> read_pid_file(const std::string& path) {
  std::ifstream file(path);
  ProcessName process;
  if (!(file >> process.pid >> process.started) || !is_running(process)) return std::nullopt;
  return process;
}

Result<void> write_pid_file(const std::string& path, const ProcessName& process) {
  return write_text(path, std::to_string(process.pid) + " " + std::to_string(process.started) + "\n");
}

Result<std::string> run_self(const std::vector<std::string>& words) {
  int out[2];
  int err[2];
  if (pipe2(out, O_CLOEXEC) != 0) return system_failure("pipe");
  if (pipe2(err, O_CLOEXEC) != 0) return system_failure("pipe");
  const pid_t child = fork();
  if (child < 0) return system_failure("start a process");
  if (child == 0) {
    use_null_stdin();
    dup2(out[1], STDOUT_FILENO);
    dup2(err[1], STDERR_FILENO);
    execute(words);
  }
  close(out[1]);
  close(err[1]);
  // The commands run here write little; stderr is read after stdout has ended.
  std::string texts[2];
  int ends[2] = {out[0], err[0]};
  for (int which = 0; which < 2; ++which) {
    char part[4096];
    ssize_t got = 0;
    while ((got = read(ends[which], part, sizeof part)) > 0 || (got < 0 && errno == EINTR)) {
      if (got > 0) texts[which].append(part, static_cast<std::size_t>(got));
    }
    close(ends[which]);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return texts[0];
  std::string command;
  for (const std::string& word : words) command += " " + word;
  return error(Code::E_FILE, "circula" + command + " failed:\n" + texts[1]);
}

Result<OfflineRun> run_offline(const std::vector<std::string>& words) {
  int told[2];
  if (pipe2(told, O_CLOEXEC) != 0) return system_failure("pipe");
  const pid_t child = fork();
  if (child < 0) return system_failure("start a process");
  if (child == 0) {
    const bool isolated = unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
    const bool guarded = forbid_sockets();
    const char means[2] = {isolated ? '1' : '0', guarded ? '1' : '0'};
    if (write(told[1], means, sizeof means) != sizeof means) _exit(127);
    use_null_stdin();
    const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(null, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
    execute(words);
  }
  close(told[1]);
  char means[2] = {};
  const bool heard = read(told[0], means, sizeof means) == sizeof means;
  close(told[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!heard) return error(Code::E_FILE, "the process did not come to its end");
  return OfflineRun{WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), means[0] == '1',
                    means[1] == '1'};
}

Result<ProcessName> start_self(const std::vector<std::string>& words, const std::string& log,
                               Outlives outlives) {
  const int file = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) return system_failure("open " + log);
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) {
    close(file);
    return system_failure("start a process");
  }
  if (child == 0) {
    setsid();
    if (outlives == Outlives::kNo) {
      prctl(PR_SET_PDEATHSIG, SIGTERM);
      if (getppid() != parent) _exit(127);  // it ended before it was watched
    }
    use_null_stdin();
    dup2(file, STDOUT_FILENO);
    dup2(file, STDERR_FILENO);
    execute(words);
  }
  close(file);
  const auto state = process_state(child);
  return ProcessName{child, state ? state->started : 0};
}

std::size_t stop_processes(const std::vector<ProcessName>& processes, std::chrono::milliseconds patience) {
  for (const ProcessName& process : processes) {
    if (is_running(process)) kill(process.pid, SIGTERM);
  }
  const auto deadline = std::chrono::steady_clock::now() + patience;
  std::size_t killed = 0;
  for (const ProcessName& process : processes) {
    while (is_running(process) && std::chrono::steady_clock::now() < deadline) {
      waitpid(process.pid, nullptr, WNOHANG);  // where it is our own child
      std::this_thread::sleep_for(kPoll);
    }
    if (!is_running(process)) continue;
    kill(process.pid, SIGKILL);
    ++killed;
    while (is_running(process)) {
      waitpid(process.pid, nullptr, WNOHANG);
      std::this_thread::sleep_for(kPoll);
    }
  }
  return killed;
}

void watch_for_interrupts() {
  struct sigaction action {};
  action.sa_handler = remember;
  sigemptyset(&action.sa_mask);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaction(number, &action, nullptr);
}

bool interrupted() { return was_interrupted; }

}  // namespace circula::cli
