// Where a command speaks: answers on stdout or in a file, everything else on stderr.
//
// Invariants: 1. stdout carries the answer and nothing else; 2. colour and questions only on a terminal;
// 3. a mark never stands alone: a word says the same; 4. no secret is echoed or written.
// Thread rule: one thread.
#pragma once

#include <istream>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ledger/outcome.h"

namespace circula::cli {

struct Streams {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  bool in_is_terminal = false;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  std::string program = "circula";  // as the user called it
};

struct TerminalStyle {
  bool colour_out = false;
  bool colour_err = false;
  bool ascii = false;  // "ok" and "FAIL" in place of marks
  bool quiet = false;
  bool yes = false;
};

enum class Colour : std::uint8_t { kRed, kGreen, kYellow, kBold };

class Terminal {
 public:
  explicit Terminal(Streams streams) : streams_(std::move(streams)) {}

  void set_style(TerminalStyle style) { style_ = style; }
  [[nodiscard]] const TerminalStyle& style() const { return style_; }

  // The answer. With a file set it goes there, whole, when finish() is called. A reader of a pipe that has
  // had enough is no error.
  void print(std::string_view text);
  void set_output_file(std::string path) { output_file_ = std::move(path); }
  [[nodiscard]] ledger::Result<void> finish();

  // A command of this program to paste into a shell as it stands.
  [[nodiscard]] std::string command(const std::vector<std::string>& words) const;

  // One line of progress or advice, unless quiet.
  void note(std::string_view line);
  // An error or warning, always.
  void complain(std::string_view text);

  // Marks with their colour, for lines that a word follows.
  [[nodiscard]] std::string good() const { return mark("✔", "ok  ", Colour::kGreen); }
  [[nodiscard]] std::string bad() const { return mark("✘", "FAIL", Colour::kRed); }
  [[nodiscard]] std::string attention() const { return mark("!", "!   ", Colour::kYellow); }
  [[nodiscard]] std::string coloured_out(std::string_view text, Colour colour) const;
  [[nodiscard]] std::string coloured_err(std::string_view text, Colour colour) const;

  // A question with yes or no. --yes answers it; without a terminal nobody can: E_USAGE.
  [[nodiscard]] ledger::Result<bool> confirm(std::string_view question);
  // Reads a line without echo. E_USAGE without a terminal.
  [[nodiscard]] ledger::Result<std::string> ask_secret(std::string_view question);
  // All of stdin, at most `bytes_max`.
  [[nodiscard]] ledger::Result<std::string> read_stdin(std::size_t bytes_max);

 private:
  [[nodiscard]] std::string mark(std::string_view sign, std::string_view word, Colour colour) const;

  Streams streams_;
  TerminalStyle style_;
  std::string output_file_;
  std::string output_;
  bool reader_is_gone_ = false;
};

}  // namespace circula::cli
