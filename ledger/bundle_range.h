// Which leaves of a bundle answer its question, and when they were posted. A leaf's time is that of the block
// whose entries [first, first + entries) hold its index; block times never fall, so the times of the
// outermost leaves decide for all.
#pragma once

#include <map>
#include <span>
#include <vector>

#include "ledger/bundle.h"

namespace circula::ledger {

// Places in `leaves` whose blocks the bundle must prove: of a period the first two and the last two, of a
// history up to a height the last two, of an as-of question all, otherwise none.
[[nodiscard]] std::vector<std::size_t> outermost(const Bundle& bundle);

// The block in the bundle that holds the leaf's entry; null when there is none.
[[nodiscard]] const BlockEntry* block_of(const Bundle& bundle, const HistoryRow& leaf);

// The leaves without neighbours, by the blocks in the bundle; of an as-of question the one before, or none.
[[nodiscard]] std::span<const HistoryRow> answer_leaves(const Bundle& bundle);

// The bundle's leaves are those that the question asks for, no more and no fewer, in a history of `count`
// leaves. REQUIRES: the blocks and the range of leaves have been verified.
[[nodiscard]] Result<void> check_range(const Bundle& bundle, std::uint64_t count);

}  // namespace circula::ledger
