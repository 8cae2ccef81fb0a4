// Where a test finds the tree that it was built from.
#pragma once

#include <string>

namespace circula::paths {

// Of the source tree, as "tests/vectors/golden.json".
[[nodiscard]] std::string source(const std::string& name);
// Of the folder with third-party vectors, which need not be there.
[[nodiscard]] std::string vectors(const std::string& name);
// An executable of this build; without a name, their folder.
[[nodiscard]] std::string binary(const std::string& name = "");

}  // namespace circula::paths
