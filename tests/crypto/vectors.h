// Third-party vectors, read where they lie; a case that needs an absent file is skipped and says so.
#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "crypto/encoding.h"
#include "tests/paths.h"

namespace circula::crypto::vectors {

inline std::filesystem::path path_of(const std::string& name) { return paths::vectors(name); }

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream content;
  content << in.rdbuf();
  return content.str();
}
inline std::string read(const std::string& name) { return read_file(path_of(name)); }
inline boost::json::value read_json(const std::string& name) { return boost::json::parse(read(name)); }

inline std::string text(const boost::json::value& value) { return std::string(value.as_string()); }
inline Bytes hex(const boost::json::value& value) { return from_hex(text(value)).value(); }

}  // namespace circula::crypto::vectors

#define CIRCULA_NEEDS_VECTORS(name)                                           \
  do {                                                                        \
    if (!std::filesystem::exists(circula::crypto::vectors::path_of(name)))    \
      GTEST_SKIP() << "vectors not there: " << circula::paths::vectors(name); \
  } while (false)
