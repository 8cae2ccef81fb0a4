#include "tests/e2e/circula_process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/json.hpp>
#include <csignal>
#include <cstdlib>
#include <stdexcept>

#include "tests/paths.h"

namespace circula::e2e {
namespace {

[[noreturn]] void execute(const std::vector<std::string>& words, const Variables& variables) {
  std::vector<std::string> arguments{"circula"};
  arguments.insert(arguments.end(), words.begin(), words.end());
  std::vector<std::string> environment;
  for (const auto& [name, value] : variables) environment.push_back(name + "=" + value);
  const auto pointers = [](std::vector<std::string>& texts) {
    std::vector<char*> list;
    for (std::string& text : texts) list.push_back(text.data());
    list.push_back(nullptr);
    return list;
  };
  auto argv = pointers(arguments);
  auto envp = pointers(environment);
  execve(paths::binary("circula").c_str(), argv.data(), envp.data());
  _exit(127);
}

std::string read_temporary(int file) {
  std::string text;
  lseek(file, 0, SEEK_SET);
  std::array<char, 4096> part{};
  ssize_t got = 0;
  while ((got = read(file, part.data(), part.size())) > 0)
    text.append(part.data(), static_cast<std::size_t>(got));
  close(file);
  return text;
}

int temporary_file() {
  const int file = open(paths::binary().c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file < 0) throw std::runtime_error("no temporary file");
  return file;
}

}  // namespace

Ended run(const std::vector<std::string>& words, const Variables& variables) {
  const int out = temporary_file();
  const int err = temporary_file();
  const pid_t child = fork();
  if (child == 0) {
    const int null = open("/dev/null", O_RDONLY);
    dup2(null, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    execute(words, variables);
  }
  Ended ended;
  ended.exit = wait_for(child);
  ended.out = read_temporary(out);
  ended.err = read_temporary(err);
  return ended;
}

pid_t start(const std::vector<std::string>& words, const Variables& variables) {
  const pid_t child = fork();
  if (child != 0) return child;
  const int null = open("/dev/null", O_RDWR);
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(null, stream);
  execute(words, variables);
}

pid_t start_logged(const std::vector<std::string>& words, const std::string& log,
                   const Variables& variables) {
  const pid_t child = fork();
  if (child != 0) return child;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int null = open("/dev/null", O_RDONLY);
  const int file = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  dup2(null, STDIN_FILENO);
  dup2(file, STDOUT_FILENO);
  dup2(file, STDERR_FILENO);
  execute(words, variables);
}

int wait_for(pid_t process) {
  int status = 0;
  if (waitpid(process, &status, 0) != process) return -1;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

std::string value_at(const std::string& json, const std::string& pointer) {
  boost::system::error_code failed;
  const boost::json::value value = boost::json::parse(json, failed);
  if (failed) return "no JSON: " + json;
  const boost::json::value* found = value.find_pointer(pointer, failed);
  if (found == nullptr) return "nothing at " + pointer + " of " + json;
  return found->is_string() ? std::string(found->get_string()) : boost::json::serialize(*found);
}

}  // namespace circula::e2e
