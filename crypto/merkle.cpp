#include "crypto/merkle.h"

#include <bit>

#include "crypto/encoding.h"

namespace circula::crypto {
namespace {

// The largest power of two below n. REQUIRES n >= 2.
std::uint64_t split_of(std::uint64_t n) { return std::bit_floor(n - 1); }

Error out_of_range(std::string detail) { return {Fault::kOutOfRange, std::move(detail)}; }
Error wrong_root(std::string detail) { return {Fault::kWrongRoot, std::move(detail)}; }
Error path_too_long() {
  return {Fault::kMalformed, "proof: the path is longer than index and size call for"};
}
Error path_too_short() {
  return {Fault::kMalformed, "proof: the path is shorter than index and size call for"};
}

Digest fold_right(std::span<const Digest> heads) {
  if (heads.empty()) return empty_root();
  Digest head = heads.back();
  for (std::size_t i = heads.size() - 1; i-- > 0;) head = node_hash(heads[i], head);
  return head;
}

// MTH(D[begin : begin + count]) of a node of the tree: its perfect subtrees, largest first, folded.
Result<Digest> node_head(const HashSource& source, std::uint64_t begin, std::uint64_t count) {
  std::vector<Digest> heads;
  while (count != 0) {
    const auto level = static_cast<unsigned>(std::bit_width(count) - 1);
    Result<Digest> head = source.subtree(level, begin >> level);
    if (!head) return head;
    heads.push_back(*head);
    begin += std::uint64_t{1} << level;
    count -= std::uint64_t{1} << level;
  }
  return fold_right(heads);
}

// A node of the tree by its leaves.
struct Span {
  std::uint64_t begin, count;
};

// Appends the heads of the largest nodes in `node` that have no leaf of [begin, end), left to right.
Result<void> collect_outside(const HashSource& source, Span node, std::uint64_t begin, std::uint64_t end,
                             HashPath& path) {
  if (node.begin + node.count <= begin || node.begin >= end) {
    const Result<Digest> head = node_head(source, node.begin, node.count);
    if (!head) return head.error();
    path.push_back(*head);
    return {};
  }
  if (node.begin >= begin && node.begin + node.count <= end) return {};
  const std::uint64_t left = split_of(node.count);
  if (auto done = collect_outside(source, {node.begin, left}, begin, end, path); !done) return done;
  return collect_outside(source, {node.begin + left, node.count - left}, begin, end, path);
}

// Computes the root from given leaves and the path that collect_outside() makes.
class RangeFold {
 public:
  RangeFold(std::span<const Digest> leaves, std::uint64_t begin, std::span<const Digest> path)
      : leaves_(leaves), begin_(begin), path_(path) {}

  // Nothing when the path is too short.
  bool head(Span node, Digest& out) {
    if (node.begin + node.count <= begin_ || node.begin >= begin_ + leaves_.size()) {
      if (path_.empty()) return false;
      out = path_.front();
      path_ = path_.subspan(1);
      return true;
    }
    if (node.count == 1) {
      out = leaves_[static_cast<std::size_t>(node.begin - begin_)];
      return true;
    }
    const std::uint64_t left = split_of(node.count);
    Digest left_head;
    Digest right_head;
    if (!head({node.begin, left}, left_head)) return false;
    if (!head({node.begin + left, node.count - left}, right_head)) return false;
    out = node_hash(left_head, right_head);
    return true;
  }
  [[nodiscard]] bool path_used_up() const { return path_.empty(); }

 private:
  std::span<const Digest> leaves_;
  std::uint64_t begin_;
  std::span<const Digest> path_;
};

}  // namespace

void CompactRange::append(const Digest& leaf) {
  append(leaf, [](unsigned, std::uint64_t, const Digest&) {});
}

Digest CompactRange::root() const { return fold_right(frontier_); }

Bytes CompactRange::serialise() const {
  Bytes bytes;
  bytes.reserve(8 + frontier_.size() * Digest::kSize);
  put_u64be(bytes, size_);
  for (const Digest& head : frontier_) put_bytes(bytes, head);
  return bytes;
}

Result<CompactRange> CompactRange::parse(ByteView bytes) {
  Reader reader(bytes);
  CompactRange range;
  range.size_ = reader.u64be();
  const int heads = std::popcount(range.size_);
  for (int i = 0; i < heads && reader.ok(); ++i) range.frontier_.push_back(reader.fixed<Digest>());
  if (auto done = reader.finish("frontier"); !done) return done.error();
  return range;
}

void MemoryTree::append(const Digest& leaf) {
  range_.append(leaf, [this](unsigned level, std::uint64_t, const Digest& head) {
    if (level == levels_.size()) levels_.emplace_back();
    levels_[level].push_back(head);
  });
}

Result<Digest> MemoryTree::root_at(std::uint64_t size) const { return head_at(*this, size); }

Result<Digest> MemoryTree::subtree(unsigned level, std::uint64_t index) const {
  if (level >= levels_.size() || index >= levels_[level].size()) {
    return out_of_range("tree of " + std::to_string(size()) + " leaves: no perfect subtree " +
                        std::to_string(index) + " at level " + std::to_string(level));
  }
  return levels_[level][static_cast<std::size_t>(index)];
}

Digest tree_head(std::span<const Digest> leaves) {
  CompactRange range;
  for (const Digest& leaf : leaves) range.append(leaf);
  return range.root();
}

Result<Digest> head_at(const HashSource& source, std::uint64_t size) { return node_head(source, 0, size); }

Result<HashPath> prove_inclusion(const HashSource& source, std::uint64_t index, std::uint64_t size) {
  if (index >= size) {
    return out_of_range("inclusion: no leaf " + std::to_string(index) + " in a tree of " +
                        std::to_string(size));
  }
  HashPath path;  // from the root down first
  Span node{0, size};
  while (node.count > 1) {
    const std::uint64_t left = split_of(node.count);
    const bool goes_left = index - node.begin < left;
    const Span sibling = goes_left ? Span{node.begin + left, node.count - left} : Span{node.begin, left};
    const Result<Digest> head = node_head(source, sibling.begin, sibling.count);
    if (!head) return head.error();
    path.push_back(*head);
    node = goes_left ? Span{node.begin, left} : Span{node.begin + left, node.count - left};
  }
  std::reverse(path.begin(), path.end());
  return path;
}

// RFC 9162 section 2.1.4.1: PROOF(m, D[n]) = SUBPROOF(m, D[n], true).
Result<HashPath> prove_consistency(const HashSource& source, std::uint64_t old_size, std::uint64_t size) {
  if (old_size == 0 || old_size > size) {
    return out_of_range("consistency: no proof from size " + std::to_string(old_size) + " to " +
                        std::to_string(size));
  }
  HashPath path;  // from the root down first
  Span node{0, size};
  bool old_root_known = true;  // the node is the whole old tree so far, whose root the verifier has
  while (old_size != node.begin + node.count) {
    const std::uint64_t left = split_of(node.count);
    const bool goes_left = old_size - node.begin <= left;
    const Span sibling = goes_left ? Span{node.begin + left, node.count - left} : Span{node.begin, left};
    const Result<Digest> head = node_head(source, sibling.begin, sibling.count);
    if (!head) return head.error();
    path.push_back(*head);
    if (!goes_left) old_root_known = false;
    node = goes_left ? Span{node.begin, left} : Span{node.begin + left, node.count - left};
  }
  if (!old_root_known) {
    const Result<Digest> head = node_head(source, node.begin, node.count);
    if (!head) return head.error();
    path.push_back(*head);
  }
  std::reverse(path.begin(), path.end());
  return path;
}

Result<HashPath> prove_range(const HashSource& source, std::uint64_t begin, std::uint64_t end,
                             std::uint64_t size) {
  if (begin >= end || end > size) {
    return out_of_range("range: [" + std::to_string(begin) + ", " + std::to_string(end) + ") of a tree of " +
                        std::to_string(size));
  }
  HashPath path;
  if (auto done = collect_outside(source, {0, size}, begin, end, path); !done) return done.error();
  return path;
}

Result<void> verify_inclusion(const Digest& leaf, std::uint64_t index, std::uint64_t size,
                              std::span<const Digest> path, const Digest& root) {
  if (index >= size) {
    return out_of_range("inclusion: no leaf " + std::to_string(index) + " in a tree of " +
                        std::to_string(size));
  }
  std::uint64_t fn = index;
  std::uint64_t sn = size - 1;
  Digest head = leaf;
  for (const Digest& sibling : path) {
    if (sn == 0) return path_too_long();
    if ((fn & 1) != 0 || fn == sn) {
      head = node_hash(sibling, head);
      while ((fn & 1) == 0 && fn != 0) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      head = node_hash(head, sibling);
    }
    fn >>= 1;
    sn >>= 1;
  }
  if (sn != 0) return path_too_short();
  if (head != root) {
    return wrong_root("inclusion: root " + to_hex(root) + " expected, the path leads to " + to_hex(head));
  }
  return {};
}

Result<void> verify_consistency(std::uint64_t old_size, const Digest& old_root, std::uint64_t size,
                                const Digest& root, std::span<const Digest> path) {
  if (old_size == 0 || old_size > size) {
    return out_of_range("consistency: no proof from size " + std::to_string(old_size) + " to " +
                        std::to_string(size));
  }
  if (old_size == size) {
    if (!path.empty()) return path_too_long();
    if (old_root != root)
      return wrong_root("consistency: equal sizes, but roots " + to_hex(old_root) + " and " + to_hex(root));
    return {};
  }
  if (path.empty()) return path_too_short();
  Digest old_head = old_root;  // of a perfect old tree the path leaves it out
  if (!std::has_single_bit(old_size)) {
    old_head = path.front();
    path = path.subspan(1);
  }
  std::uint64_t fn = old_size - 1;
  std::uint64_t sn = size - 1;
  while ((fn & 1) != 0) {
    fn >>= 1;
    sn >>= 1;
  }
  Digest head = old_head;
  for (const Digest& sibling : path) {
    if (sn == 0) return path_too_long();
    if ((fn & 1) != 0 || fn == sn) {
      old_head = node_hash(sibling, old_head);
      head = node_hash(sibling, head);
      while ((fn & 1) == 0 && fn != 0) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      head = node_hash(head, sibling);
    }
    fn >>= 1;
    sn >>= 1;
  }
  if (sn != 0) return path_too_short();
  if (old_head != old_root) {
    return wrong_root("consistency: old root " + to_hex(old_root) + " expected, the path leads to " +
                      to_hex(old_head));
  }
  if (head != root) {
    return wrong_root("consistency: new root " + to_hex(root) + " expected, the path leads to " +
                      to_hex(head));
  }
  return {};
}

Result<void> verify_range(std::span<const Digest> leaves, std::uint64_t begin, std::uint64_t size,
                          std::span<const Digest> path, const Digest& root) {
  if (leaves.empty() || begin >= size || leaves.size() > size - begin) {
    return out_of_range("range: " + std::to_string(leaves.size()) + " leaves from " + std::to_string(begin) +
                        " of a tree of " + std::to_string(size));
  }
  RangeFold fold(leaves, begin, path);
  Digest head;
  if (!fold.head({0, size}, head)) return path_too_short();
  if (!fold.path_used_up()) return path_too_long();
  if (head != root)
    return wrong_root("range: root " + to_hex(root) + " expected, the path leads to " + to_hex(head));
  return {};
}

}  // namespace circula::crypto
