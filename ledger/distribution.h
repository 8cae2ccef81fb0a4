// The distribution of one revenue event: from a sale to the lines that say who gets what, through all
// royalties below it (records.md 3.7).
//
// 1. The lines of a node sum to its gross; a child's gross is its royalty line.
// 2. Nodes stand depth first, in the order of the royalty lines; node 0 is the sale. A node's parent
//    stands before it.
// 3. No line is zero.
// 4. Nothing is changed: what the event does to counters and carries is returned (revenue_book.h).
//
// Pure functions; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/cascade_size.h"
#include "ledger/revenue_agreement.h"
#include "ledger/revenue_book.h"

namespace circula::ledger {

enum class IncomeKind : std::uint8_t {
  kTax = 1,
  kFixed,
  kPercent,
  kTiered,
  kRoyalty,
  kRecoup,
  kOverflow,
  kAdvance,
  kWithhold,
  kShare,
};

[[nodiscard]] std::string_view to_string(IncomeKind kind);  // the word of records.md 3.6: "tax", "share"

struct IncomeLine {
  std::uint16_t step = 0;  // in the node's list of steps
  IncomeKind kind = IncomeKind::kShare;
  std::string payee;              // a product when the kind is kRoyalty, else a party
  std::string for_party;          // whose part of the split this is; empty outside a split
  std::int64_t amount_minor = 0;  // 1 or more
  std::int64_t left_minor = 0;    // what has not been refunded of it
  std::uint16_t child = 0;        // the node that a royalty line became; 0: none
};

struct IncomeNode {
  std::string path;  // "0", "0.0", "0.0.1"
  std::string product;
  std::string agreement;
  std::int64_t version = 0;
  std::int64_t gross_minor = 0;
  std::vector<IncomeLine> lines;

  [[nodiscard]] bool is_royalty() const { return path != "0"; }
};

// Limits of the engine. The defaults are those of records.md 3.7; SETTLE sets tighter ones.
struct DistributionLimits {
  std::size_t depth_max = kCascadeDepthMax;
  std::size_t nodes_max = 256;
  std::size_t lines_max = 65'535;  // line and node numbers have 16 bits
};

// What a record can carry in its effects (records.md 3.4, records 23 and 26).
constexpr DistributionLimits kRecordDistributionLimits{
    .depth_max = kCascadeDepthMax, .nodes_max = kCascadeNodesMax, .lines_max = kCascadeLinesMax};

struct Sale {
  std::string_view product;
  std::int64_t time_s = 0;  // decides over the versions and the tier periods of the whole cascade
  std::int64_t gross_minor = 0;
};

struct Distribution {
  std::vector<IncomeNode> nodes;
  BookChanges changes;
};

// Errors, in this order: E_AMOUNT, E_TIME (no calendar period), then walking depth first, at each node:
// E_CYCLE, E_DEPTH, E_NODES, E_NO_AGREEMENT; E_AMOUNT when a tier counter would leave int64; E_LIMIT when
// there are more lines than allowed. The error's field is the path of the node. E_DUP_EVENT is the
// caller's, who knows the events, and comes before all of these.
[[nodiscard]] Result<Distribution> distribute(const Sale& sale, const AgreementSource& agreements,
                                              const RevenueBook& book, const DistributionLimits& limits = {});

// The counters, of those that a refund lowers, which a line added to: none, one or two. `steps` is the
// list that distributed the line's node.
[[nodiscard]] std::vector<std::string> counter_ids_of(const IncomeLine& line,
                                                      const std::vector<RevenueStep>& steps);

}  // namespace circula::ledger
