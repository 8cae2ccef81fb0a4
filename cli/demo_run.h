// A consortium of processes that is founded, used for a ledger year, hurt, and checked.
#pragma once

#include <string>

#include "cli/shell.h"

namespace circula::cli {

struct DemoPlan {
  std::string directory = "circula-demo";  // must not be there
  std::uint64_t seed = 1;
  std::uint32_t scale_ppm = 20'000;  // of the data set
  bool once = false;                 // end after the checks; else stay until Ctrl-C
  bool keep = false;                 // the directory
};

// 0 when every check passed, 1 otherwise; 130 when interrupted. The last line of the answer is
// "N passed, M failed".
[[nodiscard]] Result<int> run_demo(Shell& shell, const DemoPlan& plan);

}  // namespace circula::cli
