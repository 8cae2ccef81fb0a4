// The append-only tree of RFC 9162 section 2.1: main log, histories, envelopes, effects.
//
//   leaf = SHA-256(0x00 || entry), node = SHA-256(0x01 || left || right),
//   MTH(D[n]) = node(MTH(D[0:k]), MTH(D[k:n])), k the largest power of two below n; MTH of nothing =
//   SHA-256("")
//
// Invariants: 1. a proof is checked against sizes and indices that the caller knows from signed data, never
// from the proof; 2. an accepted proof has exactly the length that index and size call for.
// Thread rule: values; no shared state.
#pragma once

#include <span>
#include <vector>

#include "crypto/bytes.h"
#include "crypto/hash.h"
#include "crypto/result.h"

namespace circula::crypto {

using HashPath = std::vector<Digest>;

// An inclusion or consistency path of a 64-bit tree is no longer than this.
inline constexpr std::size_t kMaxPathHashes = 64;

// The frontier of a growing tree: the heads of its perfect subtrees, largest first. Appending a leaf needs
// nothing else, so this is all that is stored beside a history.
class CompactRange {
 public:
  CompactRange() = default;

  void append(const Digest& leaf);
  // As append(); `visit(level, index, head)` is called for the leaf and each perfect subtree that it
  // completes.
  template <class Visit>
  void append(const Digest& leaf, Visit&& visit);

  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] Digest root() const;
  [[nodiscard]] const std::vector<Digest>& frontier() const { return frontier_; }

  // u64be size || the frontier's heads.
  [[nodiscard]] Bytes serialise() const;
  [[nodiscard]] static Result<CompactRange> parse(ByteView bytes);

  friend bool operator==(const CompactRange&, const CompactRange&) = default;

 private:
  std::uint64_t size_ = 0;
  std::vector<Digest> frontier_;  // popcount(size_) heads
};

// Where proofs take their hashes from: memory, or stored tiles.
class HashSource {
 public:
  virtual ~HashSource() = default;
  // The head of the perfect subtree over leaves [index << level, (index + 1) << level). It is asked only for
  // subtrees inside the size that the proof is for. A source that cannot read answers with an error.
  [[nodiscard]] virtual Result<Digest> subtree(unsigned level, std::uint64_t index) const = 0;
};

// The whole tree in memory, all levels: for tests, envelopes and small histories.
class MemoryTree final : public HashSource {
 public:
  void append(const Digest& leaf);
  [[nodiscard]] std::uint64_t size() const { return range_.size(); }
  [[nodiscard]] Digest root() const { return range_.root(); }
  [[nodiscard]] Result<Digest> root_at(std::uint64_t size) const;
  [[nodiscard]] Result<Digest> subtree(unsigned level, std::uint64_t index) const override;

 private:
  CompactRange range_;
  std::vector<std::vector<Digest>> levels_;
};

// The head over these leaf hashes.
[[nodiscard]] Digest tree_head(std::span<const Digest> leaves);

// Making proofs. A fault is kOutOfRange for indices outside the tree, or the source's own.
[[nodiscard]] Result<Digest> head_at(const HashSource& source, std::uint64_t size);
[[nodiscard]] Result<HashPath> prove_inclusion(const HashSource& source, std::uint64_t index,
                                               std::uint64_t size);
[[nodiscard]] Result<HashPath> prove_consistency(const HashSource& source, std::uint64_t old_size,
                                                 std::uint64_t size);
// The heads of the largest subtrees without a leaf of [begin, end), left to right; of one leaf these are its
// inclusion path's hashes. An empty range proves nothing and is refused.
[[nodiscard]] Result<HashPath> prove_range(const HashSource& source, std::uint64_t begin, std::uint64_t end,
                                           std::uint64_t size);

// Checking proofs. Inclusion: RFC 9162 section 2.1.3.2; consistency: 2.1.4.2 (size 0 is the caller's case,
// not a proof).
[[nodiscard]] Result<void> verify_inclusion(const Digest& leaf, std::uint64_t index, std::uint64_t size,
                                            std::span<const Digest> path, const Digest& root);
[[nodiscard]] Result<void> verify_consistency(std::uint64_t old_size, const Digest& old_root,
                                              std::uint64_t size, const Digest& root,
                                              std::span<const Digest> path);
// The leaves [begin, begin + leaves.size()) of the tree (size, root) are exactly these.
[[nodiscard]] Result<void> verify_range(std::span<const Digest> leaves, std::uint64_t begin,
                                        std::uint64_t size, std::span<const Digest> path, const Digest& root);

template <class Visit>
void CompactRange::append(const Digest& leaf, Visit&& visit) {
  Digest head = leaf;
  unsigned level = 0;
  std::uint64_t index = size_;
  visit(level, index, head);
  for (; (index & 1) != 0; index >>= 1) {
    head = node_hash(frontier_.back(), head);
    frontier_.pop_back();
    visit(++level, index >> 1, head);
  }
  frontier_.push_back(head);
  ++size_;
}

}  // namespace circula::crypto
