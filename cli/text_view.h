// JSON as indented lines for people: "name  value", lists numbered.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>

namespace circula::cli {

[[nodiscard]] std::string text_view(const boost::json::value& value, std::size_t indent = 0);

}  // namespace circula::cli
