// The worst case of a cascade: how many nodes, lines and subjects the income of a product can make, whatever
// the amount. Checked before a version comes into force (record 26) and before a product is listed (15), so
// that no sale is met by a limit.
//
// Counted (records.md 3.4, record 26): 5 subjects a line, each counter and carry of a list once a node, and
// 3 a node. Royalty items at a rate of zero never make a line.
//
// Pure functions; any thread.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/revenue_agreement.h"

namespace circula::ledger {

constexpr std::size_t kCascadeDepthMax = 8;
constexpr std::size_t kCascadeNodesMax = 64;
constexpr std::size_t kCascadeLinesMax = 256;
// What one record may touch (design.md 3), less what a settlement touches beside the cascade: contract, hold,
// licence, certificate, event, the signers and their organisations, and creditors that its payees owe
// (posting.h).
constexpr std::size_t kCascadeSubjectsMax = 1'880;

struct CascadeSize {
  std::size_t nodes = 0;
  std::size_t lines = 0;
  std::size_t subjects = 0;
  std::size_t depth = 0;                // 0: no royalties
  std::vector<std::string> unresolved;  // products on the way that have no agreement, each once, ascending
};

// The agreement that would distribute a royalty of the product, or nullptr. The pointer stays valid during
// the call. What it answers decides which versions are meant: those of today, or also the one to be checked.
using AgreementOfProduct = std::function<const RevenueAgreement*(std::string_view product)>;

// The worst case of a sale of `agreement.product`. Errors, with the path of the node: E_CYCLE, E_DEPTH,
// E_LIMIT. A product without agreement counts as one node without lines and is listed as unresolved.
[[nodiscard]] Result<CascadeSize> worst_case(const RevenueAgreement& agreement,
                                             const AgreementOfProduct& agreement_of);

}  // namespace circula::ledger
