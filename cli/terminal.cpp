#include "cli/terminal.h"

#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "ledger/durable_file.h"

namespace circula::cli {
namespace {

using ledger::Code;
using ledger::error;

std::string coloured(std::string_view text, Colour colour) {
  const char* code = colour == Colour::kRed      ? "31"
                     : colour == Colour::kGreen  ? "32"
                     : colour == Colour::kYellow ? "33"
                                                 : "1";
  return std::string("\x1b[") + code + "m" + std::string(text) + "\x1b[0m";
}

// A word as a shell reads it back.
std::string quoted(const std::string& word) {
  const bool plain = !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("-_./@:=,+%").find(c) != std::string_view::npos;
  });
  if (plain) return word;
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// Turns the echo of the terminal off while it lives.
class SilentInput {
 public:
  SilentInput() {
    if (tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    changed_ = tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0;
  }
  ~SilentInput() {
    if (changed_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  SilentInput(const SilentInput&) = delete;
  SilentInput& operator=(const SilentInput&) = delete;

 private:
  termios before_{};
  bool changed_ = false;
};

}  // namespace

void Terminal::print(std::string_view text) {
  if (!output_file_.empty()) {
    output_ += text;
    return;
  }
  if (!streams_.out.good()) return;
  errno = 0;
  streams_.out << text << std::flush;
  reader_is_gone_ = !streams_.out.good() && errno == EPIPE;
}

std::string Terminal::command(const std::vector<std::string>& words) const {
  std::string line = quoted(streams_.program);
  for (const std::string& word : words) line += " " + quoted(word);
  return line;
}

ledger::Result<void> Terminal::finish() {
  if (output_file_.empty()) {
    if (!streams_.out.good() && !reader_is_gone_) return error(Code::E_FILE, "stdout cannot be written");
    return {};
  }
  auto written = ledger::write_file_durably(ledger::system_disk(), output_file_, crypto::as_bytes(output_));
  if (!written) return error(Code::E_FILE, written.error().detail);
  return {};
}

void Terminal::note(std::string_view line) {
  if (!style_.quiet) streams_.err << line << '\n' << std::flush;
}

void Terminal::complain(std::string_view text) { streams_.err << text << std::flush; }

std::string Terminal::coloured_out(std::string_view text, Colour colour) const {
  return style_.colour_out ? coloured(text, colour) : std::string(text);
}

std::string Terminal::coloured_err(std::string_view text, Colour colour) const {
  return style_.colour_err ? coloured(text, colour) : std::string(text);
}

std::string Terminal::mark(std::string_view sign, std::string_view word, Colour colour) const {
  return coloured_out(style_.ascii ? word : sign, colour);
}

ledger::Result<bool> Terminal::confirm(std::string_view question) {
  if (style_.yes) return true;
  if (!streams_.in_is_terminal) {
    return error(Code::E_USAGE, "\"" + std::string(question) + "\" needs an answer: give --yes");
  }
  streams_.err << question << " [y/N] " << std::flush;
  std::string answer;
  std::getline(streams_.in, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

ledger::Result<std::string> Terminal::ask_secret(std::string_view question) {
  if (!streams_.in_is_terminal) {
    return error(Code::E_USAGE, std::string(question) + ": give --passphrase-file FILE, or - for stdin");
  }
  streams_.err << question << ": " << std::flush;
  std::string secret;
  {
    const SilentInput silent;
    std::getline(streams_.in, secret);
  }
  streams_.err << '\n' << std::flush;
  return secret;
}

ledger::Result<std::string> Terminal::read_stdin(std::size_t bytes_max) {
  std::string text;
  char part[4096];
  while (streams_.in.read(part, sizeof part) || streams_.in.gcount() > 0) {
    text.append(part, static_cast<std::size_t>(streams_.in.gcount()));
    if (text.size() > bytes_max) {
      return error(Code::E_USAGE, "stdin has more than " + std::to_string(bytes_max) + " bytes");
    }
  }
  return text;
}

}  // namespace circula::cli
