// From what people type to paths and queries of the API.
#pragma once

#include <string>

#include "cli/names.h"

namespace circula::cli {

// 6 to 64 hex characters that begin no other id: a record or an envelope.
[[nodiscard]] bool is_record_id(std::string_view text);

// "right/as-…/O", "org/9199…", "certificate/…": the path below /v1/subjects.
[[nodiscard]] Result<std::string> subject_path(Names& names, const std::string& id, const std::string& right);

// "&at=…", "&from=…&to=…" out of --as-of, --from and --to. A plain number is a height.
[[nodiscard]] Result<std::string> point_query(const Arguments& arguments);
// "?history=1", "?from=…&to=…" and so on, of `circula proof`.
[[nodiscard]] Result<std::string> proof_query(const Arguments& arguments);

// For a query's value: everything but letters, digits and -._~ as %XX.
[[nodiscard]] std::string percent_encoded(std::string_view text);

}  // namespace circula::cli
