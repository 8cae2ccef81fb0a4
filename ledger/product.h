// Record 14 PRODUCT: what a maker makes of assets and of other products, version by version (records.md 3.4).
//
// The head product/<id> is what record 8 certifies; product/<id>/<n> is what version n says, with its
// lineage: every asset and product on a way down. A certificate is one of the product, whatever its version.
//
// Who may use an input: whoever holds some of right U on it while its certificate is in force; and the maker
// of a product, who needs no certificate for what it made itself, until right U on it is somebody else's.
//
// Invariants: 1. version n is the n-th, and never changes; 2. no product stands on its own way down, no way
// is longer than 8, and there are at most 256 ancestors; 3. a version's grade is at least that of each input,
// the head's the highest so far; 4. nothing is made of a retired product, and none is retired while listed.
#pragma once

#include <string>

#include "ledger/proto/product.pb.h"
#include "ledger/registry.h"

namespace circula::ledger {

extern const Family kProductFamily;

inline constexpr int kProductInputsMax = 16;              // a person can read them; records.md 3.4
inline constexpr std::uint32_t kProductDepthMax = 8;      // as deep as royalties run
inline constexpr std::size_t kProductAncestorsMax = 256;  // about 4.6 of the 16 KiB of a version

// A product that a body names by its 16 bytes: E_FORMAT, E_NOT_FOUND.
[[nodiscard]] Result<proto::ProductState> find_product(Execution& execution, const std::string& id,
                                                       const std::string& field);

// Live listings of the product; `by` is added.
void adjust_product_listings(Execution& execution, const ShortId& product, int by);

}  // namespace circula::ledger
