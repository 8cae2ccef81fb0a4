#include "ledger/bundle_range.h"

#include <algorithm>
#include <set>

namespace circula::ledger {
namespace {

// On which side of the question's bounds a leaf stands.
enum class Side { kBefore, kInside, kAfter, kUnknown };

Side side_of(const Bundle& bundle, const HistoryRow& leaf) {
  const BlockEntry* block = block_of(bundle, leaf);
  if (block == nullptr) return Side::kUnknown;
  if (const auto* period = std::get_if<AskPeriod>(&bundle.question)) {
    if (block->time_ms < period->from_ms) return Side::kBefore;
    return block->time_ms < period->to_ms ? Side::kInside : Side::kAfter;
  }
  if (const auto* before = std::get_if<AskBefore>(&bundle.question)) {
    return block->time_ms < before->before_ms ? Side::kInside : Side::kAfter;
  }
  if (const auto* height = std::get_if<AskHeight>(&bundle.question)) {
    return block->height <= height->height ? Side::kInside : Side::kAfter;
  }
  if (const auto* up_to = std::get_if<AskHistoryTo>(&bundle.question)) {
    return block->height <= up_to->height ? Side::kInside : Side::kAfter;
  }
  return Side::kInside;
}

bool is_whole(const Bundle& bundle) {
  return std::holds_alternative<AskState>(bundle.question) ||
         std::holds_alternative<AskHistory>(bundle.question);
}

Error wrong(std::string detail) { return error(Code::E_PROOF, std::move(detail)); }

// Of a history up to a height nothing stands before it, so that it must begin with event 0.
Result<void> check_period(const Bundle& bundle, std::uint64_t count) {
  const std::vector<HistoryRow>& leaves = bundle.leaves;
  const auto at = [&](std::size_t number) { return side_of(bundle, leaves[number]); };
  const std::size_t size = leaves.size();
  if (at(0) != Side::kBefore && leaves.front().seq != 0) {
    return wrong("the event before the period is not there");
  }
  if (at(size - 1) != Side::kAfter && leaves.back().seq + 1 != count) {
    return wrong("the event after the period is not there");
  }
  if (size > 1 && (at(1) == Side::kBefore || at(size - 2) == Side::kAfter)) {
    return wrong("events outside the period beyond its neighbours");
  }
  return {};
}

Result<void> check_as_of(const Bundle& bundle, std::uint64_t count) {
  const std::vector<HistoryRow>& leaves = bundle.leaves;
  if (leaves.size() > 2) return wrong("an as-of bundle has one or two events");
  const Side first = side_of(bundle, leaves.front());
  if (leaves.size() == 2) {
    if (first == Side::kInside && side_of(bundle, leaves.back()) == Side::kAfter) return {};
    return wrong("the two events do not stand on the two sides of the bound");
  }
  if (first == Side::kInside && leaves.front().seq + 1 != count) return wrong("the next event is not there");
  if (first == Side::kAfter && leaves.front().seq != 0) return wrong("the event before is not there");
  return {};
}

}  // namespace

std::vector<std::size_t> outermost(const Bundle& bundle) {
  if (is_whole(bundle) || bundle.leaves.empty()) return {};
  const std::size_t size = bundle.leaves.size();
  std::set<std::size_t> places{size - 1};
  if (size > 1) places.insert(size - 2);
  if (!std::holds_alternative<AskHistoryTo>(bundle.question)) {
    places.insert(0);
    if (size > 1) places.insert(1);
  }
  return {places.begin(), places.end()};
}

const BlockEntry* block_of(const Bundle& bundle, const HistoryRow& leaf) {
  for (const BlockProof& block : bundle.blocks) {
    if (block.entry.first <= leaf.log_index && leaf.log_index - block.entry.first < block.entry.entries) {
      return &block.entry;
    }
  }
  return nullptr;
}

std::span<const HistoryRow> answer_leaves(const Bundle& bundle) {
  std::span<const HistoryRow> leaves = bundle.leaves;
  if (leaves.empty() || is_whole(bundle)) return leaves;
  if (side_of(bundle, leaves.front()) == Side::kBefore) leaves = leaves.subspan(1);
  if (!leaves.empty() && side_of(bundle, leaves.back()) == Side::kAfter)
    leaves = leaves.first(leaves.size() - 1);
  return leaves;
}

Result<void> check_range(const Bundle& bundle, std::uint64_t count) {
  std::set<std::uint64_t> heights;
  for (const std::size_t number : outermost(bundle)) {
    const BlockEntry* block = block_of(bundle, bundle.leaves[number]);
    if (block == nullptr) {
      return wrong("the block of event " + std::to_string(bundle.leaves[number].seq) + " is not there");
    }
    heights.insert(block->height);
  }
  if (!std::equal(
          heights.begin(), heights.end(), bundle.blocks.begin(), bundle.blocks.end(),
          [](std::uint64_t height, const BlockProof& block) { return height == block.entry.height; })) {
    return wrong("not exactly the blocks of the outermost events, in order");
  }
  const bool as_of = std::holds_alternative<AskBefore>(bundle.question) ||
                     std::holds_alternative<AskHeight>(bundle.question);
  return as_of ? check_as_of(bundle, count) : check_period(bundle, count);
}

}  // namespace circula::ledger
