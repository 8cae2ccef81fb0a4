// What a demonstration found: one line a check, with both sides of the comparison.
#pragma once

#include <string>
#include <string_view>

#include "cli/terminal.h"

namespace circula::cli {

class DemoReport {
 public:
  explicit DemoReport(Terminal& terminal) : terminal_(terminal) {}

  // Passes when both sides are the same.
  void compare(std::string_view what, std::string_view left, std::string_view right);
  // Passes when `good`; the text holds both sides.
  void check(std::string_view what, bool good, std::string_view text);
  void fail(std::string_view what, const ledger::Error& problem);

  [[nodiscard]] std::size_t failed() const { return failed_; }
  [[nodiscard]] std::string summary() const;  // "N passed, M failed"

 private:
  Terminal& terminal_;
  std::size_t passed_ = 0;
  std::size_t failed_ = 0;
};

}  // namespace circula::cli
