// Errors as people and programs read them: what, why, what to do next, and where more is said.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>

#include "cli/terminal.h"
#include "ledger/outcome.h"

namespace circula::cli {

enum class Language : std::uint8_t { kEnglish, kChinese };

// The exit code of product.md 3.3. Codes by which a node says why it stopped (10 and more) are for whoever
// watches a node; a command ends with 9 for them, since the place it runs in is at fault.
[[nodiscard]] int exit_code(ledger::Code code);

// error[E_NAME]: what / why / next / explain. `command` is the path of the command that was meant, as far as
// it was understood: its help is what to read after wrong usage.
[[nodiscard]] std::string problem_text(const ledger::Error& error, std::string_view command,
                                       Language language, const Terminal& terminal);
// RFC 9457, as the API answers it, with the exit code.
[[nodiscard]] boost::json::object problem_json(const ledger::Error& error, std::string_view command,
                                               Language language);

}  // namespace circula::cli
