#include "cli/demo_report.h"

namespace circula::cli {

void DemoReport::compare(std::string_view what, std::string_view left, std::string_view right) {
  const bool same = left == right;
  check(what, same, std::string(left) + (same ? " = " : " differs from ") + std::string(right));
}

void DemoReport::check(std::string_view what, bool good, std::string_view text) {
  ++(good ? passed_ : failed_);
  terminal_.print((good ? terminal_.good() : terminal_.bad()) + " " + std::string(what) + ": " +
                  std::string(text) + "\n");
}

void DemoReport::fail(std::string_view what, const ledger::Error& problem) {
  check(what, false, std::string(ledger::name(problem.code)) + " " + problem.detail);
}

std::string DemoReport::summary() const {
  return std::to_string(passed_) + " passed, " + std::to_string(failed_) + " failed";
}

}  // namespace circula::cli
