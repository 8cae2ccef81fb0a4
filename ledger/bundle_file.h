// The text of a bundle: what make_bundle() writes and verify_bundle() reads.
#pragma once

#include <string>
#include <string_view>

#include "ledger/bundle.h"

namespace circula::ledger {

[[nodiscard]] std::string write_bundle(const Bundle& bundle);
// `shows` and `does_not_show` are returned as they stand, to be compared when the rest has been verified.
struct BundleFile {
  Bundle bundle;
  std::string shows;
  std::string does_not_show;
};
[[nodiscard]] Result<BundleFile> read_bundle(std::string_view text);

// Whether the text says that it is a bundle; for a command that takes receipts and bundles alike.
[[nodiscard]] bool looks_like_bundle(std::string_view text);

}  // namespace circula::ledger
