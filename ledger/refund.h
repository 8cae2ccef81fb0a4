// The refund of a revenue event, whole or in part: each line gives back its proportion of what is left
// of it, and a royalty line passes its part on to its child node (records.md 3.7).
//
// 1. The parts of a node sum to what is refunded there. No line gives back more than is left of it.
// 2. Whatever the sequence of partial refunds, when the gross has been refunded every line is at zero.
// 3. Recoupment, advance and cap counters fall by what their lines give back; tier counters and carries
//    do not change.
//
// Pure functions; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ledger/distribution.h"

namespace circula::ledger {

struct RefundLine {
  std::uint16_t line = 0;         // in the refunded node
  std::int64_t amount_minor = 0;  // 1 or more
};

struct RefundNode {
  std::uint16_t node = 0;  // in the refunded event
  std::int64_t gross_minor = 0;
  std::vector<RefundLine> lines;
};

struct Refund {
  std::vector<RefundNode> nodes;  // depth first; only those that give back something
  BookChanges changes;
};

// Errors, in this order: E_AMOUNT, E_REFUND_EXCEEDS; E_NO_AGREEMENT if `agreements` lacks a version that
// the nodes name. E_DUP_EVENT and E_UNKNOWN_EVENT are the caller's and come before these.
[[nodiscard]] Result<Refund> refund(std::span<const IncomeNode> nodes, std::int64_t amount_minor,
                                    const AgreementSource& agreements, const RevenueBook& book);

// Takes what the refund gives back from `left_minor` of the event's lines.
void apply_refund(const Refund& refund, std::span<IncomeNode> nodes);

// What is left of a node, and so of its event when it is node 0.
[[nodiscard]] std::int64_t left_of(const IncomeNode& node);

}  // namespace circula::ledger
