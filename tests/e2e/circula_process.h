// The executable `circula` as a process, as a shell starts it.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

namespace circula::e2e {

struct Ended {
  int exit = -1;  // 128 + signal when a signal ended it
  std::string out;
  std::string err;
};

using Variables = std::map<std::string, std::string>;

// The process has these variables and no others: no HOME, no terminal.
[[nodiscard]] Ended run(const std::vector<std::string>& words, const Variables& variables);

// Started and not waited for; output to /dev/null.
[[nodiscard]] pid_t start(const std::vector<std::string>& words, const Variables& variables);
// Its output is appended to a file. Ends with the thread that started it.
[[nodiscard]] pid_t start_logged(const std::vector<std::string>& words, const std::string& log,
                                 const Variables& variables = {});
[[nodiscard]] int wait_for(pid_t process);

// "name": "text" or "name": number of a JSON answer, found by a JSON pointer.
[[nodiscard]] std::string value_at(const std::string& json, const std::string& pointer);

}  // namespace circula::e2e
