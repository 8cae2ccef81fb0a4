// What a verifier found, step by step: for people who want to see why, and for programs that need one answer.
//
// Invariants: 1. steps stand in the order in which they were checked; 2. checking ends at the first step that
// fails, so a failed step is the last one; 3. a verdict without steps is not good; 4. the text of a step is
// one line without control characters, whatever the file says that it quotes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ledger/outcome.h"
#include "ledger/text.h"

namespace circula::ledger {

struct VerifyStep {
  std::string name;  // "inclusion"
  bool ok = false;
  std::string text;  // what was established, or what was found instead
};

struct Verdict {
  std::vector<VerifyStep> steps;
  Code fault = Code::E_OK;  // E_PROOF or E_TRUST, of the step that failed

  [[nodiscard]] bool good() const { return !steps.empty() && fault == Code::E_OK; }

  // Adds a step: the text on success, the error otherwise. Says whether to go on.
  bool add(std::string_view name, const Result<std::string>& found) {
    steps.push_back(
        {std::string(name), found.has_value(), shown_text(found ? *found : found.error().detail)});
    if (!found) fault = found.error().code == Code::E_TRUST ? Code::E_TRUST : Code::E_PROOF;
    return found.has_value();
  }

  // The error names the step that failed in its field.
  [[nodiscard]] Result<void> result() const {
    if (good()) return {};
    if (steps.empty()) return error(Code::E_PROOF, "nothing was verified");
    return error(fault, steps.back().name + ": " + steps.back().text, steps.back().name);
  }
};

}  // namespace circula::ledger
