#include "tests/paths.h"

namespace circula::paths {

std::string source(const std::string& name) { return std::string(CIRCULA_SOURCE "/") + name; }
std::string vectors(const std::string& name) { return std::string(CIRCULA_VECTORS "/") + name; }
std::string binary(const std::string& name) { return std::string(CIRCULA_BIN "/") + name; }

}  // namespace circula::paths
