// Files of the user, read and written with errors that name them.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>

#include "ledger/outcome.h"

namespace circula::cli {

inline constexpr std::size_t kLocalFileBytesMax = std::size_t{256} * 1024 * 1024;  // an exported bundle

[[nodiscard]] bool exists(const std::string& path);
[[nodiscard]] ledger::Result<std::string> read_text(const std::string& path,
                                                    std::size_t bytes_max = kLocalFileBytesMax);
// Durable, in a directory that is made when it is missing.
[[nodiscard]] ledger::Result<void> write_text(const std::string& path, std::string_view text);
[[nodiscard]] ledger::Result<boost::json::value> read_json(const std::string& path);
[[nodiscard]] ledger::Result<std::string> absolute_path(const std::string& path);

// Indented by two, keys in their order: for files that people open.
[[nodiscard]] std::string pretty(const boost::json::value& value);

}  // namespace circula::cli
