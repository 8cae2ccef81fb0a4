// "Did you mean ...?": the known name that differs least from what somebody wrote.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace circula::ledger {

// The candidate with the smallest edit distance (insertion, deletion, replacement, exchange of
// neighbours), the first one of several; nothing if more than a third of the name would change.
[[nodiscard]] std::optional<std::string> nearest_name(std::string_view name,
                                                      std::span<const std::string> candidates);

// ", did you mean \"x\"?" or nothing: the end of an error's sentence.
[[nodiscard]] std::string nearest_name_hint(std::string_view name, std::span<const std::string> candidates);

}  // namespace circula::ledger
